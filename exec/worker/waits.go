package worker

import (
	"context"
	"maps"
	"slices"
	"time"

	"weir/exec/assignment"
	"weir/exec/task"
	"weir/kafka"
)

// maxTaskIdle is how long rows of one input wait for another of which the broker is said to hold more.
const maxTaskIdle = time.Second

// Of a worker that is told nothing else.
const (
	defaultWaitBytes   = 16 << 20
	defaultCommitBytes = 256 << 20
)

// dontWait lets tasks go on whose rows have waited for too long without any progress: the broker may have told of records that never come,
// such as those of an aborted transaction, and an upstream task may have come to a halt.
func (w *Worker) dontWait(now time.Time) {
	if !w.merges {
		return
	}
	crowd := w.crowd()
	for _, t := range w.assigned.Tasks {
		limit := maxTaskIdle
		if t.Laned() {
			limit = w.opt.WaitUpstream
		}
		full := t == crowd || w.full(t)
		if t.Stuck(now) <= limit && !full {
			continue
		}
		w.stats.gaveUp()
		w.opt.Log.Warn("rows have waited for too long, or too many have, for what may come before them, and go on", "query", w.assigned.Query(), "partition", t.Partition, "after", limit)
		var err error
		if full {
			err = t.Drain()
		} else {
			err = w.giveUp(t, now.Add(-limit))
		}
		if err != nil {
			w.lose(err)
		}
	}
}

