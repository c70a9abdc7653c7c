// Package local runs queries in memory, in one goroutine: Local for push queries, and Driver, on virtual time, for tests.
package local

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/state"
	"weir/exec/task"
	"weir/types"
)

// Local runs a topology in one goroutine; repartition topics are queues in memory. The Driver and push queries use it.
type Local struct {
	topo  *task.Topology
	env   *task.Env
	tasks [][]*task.Task // by stage, by partition
	// Sent takes the records for the sink's topic.
	Sent    func(recs []kgo.Record) error
	offsets [][]int64 // next offsets of the queues, by the stage that reads them and partition
	inbox   []*kgo.Record
	merges  bool // rows of several inputs are merged by event time: see Expect
}

// NewLocal makes a task per stage and partition; parts is how many of them each stage has, sinkParts and lateParts how many
// partitions the topics of the result and of its late rows have. rows takes the result of a
// query that goes to a client.
func NewLocal(topo *task.Topology, env *task.Env, parts []int32, sinkParts, lateParts int32, rows func(*types.Batch) error) (*Local, error) {
	l := &Local{topo: topo, env: env}
	for i, s := range topo.Stages {
		out := sinkParts
		if task.IsRepartition(s.End) {
			out = parts[s.To]
		}
		first, feeders := topo.Feeders(i, parts)
		var tasks []*task.Task
		for p := range parts[i] {
			t, err := task.NewTask(s, env, task.TaskOptions{Partition: p, Tasks: parts[i], Feeders: feeders, FirstFeeder: first, Out: task.Target{Partitions: out}, Late: task.Target{Partitions: lateParts}, Rows: rows,
				Relieve: func() error { return l.relieve(i, p) }})
			if err != nil {
				return nil, err
			}
			t.SetAtEnd(true)
			for number, in := range s.Inputs {
				if !task.IsRepartition(in) {
					if err := t.SetInputAtEnd(number, true); err != nil {
						return nil, err
					}
				}
			}
			tasks = append(tasks, t)
		}
		l.tasks = append(l.tasks, tasks)
		l.offsets = append(l.offsets, make([]int64, parts[i]))
	}
	return l, nil
}

// Tasks are all tasks, in the order of the stages.
func (l *Local) Tasks() []*task.Task {
	var out []*task.Task
	for _, ts := range l.tasks {
		out = append(out, ts...)
	}
	return out
}

// Feed gives records of a source's topic, all of one partition, to the tasks that read it, and carries on what comes of
// them at once.
func (l *Local) Feed(recs []*kgo.Record) error {
	return l.each(recs, func(t *task.Task, input int) error { _, err := t.Process(input, recs); return err })
}

// Expect says whether the broker holds records of a source's partition that are to be waited for; before the first Offer.
// Without it, no input waits for another.
func (l *Local) Expect(topic string, p int32, more bool) {
	for i, s := range l.topo.Stages {
		l.merges = l.merges || len(s.Inputs) > 1
		for number := range s.Inputs {
			if !task.IsRepartition(s.Inputs[number]) && s.Topic(number, l.env) == topic && int(p) < len(l.tasks[i]) {
				l.tasks[i][p].Expect(number, more)
			}
		}
	}
	l.waitForMore()
}

// waitForMore lets inputs behind a repartition wait as long as those before it do.
func (l *Local) waitForMore() {
	for i, s := range l.topo.Stages {
		if !task.IsRepartition(s.End) {
			continue
		}
		more := l.expectsMore(i)
		for _, far := range l.tasks[s.To] {
			far.Expect(s.ToInput, more)
		}
	}
}

func (l *Local) expectsMore(stage int) bool {
	return slices.ContainsFunc(l.tasks[stage], func(t *task.Task) bool { return t.Waits() || t.ExpectsMore() })
}

// Offer is Feed for records that come as fetches bring them: tasks of several inputs take the records of all of them in
// the order of event time. more says that the broker holds more of this partition.
func (l *Local) Offer(recs []*kgo.Record, more bool) error {
	return l.each(recs, func(t *task.Task, input int) error { _, err := t.Offer(input, recs, more); return err })
}

