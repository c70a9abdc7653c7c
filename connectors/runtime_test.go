package connectors

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"weir/connectors/connector"
	"weir/kafka"
	"weir/kafka/embedded"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
	}
	goleak.VerifyTestMain(m)
}

// place is a broker, and a directory with files and progress.
type place struct {
	t       *testing.T
	dir     string
	broker  *embedded.Broker
	cluster *kafka.Cluster
}

func newPlace(t *testing.T) *place {
	t.Helper()
	t.Parallel()
	p := &place{t: t, dir: t.TempDir()}
	p.start("127.0.0.1:0")
	t.Cleanup(func() { p.cluster.Close(); p.broker.Close() })
	return p
}

func (p *place) start(addr string) {
	p.t.Helper()
	var err error
	if p.broker, err = embedded.Start(embedded.Options{DataDir: filepath.Join(p.dir, "kafka"), Addr: addr}); err != nil {
		p.t.Fatal(err)
	}
	if p.cluster != nil {
		return
	}
	p.cluster, err = kafka.Connect(p.t.Context(), kafka.Config{Brokers: []string{p.broker.Addr()}, Timeout: 10 * time.Second})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) runtime() *Runtime {
	p.t.Helper()
	r, err := NewRuntime(Config{Cluster: p.cluster, DataDir: filepath.Join(p.dir, "connectors"), BaseDir: p.dir})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(r.Close)
	return r
}

func (p *place) file(name string, lines int) {
	p.t.Helper()
	writeRows(p.t, filepath.Join(p.dir, name), lines)
}

