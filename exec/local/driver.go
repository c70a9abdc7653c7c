package local

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/state"
	"weir/exec/task"
	"weir/kafka"
	"weir/planner/plan"
)

// Driver runs queries in one process and one goroutine, on topics in memory: the same tasks as on Kafka, and every
// answer the same each time. Nothing in it reads a clock.
type Driver struct {
	env     func(query string) *task.Env
	db      *state.DB // nil where no pull queries are asked
	topics  map[string]*memTopic
	queries []*driven
	made    int64 // records so far
}

type memTopic struct {
	parts [][]*kgo.Record
	came  [][]int64 // which of all records of the Driver each is
}

type driven struct {
	id    string
	topo  *task.Topology
	local *Local
	reads []reading
	sent  []*kgo.Record
}

// reading is a partition of a source's topic that a query reads.
type reading struct {
	topic     string
	partition int32
	next      int64
}

// NewDriver makes a Driver without topics. env makes the environment of a query.
func NewDriver(env func(query string) *task.Env, db *state.DB) *Driver {
	return &Driver{env: env, db: db, topics: map[string]*memTopic{}}
}

// CreateTopic makes a topic; it leaves one alone that is there.
func (d *Driver) CreateTopic(name string, partitions int32) {
	if d.topics[name] == nil {
		d.topics[name] = &memTopic{make([][]*kgo.Record, partitions), make([][]int64, partitions)}
	}
}

// Partitions is how many partitions a topic has.
func (d *Driver) Partitions(name string) (int32, bool) {
	t := d.topics[name]
	if t == nil {
		return 0, false
	}
	return int32(len(t.parts)), true
}

func (d *Driver) partitions(name string) (int32, error) {
	if n, ok := d.Partitions(name); ok {
		return n, nil
	}
	return 0, fmt.Errorf("there is no topic %s", name)
}

// Records are a topic's records in one partition. They are the Driver's.
func (d *Driver) Records(topic string, partition int32) []*kgo.Record {
	if t := d.topics[topic]; t != nil && int(partition) < len(t.parts) {
		return t.parts[partition]
	}
	return nil
}

