package connectors

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/connectors/connector"
	"weir/kafka"
	"weir/types"
)

func sinkSpec(name string, pairs ...string) Spec {
	s := source(name, pairs...)
	s.Kind = connector.Sink
	return s
}

// produce writes n records to a topic, in turn to its partitions; aborted ones are written between them.
func (p *place) produce(topic string, from, to int) {
	p.t.Helper()
	cl, err := p.cluster.NewClient(kgo.DefaultProduceTopic(topic), kgo.TransactionalID("test"), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	if err != nil {
		p.t.Fatal(err)
	}
	defer cl.Close()
	write := func(prefix string, from, to int, end kgo.TransactionEndTry) {
		if err := cl.BeginTransaction(); err != nil {
			p.t.Fatal(err)
		}
		for i := from; i < to; i++ {
			cl.Produce(p.t.Context(), &kgo.Record{Key: []byte(strconv.Itoa(i)), Value: fmt.Appendf(nil, "%s%d", prefix, i)}, func(r *kgo.Record, err error) {
				if err != nil {
					p.t.Errorf("writing %s: %v", r.Value, err)
				}
			})
		}
		if err := errors.Join(cl.Flush(p.t.Context()), cl.EndTransaction(p.t.Context(), end)); err != nil {
			p.t.Fatal(err)
		}
	}
	write("row ", from, (from+to)/2, kgo.TryCommit)
	write("never ", from, to, kgo.TryAbort)
	write("row ", (from+to)/2, to, kgo.TryCommit)
}

func (p *place) topic(name string, partitions int32) {
	p.t.Helper()
	if _, err := p.cluster.CreateTopic(p.t.Context(), kafka.TopicSpec{Name: name, Partitions: partitions}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) deliver(r *Runtime) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	if err := r.Deliver(ctx); err != nil {
		p.t.Fatal(err)
	}
}

// lines are the lines of files, in their order.
func (p *place) lines(pattern string) (out []string) {
	p.t.Helper()
	paths, err := filepath.Glob(filepath.Join(p.dir, pattern))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			p.t.Fatal(err)
		}
		out = append(out, strings.Fields(strings.ReplaceAll(string(data), "row ", ""))...)
	}
	return out
}

// wantRows sees that the lines are the numbers below n, each once.
func wantRows(t *testing.T, lines []string, n int) {
	t.Helper()
	seen := map[string]int{}
	for _, l := range lines {
		seen[l]++
	}
	for i := range n {
		if seen[strconv.Itoa(i)] != 1 {
			t.Fatalf("row %d is there %d times, of %d lines", i, seen[strconv.Itoa(i)], len(lines))
		}
	}
	if len(lines) != n {
		t.Fatalf("%d lines of %d rows", len(lines), n)
	}
}

