package cli

import (
	"errors"
	"flag"
	"log/slog"
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
	return g.resolve(nil, env)
}

func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "weir.properties")
	text := "# a comment\n\nbootstrap.servers = a:1, b:2\nlisteners=http://0.0.0.0:8000\nksql.service.id=file\ncommit.interval.ms=7\nksql.streams.client.id=a=b\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := resolveTest(t, []string{"--config", file, "--listen", ":9000", "--set", "commit.interval.ms=8", "--set", "acks=1"},
		[]string{"WEIR_SERVICE_ID=env", "WEIR_LISTEN=localhost:7000", "WEIR_DATA_DIR=/tmp/x", "WEIR_KAFKA_LISTEN=", "HOME=/root"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != ":9000" || s.ServiceID != "env" || !slices.Equal(s.Brokers, []string{"a:1", "b:2"}) || s.KafkaListen != defaultKafkaListen {
		t.Errorf("got %+v", s)
	}
	want := map[string]string{"commit.interval.ms": "8", "client.id": "a=b", "acks": "1", "bootstrap.servers": "a:1, b:2", "listeners": ":9000",
		"ksql.service.id": "env", "weir.data.dir": "/tmp/x"}
	if !reflect.DeepEqual(s.Properties, want) {
		t.Errorf("properties %v", s.Properties)
	}
	if s, err = resolveTest(t, nil, []string{"WEIR_CONFIG=" + file}); err != nil || s.ServiceID != "file" || s.Listen != "0.0.0.0:8000" {
		t.Errorf("the file alone: %+v, %v", s, err)
	}
}

func TestSettingsErrors(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.properties")
	if err := os.WriteFile(bad, []byte("acks=all\nnonsense\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	misspelt := filepath.Join(t.TempDir(), "misspelt.properties")
	if err := os.WriteFile(misspelt, []byte("comit.interval.ms=1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		args, env []string
		want      string
		usage     bool
	}{
		{[]string{"--listen", "nowhere"}, nil, "--listen: expected an address, host:port", true},
		{[]string{"--listen", "https://x:1"}, nil, "--listen: expected an address, host:port, without a scheme: a certificate with its key has it speak TLS, found 'https://x:1'", true},
		{nil, []string{"WEIR_LISTEN=nowhere"}, "WEIR_LISTEN: ", true},
		{[]string{"--log-level", "loud"}, nil, "expected debug, info, warn or error", true},
		{[]string{"--max-request-bytes", "0"}, nil, "--max-request-bytes: expected a whole number of bytes from 1 on, found '0'", true},
		{[]string{"--config", bad}, nil, "line 2: expected name=value", true},
		{[]string{"--config", misspelt}, nil, "line 1: Not recognizable as ksql, streams, consumer, or producer property: 'comit.interval.ms'\nDid you mean commit.interval.ms?", true},
		{[]string{"--set", "weir.idle.clsoe=1 SECOND"}, nil, "Did you mean weir.idle.close?", true},
		{[]string{"--set", "weir.idle.close=soon"}, nil, "expected a time with its unit, such as 10 SECONDS, found 'soon'", true},
		{[]string{"--set", "processing.guarantee=at_least_once"}, nil, "expected exactly_once_v2 or exactly_once, found 'at_least_once'", true},
		{nil, []string{"WEIR_LOG_LEVL=debug"}, "Did you mean WEIR_LOG_LEVEL?", true},
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
		if len(c.env) > 0 {
			continue
		}
		want := exitFailure
		if c.usage {
			want = exitUsage
		}
		if status, _, errs := call(t.Context(), "", append([]string{"server"}, c.args...)...); status != want || !strings.Contains(errs, c.want) {
			t.Errorf("weir server %v: %d, want %d\n%s", c.args, status, want, errs)
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

// TLS needs both files.
func TestSecured(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, ""},
		{[]string{"--tls-certificate", "a.pem"}, "TLS needs a certificate and its key: set both --tls-certificate and --tls-key"},
		{[]string{"--tls-key", "a.pem"}, "TLS needs a certificate and its key"},
		{[]string{"--tls-certificate", "nowhere.pem", "--tls-key", "nowhere.pem"}, "the certificate nowhere.pem with the key nowhere.pem cannot be used"},
	} {
		s, err := resolveTest(t, c.args, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = secured(s.Properties, slog.New(slog.DiscardHandler)); (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.args, err, c.want)
		}
	}
}
