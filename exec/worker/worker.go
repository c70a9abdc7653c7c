// Package worker runs a persistent query: it polls its topics, gives the records to tasks, and lets the commit make
// durable what they did.
package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/commit"
	"weir/exec/op"
	"weir/exec/task"
	"weir/functions"
	"weir/kafka"
)

// Options say how a persistent query runs.
type Options struct {
	commit.Options
	Embedded bool          // the broker is in this process: it commits by an outbox; otherwise by transactions
	Interval time.Duration // between commits
	// Earliest says where a source is read from when the query is new.
	Earliest bool
	// IdleUpstream is how long a task before a repartition must have been at the end of its input until it no longer holds
	// back the windows behind the repartition.
	IdleUpstream time.Duration
	// Problems sends what tasks have reported to the processing log, before the commit that leaves its records behind.
	Problems func(ctx context.Context) error
}

// Worker runs a persistent query on this node: it polls, gives records to tasks, and commits.
type Worker struct {
	assigned *assignment.Assignment
	opt      Options
	shards   []chan work
	pending  sync.WaitGroup // work handed to shards
	commit   commit.Committer
	cmds     chan command
	done     chan struct{}
	cancel   context.CancelFunc
	failure  atomic.Pointer[error]
	paused   atomic.Bool
	polling  atomic.Pointer[context.CancelFunc] // ends the poll that is going on
	merges   bool                               // some task has several inputs
	stats    stats
	lost     atomic.Pointer[error] // what a task answered
}

type command struct {
	do    func() error
	reply chan error
}

// New prepares a query to run: it needs the partitions of its topics, which exist.
func New(topo *task.Topology, env *task.Env, opt Options) *Worker {
	w := &Worker{assigned: assignment.New(topo, env, opt.Earliest), opt: opt, cmds: make(chan command), done: make(chan struct{})}
	if w.opt.FailPoint == nil {
		w.opt.FailPoint = func(string) {}
	}
	w.opt.Sent = w.stats.sent
	w.merges = slices.ContainsFunc(topo.Stages, func(s *task.Stage) bool { return len(s.Inputs) > 1 })
	w.commit = commit.New(w.assigned, w.opt.Options, opt.Embedded)
	return w
}

// Start runs the query until Stop, or until it fails for good.
func (w *Worker) Start() error {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	err := w.assigned.Size(ctx, w.opt.Cluster, func(topic string, partitions int32) error {
		return w.repartitionTopic(ctx, topic, partitions)
	})
	if err != nil {
		cancel()
		return err
	}
	go w.run(ctx)
	return nil
}

func (w *Worker) repartitionTopic(ctx context.Context, name string, parts int32) error {
	_, err := w.opt.Cluster.CreateTopic(ctx, kafka.TopicSpec{Name: name, Partitions: parts, Replicas: w.opt.Replicas, IfNotExists: true,
		Configs: map[string]string{"retention.ms": "-1", "cleanup.policy": "delete"}})
	return err
}

// run is the worker's own goroutine. A failure of the system is tried again from the last commit, with back-off.
func (w *Worker) run(ctx context.Context) {
	defer close(w.done)
	backoff := 100 * time.Millisecond
	for ctx.Err() == nil {
		began := time.Now()
		err := w.session(ctx)
		if ctx.Err() != nil || err == nil {
			break
		}
		w.failure.Store(&err)
		var fatal *task.FatalError
		var stop *functions.StopError
		if errors.As(err, &fatal) || errors.As(err, &stop) {
			w.opt.Log.Error("query failed", "query", w.assigned.Topology.Query.ID, "error", err)
			return
		}
		if time.Since(began) > time.Minute {
			backoff = 100 * time.Millisecond
		}
		w.opt.Log.Warn("query stopped; trying again", "query", w.assigned.Topology.Query.ID, "error", err, "in", backoff)
		select {
		case <-ctx.Done():
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, 15*time.Second)
	}
}

// session runs from a start, or a restart, to the next failure.
func (w *Worker) session(ctx context.Context) error {
	w.assigned.Clear()
	if err := w.commit.Start(ctx); err != nil {
		return err
	}
	defer w.commit.Stop()
	w.startShards()
	defer w.stopShards()
	w.failure.Store(nil)
	next := time.Now().Add(w.opt.Interval)
	for {
		if err := w.poll(ctx, next); err != nil {
			return err
		}
		if time.Now().Before(next) && w.backlog() < maxUncommitted && ctx.Err() == nil {
			continue
		}
		if err := w.commitAll(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		next = time.Now().Add(w.opt.Interval)
	}
}

// maxUncommitted is how many bytes of output are held back before a commit comes early.
const maxUncommitted = 32 << 20

func (w *Worker) backlog() int64 { return w.stats.held.Load() }

// poll gives one fetch to the tasks, or carries a command out.
func (w *Worker) poll(ctx context.Context, until time.Time) error {
	pctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	w.polling.Store(&cancel)
	select {
	case c := <-w.cmds:
		w.pending.Wait()
		c.reply <- c.do()
		return w.taskError()
	default:
	}
	if w.paused.Load() {
		<-pctx.Done()
		return nil
	}
	fetches := w.commit.Client().PollFetches(pctx)
	var failed error
	fetches.EachError(func(topic string, p int32, err error) {
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			failed = fmt.Errorf("reading %s, partition %d: %w", topic, p, err)
		}
	})
	if failed != nil {
		return failed
	}
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		for _, f := range w.assigned.Feeds[assignment.TP{Topic: p.Topic, Partition: p.Partition}] {
			if len(p.Records) > 0 {
				w.pending.Add(1)
				w.shards[f.Task.Shard] <- work{f.Task, f, p.Records, p.HighWatermark}
			}
		}
	})
	w.holdBack()
	return w.taskError()
}

// commitAll is a barrier over the tasks: they hand on what they held back, and all of it becomes durable.
func (w *Worker) commitAll(ctx context.Context) error {
	w.pending.Wait()
	if err := w.taskError(); err != nil {
		return err
	}
	began := time.Now()
	if err := w.findEnds(ctx, began); err != nil {
		return err
	}
	w.dontWait(began)
	if err := w.idle(ctx, began); err != nil {
		return err
	}
	for _, t := range w.assigned.Tasks {
		w.pending.Add(1)
		w.shards[t.Shard] <- work{task: t}
	}
	w.pending.Wait()
	if err := w.taskError(); err != nil {
		return err
	}
	w.opt.FailPoint("flushed")
	if w.opt.Problems != nil {
		if err := w.opt.Problems(ctx); err != nil {
			return err
		}
	}
	if err := w.commit.Commit(ctx); err != nil {
		return err
	}
	w.stats.held.Store(0)
	w.stats.committed(w.assigned.Tasks, time.Since(began))
	return w.makeRoom(ctx)
}

// makeRoom lets go of state that lies in the database too, where the budget asks for it.
func (w *Worker) makeRoom(ctx context.Context) error {
	if !w.opt.Budget.Hold(w, w.stats.stateBytes()) {
		return nil
	}
	if err := w.commit.Delivered(ctx); err != nil {
		return err
	}
	for _, t := range w.assigned.Tasks {
		for _, s := range t.Stores {
			if e, ok := s.(op.Evicter); ok {
				e.Evict()
			}
		}
	}
	return nil
}
