package cli

import (
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"weir/parser/suggest"
)

// Settings say how a node runs. They are resolved in one place, resolve: flags over WEIR_* variables over a file over defaults.
type Settings struct {
	Brokers         []string // empty for a broker in the process
	SchemaRegistry  string   // empty for a registry in the process
	DataDir         string
	Listen          string
	KafkaListen     string
	KafkaAdvertise  string
	RegistryListen  string
	LogLevel        slog.Level
	ServiceID       string
	Properties      map[string]string // the engine's: commit.interval.ms and the like
	MaxRequestBytes int64             // 0 for the server's own defaults, here and below
	MaxConnections  int64
	MaxStreams      int64

	told     map[string]bool // by flag: not a default
	warnings []string
}

// setting is one of them, under all of its names.
type setting struct {
	flag  string
	value string // what stands for the value in the help
	usage string
	props []string // names in a file of properties
	set   func(*Settings, string) error
}

func (s setting) env() string { return "WEIR_" + strings.ToUpper(strings.ReplaceAll(s.flag, "-", "_")) }

func settings() []setting {
	return []setting{
		{"brokers", "HOST:PORT,...", "an existing Kafka cluster, instead of the broker in this program (SASL and TLS are not supported yet)",
			[]string{"bootstrap.servers", "ksql.streams.bootstrap.servers"}, func(s *Settings, v string) error { s.Brokers = list(v); return nil }},
		{"schema-registry", "URL", "an existing schema registry, instead of the one in this program",
			[]string{"ksql.schema.registry.url"}, func(s *Settings, v string) error { s.SchemaRegistry = v; return nil }},
		{"data-dir", "DIR", "where topics, state and history are kept (default " + shortHome(defaultDataDir()) + ")",
			[]string{"weir.data.dir", "state.dir", "ksql.streams.state.dir"}, func(s *Settings, v string) error { s.DataDir = v; return nil }},
		{"listen", "HOST:PORT", "address of the HTTP API",
			[]string{"listeners"}, func(s *Settings, v string) error { return address(v, &s.Listen) }},
		{"kafka-listen", "HOST:PORT", "address of the broker in this program",
			[]string{"weir.kafka.listen"}, func(s *Settings, v string) error { return address(v, &s.KafkaListen) }},
		{"kafka-advertise", "HOST[:PORT]", "the address that clients of the broker are told, if they can't use the one above",
			[]string{"weir.kafka.advertise"}, func(s *Settings, v string) error { s.KafkaAdvertise = v; return nil }},
		{"registry-listen", "HOST:PORT", "address of the schema registry in this program",
			[]string{"weir.registry.listen"}, func(s *Settings, v string) error { return address(v, &s.RegistryListen) }},
		{"log-level", "LEVEL", "debug, info, warn or error",
			[]string{"weir.log.level"}, func(s *Settings, v string) error {
				if s.LogLevel.UnmarshalText([]byte(v)) != nil {
					return fmt.Errorf("%q is no log level: expected debug, info, warn or error", v)
				}
				return nil
			}},
		{"service-id", "ID", "nodes with the same id on the same brokers share their queries (default default_)",
			[]string{"ksql.service.id"}, func(s *Settings, v string) error { s.ServiceID = v; return nil }},
		{"max-request-bytes", "BYTES", "the largest request that the HTTP API takes (default 10485760)",
			[]string{"weir.http.max.request.bytes"}, func(s *Settings, v string) error { return positive(v, &s.MaxRequestBytes) }},
		{"max-connections", "N", "connections to the HTTP API at the same time (default 1000)",
			[]string{"weir.http.max.connections"}, func(s *Settings, v string) error { return positive(v, &s.MaxConnections) }},
		{"max-streams", "N", "SELECTs and PRINTs over the HTTP API at the same time (default 500)",
			[]string{"weir.http.max.streams"}, func(s *Settings, v string) error { return positive(v, &s.MaxStreams) }},
	}
}

// given are the flags of a command line, unresolved.
type given struct {
	fs     *flag.FlagSet
	config string
	values map[string]*string
	set    []string
}

