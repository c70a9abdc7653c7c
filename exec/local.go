package exec

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/state"
	"weir/types"
)

// Local runs a topology in one goroutine; repartition topics are queues in memory. The Driver and push queries use it.
type Local struct {
	topo  *Topology
	env   *Env
	parts int32
	tasks [][]*Task // by stage, by partition
	// Sent takes the records for the sink's topic.
	Sent    func(recs []kgo.Record) error
	offsets [][]int64 // next offsets of the queues, by stage and partition
	inbox   []*kgo.Record
}

// NewLocal makes a task per stage and partition. rows takes the result of a query that goes to a client.
func NewLocal(topo *Topology, env *Env, parts, sinkParts int32, rows func(*types.Batch) error) (*Local, error) {
	l := &Local{topo: topo, env: env, parts: parts}
	for i, s := range topo.Stages {
		out, upstream := parts, int(parts)
		if i == len(topo.Stages)-1 {
			out = sinkParts
		}
		if s.From == nil {
			upstream = 0
		}
		var tasks []*Task
		for p := range parts {
			t, err := NewTask(s, env, TaskOptions{Partition: p, Upstream: upstream, OutPartitions: max(out, 1), Rows: rows})
			if err != nil {
				return nil, err
			}
			t.SetAtEnd(true)
			tasks = append(tasks, t)
		}
		l.tasks = append(l.tasks, tasks)
		l.offsets = append(l.offsets, make([]int64, parts))
	}
	return l, nil
}

// Tasks are all tasks, in the order of the stages.
func (l *Local) Tasks() []*Task {
	var out []*Task
	for _, ts := range l.tasks {
		out = append(out, ts...)
	}
	return out
}

// Feed gives records of the source's topic, all of one partition, to their task, and carries on what comes of them.
func (l *Local) Feed(recs []*kgo.Record) error {
	if len(recs) == 0 {
		return nil
	}
	p := recs[0].Partition
	if p >= l.parts {
		return fmt.Errorf("exec: partition %d of %s came after the query started with %d partitions", p, recs[0].Topic, l.parts)
	}
	if err := l.tasks[0][p].Process(recs); err != nil {
		return err
	}
	return l.deliver(0)
}

// Flush ends an interval: held-back changes go through all stages, and state is committed.
func (l *Local) Flush() error { return l.flush(nil, "") }

func (l *Local) flush(db *state.DB, query string) error {
	for i, tasks := range l.tasks {
		for _, t := range tasks {
			if err := t.Flush(); err != nil {
				return err
			}
		}
		if err := l.deliver(i); err != nil {
			return err
		}
	}
	if db != nil {
		if err := l.write(db, query); err != nil {
			return err
		}
	}
	for _, t := range l.Tasks() {
		t.Committed()
	}
	return nil
}

func (l *Local) write(db *state.DB, query string) error {
	b := db.NewBatch()
	for _, t := range l.Tasks() {
		if err := writeStores(b, query, t); err != nil {
			return err
		}
	}
	return b.Commit(false)
}

// CloseAll closes all open windows, stage by stage.
func (l *Local) CloseAll() error {
	for i, tasks := range l.tasks {
		for _, t := range tasks {
			if err := t.CloseAll(); err != nil {
				return err
			}
		}
		if err := l.deliver(i); err != nil {
			return err
		}
	}
	return nil
}

// deliver takes the output of a stage to the next one, or to the sink.
func (l *Local) deliver(stage int) error {
	if stage == len(l.tasks)-1 {
		return l.send(stage)
	}
	for _, out := range outputs(l.tasks[stage]) {
		full := out.Take()
		recs := full.Records
		for p, far := range l.tasks[stage+1] {
			l.inbox = l.inbox[:0]
			for i := range recs {
				if rec := &recs[i]; rec.Partition == int32(p) {
					rec.Offset = l.offsets[stage+1][p]
					l.offsets[stage+1][p]++
					l.inbox = append(l.inbox, rec)
				}
			}
			if len(l.inbox) == 0 {
				continue
			}
			if err := far.Process(l.inbox); err != nil {
				return err
			}
		}
		out.Release(full)
	}
	return l.deliver(stage + 1)
}

func (l *Local) send(stage int) error {
	for _, t := range l.tasks[stage] {
		full := t.Out.Take()
		if l.Sent != nil && len(full.Records) > 0 {
			if err := l.Sent(full.Records); err != nil {
				return err
			}
		}
		t.Out.Release(full)
	}
	return nil
}
