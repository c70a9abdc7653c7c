package task

import (
	"slices"
	"sync/atomic"

	"weir/exec/op"
	"weir/types"
)

// Task runs the operators of one stage for one partition. One goroutine at a time may use it.
type Task struct {
	Stage     *Stage
	Partition int32
	Out       Output
	Told      Output // announcements: they follow the rows of all tasks of the stage
	Stores    []Store
	host      *op.Host // that the steps' own are copies of
	steps     []*counting
	env       *Env
	inputs    []*input
	windowed  []op.Windowed // from the inputs to the end
	repart    *repartition
	written   *sink // of the query's result; nil where there is none
	feeders   []feeder
	sources   bool // it has several inputs, and the streams among them are sources
	laned     bool // some input has lanes
	lists     bool // it puts final lists together
	waits     bool // rows wait for inputs of which it is not known that they hold no more
	awaits    atomic.Bool
	passed    int64 // the greatest place that has gone on
	patience  int64 // TaskOptions.Idle
	front     int64 // the frontier, as last looked at
	room      *Room // nil for no bound
	portion   portion
	partial   bool // some of the state may lie in the database alone
	holders   []op.Holder
	halt      halt
	idle      idling
}

// Target is a topic that is written.
type Target struct {
	Partitions int32
	Limits     Limits
}

// TaskOptions say where a task stands in its topology.
type TaskOptions struct {
	Partition int32
	// Tasks is how many tasks the stage has: as many as its topics have partitions.
	Tasks int32
	// Feeders is the number of partitions of sources and upstream tasks that feed this one, and FirstFeeder which of them each input
	// begins with.
	Feeders     int
	FirstFeeder []int
	// Out is the topic that the stage writes, and Late the one that late rows go to.
	Out, Late Target
	// Rows takes the rows of a query whose result goes to a client.
	Rows func(b *types.Batch) error
	// Lanes says that the rows of repartitions are put in order where that matters: see Stage.Ordered.
	Lanes bool
	// Idle is how long, in microseconds, rows wait for what has been read to its end.
	Idle int64
	// AtOnce says that rows don't wait in their lanes.
	AtOnce bool
	// Room is what the tasks of the query may take between two commits; nil for no bound.
	Room *Room
	// Relieve takes what the task has put out, where that is much and there is no Room, before it puts out more; nil to leave it.
	Relieve func() error
	// Query is the number of the query, which stands in the trails of the rows that it writes; 0 leaves them out.
	Query uint64
}

// Outputs are the rows of tasks, then their announcements: a time that is announced must not overtake the rows of
// another task that came up to it in the same interval.
func Outputs(tasks []*Task) []*Output {
	var out []*Output
	for _, t := range tasks {
		out = append(out, &t.Out)
	}
	for _, t := range tasks {
		out = append(out, &t.Told)
	}
	return out
}

// Flush hands on what operators held back: the end of a commit interval.
func (t *Task) Flush() error {
	changes, before := t.heldBack(), t.Out.Size()
	for _, in := range t.inputs {
		if err := in.first.Flush(); err != nil {
			return err
		}
	}
	if changes > 0 {
		p := &t.portion
		p.change = max(int64(t.Out.Size()-before)/int64(changes), p.change-p.change/8)
	}
	return nil
}

// SetAtEnd says whether the task has read its input to the end; told to the tasks behind a repartition at the next Flush.
func (t *Task) SetAtEnd(atEnd bool) {
	if t.repart != nil {
		t.repart.note.atEnd = atEnd
	}
}

// InputAtEnd is what SetInputAtEnd was last told.
func (t *Task) InputAtEnd(number int) bool { return t.feeders[t.inputs[number].feeder].atEnd }

// SetInputAtEnd says whether a source has been read to its end, and holds back no window of the others' rows.
func (t *Task) SetInputAtEnd(number int, atEnd bool) error {
	f := &t.feeders[t.inputs[number].feeder]
	if f.atEnd == atEnd {
		return nil
	}
	f.atEnd = atEnd
	return t.advance(0)
}

// AtEnd is what SetAtEnd was last told.
func (t *Task) AtEnd() bool { return t.repart != nil && t.repart.note.atEnd }

// CloseAll closes all windows that are open: the input has ended for good.
func (t *Task) CloseAll() error {
	for _, w := range t.windowed {
		if err := w.CloseAll(); err != nil {
			return err
		}
	}
	return nil
}

// Changed says whether state has changed since the last commit.
func (t *Task) Changed() bool {
	return slices.ContainsFunc(t.Stores, func(s Store) bool { return s.Changed() })
}

// Committed says that state and output of the interval are durable.
func (t *Task) Committed() {
	for _, s := range t.Stores {
		s.Committed()
	}
	t.Stage.keys.committed()
}