// nodeFlags adds the flags of the settings.
func nodeFlags(fs *flag.FlagSet) *given {
	g := &given{fs: fs, values: map[string]*string{}}
	for _, s := range settings() {
		g.values[s.flag] = fs.String(s.flag, "", "`"+s.value+"` "+s.usage)
	}
	fs.StringVar(&g.config, "config", "", "`FILE` of properties, name=value per line, named as in ksqlDB")
	fs.Func("set", "`NAME=VALUE` a property of the server, such as commit.interval.ms=1000; may be repeated", func(v string) error {
		if name, _, ok := strings.Cut(v, "="); !ok || strings.TrimSpace(name) == "" {
			return fmt.Errorf("expected name=value, got %q", v)
		}
		g.set = append(g.set, v)
		return nil
	})
	return g
}

// resolve gathers the settings; base are a command's defaults, environ what os.Environ lists.
func (g *given) resolve(base Settings, environ []string) (Settings, error) {
	s := base
	s.Properties, s.told = maps.Clone(base.Properties), map[string]bool{}
	if s.Properties == nil {
		s.Properties = map[string]string{}
	}
	env := map[string]string{}
	for _, e := range environ {
		if name, v, ok := strings.Cut(e, "="); ok && v != "" {
			env[name] = v
		}
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
	for _, x := range settings() {
		if v, ok := env[x.env()]; ok {
			if err := s.put(x, v); err != nil {
				return s, fmt.Errorf("%s: %w", x.env(), err)
			}
		}
		if flags[x.flag] {
			if err := s.put(x, *g.values[x.flag]); err != nil {
				return s, errUsage{fmt.Sprintf("--%s: %v", x.flag, err)}
			}
		}
	}
	for _, v := range g.set {
		name, value, _ := strings.Cut(v, "=")
		s.Properties[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	s.warnUnknown(env)
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

func (s *Settings) put(x setting, v string) error {
	s.told[x.flag] = true
	return x.set(s, strings.TrimSpace(v))
}

// readFile reads a file of properties. What is no setting of the program's own is a property of the engine's.
func (s *Settings) readFile(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("cannot read the configuration: %w", err)
	}
	own := map[string]setting{}
	for _, x := range settings() {
		for _, p := range x.props {
			own[p] = x
		}
	}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || key == "" {
			return fmt.Errorf("%s, line %d: expected name=value, got %q", name, i+1, line)
		}
		x, mine := own[key]
		if !mine {
			s.Properties[key] = value
			continue
		}
		if err := s.put(x, value); err != nil {
			return fmt.Errorf("%s, line %d: %s: %w", name, i+1, key, err)
		}
	}
	return nil
}

// otherVariables are read elsewhere.
var otherVariables = []string{"WEIR_CONFIG", "WEIR_URL"}

// warnUnknown notes WEIR_ variables that mean nothing, such as misspelt ones.
func (s *Settings) warnUnknown(env map[string]string) {
	names := slices.Clone(otherVariables)
	for _, x := range settings() {
		names = append(names, x.env())
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if !strings.HasPrefix(name, "WEIR_") || slices.Contains(names, name) {
			continue
		}
		hint := ""
		if near, ok := suggest.Suggest(name, names); ok {
			hint = " Did you mean " + near + "?"
		}
		s.warnings = append(s.warnings, fmt.Sprintf("the variable %s means nothing here.%s", name, hint))
	}
}

func positive(v string, into *int64) error {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 1 || n > 1<<40 {
		return fmt.Errorf("%q is not a number from 1 on", v)
	}
	*into = n
	return nil
}

func list(v string) []string {
	var out []string
	for _, part := range strings.Split(v, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// address reads host:port, :port, a port alone, or a listener as ksqlDB writes it, http://host:port.
func address(v string, into *string) error {
	if strings.HasPrefix(v, "https://") {
		return fmt.Errorf("%q asks for TLS, which is not supported yet: put a proxy in front, and listen on http://", v)
	}
	text := strings.TrimSuffix(strings.TrimPrefix(v, "http://"), "/")
	if text != "" && strings.Trim(text, "0123456789") == "" {
		text = "127.0.0.1:" + text
	}
	if _, _, err := net.SplitHostPort(text); err != nil {
		return fmt.Errorf("%q is not an address: expected host:port", v)
	}
	*into = text
	return nil
}
