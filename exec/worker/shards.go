package worker

import (
	"weir/exec/assignment"
	"weir/fault"

	"github.com/twmb/franz-go/pkg/kgo"
)

// work is records for a task from one of its feeds, or without a feed the end of its commit interval.
type work struct {
	task   *assignment.Task
	feed   *assignment.Feed
	recs   []*kgo.Record
	high   int64 // end of the partition
	asOf   int64 // where the end was asked for, when that was; else 0
	resume bool  // the task goes on with what waited for room
}

// startShards spreads the tasks over goroutines, one per processor: a task stays on its goroutine.
func (w *Worker) startShards() {
	w.shards, w.putOff = make([]chan work, assignment.Shards()), make([][]work, assignment.Shards())
	w.hasPutOff.Store(false)
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

func (w *Worker) guarded(job work) (err error) {
	defer fault.Caught(&err, "the query's operators")
	return w.work(job)
}

// process is the boundary at which a fault in an operator stops this query and no other.
func (w *Worker) process(job work) {
	if w.lost.Load() != nil || job.task.Removed {
		return
	}
	if err := w.guarded(job); err != nil {
		w.lose(err)
	}
	if job.task.Halted() {
		w.hasPutOff.Store(true)
	}
}

func (w *Worker) work(job work) error {
	switch {
	case job.resume:
		return job.task.Resume()
	case job.feed == nil:
		return job.task.Flush()
	case job.asOf > 0:
		return w.ended(job.feed, job.high, job.asOf)
	}
	return w.take(job)
}

// take gives a task records. What there is no room for is put off until after the next commit, and so is all that comes behind it.
func (w *Worker) take(job work) error {
	// A client whose position was set back may give again what the task has taken already.
	f, recs := job.feed, job.recs
	f.High = max(f.High, job.high)
	for len(recs) > 0 && recs[0].Offset < f.Next {
		recs = recs[1:]
	}
	if shard := job.task.Shard; len(w.putOff[shard]) > 0 || w.room.Full() {
		if len(recs) > 0 && (!f.Bounded || recs[0].Offset < f.Until) {
			job.recs = recs
			w.delay(job)
		}
		return nil
	}
	recs = f.Cut(recs)
	if len(recs) == 0 {
		return nil
	}
	f.Next = recs[len(recs)-1].Offset + 1
	n, err := job.task.Offer(f.Input, recs, f.Next < f.End())
	if err != nil || n == len(recs) {
		return err
	}
	job.recs = recs[n:]
	f.Next = job.recs[0].Offset // those that were taken may be back with the client, and empty
	w.delay(job)
	return nil
}

// delay puts off work of a shard, whose goroutine calls it.
func (w *Worker) delay(job work) {
	w.putOff[job.task.Shard] = append(w.putOff[job.task.Shard], job)
	w.hasPutOff.Store(true)
}

// goOn gives the tasks what was put off; ok is false where nothing was. Until the room is empty again, a commit comes first.
func (w *Worker) goOn() (ok bool) {
	if !w.hasPutOff.Load() {
		return false
	}
	w.pending.Wait()
	if w.room.Full() {
		return true
	}
	w.hasPutOff.Store(false)
	for _, t := range w.assigned.Tasks {
		if t.Halted() {
			w.give(work{task: t, resume: true})
		}
	}
	jobs, most := w.putOff, 0
	w.putOff = make([][]work, len(jobs))
	for _, of := range jobs {
		most = max(most, len(of))
	}
	for i := range most {
		for _, of := range jobs {
			if i < len(of) {
				w.give(of[i])
			}
		}
	}
	return true
}

// give hands work to the goroutine of its task.
func (w *Worker) give(job work) {
	w.pending.Add(1)
	w.shards[job.task.Shard] <- job
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
