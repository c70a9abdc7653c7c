package cli

import (
	"errors"
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

	// NoEffect are the names that the files of --config have and that mean nothing here, in order, with why where that is known.
	NoEffect []string

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
	config []string
	values map[string]*string
	set    [][2]string
}

// nodeFlags adds the flags of the settings.
func nodeFlags(fs *flag.FlagSet) *given {
	g := &given{fs: fs, values: map[string]*string{}}
	for _, s := range settings.Flags() {
		g.flag(s)
	}
	g.files()
	return g
}

// files adds the flags that set properties by their names.
func (g *given) files() {
	fs := g.fs
	fs.Func("config", "`FILE` of properties, named as in ksqlDB and Kafka: ksql-server.properties, client.properties; may be repeated, a later one wins", func(v string) error {
		g.config = append(g.config, v)
		return nil
	})
	fs.Func("set", "`NAME=VALUE` a property of the server, such as commit.interval.ms=1000; may be repeated", func(v string) error {
		name, value, ok := strings.Cut(v, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return errors.New("expected name=value") // what stands there may be a secret
		}
		g.set = append(g.set, [2]string{name, value})
		return nil
	})
}

// connectionFlags adds those of the settings with which connections to Kafka and a schema registry are secured.
func connectionFlags(fs *flag.FlagSet) *given {
	g := &given{fs: fs, values: map[string]*string{}}
	for _, f := range []*settings.Family{settings.KafkaSecurity, settings.RegistrySecurity} {
		for _, s := range f.Members() {
			g.flag(s)
		}
	}
	g.files()
	return g
}

// connection are the settings of connections to a schema registry: how they are secured.
func (s Settings) connection() map[string]string {
	out := map[string]string{}
	for _, f := range []*settings.Family{settings.KafkaSecurity, settings.RegistrySecurity} {
		for _, m := range f.Members() {
			name := m.About().Name
			if v, ok := s.Properties[name]; ok && (f == settings.RegistrySecurity || strings.HasPrefix(name, "ssl.")) {
				out[name] = v
			}
		}
	}
	return out
}

func (g *given) flag(s settings.Setting) {
	i := s.About()
	g.values[i.Flag] = g.fs.String(i.Flag, "", "`"+i.Value+"` "+usage(s))
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
	files := g.config
	if len(files) == 0 && env["WEIR_CONFIG"] != "" {
		files = strings.Split(env["WEIR_CONFIG"], ",")
	}
	for _, file := range files {
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
				return s, errUsage{fmt.Sprintf("%s: %v", variable(i.Flag), err)}
			}
			_ = s.put(i.Name, v) // just checked
		}
		if g.values[i.Flag] != nil && flags[i.Flag] {
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

// readFile reads a file of properties. One that others use, too, has names that mean nothing here: they are noted. But a name that is nearly one that does is
// taken for a mistake.
func (s *Settings) readFile(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("cannot read the configuration: %w", err)
	}
	list, err := settings.ReadProperties(string(data))
	if err != nil {
		return errUsage{fmt.Sprintf("%s, %v", name, err)}
	}
	for _, p := range list {
		err := s.put(p.Name, p.Value)
		var unknown *settings.UnknownError
		if errors.As(err, &unknown) && unknown.Near == "" {
			s.NoEffect = append(s.NoEffect, p.Name+" (unknown)")
			continue
		}
		if err != nil {
			return errUsage{fmt.Sprintf("%s, line %d: %v", name, p.Line, err)}
		}
		if _, ok := settings.Find(p.Name); ok {
			continue
		}
		if f, _ := settings.Inert(p.Name); f.Only == nil {
			s.NoEffect = append(s.NoEffect, p.Name+" ("+f.Why+")")
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
		return errUsage{fmt.Sprintf("the variable %s means nothing here.%s", name, hint)}
	}
	return nil
}
