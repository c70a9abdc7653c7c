package worker

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/exec/assignment"
	"weir/exec/op"
	"weir/exec/state"
	"weir/exec/task"
	"weir/functions"
	"weir/parser"
	"weir/planner"
	"weir/planner/plan"
)

// counter is a query's tasks and figures without a worker: a test says what is fed, committed, and given up.
type counter struct {
	*testing.T
	topo  *task.Topology
	env   *task.Env
	stats stats
	held  *assignment.Assignment
	input map[assignment.TP][]*kgo.Record // all that there is of the sources
	back  map[assignment.TP][]*kgo.Record // what was committed between the stages
	at    map[assignment.FeedID]int64     // as committed
	bad   int                             // entries for the processing log
	db    *state.DB
	last  Stats
	// leftOut are topics of which the next commit leaves a record out.
	leftOut []string
}

func newCounter(t *testing.T, sql string) *counter {
	t.Helper()
	list, err := parser.Parse(sql, parser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cat := catalog.New()
	var q *plan.Query
	for i, s := range list {
		p, err := planner.Build(s.Node, s.Text, &planner.Env{Catalog: cat.Snapshot(), Functions: functions.Standard(), Config: map[string]string{}, NextID: i,
			Partitions: func(string) (int32, bool) { return 2, true }})
		if err != nil {
			t.Fatal(err)
		}
		if err := cat.Apply(p.Change); err != nil {
			t.Fatal(err)
		}
		q = p.Query
	}
	c := &counter{T: t, input: map[assignment.TP][]*kgo.Record{}, back: map[assignment.TP][]*kgo.Record{}, at: map[assignment.FeedID]int64{}}
	if c.topo, err = task.Build(q); err != nil {
		t.Fatal(err)
	}
	c.env = &task.Env{Functions: &functions.Env{Now: time.Now, Config: map[string]string{}}, Internal: func(step, kind string) string { return step + "-" + kind },
		Bad: func(task.BadRecord) { c.bad++ }}
	if c.db, err = state.Open(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.db.Close() })
	c.stats.topo, c.stats.all = c.topo, make([][]op.StepCounts, len(c.topo.Stages))
	c.session()
	return c
}

// session gives up what the tasks did since the last commit.
func (c *counter) session() {
	c.held = assignment.New(c.topo, c.env, true)
	c.held.Parts = slices.Repeat([]int32{2}, len(c.topo.Stages))
	c.held.Topics = map[string]assignment.Topic{}
	for _, s := range c.topo.Stages {
		for _, topic := range s.Outputs(c.env) {
			c.held.Topics[topic] = assignment.Topic{Partitions: 2}
		}
	}
	c.come(0)
	c.come(1)
}

// come makes the tasks of a partition, which go on from what was committed.
func (c *counter) come(p int32) {
	for stage := range c.topo.Stages {
		t, err := c.held.NewTask(stage, p)
		if err != nil {
			c.Fatal(err)
		}
		for _, f := range t.Feeds {
			f.Next = c.at[f.ID()]
			f.High = int64(len(c.input[f.TP]) + len(c.back[f.TP]))
		}
		if err := t.Load(c.db, c.topo.Query.ID, nil); err != nil {
			c.Fatal(err)
		}
		c.held.Add(t)
	}
}

// leave takes the tasks of a partition away, right behind a commit.
func (c *counter) leave(p int32) {
	for _, t := range slices.Clone(c.held.Tasks) {
		if t.Partition == p {
			c.held.Remove(t)
		}
	}
}

// write adds records to a source, as partition, time, key, value.
func (c *counter) write(topic string, recs ...string) {
	for _, text := range recs {
		var p int32
		var at int64
		var key, value string
		if _, err := fmt.Sscanf(text, "%d %d %s %s", &p, &at, &key, &value); err != nil {
			c.Fatal(err)
		}
		tp := assignment.TP{Topic: topic, Partition: p}
		r := &kgo.Record{Topic: topic, Partition: p, Offset: int64(len(c.input[tp])), Timestamp: time.UnixMilli(at), Value: []byte(value)}
		if key != "-" {
			r.Key = []byte(key)
		}
		c.input[tp] = append(c.input[tp], r)
	}
}

