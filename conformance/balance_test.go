package conformance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/conformance/cases"
	"weir/conformance/memory"
	"weir/exec/op"
	"weir/exec/task"
	"weir/planner/plan"
)

// balanceWay runs a case in memory, cut at random, and looks at the counters of every step whenever it is cut.
type balanceWay struct {
	*memoryWay
	rng    *rand.Rand
	made   map[string]bool // topics that the case writes itself
	others bool            // something else may have written to the topics of results
	before map[*task.Task][]op.StepCounts
	faults []string
	looked int
}

func (w *balanceWay) execute(ctx context.Context, sql string) ([]string, error) {
	for _, word := range []string{"INSERT", "REPLACE", "TERMINATE", "DROP"} {
		w.others = w.others || strings.Contains(strings.ToUpper(sql), word)
	}
	return w.memoryWay.execute(ctx, sql)
}

func (w *balanceWay) produce(ctx context.Context, recs []*kgo.Record) error {
	for _, r := range recs {
		w.made[r.Topic] = true
		if err := w.engine.Driver.Produce(r); err != nil {
			return err
		}
		if w.rng.IntN(3) == 0 {
			if err := w.settle(ctx); err != nil {
				return err
			}
		}
	}
	return w.settle(ctx)
}

func (w *balanceWay) settle(context.Context) error {
	err := w.engine.Driver.Commit()
	w.look()
	return err
}

func (w *balanceWay) closeWindows(context.Context) error {
	err := w.engine.Driver.CloseWindows()
	w.look()
	return err
}

func (w *balanceWay) look() {
	for _, q := range w.engine.Queries() {
		tasks := w.engine.Driver.Tasks(q.ID)
		sent, made := map[string]int64{}, map[string]int64{}
		back, taken := map[string]int64{}, map[string]int64{}
		for _, t := range tasks {
			steps := t.Steps()
			for i, c := range steps {
				w.check(q.ID, t, i, c)
				sent[c.Step], made[c.Step] = sent[c.Step]+c.Used(), made[c.Step]+c.Made
				if step, ok := strings.CutPrefix(c.Step, "Read back: "); ok {
					back[step] += c.Read
					taken[step] += steps[i-1].Read
				}
			}
			w.before[t] = steps
		}
		w.repartitioned(q.ID, made, back)
		w.combined(q.ID, sent, taken)
		w.written(q, sent)
	}
}

// check looks at one step by itself.
func (w *balanceWay) check(id string, t *task.Task, i int, c op.StepCounts) {
	w.looked++
	if min(c.Read, c.Used(), c.Filtered, c.Late, c.NullKey, c.Bad, c.Made) < 0 {
		w.fault("%s: more was left out than came: %+v", id, c)
	}
	word, _, _ := strings.Cut(c.Step, " ")
	kept := word == "Scan" && strings.HasSuffix(c.Step, "kept so that changes know the row before")
	switch word {
	case "Filter", "Having", "Project", "Scan", "Read":
		if c.Made != c.Used() && !kept {
			w.fault("%s: one row makes one, and %d made %d: %+v", id, c.Used(), c.Made, c)
		}
	}
	if was := w.before[t]; was != nil {
		for _, d := range []int64{c.Read - was[i].Read, c.Made - was[i].Made, c.Filtered - was[i].Filtered, c.Late - was[i].Late, c.NullKey - was[i].NullKey, c.Bad - was[i].Bad, c.Used() - was[i].Used()} {
			if d < 0 {
				w.fault("%s: a counter fell: %+v, was %+v", id, c, was[i])
			}
		}
	}
}

// repartitioned compares the records that one stage sends with those that the next reads.
func (w *balanceWay) repartitioned(id string, made, back map[string]int64) {
	for step, read := range back {
		if read != made[step] {
			w.fault("%s: %d records were sent, and %d came back: %s", id, made[step], read, step)
		}
	}
}

// combined compares the rows that are combined before a repartition with those that the aggregation behind it counts.
func (w *balanceWay) combined(id string, sent, taken map[string]int64) {
	for step, rows := range taken {
		if strings.HasSuffix(step, "rows combined per group") && rows != sent[step] {
			w.fault("%s: %d rows were combined, and %d are taken in: %s", id, sent[step], rows, step)
		}
	}
}

// written compares what the last stage writes with what is in the topic.
func (w *balanceWay) written(q *plan.Query, sent map[string]int64) {
	sink, ok := q.Root.(*plan.Sink)
	if !ok || w.made[sink.Target.Topic] || w.others {
		return
	}
	step := plan.Describe(sink)
	if sink.Materialize {
		step = "Write to topic " + sink.Target.Topic
	}
	there := int64(0)
	n, _ := w.engine.Driver.Partitions(sink.Target.Topic)
	for p := range n {
		there += int64(len(w.engine.Driver.Records(sink.Target.Topic, p)))
	}
	if there != sent[step] {
		w.fault("%s: %d rows were written, and the topic has %d", q.ID, sent[step], there)
	}
}

func (w *balanceWay) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// Counters balance at every step of every query of the cases, wherever the rows are cut, held back or not.
func TestCountersBalance(t *testing.T) {
	names, err := filepath.Glob("testdata/*.test")
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := cases.Parse(string(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range file.Cases {
			if leavesOut(c, "memory") || !c.HasRecords() {
				continue
			}
			for n, held := range []bool{false, true, true} {
				looked += balance(t, name, c, numbers[n%2], held)
			}
		}
	}
	if looked < 1000 {
		t.Errorf("only %d steps were looked at", looked)
	}
}

func balance(t *testing.T, file string, c *cases.Case, partitions int, held bool) int {
	config := map[string]string{}
	if !held {
		config["cache.max.bytes.buffering"] = "0"
	}
	e, err := memory.New(memory.Options{Config: config, FirstID: 1, CountAll: true})
	if err != nil {
		t.Fatal(err)
	}
	w := &balanceWay{memoryWay: &memoryWay{e}, rng: rand.New(rand.NewPCG(uint64(len(c.Name)), 1)), made: map[string]bool{}, before: map[*task.Task][]op.StepCounts{}}
	r := &run{way: w, partitions: partitions, topics: map[string]*catalog.Source{}}
	if err := r.all(t.Context(), c); err != nil && !held { // held back, other changes of a table are written
		t.Errorf("%s, %s: %v", file, c.Name, err)
	}
	for _, f := range w.faults[:min(len(w.faults), 3)] {
		t.Errorf("%s, %s, %d partitions, held back %t: %s", file, c.Name, partitions, held, f)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	return w.looked
}
