// Package bench measures the parts that every record passes: decoding, operators, encoding, and the way to and from the broker.
package bench

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/exec/task"
	"weir/functions"
	"weir/parser"
	"weir/planner"
	"weir/registry"
	"weir/types"
)

// partitions is how many every topic has.
const partitions = 4

// pipeline plans statements against a catalog of its own.
type pipeline struct {
	catalog  *catalog.Catalog
	registry registry.Client
}

func newPipeline() *pipeline {
	return &pipeline{catalog.New(), registry.NewLocal(registry.NewStore())}
}

// plan plans one statement and applies what it changes.
func (p *pipeline) plan(tb testing.TB, sql string) *planner.Plan {
	tb.Helper()
	list, err := parser.Parse(sql, parser.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	out, err := planner.Build(list[0].Node, list[0].Text, &planner.Env{
		Catalog: p.catalog.Snapshot(), Functions: functions.Standard(), Config: map[string]string{},
		Partitions: func(string) (int32, bool) { return partitions, true },
	})
	if err != nil {
		tb.Fatal(err)
	}
	if err := p.catalog.Apply(out.Change); err != nil {
		tb.Fatal(err)
	}
	return out
}

// task makes the one task of a query without repartition. Rows of a query for a client go nowhere.
func (p *pipeline) task(tb testing.TB, sql string) *task.Task {
	tb.Helper()
	topo, err := task.Build(p.plan(tb, sql).Query)
	if err != nil {
		tb.Fatal(err)
	}
	if len(topo.Stages) != 1 {
		tb.Fatalf("the query has %d stages", len(topo.Stages))
	}
	env := &task.Env{
		Functions: &functions.Env{Now: time.Now, Config: map[string]string{}},
		Registry:  p.registry,
		Internal:  func(step, kind string) string { return step + "-" + kind },
		Coalesce:  true,
		Bad:       func(b task.BadRecord) { tb.Errorf("offset %d: %s", b.Offset, b.Message) },
	}
	t, err := task.NewTask(topo.Stages[0], env, task.TaskOptions{Out: task.Target{Partitions: partitions}, Rows: func(*types.Batch) error { return nil }})
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// source is a stream of the catalog.
func (p *pipeline) source(tb testing.TB, name string) *catalog.Source {
	tb.Helper()
	src, ok := p.catalog.Snapshot().Source(name)
	if !ok {
		tb.Fatalf("there is no %s", name)
	}
	return src
}

func process(tb testing.TB, t *task.Task, recs []*kgo.Record) {
	if _, err := t.Process(0, recs); err != nil {
		tb.Fatal(err)
	}
}

// commit ends an interval: what was held back goes out, and out gets the records.
func commit(tb testing.TB, t *task.Task, out func([]kgo.Record)) {
	if err := t.Flush(); err != nil {
		tb.Fatal(err)
	}
	full := t.Out.Take()
	if out != nil {
		out(full.Records)
	}
	t.Out.Release(full)
	t.Committed()
}

// perRecord reports the time per record of a benchmark that took n records in all.
func perRecord(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
	b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mrec/s")
}