// feed gives the tasks of a topic what they have not been given. more says that they are to wait for more of it.
func (c *counter) feed(topic string, more bool) {
	for _, t := range c.held.Tasks {
		for _, f := range t.Feeds {
			if f.TP.Topic != topic && topic != "" {
				continue
			}
			recs := slices.Concat(c.input[f.TP], c.back[f.TP])[f.Next:]
			f.Next += int64(len(recs))
			if _, err := t.Offer(f.Input, recs, more); err != nil {
				c.Fatal(err)
			}
			if !more {
				if err := t.InputEnded(f.Input, math.MaxInt64); err != nil {
					c.Fatal(err)
				}
			}
		}
	}
}

// through reads all that there is.
func (c *counter) through() {
	for range 3 {
		c.feed("", false)
		c.commit()
	}
}

// begin takes what there is to count; what it returns ends the commit.
func (c *counter) begin() (through func()) {
	for _, t := range c.held.Tasks {
		if task.IsRepartition(t.Stage.End) {
			t.Announce(task.Standing{Order: math.MaxInt64, AsOf: time.Now().UnixMicro()}, time.Now().UnixMicro(), true)
		}
		if err := t.Flush(); err != nil {
			c.Fatal(err)
		}
	}
	count := c.stats.count(c.held)
	b := c.db.NewBatch()
	for _, t := range c.held.Tasks {
		if err := t.WriteStores(b, c.topo.Query.ID); err != nil {
			c.Fatal(err)
		}
		t.Committed()
	}
	return func() {
		if err := b.Commit(false); err != nil {
			c.Fatal(err)
		}
		for _, t := range c.held.Tasks {
			for _, f := range t.Feeds {
				c.at[f.ID()] = f.Position()
			}
		}
		var leftOut []string
		for _, out := range c.held.Outputs() {
			if slices.ContainsFunc(out.Records, func(r kgo.Record) bool { return slices.Contains(c.leftOut, r.Topic) }) {
				leftOut, c.leftOut = c.leftOut, nil
			}
			for _, r := range out.Take().Records {
				if tp := (assignment.TP{Topic: r.Topic, Partition: r.Partition}); strings.HasSuffix(r.Topic, "repartition") {
					r.Offset = int64(len(c.back[tp]))
					c.back[tp] = append(c.back[tp], &r)
				}
			}
		}
		count(leftOut, nil)
		c.check()
	}
}

func (c *counter) commit() { c.begin()() }

func (c *counter) now() Stats {
	w := Worker{}
	w.stats.topo, w.stats.all, w.stats.now = c.stats.topo, c.stats.all, c.stats.now
	return w.Stats()
}

// check looks whether every step balances, and no counter fell.
func (c *counter) check() {
	c.Helper()
	s := c.now()
	was := map[string]op.StepCounts{}
	for _, x := range c.last.Steps {
		was[x.Step] = x
	}
	for _, x := range s.Steps {
		b := was[x.Step]
		if min(x.Used(), x.Read-b.Read, x.Used()-b.Used(), x.Made-b.Made, x.Filtered-b.Filtered, x.Late-b.Late, x.NullKey-b.NullKey, x.Bad-b.Bad) < 0 {
			c.Errorf("a counter fell: %+v, was %+v", x, b)
		}
	}
	c.last = s
}

// steps are the first words of each step with its figures.
func (c *counter) steps() []string {
	var out []string
	for _, s := range c.now().Steps {
		words := strings.Fields(s.Step)
		out = append(out, fmt.Sprintf("%s: %d = %d + %d + %d + %d + %d; %d", strings.Join(words[:min(3, len(words))], " "), s.Read, s.Used(), s.Filtered, s.Late, s.NullKey, s.Bad, s.Made))
	}
	return out
}

const joinedSQL = `CREATE STREAM l (k STRING KEY, g STRING, v INT) WITH (KAFKA_TOPIC='l', VALUE_FORMAT='JSON');
	CREATE TABLE r (k STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON');
	CREATE TABLE t AS SELECT g, COUNT(*) AS n FROM l JOIN r ON l.k = r.k WHERE v > 0 GROUP BY g;`

