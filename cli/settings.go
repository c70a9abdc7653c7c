package cli

import (
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"weir/parser/suggest"
	"weir/settings"
)

// Settings say how a node runs. They are resolved in one place, resolve: flags over WEIR_* variables over a file over defaults.
type Settings struct {
	Brokers             []string // empty for a broker in the process
	SchemaRegistry      string   // empty for a registry in the process
	DataDir             string
	Listen              string
	KafkaListen         string
	KafkaAdvertise      string
	KafkaAutoCreate     bool
	KafkaRetention      time.Duration
	KafkaRetentionBytes int64
	KafkaMaxBytes       int64
	RegistryListen      string
	LogLevel            slog.Level
	ServiceID           string
	Properties          map[string]string // all that is set, under canonical names: the engine's, too
	MaxRequestBytes     int64
	MaxPostedBytes      int64
	MaxConnections      int64
	MaxStreams          int64

	Hosts []string

	told map[string]bool // by flag: not a default
}

// read takes the node's own settings out of the properties.
func (s *Settings) read() {
	c := s.Properties
	s.Brokers, s.SchemaRegistry, s.DataDir = settings.Brokers.In(c), settings.SchemaRegistry.In(c), settings.DataDir.In(c)
	s.Listen, s.KafkaListen, s.KafkaAdvertise = settings.Listen.In(c), settings.KafkaListen.In(c), settings.KafkaAdvertise.In(c)
	s.KafkaAutoCreate, s.KafkaRetention, s.KafkaRetentionBytes = settings.KafkaAutoCreate.In(c), settings.KafkaRetention.In(c), settings.KafkaRetentionBytes.In(c)
	s.KafkaMaxBytes = settings.KafkaMaxBytes.In(c)
	s.RegistryListen, s.LogLevel, s.ServiceID = settings.RegistryListen.In(c), settings.LogLevel.In(c), settings.ServiceID.In(c)
	s.MaxRequestBytes, s.MaxPostedBytes, s.MaxConnections, s.MaxStreams = settings.MaxRequestBytes.In(c), settings.MaxPostedBytes.In(c), settings.MaxConnections.In(c), settings.MaxStreams.In(c)
	s.Hosts = settings.Hosts.In(c)
}

// put sets one of them under any of its names.
func (s *Settings) put(name, value string) error {
	if x, ok := settings.Find(name); ok {
		s.told[x.About().Flag] = true
	}
	return settings.Put(s.Properties, name, strings.TrimSpace(value), settings.Start)
}

// variable is the name of the variable that a flag can be given as.
func variable(flag string) string {
	return "WEIR_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// given are the flags of a command line, unresolved.
type given struct {
	fs     *flag.FlagSet
	config string
	values map[string]*string
	set    [][2]string
}

// nodeFlags adds the flags of the settings.
func nodeFlags(fs *flag.FlagSet) *given {
	g := &given{fs: fs, values: map[string]*string{}}
	for _, s := range settings.Flags() {
		i := s.About()
		g.values[i.Flag] = fs.String(i.Flag, "", "`"+i.Value+"` "+usage(s))
	}
	fs.StringVar(&g.config, "config", "", "`FILE` of properties, name=value per line, named as in ksqlDB")
	fs.Func("set", "`NAME=VALUE` a property of the server, such as commit.interval.ms=1000; may be repeated", func(v string) error {
		name, value, ok := strings.Cut(v, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return fmt.Errorf("expected name=value, got %q", v)
		}
		g.set = append(g.set, [2]string{name, value})
		return nil
	})
	return g
}

// usage is a setting's line in the help. Addresses have no default there: it depends on the command.
func usage(s settings.Setting) string {
	i := s.About()
	text := strings.TrimSuffix(i.Doc, ".")
	if strings.ToLower(text[1:2]) == text[1:2] { // not of a word in capitals
		text = strings.ToLower(text[:1]) + text[1:]
	}
	switch {
	case i.Name == settings.DataDir.About().Name:
		return text + " (default " + shortHome(defaultDataDir()) + ")"
	case i.Unset != "" || i.Value == "HOST:PORT" || i.Value == "LEVEL":
		return text
	}
	return text + " (default " + s.Default() + ")"
}

// resolve gathers the settings; base are a command's defaults, environ what os.Environ lists.
func (g *given) resolve(base map[string]string, environ []string) (Settings, error) {
	s := Settings{Properties: map[string]string{}, told: map[string]bool{}}
	maps.Copy(s.Properties, base)
	env := map[string]string{}
	for _, e := range environ {
		if name, v, ok := strings.Cut(e, "="); ok && v != "" {
			env[name] = v
		}
	}
	if err := checkVariables(env); err != nil {
		return s, err
	}
	file := g.config
	if file == "" {
		file = env["WEIR_CONFIG"]
	}
	if file != "" {
		if err := s.readFile(file); err != nil {
			return s, err
		}
	}
	flags := map[string]bool{}
	g.fs.Visit(func(f *flag.Flag) { flags[f.Name] = true })
	for _, x := range settings.Flags() {
		i := x.About()
		if v, ok := env[variable(i.Flag)]; ok {
			if err := x.Check(v); err != nil {
				return s, fmt.Errorf("%s: %w", variable(i.Flag), err)
			}
			_ = s.put(i.Name, v) // just checked
		}
		if flags[i.Flag] {
			if err := x.Check(*g.values[i.Flag]); err != nil {
				return s, errUsage{fmt.Sprintf("--%s: %v", i.Flag, err)}
			}
			_ = s.put(i.Name, *g.values[i.Flag])
		}
	}
	for _, v := range g.set {
		if err := s.put(v[0], v[1]); err != nil {
			return s, errUsage{fmt.Sprintf("--set %s: %v", v[0], err)}
		}
	}
	s.read()
	if s.DataDir == "" {
		s.DataDir = defaultDataDir()
	}
	abs, err := filepath.Abs(s.DataDir)
	if err != nil {
		return s, fmt.Errorf("the data directory %q: %w", s.DataDir, err)
	}
	s.DataDir = abs
	return s, nil
}

// readFile reads a file of properties.
func (s *Settings) readFile(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("cannot read the configuration: %w", err)
	}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return fmt.Errorf("%s, line %d: expected name=value, got %q", name, i+1, line)
		}
		if err := s.put(key, value); err != nil {
			return fmt.Errorf("%s, line %d: %w", name, i+1, err)
		}
	}
	return nil
}

// otherVariables are read elsewhere; those of tests begin with WEIR_TEST_.
var otherVariables = []string{"WEIR_CONFIG", "WEIR_URL", "WEIR_TOKEN", "WEIR_KSQL_CASES"}

// checkVariables refuses WEIR_ variables that mean nothing, such as misspelt ones.
func checkVariables(env map[string]string) error {
	names := slices.Clone(otherVariables)
	for _, x := range settings.Flags() {
		names = append(names, variable(x.About().Flag))
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if !strings.HasPrefix(name, "WEIR_") || strings.HasPrefix(name, "WEIR_TEST_") || slices.Contains(names, name) {
			continue
		}
		hint := ""
		if near, ok := suggest.Suggest(name, names); ok {
			hint = " Did you mean " + near + "?"
		}
		return fmt.Errorf("the variable %s means nothing here.%s", name, hint)
	}
	return nil
}