// All are the records of topics in the order in which they came.
func (d *Driver) All(topics []string) []*kgo.Record {
	type arrival struct {
		rec *kgo.Record
		at  int64
	}
	var all []arrival
	for _, name := range topics {
		if t := d.topics[name]; t != nil {
			for p := range t.parts {
				for i, rec := range t.parts[p] {
					all = append(all, arrival{rec, t.came[p][i]})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	out := make([]*kgo.Record, len(all))
	for i := range all {
		out[i] = all[i].rec
	}
	return out
}

// DeleteTopic deletes a topic with its records.
func (d *Driver) DeleteTopic(name string) { delete(d.topics, name) }

// Start starts a persistent query; it reads its topics from the beginning at the next Run, or else what comes from now on. Tables that are
// joined are read whole.
func (d *Driver) Start(q *plan.Query, earliest bool) error {
	run, err := d.prepare(q, nil)
	if err != nil {
		return err
	}
	d.queries = append(d.queries, run)
	whole := run.topo.Whole()
	for i := range run.reads {
		if r := &run.reads[i]; !earliest && !slices.Contains(whole, r.topic) {
			r.next = int64(len(d.topics[r.topic].parts[r.partition]))
		}
	}
	return nil
}

// prepare makes a query's tasks, which go on with the state of the layout.
func (d *Driver) prepare(q *plan.Query, state task.Layout) (*driven, error) {
	topo, err := task.Build(q)
	if err != nil {
		return nil, err
	}
	if err := topo.Adopt(state); err != nil {
		return nil, fmt.Errorf("the state of %s does not fit: %w", q.ID, err)
	}
	env := d.env(q.ID)
	run := &driven{id: q.ID, topo: topo}
	parts, err := topo.Partitions(d.partitions, nil)
	if err != nil {
		return nil, err
	}
	out := int32(1)
	if topic := topo.Last().Output(env); topic != "" {
		if out, err = d.partitions(topic); err != nil {
			return nil, err
		}
	}
	for _, topic := range topo.Sources() {
		n, _ := d.Partitions(topic)
		for p := range n {
			run.reads = append(run.reads, reading{topic: topic, partition: p})
		}
	}
	late := int32(0)
	if sink := topo.Last().Late(); sink != nil {
		if late, err = d.partitions(sink.Target.Topic); err != nil {
			return nil, err
		}
	}
	if run.local, err = NewLocal(topo, env, parts, out, late, nil); err != nil {
		return nil, err
	}
	run.local.Sent = run.keep
	return run, nil
}

// Stop ends a query.
func (d *Driver) Stop(id string) {
	for i, q := range d.queries {
		if q.id == id {
			d.queries = append(d.queries[:i], d.queries[i+1:]...)
			return
		}
	}
}

// keep copies what a query sends: the sender's memory is used again.
func (q *driven) keep(recs []kgo.Record) error {
	for i := range recs {
		r := recs[i]
		r.Key, r.Value = clone(r.Key), clone(r.Value)
		q.sent = append(q.sent, &r)
	}
	return nil
}

func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

// Produce adds a record to its topic. A partition below zero is chosen by the key, 0 without one.
func (d *Driver) Produce(r *kgo.Record) error {
	t := d.topics[r.Topic]
	if t == nil {
		return fmt.Errorf("there is no topic %s", r.Topic)
	}
	if r.Partition < 0 {
		r.Partition = 0
		if r.Key != nil {
			r.Partition = kafka.Partition(r.Key, int32(len(t.parts)))
		}
	}
	if int(r.Partition) >= len(t.parts) {
		return fmt.Errorf("%s has no partition %d", r.Topic, r.Partition)
	}
	if r.Timestamp.IsZero() {
		r.Timestamp = time.UnixMilli(0)
	}
	r.Offset = int64(len(t.parts[r.Partition]))
	t.parts[r.Partition] = append(t.parts[r.Partition], r)
	t.came[r.Partition] = append(t.came[r.Partition], d.made)
	d.made++
	return nil
}

// Run lets the queries read until none has anything left: in the order in which the records came, over all topics of a
// query. Each record is carried all the way before the next is read.
func (d *Driver) Run() error {
	for moved := true; moved; {
		moved = false
		for _, q := range d.queries {
			for rec := d.nextOf(q); rec != nil; rec = d.nextOf(q) {
				moved = true
				if err := q.local.Feed([]*kgo.Record{rec}); err != nil {
					return fmt.Errorf("query %s: %w", q.id, err)
				}
				if err := d.deliver(q); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// nextOf takes the record that came first of those that a query has not read.
func (d *Driver) nextOf(q *driven) *kgo.Record {
	var first *reading
	came := int64(0)
	for i := range q.reads {
		r := &q.reads[i]
		if d.topics[r.topic] == nil {
			continue // it was deleted
		}
		if at := d.topics[r.topic].came[r.partition]; r.next < int64(len(at)) && (first == nil || at[r.next] < came) {
			first, came = r, at[r.next]
		}
	}
	if first == nil {
		return nil
	}
	first.next++
	return d.topics[first.topic].parts[first.partition][first.next-1]
}

func (d *Driver) deliver(q *driven) error {
	for _, r := range q.sent {
		if err := d.Produce(r); err != nil {
			return err
		}
	}
	q.sent = q.sent[:0]
	return nil
}

// Commit ends a commit interval: what queries held back goes out, and their state is written where pull queries read it.
func (d *Driver) Commit() error {
	for moved := true; moved; {
		if err := d.Run(); err != nil {
			return err
		}
		moved = false
		for _, q := range d.queries {
			if err := q.local.flush(d.db, q.id); err != nil {
				return err
			}
			moved = moved || len(q.sent) > 0
			if err := d.deliver(q); err != nil {
				return err
			}
		}
	}
	return nil
}

// CloseWindows closes all open windows: the input has ended. Queries were made in their order, so that those before have put out what they had.
func (d *Driver) CloseWindows() error {
	for _, q := range d.queries {
		if err := d.Commit(); err != nil {
			return err
		}
		if err := q.local.CloseAll(); err != nil {
			return err
		}
		if err := d.deliver(q); err != nil {
			return err
		}
	}
	return d.Commit()
}

// Tasks are the tasks of a query that runs; nil where it does not.
func (d *Driver) Tasks(id string) []*task.Task {
	if q := d.query(id); q != nil {
		return q.local.Tasks()
	}
	return nil
}

func (d *Driver) query(id string) *driven {
	for _, q := range d.queries {
		if q.id == id {
			return q
		}
	}
	return nil
}