func (l *Local) each(recs []*kgo.Record, give func(t *task.Task, input int) error) error {
	if len(recs) == 0 {
		return nil
	}
	topic, p := recs[0].Topic, recs[0].Partition
	for i, s := range l.topo.Stages {
		for number := range s.Inputs {
			if task.IsRepartition(s.Inputs[number]) || s.Topic(number, l.env) != topic {
				continue
			}
			if int(p) >= len(l.tasks[i]) {
				return fmt.Errorf("local: partition %d of %s came after the query started with %d partitions", p, topic, len(l.tasks[i]))
			}
			if err := give(l.tasks[i][p], number); err != nil {
				return err
			}
			if err := l.deliver(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// Drain carries on what waits for another input.
func (l *Local) Drain() error {
	for i, tasks := range l.tasks {
		for _, t := range tasks {
			if err := t.Drain(); err != nil {
				return err
			}
		}
		if err := l.deliver(i); err != nil {
			return err
		}
	}
	return nil
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
		if err := t.WriteStores(b, query); err != nil {
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
	s := l.topo.Stages[stage]
	if !task.IsRepartition(s.End) {
		return l.send(stage)
	}
	if l.merges {
		return l.offerOn(stage)
	}
	moved := false
	for _, out := range task.Outputs(l.tasks[stage]) {
		some, err := l.process(s, out)
		if err != nil {
			return err
		}
		moved = moved || some
	}
	if !moved {
		return nil
	}
	return l.deliver(s.To)
}

// process gives an output of a stage to the next one.
func (l *Local) process(s *task.Stage, out *task.Output) (some bool, err error) {
	full := out.Take()
	recs := full.Records
	inbox := l.inbox // which a stage behind may want too
	l.inbox = nil
	for p, far := range l.tasks[s.To] {
		inbox = inbox[:0]
		for i := range recs {
			if rec := &recs[i]; rec.Partition == int32(p) {
				rec.Offset = l.offsets[s.To][p]
				l.offsets[s.To][p]++
				inbox = append(inbox, rec)
			}
		}
		if len(inbox) == 0 {
			continue
		}
		some = true
		if _, err := far.Process(s.ToInput, inbox); err != nil {
			return some, err
		}
	}
	out.Release(full)
	l.inbox = inbox
	return some, nil
}

// relieve takes on what one task has put out, and has not told of yet, before it puts out more.
func (l *Local) relieve(stage int, p int32) error {
	s, out := l.topo.Stages[stage], &l.tasks[stage][p].Out
	switch {
	case !task.IsRepartition(s.End):
		return l.sendOf(out)
	case l.merges:
		return l.offer(stage, []*task.Output{out})
	}
	if _, err := l.process(s, out); err != nil {
		return err
	}
	return l.deliver(s.To)
}

// offerOn is deliver where rows of several inputs are merged: the far side may keep the records until others have come.
func (l *Local) offerOn(stage int) error { return l.offer(stage, task.Outputs(l.tasks[stage])) }

func (l *Local) offer(stage int, outs []*task.Output) error {
	s := l.topo.Stages[stage]
	inboxes := make([][]*kgo.Record, len(l.tasks[s.To]))
	for _, out := range outs {
		full := out.Take()
		for i := range full.Records {
			rec := full.Records[i]
			rec.Key, rec.Value = clone(rec.Key), clone(rec.Value)
			rec.Offset = l.offsets[s.To][rec.Partition]
			l.offsets[s.To][rec.Partition]++
			inboxes[rec.Partition] = append(inboxes[rec.Partition], &rec)
		}
		out.Release(full)
	}
	more := l.expectsMore(stage)
	for p, far := range l.tasks[s.To] {
		if _, err := far.Offer(s.ToInput, inboxes[p], more); err != nil {
			return err
		}
	}
	return l.deliver(s.To)
}

func (l *Local) send(stage int) error {
	for _, t := range l.tasks[stage] {
		if err := l.sendOf(&t.Out); err != nil {
			return err
		}
	}
	return nil
}

func (l *Local) sendOf(out *task.Output) error {
	full := out.Take()
	if l.Sent != nil && len(full.Records) > 0 {
		if err := l.Sent(full.Records); err != nil {
			return err
		}
	}
	out.Release(full)
	return nil
}
