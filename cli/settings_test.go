package cli

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func resolveTest(t *testing.T, args, env []string) (Settings, error) {
	t.Helper()
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	g := nodeFlags(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return g.resolve(serverSettings(), env)
}

func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "weir.properties")
	text := "# a comment\n\nbootstrap.servers = a:1, b:2\nlisteners=http://0.0.0.0:8000\nksql.service.id=file\ncommit.interval.ms=7\nksql.streams.x=a=b\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := resolveTest(t, []string{"--config", file, "--listen", ":9000", "--set", "commit.interval.ms=8", "--set", "y=1"},
		[]string{"WEIR_SERVICE_ID=env", "WEIR_LISTEN=localhost:7000", "WEIR_DATA_DIR=/tmp/x", "WEIR_LOG_LEVL=debug", "WEIR_KAFKA_LISTEN=", "HOME=/root"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != ":9000" || s.ServiceID != "env" || !slices.Equal(s.Brokers, []string{"a:1", "b:2"}) || s.KafkaListen != defaultKafkaListen {
		t.Errorf("got %+v", s)
	}
	if want := map[string]string{"commit.interval.ms": "8", "ksql.streams.x": "a=b", "y": "1"}; !reflect.DeepEqual(s.Properties, want) {
		t.Errorf("properties %v", s.Properties)
	}
	if len(s.warnings) != 1 || !strings.Contains(s.warnings[0], "Did you mean WEIR_LOG_LEVEL?") {
		t.Errorf("warnings %q", s.warnings)
	}
	if s, err = resolveTest(t, nil, []string{"WEIR_CONFIG=" + file}); err != nil || s.ServiceID != "file" || s.Listen != "0.0.0.0:8000" {
		t.Errorf("the file alone: %+v, %v", s, err)
	}
}

func TestSettingsErrors(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.properties")
	if err := os.WriteFile(bad, []byte("a=b\nnonsense\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		args, env []string
		want      string
		usage     bool
	}{
		{[]string{"--listen", "nowhere"}, nil, "--listen: \"nowhere\" is not an address", true},
		{[]string{"--listen", "https://x:1"}, nil, "TLS", true},
		{nil, []string{"WEIR_LISTEN=nowhere"}, "WEIR_LISTEN: ", false},
		{[]string{"--log-level", "loud"}, nil, "expected debug, info, warn or error", true},
		{[]string{"--max-request-bytes", "0"}, nil, "not a number from 1 on", true},
		{[]string{"--config", bad}, nil, "line 2: expected name=value", false},
		{[]string{"--config", "nope"}, nil, "cannot read the configuration", false},
	}
	for _, c := range cases {
		_, err := resolveTest(t, c.args, c.env)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: got %v", c.args, c.env, err)
			continue
		}
		if _, usage := errors.AsType[errUsage](err); usage != c.usage {
			t.Errorf("%v %v: usage %v", c.args, c.env, usage)
		}
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{"h:1": "h:1", ":1": ":1", "8088": "127.0.0.1:8088", "http://0.0.0.0:8088/": "0.0.0.0:8088", "[::1]:5": "[::1]:5"} {
		var got string
		if err := address(in, &got); err != nil || got != want {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
}

// Each setting has one name per place.
func TestSettingNames(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range settings() {
		for _, name := range append([]string{"--" + s.flag, s.env()}, s.props...) {
			if seen[name] {
				t.Errorf("%s is taken twice", name)
			}
			seen[name] = true
		}
	}
}

func TestDataDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d, err := openDataDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openDataDir(dir); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("opened twice: %v", err)
	}
	in := &invocation{stdin: strings.NewReader("y\n"), stdout: new(strings.Builder)}
	if err := reset(in, dir, true); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("reset while in use: %v", err)
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	in.stdin = strings.NewReader("\n")
	if err := reset(in, dir, false); err == nil {
		t.Error("reset without a yes")
	}
	if _, err := os.Stat(filepath.Join(dir, markerFile)); err != nil {
		t.Error(err)
	}
	in.stdin = strings.NewReader("yes\n")
	if err := reset(in, dir, false); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	if err := reset(in, dir, true); err != nil {
		t.Error(err)
	}

	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "thesis.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openDataDir(other); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("opened a folder of somebody else's: %v", err)
	}
	if err := reset(in, other, true); err == nil || !strings.Contains(err.Error(), "Nothing was deleted") {
		t.Errorf("reset a folder of somebody else's: %v", err)
	}
	if err := os.WriteFile(filepath.Join(other, markerFile), []byte(`{"layout":99}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openDataDir(other); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("opened a later layout: %v", err)
	}
}