func writeRows(t *testing.T, path string, lines int) {
	t.Helper()
	var b strings.Builder
	for i := range lines {
		fmt.Fprintf(&b, "row %d\n", i+1)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// records reads a topic to its end.
func (p *place) records(topic string) (out []*kgo.Record) {
	p.t.Helper()
	ends, err := p.cluster.EndOffsets(p.t.Context(), topic)
	if err != nil {
		p.t.Fatal(err)
	}
	var n int64
	for _, end := range ends[topic] {
		n += end
	}
	cl, err := p.cluster.NewClient(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		p.t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	for int64(len(out)) < n {
		f := cl.PollFetches(ctx)
		if err := f.Err(); err != nil {
			p.t.Fatal(err)
		}
		out = append(out, f.Records()...)
	}
	return out
}

func source(name string, pairs ...string) Spec {
	s := Spec{Name: name, Kind: connector.Source}
	for i := 0; i < len(pairs); i += 2 {
		s.Properties = append(s.Properties, connector.Setting{Name: pairs[i], Value: pairs[i+1]})
	}
	return s
}

func (p *place) wait(r *Runtime) error {
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	return r.Wait(ctx)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

func header(r *kgo.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func TestLoadAFile(t *testing.T) {
	p := newPlace(t)
	p.file("rows.txt", 20_000) // more than two batches
	r := p.runtime()
	spec := source("load", "connector.class", "FILE", "path", "rows.txt", "topic", "rows", "partitions", "3", "partition.by", "file")
	if err := r.Start(spec); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(source("LOAD", "connector.class", "file", "path", "x", "topic", "x")); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("started twice: %v", err)
	}
	if err := p.wait(r); err != nil {
		t.Fatal(err)
	}
	s, err := r.Status("Load")
	if err != nil || s.State != Finished || s.Rows != 20_000 || s.Total != 20_000 || s.Bytes < 180_000 || s.Rate <= 0 || s.LastError != "" || s.Class != "file" ||
		s.Kind != connector.Source || !slices.Equal(s.Topics, []string{"rows"}) || !s.Bounded {
		t.Errorf("status %+v, %v", s, err)
	}
	got := p.records("rows")
	if len(got) != 20_000 {
		t.Fatalf("%d records", len(got))
	}
	for i, rec := range got {
		n := strconv.Itoa(i + 1)
		if string(rec.Value) != "row "+n || rec.Key != nil || rec.Partition != 0 || header(rec, "weir.line") != n || header(rec, "weir.lines") != "20000" || header(rec, "weir.file") != "rows.txt" ||
			time.Since(rec.Timestamp) > time.Hour {
			t.Fatalf("record %d: %s in partition %d at %s, %v", i, rec.Value, rec.Partition, rec.Timestamp, rec.Headers)
		}
	}
	topic, err := p.cluster.Topic(t.Context(), "rows")
	if err != nil || len(topic.Partitions) != 3 {
		t.Errorf("topic %+v, %v", topic, err)
	}
	// What has finished stays finished over a restart; a topic made anew is loaded anew.
	r.Close()
	r = p.runtime()
	restart := func() Status {
		t.Helper()
		if err := r.Start(spec); err != nil {
			t.Fatal(err)
		}
		if err := p.wait(r); err != nil {
			t.Fatal(err)
		}
		s, err := r.Status("load")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := restart(); s.State != Finished || s.Rows != 20_000 || len(p.records("rows")) != 20_000 {
		t.Errorf("after a restart: %+v", s)
	}
	if err := r.Delete("load"); err != nil {
		t.Fatal(err)
	}
	if s := restart(); s.Rows != 20_000 || len(p.records("rows")) != 40_000 {
		t.Errorf("after a delete: %+v", s)
	}
}

func TestStopAndGoOn(t *testing.T) {
	p := newPlace(t)
	p.file("rows.txt", 1500)
	spec := source("c", "connector.class", "file", "path", "rows.txt", "topic", "rows", "speed", "1000")
	r := p.runtime()
	if err := r.Start(spec); err != nil {
		t.Fatal(err)
	}
	loaded := func(n int64) func() bool {
		return func() bool { s, _ := r.Status("c"); return s.Rows >= n }
	}
	eventually(t, "the first rows", loaded(100))
	if err := r.Pause("c"); err != nil {
		t.Fatal(err)
	}
	s, _ := r.Status("c")
	if s.State != Paused || s.Rows >= 1500 || s.Total != 1500 || s.Rate == 0 {
		t.Errorf("paused: %+v", s)
	}
	if n := len(p.records("rows")); int64(n) != s.Rows {
		t.Errorf("%d records of %d rows", n, s.Rows)
	}
	if err := r.Resume("c"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "more rows", loaded(s.Rows+100))
	r.Close() // as at the end of the process
	r = p.runtime()
	if err := r.Start(spec); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(r); err != nil {
		t.Fatal(err)
	}
	got := p.records("rows")
	lines := make(map[string]bool)
	for _, rec := range got {
		lines[header(rec, "weir.line")] = true
	}
	if len(got) != 1500 || len(lines) != 1500 {
		t.Errorf("%d records of %d rows", len(got), len(lines))
	}
}

func TestBrokerAway(t *testing.T) {
	p := newPlace(t)
	addr := p.broker.Addr()
	r := p.runtime()
	if err := r.Start(source("gen", "connector.class", "datagen", "topic", "t", "field.n", "sequence", "rate", "2000", "rows", "4000")); err != nil {
		t.Fatal(err)
	}
	status := func() Status { s, _ := r.Status("gen"); return s }
	eventually(t, "the first rows", func() bool { return status().Rows > 100 })
	p.broker.Close()
	if err := r.Start(source("new", "connector.class", "datagen", "topic", "new", "field.n", "sequence", "rows", "10")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the error in the status", func() bool {
		s, _ := r.Status("new")
		return strings.Contains(status().LastError, "cannot reach Kafka at "+addr) && strings.Contains(s.LastError, "cannot reach Kafka at "+addr) && s.State == Running && status().State == Running
	})
	p.start(addr)
	if err := p.wait(r); err != nil {
		t.Fatal(err)
	}
	if s := status(); s.State != Finished || s.Rows != 4000 || s.LastError != "" {
		t.Errorf("status %+v", s)
	}
	seen := make(map[string]int)
	for _, rec := range p.records("t") {
		seen[string(rec.Value)]++
	}
	if len(seen) != 4000 {
		t.Errorf("%d different rows", len(seen))
	}
	if got := len(p.records("new")); got != 10 {
		t.Errorf("%d rows of the other", got)
	}
}

func TestUserErrors(t *testing.T) {
	p := newPlace(t)
	r := p.runtime()
	for _, c := range []struct {
		want string
		spec Spec
	}{
		{"needs a name", source("", "connector.class", "file")},
		{"connector c needs the property 'connector.class'", source("c")},
		{"Did you mean 'file'? Built in are: datagen, file, tcp", source("c", "connector.class", "fiel")},
		{"no built-in source connector class 'io.example.Sink'. Built in are: datagen, file, tcp", source("c", "connector.class", "io.example.Sink")},
		{"has no property 'paht'. Did you mean 'path'?", source("c", "connector.class", "file", "paht", "x")},
		{"write CREATE SOURCE CONNECTOR", Spec{Name: "c", Kind: connector.Sink, Properties: []connector.Setting{{Name: "connector.class", Value: "datagen"}}}},
		{"connector c: connector class 'datagen' needs the property 'topic'", source("c", "connector.class", "datagen", "field.a", "ip")},
	} {
		for what, err := range map[string]error{"start": r.Start(c.spec), "validate": r.Validate(c.spec)} {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", what, err, c.want)
			}
		}
	}
	p.file("rows.txt", 3)
	for name, c := range map[string]struct {
		want  string
		pairs []string
	}{
		"nofile":   {"there is no file", []string{"path", "missing", "topic", "a"}},
		"notopic":  {"INVALID_REPLICATION_FACTOR", []string{"path", "rows.txt", "topic", "b", "replicas", "3"}},
		"toolarge": {"too large for the topic", []string{"path", "large.txt", "topic", "large"}},
	} {
		if name == "toolarge" {
			if err := os.WriteFile(filepath.Join(p.dir, "large.txt"), []byte(strings.Repeat("x", 5000)+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := p.cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: "large", Configs: map[string]string{"max.message.bytes": "100"}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Start(source(name, append([]string{"connector.class", "file"}, c.pairs...)...)); err != nil {
			t.Fatal(err)
		}
		eventually(t, name+" fails", func() bool { s, _ := r.Status(name); return s.State == Failed && strings.Contains(s.LastError, c.want) })
	}
	if err := p.wait(r); err == nil || !strings.Contains(err.Error(), "connector nofile failed: there is no file") || strings.Count(err.Error(), "failed:") != 3 {
		t.Errorf("wait: %v", err)
	}
	p.file("missing", 2) // the user helps
	if err := r.Resume("nofile"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it finishes", func() bool { s, _ := r.Status("nofile"); return s.State == Finished && s.Rows == 2 })
	if names := r.List(); len(names) != 3 || names[0].Name != "nofile" || names[2].Name != "toolarge" {
		t.Errorf("list %+v", names)
	}
	for _, err := range []error{r.Pause("x"), r.Resume("x"), r.Delete("x")} {
		if err == nil || !strings.Contains(err.Error(), "there is no connector x") {
			t.Errorf("of a missing connector: %v", err)
		}
	}
	if err := os.WriteFile(progressFile(filepath.Join(p.dir, "connectors"), "../odd name"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(source("../odd name", "connector.class", "file", "path", "x", "topic", "x")); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("a damaged progress file: %v", err)
	}
}

func TestClasses(t *testing.T) {
	for _, c := range Classes() {
		if c.Doc == "" || c.Example == "" || (c.Open == nil) != (c.Kind == connector.Sink) || (c.OpenSink == nil) != (c.Kind == connector.Source) || c.Kind == "" {
			t.Errorf("class %s lacks something", c.Name)
		}
		for _, p := range c.Properties {
			if p.Doc == "" || p.Name != strings.ToLower(p.Name) || p.Required && p.Default != "" {
				t.Errorf("property %s of class %s: %+v", p.Name, c.Name, p)
			}
		}
	}
}

// TestRealData loads the files in the folder that WEIR_TEST_DATA names: access.log.gz and flights.csv.gz.
func TestRealData(t *testing.T) {
	dir := os.Getenv("WEIR_TEST_DATA")
	if dir == "" {
		t.Skip("WEIR_TEST_DATA is not set")
	}
	p := newPlace(t)
	r := p.runtime()
	log := source("log", "connector.class", "file", "path", "access.log.gz", "topic", "log", "key.regex", `^(\S+)`, "time.regex", `\[(.+?)\]`, "time.format", "dd/MMM/yyyy:HH:mm:ss Z")
	flights := source("flights", "connector.class", "file", "path", "flights.csv.gz", "topic", "flights", "format", "csv", "csv.header", "true", "key", "airline")
	for _, s := range []Spec{log, flights} {
		s.BaseDir = dir
		if err := r.Start(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.wait(r); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int64{"log": 10_000, "flights": 300_153} {
		s, err := r.Status(name)
		t.Logf("%+v", s)
		if err != nil || s.Rows != want || s.Total != want || s.Bad != 0 {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	if first := p.records("log"); len(first) != 10_000 || first[0].Timestamp.Year() != 2015 {
		t.Errorf("%d records, the first at %s", len(first), first[0].Timestamp)
	}
}
