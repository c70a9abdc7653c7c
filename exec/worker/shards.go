package worker

import (
	"fmt"

	"weir/exec/assignment"
	"weir/exec/task"

	"github.com/twmb/franz-go/pkg/kgo"
)

// work is records for a task from one of its feeds, or without a feed the end of its commit interval.
type work struct {
	task *assignment.Task
	feed *assignment.Feed
	recs []*kgo.Record
	high int64 // end of the partition
	asOf int64 // where the end was asked for, when that was; else 0
}

// startShards spreads the tasks over goroutines, one per processor: a task stays on its goroutine.
func (w *Worker) startShards() {
	w.shards = make([]chan work, assignment.Shards())
	for i := range w.shards {
		w.shards[i] = make(chan work, 2)
		go w.shard(w.shards[i])
	}
}

func (w *Worker) stopShards() {
	w.pending.Wait()
	for _, c := range w.shards {
		close(c)
	}
}

func (w *Worker) shard(in chan work) {
	for job := range in {
		w.process(job)
		w.pending.Done()
	}
}

// process is the boundary at which a fault in an operator stops this query and no other.
func (w *Worker) process(job work) {
	defer func() {
		if r := recover(); r != nil {
			w.lose(&task.FatalError{Err: fmt.Errorf("a fault in the query's operators: %v", r)})
		}
	}()
	if w.lost.Load() != nil {
		return
	}
	if job.feed == nil {
		if err := job.task.Flush(); err != nil {
			w.lose(err)
		}
		return
	}
	if job.asOf > 0 {
		if err := w.ended(job.feed, job.high, job.asOf); err != nil {
			w.lose(err)
		}
		return
	}
	// A client whose position was set back may give again what the task has taken already.
	f, recs := job.feed, job.recs
	f.High = max(f.High, job.high)
	for len(recs) > 0 && recs[0].Offset < f.Next {
		recs = recs[1:]
	}
	recs = f.Cut(recs)
	if len(recs) == 0 {
		return
	}
	f.Next = recs[len(recs)-1].Offset + 1
	before := job.task.Out.Size()
	if err := job.task.Offer(f.Input, recs, f.Next < f.End()); err != nil {
		w.lose(err)
		return
	}
	w.stats.held.Add(int64(job.task.Out.Size() - before))
}

// lose notes why the session has to end: the first reason counts.
func (w *Worker) lose(err error) error {
	w.lost.CompareAndSwap(nil, &err)
	return err
}

func (w *Worker) taskError() error {
	if p := w.lost.Load(); p != nil {
		return *p
	}
	return w.alive.Err() // expressions have been interrupted
}