// joined are rows of every fate: 14, of which two can't be read.
func joined(c *counter) {
	c.write("r", `0 1 a {"NAME":"A"}`, `1 1 b {"NAME":"B"}`, `0 2 - {"NAME":"none"}`, `0 10 a {"NAME":"AA"}`)
	c.write("l", `0 5 a {"G":"x","V":1}`, `0 6 a {"G":"x","V":0}`, `1 6 b {"G":"y","V":1}`, `0 7 a {"V":1}`, `0 7 a {"V":"bad"}`, `0 8 - {"G":"x","V":1}`,
		`0 20 a {"G":"x","V":1}`, `0 20 a {bad`, `0 21 a {"G":"z","V":2}`, `1 22 b {"G":"z","V":2}`)
}

// joinedSteps are read = used + filtered + late + null key + bad; made.
var joinedSteps = []string{
	"Sink table `T`:: 5 = 5 + 0 + 0 + 0 + 0; 5",
	"Project G, COUNT(*): 5 = 5 + 0 + 0 + 0 + 0; 5",
	"Aggregate by L.G:: 5 = 5 + 0 + 0 + 0 + 0; 5",
	"Read back: Repartition: 5 = 5 + 0 + 0 + 0 + 0; 5",
	"Repartition by L.G: 6 = 5 + 0 + 0 + 1 + 0; 5",
	"Filter (L.V >: 7 = 6 + 1 + 0 + 0 + 0; 6",
	"Join stream with: 11 = 10 + 0 + 0 + 1 + 0; 7",
	"Scan stream `L`:: 10 = 8 + 0 + 0 + 0 + 2; 8",
	"Scan table `R`:: 4 = 3 + 0 + 0 + 1 + 0; 3",
}

// What waits for another input is not read yet; what was not committed counts once, whoever does it again, and so does what
// tasks did that have left.
func TestStepsOfSessions(t *testing.T) {
	for name, act := range map[string]func(c *counter){
		"at once": func(*counter) {},
		"a commit while rows wait": func(c *counter) {
			c.feed("l", false)
			c.commit()
			if s := c.now(); s.RowsIn != 0 || s.Bad != 0 || c.bad != 0 {
				c.Errorf("%d rows count that wait, %d bad, %d in the log", s.RowsIn, s.Bad, c.bad)
			}
			c.session()
		},
		"a commit amid rows that wait": func(c *counter) {
			c.feed("r", true)
			c.feed("l", false)
			c.commit()
			if s := c.now(); s.RowsIn < 8 || s.RowsIn == 14 || s.Bad != 1 || c.bad != 4 {
				c.Errorf("%d rows in, %d bad, %d in the log", s.RowsIn, s.Bad, c.bad)
			}
			c.session()
		},
		"a session that fails": func(c *counter) {
			c.feed("", false)
			c.session()
		},
		"a commit that fails": func(c *counter) {
			c.feed("", false)
			c.begin()
			if s := c.now(); s.RowsIn != 0 {
				c.Errorf("%d rows in, and none is committed", s.RowsIn)
			}
			c.session()
		},
		"tasks that leave and come back": func(c *counter) {
			c.feed("r", true)
			c.feed("l", false)
			c.commit()
			c.leave(1)
			c.feed("", false)
			c.commit()
			c.come(1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCounter(t, joinedSQL)
			joined(c)
			c.session()
			act(c)
			c.through()
			if got := c.steps(); !slices.Equal(got, joinedSteps) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(joinedSteps, "\n"))
			}
			if s := c.now(); s.RowsIn != 14 || s.RowsOut != 5 || s.Bad != 2 || s.NullKey != 3 || s.Filtered != 1 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// A record that was to be written and was left out after all is bad in the step that wrote it, and no row of the result.
func TestStepsOfRowsLeftOut(t *testing.T) {
	c := newCounter(t, joinedSQL)
	joined(c)
	c.session()
	c.leftOut = []string{"T"}
	c.through()
	if got, want := c.steps()[0], "Sink table `T`:: 5 = 4 + 0 + 0 + 0 + 1; 4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if s := c.now(); s.RowsOut != 4 || s.Bad != 3 {
		t.Errorf("%+v", s)
	}
}
