package exec

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/op"
	"weir/exec/state"
	"weir/functions"
	"weir/kafka"
)

// TP is a topic's partition.
type TP struct {
	Topic     string
	Partition int32
}

// WorkerOptions say how a persistent query runs.
type WorkerOptions struct {
	Cluster  *kafka.Cluster
	DB       *state.DB
	Embedded bool          // the broker is in this process: see embedded.go; otherwise transactions: see transactions.go
	Commit   time.Duration // commit interval
	Group    string        // consumer group
	Node     string        // this node's own name, kept over restarts: with Group it names the transactions
	// Replicas of internal topics.
	Replicas int16
	Log      *slog.Logger
	// Earliest says where a source is read from when the query is new.
	Earliest bool
	// IdleUpstream is how long a task before a repartition must have been at the end of its input until it no longer holds
	// back the windows behind the repartition.
	IdleUpstream time.Duration
	// Problems sends what tasks have reported to the processing log, before the commit that leaves its records behind.
	Problems func(ctx context.Context) error
	// Budget bounds the memory of the state of all queries; nil for no bound.
	Budget *state.Budget
	// FailPoint is called between the steps of a commit, with their names; tests kill the process there.
	FailPoint func(name string)
}

// Worker runs a persistent query on this node: it polls, gives records to tasks, and commits.
type Worker struct {
	topo    *Topology
	env     *Env
	opt     WorkerOptions
	parts   []int32 // tasks of each stage
	outs    []int32 // partitions of each stage's output
	lates   []int32 // and of the topic of its late rows
	tasks   []*running
	feeds   map[TP][]*feed // those of all tasks
	shards  []chan work
	pending sync.WaitGroup // work handed to shards
	commit  committer
	cmds    chan command
	done    chan struct{}
	cancel  context.CancelFunc
	failure atomic.Pointer[error]
	paused  atomic.Bool
	polling atomic.Pointer[context.CancelFunc] // ends the poll that is going on
	merges  bool                               // some task has several inputs
	stats   stats
	lost    atomic.Pointer[error] // what a task answered
}

type command struct {
	do    func() error
	reply chan error
}

// committer is how a commit is made durable: by the embedded broker's outbox or by Kafka's transactions.
type committer interface {
	// start restores what was committed, and opens the client from which records are polled.
	start(ctx context.Context) error
	client() *kgo.Client
	// commit makes state, outputs and offsets of all tasks durable together. Tasks are idle and flushed.
	commit(ctx context.Context) error
	// delivered waits until the broker has all that was committed.
	delivered(ctx context.Context) error
	// stop lets go of everything; what was not committed is lost.
	stop()
}

// NewWorker prepares a query to run: it needs the partitions of its topics, which exist.
func NewWorker(topo *Topology, env *Env, opt WorkerOptions) *Worker {
	w := &Worker{topo: topo, env: env, opt: opt, feeds: map[TP][]*feed{}, cmds: make(chan command), done: make(chan struct{})}
	if w.opt.FailPoint == nil {
		w.opt.FailPoint = func(string) {}
	}
	w.merges = slices.ContainsFunc(topo.Stages, func(s *Stage) bool { return len(s.Inputs) > 1 })
	if opt.Embedded {
		w.commit = &embedded{w: w}
	} else {
		w.commit = &transactions{w: w}
	}
	return w
}

// Start runs the query until Stop, or until it fails for good.
func (w *Worker) Start() error {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	if err := w.prepare(ctx); err != nil {
		cancel()
		return err
	}
	go w.run(ctx)
	return nil
}

// prepare makes the internal topics and finds out how many partitions everything has.
func (w *Worker) prepare(ctx context.Context) error {
	count := func(topic string) (int32, error) {
		found, err := w.opt.Cluster.Topic(ctx, topic)
		if err != nil {
			return 0, err
		}
		return int32(len(found.Partitions)), nil
	}
	var err error
	if w.parts, err = w.topo.Partitions(count); err != nil {
		return err
	}
	for _, s := range w.topo.Stages {
		if isRepartition(s.End) {
			if err := w.internalTopic(ctx, s.Output(w.env), w.parts[s.To]); err != nil {
				return err
			}
		}
		out := int32(1)
		if topic := s.Output(w.env); topic != "" {
			if out, err = count(topic); err != nil {
				return err
			}
		}
		late := int32(0)
		if sink := s.Late(); sink != nil {
			var err error
			if late, err = count(sink.Target.Topic); err != nil {
				return err
			}
		}
		w.outs, w.lates = append(w.outs, out), append(w.lates, late)
	}
	return nil
}

func (w *Worker) internalTopic(ctx context.Context, name string, parts int32) error {
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
		var fatal *FatalError
		var stop *functions.StopError
		if errors.As(err, &fatal) || errors.As(err, &stop) {
			w.opt.Log.Error("query failed", "query", w.topo.Query.ID, "error", err)
			return
		}
		if time.Since(began) > time.Minute {
			backoff = 100 * time.Millisecond
		}
		w.opt.Log.Warn("query stopped; trying again", "query", w.topo.Query.ID, "error", err, "in", backoff)
		select {
		case <-ctx.Done():
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, 15*time.Second)
	}
}

// FatalError ends a query: trying again would meet the same.
type FatalError struct{ Err error }

func (e *FatalError) Error() string { return e.Err.Error() }
func (e *FatalError) Unwrap() error { return e.Err }

// session runs from a start, or a restart, to the next failure.
func (w *Worker) session(ctx context.Context) error {
	w.tasks, w.feeds = nil, map[TP][]*feed{}
	if err := w.commit.start(ctx); err != nil {
		return err
	}
	defer w.commit.stop()
	w.startShards()
	defer w.stopShards()
	w.failure.Store(nil)
	next := time.Now().Add(w.opt.Commit)
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
		next = time.Now().Add(w.opt.Commit)
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
	fetches := w.commit.client().PollFetches(pctx)
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
		for _, f := range w.feeds[TP{p.Topic, p.Partition}] {
			if len(p.Records) > 0 {
				w.pending.Add(1)
				w.shards[f.task.shard] <- work{f.task, f, p.Records, p.HighWatermark}
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
	for _, t := range w.tasks {
		w.pending.Add(1)
		w.shards[t.shard] <- work{task: t}
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
	if err := w.commit.commit(ctx); err != nil {
		return err
	}
	w.stats.held.Store(0)
	w.stats.committed(w.tasks, time.Since(began))
	return w.makeRoom(ctx)
}

// makeRoom lets go of state that lies in the database too, where the budget asks for it.
func (w *Worker) makeRoom(ctx context.Context) error {
	if !w.opt.Budget.Hold(w, w.stats.stateBytes()) {
		return nil
	}
	if err := w.commit.delivered(ctx); err != nil {
		return err
	}
	for _, t := range w.tasks {
		for _, s := range t.Stores {
			if e, ok := s.(op.Evicter); ok {
				e.Evict()
			}
		}
	}
	return nil
}