// TestDeliver: what is committed in a topic is in the file once, over stops, new partitions, and a topic that is made anew.
func TestDeliver(t *testing.T) {
	p := newPlace(t)
	p.topic("rows", 3)
	p.produce("rows", 0, 5000)
	r := p.runtime()
	spec := sinkSpec("out", "connector.class", "file", "topics", "rows", "path", "out/rows.txt", "format", "lines", "flush.size", "700")
	if err := r.Start(spec); err != nil {
		t.Fatal(err)
	}
	p.deliver(r)
	wantRows(t, p.lines("out/rows.txt"), 5000)
	if s, err := r.Status("out"); err != nil || s.State != Running || s.Rows != 5000 || s.Kind != connector.Sink || !s.LagKnown || s.Bytes < 30_000 || !slices.Equal(s.Topics, []string{"rows"}) {
		t.Errorf("%+v, %v", s, err)
	}
	eventually(t, "nothing is behind", func() bool { s, _ := r.Status("out"); return s.Lag == 0 })
	if err := r.Pause("out"); err != nil {
		t.Fatal(err)
	}
	p.produce("rows", 5000, 6000)
	p.deliver(r) // of what is paused, nothing is waited for
	wantRows(t, p.lines("out/rows.txt"), 5000)
	if err := r.Resume("out"); err != nil {
		t.Fatal(err)
	}
	p.deliver(r)
	wantRows(t, p.lines("out/rows.txt"), 6000)

	r.Close()
	if err := p.cluster.GrowTopic(t.Context(), "rows", 5); err != nil {
		t.Fatal(err)
	}
	p.produce("rows", 6000, 7000)
	// What is behind the position was written before a crash that lost the position: it comes again.
	path := filepath.Join(p.dir, "out/rows.txt")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("row 6000\nrow 60"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r = p.runtime()
	if err := r.Start(spec); err != nil {
		t.Fatal(err)
	}
	p.deliver(r)
	wantRows(t, p.lines("out/rows.txt"), 7000)

	if err := p.cluster.DeleteTopic(t.Context(), "rows"); err != nil {
		t.Fatal(err)
	}
	p.topic("rows", 1)
	p.produce("rows", 7000, 7100)
	eventually(t, "the new topic is found", func() bool { return len(p.lines("out/rows.txt")) > 7000 })
	p.deliver(r)
	wantRows(t, p.lines("out/rows.txt"), 7100)

	if err := r.Delete("out"); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(spec); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it fails", func() bool { s, _ := r.Status("out"); return s.State == Failed })
	if s, _ := r.Status("out"); !strings.Contains(s.LastError, "is there already") || !strings.Contains(s.LastError, "'exists'") {
		t.Errorf("%+v", s)
	}
	if err := r.Deliver(t.Context()); err == nil || !strings.Contains(err.Error(), "connector out failed") {
		t.Errorf("%v", err)
	}
}

// TestDeliverLatest begins at the end, and goes on there after a restart before anything has come.
func TestDeliverLatest(t *testing.T) {
	p := newPlace(t)
	p.topic("rows", 2)
	p.produce("rows", 0, 100)
	r := p.runtime()
	spec := sinkSpec("out", "connector.class", "file", "topics", "rows", "path", "rows.txt", "format", "lines", "offset.reset", "latest", "roll.bytes", "1")
	if err := r.Start(spec); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it has begun", func() bool { s, _ := r.Status("out"); return s.LagKnown })
	r.Close()
	p.produce("rows", 100, 104)
	r = p.runtime()
	if err := r.Start(spec); err != nil {
		t.Fatal(err)
	}
	p.deliver(r)
	p.produce("rows", 104, 106)
	p.deliver(r)
	got := p.lines("rows-*.txt")
	slices.Sort(got)
	if !slices.Equal(got, []string{"100", "101", "102", "103", "104", "105"}) {
		t.Errorf("%v", got)
	}
	if files, _ := filepath.Glob(filepath.Join(p.dir, "rows-*.txt")); len(files) < 2 {
		t.Errorf("it did not roll: %v", files)
	}
}

// numbers is a catalog with one stream, of numbers.
type numbers struct{}

func (numbers) Over(topic string) []string {
	switch topic {
	case "rows":
		return []string{"NUMBERS"}
	case "twice":
		return []string{"A", "B"}
	}
	return nil
}

func (numbers) Relation(name string) (Relation, error) {
	if name != "NUMBERS" {
		return Relation{}, fmt.Errorf("there is no stream or table %s", name)
	}
	cols := []connector.Column{{Name: "K", Type: types.TString, Key: true}, {Name: "N", Type: types.TBigint}}
	return Relation{Relation: connector.Relation{Topic: "rows", Name: name, Columns: cols}, NewReader: func() (RowReader, error) { return numberReader{}, nil }}, nil
}

type numberReader struct{}

func (numberReader) Reset() {}

func (numberReader) Read(r *kgo.Record, row []types.Value) error {
	row[0] = types.StringValue(string(r.Key))
	if r.Value == nil {
		return nil
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(string(r.Value), "row "), 10, 64)
	if err == nil && n%10 == 3 {
		err = fmt.Errorf("%d is not wanted", n)
	}
	row[1] = types.BigintValue(n)
	return err
}

// TestRefusedRows: rows that cannot be read fail the connector, or are counted, or go to a topic with the reason.
func TestRefusedRows(t *testing.T) {
	p := newPlace(t)
	p.topic("rows", 1)
	p.produce("rows", 0, 40)
	r, err := NewRuntime(Config{Cluster: p.cluster, DataDir: filepath.Join(p.dir, "connectors"), BaseDir: p.dir, Catalog: numbers{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	for name, props := range map[string][]string{
		"strict": nil, "lax": {"errors.tolerance", "all"}, "dead": {"errors.deadletterqueue.topic.name", "dead"},
	} {
		if err := r.Start(sinkSpec(name, append([]string{"connector.class", "file", "from", "NUMBERS", "path", name + ".csv", "format", "csv", "flush.size", "8"}, props...)...)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "one has failed", func() bool { s, _ := r.Status("strict"); return s.State == Failed })
	s, _ := r.Status("strict")
	for _, want := range []string{"topic rows, partition 0, offset 3: 3 is not wanted", "'errors.tolerance'='all'", "'errors.deadletterqueue.topic.name'"} {
		if !strings.Contains(s.LastError, want) {
			t.Errorf("%q is not in %q", want, s.LastError)
		}
	}
	if err := r.Delete("strict"); err != nil {
		t.Fatal(err)
	}
	if s.Lag == 0 || !s.LagKnown {
		t.Errorf("what it has not delivered is not told: %+v", s)
	}
	p.deliver(r)
	for _, name := range []string{"lax", "dead"} {
		got := p.lines(name + ".csv")
		if s, _ := r.Status(name); len(got) != 37 || got[0] != "K,N" || got[3] != "2,2" || got[4] != "4,4" || s.Rows != 36 || s.Bad != 4 {
			t.Errorf("%s: %d lines, %v, %+v", name, len(got), got[:min(5, len(got))], s)
		}
	}
	dead := p.records("dead")
	if len(dead) != 4 {
		t.Fatalf("%d dead letters", len(dead))
	}
	slices.SortFunc(dead, func(a, b *kgo.Record) int { return strings.Compare(string(a.Key), string(b.Key)) })
	for i, rec := range dead {
		n := []string{"13", "23", "3", "33"}[i]
		if string(rec.Key) != n || string(rec.Value) != "row "+n || header(rec, headerReason) != n+" is not wanted" || header(rec, headerTopic) != "rows" ||
			header(rec, headerPartition) != "0" || header(rec, headerConnector) != "dead" || header(rec, headerOffset) == "" {
			t.Errorf("%s %s %v", rec.Key, rec.Value, rec.Headers)
		}
	}
}

// TestWrongSinks: what is wrong with a declaration is said when it is made.
func TestWrongSinks(t *testing.T) {
	p := newPlace(t)
	r, err := NewRuntime(Config{Cluster: p.cluster, DataDir: filepath.Join(p.dir, "connectors"), BaseDir: p.dir, Catalog: numbers{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	for want, props := range map[string][]string{
		"needs either the property 'from'":                                 {"path", "x"},
		"needs either the property 'from', a stream or table, or 'topics'": {"path", "x", "from", "NUMBERS", "topics", "rows"},
		"there is no stream or table NOPE":                                 {"path", "x", "from", "NOPE"},
		"there is no stream or table over it":                              {"path", "x", "topics", "other"},
		"there are several over it, A, B":                                  {"path", "x", "topics", "twice"},
		"the topic rows would be read twice":                               {"path", "x", "topics", "rows, rows"},
		"there are 2 topics: put {topic} into the path":                    {"path", "x", "topics", "a,b", "format", "lines"},
		"expected a time such as 500ms, 5s or 10m, got 'soon'":             {"path", "x", "from", "NUMBERS", "flush.interval", "soon"},
		"expected a number from 1, got 0":                                  {"path", "x", "from", "NUMBERS", "flush.size", "0"},
		"property 'csv.header' is for 'format'='csv'":                      {"path", "x", "from", "NUMBERS", "csv.header", "true"},
		"did you mean 'json'?":                                             {"path", "x", "from", "NUMBERS", "format", "jsn"},
		"property 'deletes'":                                               {"path", "x", "topics", "rows", "format", "lines", "deletes", "true"},
		"needs the property 'path'":                                        {"from", "NUMBERS"},
		"has no property 'pth'. Did you mean 'path'?":                      {"pth", "x", "from", "NUMBERS"},
	} {
		if err := r.Validate(sinkSpec("c", append([]string{"connector.class", "file"}, props...)...)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v; want %q", props, err, want)
		}
	}
	confined := sinkSpec("c", "connector.class", "file", "from", "NUMBERS", "path", "x")
	confined.Confined = true
	if err := r.Validate(confined); err == nil || !strings.Contains(err.Error(), "--file-root") {
		t.Errorf("%v", err)
	}
	if err := r.Validate(sinkSpec("c", "connector.class", "datagen")); err == nil || !strings.Contains(err.Error(), "is a source: write CREATE SOURCE CONNECTOR") {
		t.Errorf("%v", err)
	}
}
