package exec

import (
	"cmp"
	"slices"
	"time"
)

// running is a task with its inputs.
type running struct {
	*Task
	feeds    []*feed
	shard    int
	waits    time.Time // since when rows of one input have waited for another
	advanced bool      // its stream time has gone on since the last commit, because it was idle
	ended    bool      // it has been at the end of all inputs for as long as a task must be to hold no window open
}

// feed is a partition of one input of a task.
type feed struct {
	task   *running
	input  int
	tp     TP
	next   int64         // offset of the next record that the task takes
	high   int64         // end of the partition as last heard
	saved  int64         // what was last committed: see position
	paused bool          // so much waits in the task that no more is fetched
	ended  time.Time     // since when it has been at its end with nothing coming
	seen   int64         // next, as of the last look
	idled  time.Duration // how far its stream time has gone on since then
}

// feedID names a feed in what is stored.
type feedID struct {
	topic        string
	partition    int32
	stage, input int
}

func (f *feed) id() feedID { return feedID{f.tp.Topic, f.tp.Partition, f.task.Stage.Index, f.input} }

// position is the offset of the next record to be processed: what is fetched but waits for another input is behind it.
func (f *feed) position() int64 {
	if at, ok := f.task.Position(f.input); ok {
		return at
	}
	return f.next
}

// atEnd says whether the feed has been at its end for as long as it must be to hold no window open.
func (f *feed) atEnd(now time.Time, idle time.Duration) bool {
	if f.next < f.high || f.next != f.seen || f.ended.IsZero() {
		f.ended, f.seen = now, f.next
	}
	return f.next >= f.high && now.Sub(f.ended) >= idle
}

// newTask makes the task of a stage's partition. It takes part once add is called.
func (w *Worker) newTask(stage int, p int32) (*running, error) {
	s := w.topo.Stages[stage]
	first, upstream := w.topo.upstreams(stage, w.parts)
	t, err := NewTask(s, w.env, TaskOptions{Partition: p, Upstream: upstream, FirstUpstream: first, OutPartitions: w.outs[stage], LatePartitions: w.lates[stage]})
	if err != nil {
		return nil, err
	}
	r := &running{Task: t, shard: int(p) % workers(1<<10)}
	for i := range s.Inputs {
		r.feeds = append(r.feeds, &feed{task: r, input: i, tp: TP{s.Topic(i, w.env), p}})
	}
	return r, nil
}

func (w *Worker) add(t *running) {
	w.tasks = append(w.tasks, t)
	slices.SortFunc(w.tasks, func(a, b *running) int {
		return cmp.Or(cmp.Compare(a.Stage.Index, b.Stage.Index), cmp.Compare(a.Partition, b.Partition))
	})
	for _, f := range t.feeds {
		t.inputs[f.input].more = f.next < f.high // the other inputs wait for what is there already
		w.feeds[f.tp] = append(w.feeds[f.tp], f)
		for _, other := range w.feeds[f.tp] {
			other.task.inputs[other.input].shared = len(w.feeds[f.tp]) > 1
		}
	}
}

func (w *Worker) remove(t *running) {
	w.tasks = slices.DeleteFunc(w.tasks, func(o *running) bool { return o == t })
	for _, f := range t.feeds {
		w.feeds[f.tp] = slices.DeleteFunc(w.feeds[f.tp], func(o *feed) bool { return o == f })
	}
}

// moved says whether the task has processed anything since the last commit.
func (t *running) moved() bool {
	return t.advanced || slices.ContainsFunc(t.feeds, func(f *feed) bool { return f.position() != f.saved })
}

// committed says that what the task did is durable, or as good as that.
func (t *running) committed() {
	t.Committed()
	t.advanced = false
	for _, f := range t.feeds {
		f.saved = f.position()
	}
}

// positions are the next offsets to be processed: the least where several feeds read a partition.
func (w *Worker) positions() map[TP]int64 {
	out := make(map[TP]int64, len(w.feeds))
	for tp, feeds := range w.feeds {
		for i, f := range feeds {
			if at := f.position(); i == 0 || at < out[tp] {
				out[tp] = at
			}
		}
	}
	return out
}

// earliest says whether a feed of a new query begins with the first record.
func (w *Worker) earliest(f *feed) bool {
	return w.opt.Earliest || w.topo.whole(f.task.Stage.Inputs[f.input])
}

// plainTasks are the tasks by stage and partition.
func (w *Worker) plainTasks() []*Task {
	out := make([]*Task, len(w.tasks))
	for i, t := range w.tasks {
		out[i] = t.Task
	}
	return out
}