// giveUp lets the rows of a task go on without what has been silent since a time, and those of the others that read the same topics.
func (w *Worker) giveUp(t *assignment.Task, since time.Time) error {
	if err := t.GiveUp(since.UnixMicro()); err != nil {
		return err
	}
	for _, f := range t.Feeds {
		for _, o := range w.assigned.Tasks {
			for _, of := range o.Feeds {
				if o == t || of.TP.Topic != f.TP.Topic {
					continue
				}
				if err := o.GiveUpToo(of.Input, t.Task, f.Input); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// peekTime is how often the brokers are asked, between commits, for the ends of what rows wait for.
const peekTime = 5 * time.Millisecond

// peek asks for the ends of sources that rows of others wait for: fetches tell of what came only where something did.
func (w *Worker) peek() error {
	now := time.Now()
	if !w.merges || now.Sub(w.peeked) < peekTime {
		return nil
	}
	var asked []*assignment.Task
	for _, t := range w.assigned.Tasks {
		if t.Awaits() {
			asked = append(asked, t)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	w.peeked = now
	w.ends = kafka.Offsets{}
	for _, t := range asked {
		for _, f := range t.Feeds {
			if f.Repartitioned() || t.Woven(f.Input) {
				continue
			}
			end, err := w.endOf(w.alive, f)
			if err != nil {
				return err
			}
			w.give(work{task: t, feed: f, high: end, asOf: now.UnixMicro()})
		}
	}
	return nil
}

// expect does the same at a commit.
func (w *Worker) expect(ctx context.Context, began time.Time) error {
	if !w.merges {
		return nil
	}
	for _, t := range w.assigned.Tasks {
		if len(t.Feeds) == 1 || !t.Waits() {
			continue
		}
		for _, f := range t.Feeds {
			if f.Repartitioned() || t.Woven(f.Input) {
				continue
			}
			end, err := w.endOf(ctx, f)
			if err != nil {
				return err
			}
			if err := w.ended(f, end, began.UnixMicro()); err != nil {
				return err
			}
		}
	}
	return nil
}

// ended tells a task where a feed ended at a time, if it has been read up to there.
func (w *Worker) ended(f *assignment.Feed, end, asOf int64) error {
	f.High = max(f.High, end)
	if f.Next < f.End() {
		f.Task.Expect(f.Input, true)
		return nil
	}
	f.Task.Expect(f.Input, false)
	return f.Task.InputEnded(f.Input, asOf)
}

// endOf is the end of a feed's partition. The brokers are asked once a commit for each topic.
func (w *Worker) endOf(ctx context.Context, f *assignment.Feed) (int64, error) {
	if _, asked := w.ends[f.TP.Topic]; !asked {
		at, err := w.opt.Cluster.StableOffsets(ctx, f.TP.Topic)
		if err != nil {
			return 0, err
		}
		maps.Copy(w.ends, at)
	}
	return w.ends[f.TP.Topic][f.TP.Partition], nil
}

// askEnd takes in the end of a feed's partition.
func (w *Worker) askEnd(ctx context.Context, f *assignment.Feed) error {
	end, err := w.endOf(ctx, f)
	f.High = max(f.High, end)
	return err
}

// mostWaiting is how many times weir.wait.bytes may wait in lanes: what lies in one partition with what is waited for has to be read on.
const mostWaiting = 8

// crowd is the task that has most waiting, where the rows that wait on the node take more memory than they may, and the query has its share of that;
// else nil.
func (w *Worker) crowd() (fullest *assignment.Task) {
	all, most := int64(0), int64(0)
	for _, t := range w.assigned.Tasks {
		n := int64(0)
		for _, f := range t.Feeds {
			n += t.Queued(f.Input)
		}
		if all += n; n > most {
			fullest, most = t, n
		}
	}
	if _, letGo := w.opt.Waiting.Hold(w, 0, all); !letGo {
		return nil
	}
	return fullest
}

// full says whether so much waits in the lanes of a task that it can't be waited for any longer.
func (w *Worker) full(t *assignment.Task) bool {
	for _, f := range t.Feeds {
		if t.Laned() && t.Queued(f.Input) > mostWaiting*w.opt.WaitBytes {
			return true
		}
	}
	return false
}

// announce tells the tasks before a repartition whose rows are put in order, or behind which somebody reads the query's result, what to say of themselves
// at this commit: that they have read all there was when it began, or not. All tasks of a stage speak where one of them has gone on, or where somebody
// waits for them.
func (w *Worker) announce(ctx context.Context, began time.Time) error {
	topo := w.assigned.Topology
	waits := w.progress.wanted || slices.ContainsFunc(w.assigned.Tasks, func(t *assignment.Task) bool { return t.Waits() })
	for i, s := range topo.Stages {
		if !task.IsRepartition(s.End) || !topo.Stages[s.To].Ordered() && !w.progress.watched.Load() {
			continue
		}
		due := waits // who waits may do so behind several stages
		for _, t := range w.assigned.Tasks {
			due = due || t.Stage == s && t.Moved()
		}
		if !due {
			continue
		}
		for _, t := range w.assigned.Tasks {
			if t.Stage.Index != i {
				continue
			}
			ended, err := w.endedOf(ctx, t)
			if err != nil {
				return err
			}
			t.Announce(t.Standing(ended, began.UnixMicro()), began.UnixMicro(), true)
		}
	}
	return nil
}

// endedOf says which sources of a task have been read to their ends. The brokers are asked for the ends of what seems to have come to one.
func (w *Worker) endedOf(ctx context.Context, t *assignment.Task) (ended func(input int) bool, err error) {
	at := make([]bool, len(t.Feeds))
	for _, f := range t.Feeds {
		if f.Repartitioned() || t.Woven(f.Input) || f.Next < f.High {
			continue
		}
		if err := w.askEnd(ctx, f); err != nil {
			return nil, err
		}
		at[f.Input] = f.Next >= f.High
	}
	return func(input int) bool { return at[input] }, nil
}

// hold stops reading the sources of upstream tasks that are so far ahead of others that their rows could only wait; between commits.
func (w *Worker) hold() {
	topo := w.assigned.Topology
	ahead := map[assignment.TP]bool{}
	add := func(stage int, partition int32) {
		for _, t := range w.assigned.Tasks {
			if t.Stage.Index != stage || t.Partition != partition {
				continue
			}
			for _, f := range t.Feeds {
				if !f.Repartitioned() {
					ahead[f.TP] = true
				}
			}
		}
	}
	for _, t := range w.assigned.Tasks {
		for _, f := range t.Feeds {
			if n := t.Queued(f.Input); n <= w.opt.WaitBytes/2 || n <= w.opt.WaitBytes && !w.holding {
				continue
			}
			for _, from := range topo.Stages[:t.Stage.Index] {
				if from.To == t.Stage.Index && from.ToInput == f.Input {
					for _, p := range t.Ahead(f.Input) {
						add(from.Index, int32(p))
					}
				}
			}
		}
	}
	w.holding = len(ahead) > 0
	for tp, feeds := range w.assigned.Feeds {
		for _, f := range feeds {
			if f.Held == ahead[tp] {
				continue
			}
			f.Held = ahead[tp]
			at := map[string][]int32{tp.Topic: {tp.Partition}}
			if f.Held {
				w.commit.Client().PauseFetchPartitions(at)
			} else if !f.Paused {
				w.commit.Client().ResumeFetchPartitions(at)
			}
		}
	}
}

// holdBack stops fetching what could only wait.
func (w *Worker) holdBack() {
	if !w.merges {
		return
	}
	for tp, feeds := range w.assigned.Feeds {
		most, paused, held := int64(0), false, false
		for _, f := range feeds {
			paused, held = paused || f.Paused, held || f.Held
			if !f.Repartitioned() && !f.Task.Woven(f.Input) || !f.Task.Laned() { // what comes behind in the same partition may be what the others wait for
				most = max(most, f.Task.Queued(f.Input))
			}
		}
		at := map[string][]int32{tp.Topic: {tp.Partition}}
		switch {
		case !paused && most > w.opt.WaitBytes:
			w.commit.Client().PauseFetchPartitions(at)
		case paused && most <= w.opt.WaitBytes/2:
			if !held {
				w.commit.Client().ResumeFetchPartitions(at)
			}
		default:
			continue
		}
		for _, f := range feeds {
			f.Paused = !paused
		}
	}
}
