package exec

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/op"
	"weir/exec/state"
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
	parts   []int32 // partitions of each stage's input
	outs    []int32 // partitions of each stage's output
	tasks   map[TP]*running
	shards  []chan work
	pending sync.WaitGroup // work handed to shards
	commit  committer
	cmds    chan command
	done    chan struct{}
	cancel  context.CancelFunc
	failure atomic.Pointer[error]
	paused  atomic.Bool
	polling atomic.Pointer[context.CancelFunc] // ends the poll that is going on
	stats   stats
	lost    atomic.Pointer[error] // what a task answered
}

// running is a task with its place in its input.
type running struct {
	*Task
	tp    TP
	next  int64 // offset of the next record
	high  int64 // end of the partition as last heard
	shard int
	ended time.Time // since when it has been at its end with nothing coming
	seen  int64     // next, as of the last look
}

// atEnd says whether the task has been at its end for as long as a task must be to hold no window open.
func (t *running) atEnd(now time.Time, idle time.Duration) bool {
	if t.next < t.high || t.next != t.seen || t.ended.IsZero() {
		t.ended, t.seen = now, t.next
	}
	return t.next >= t.high && now.Sub(t.ended) >= idle
}

// work is records for a task, or without records the end of its commit interval.
type work struct {
	task *running
	recs []*kgo.Record
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
	w := &Worker{topo: topo, env: env, opt: opt, tasks: map[TP]*running{}, cmds: make(chan command), done: make(chan struct{})}
	if w.opt.FailPoint == nil {
		w.opt.FailPoint = func(string) {}
	}
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
	for i, s := range w.topo.Stages {
		in, err := w.opt.Cluster.Topic(ctx, s.Input(w.env))
		if err != nil {
			return err
		}
		n := int32(len(in.Partitions))
		w.parts = append(w.parts, n)
		if i < len(w.topo.Stages)-1 {
			if err := w.internalTopic(ctx, s.Output(w.env), n); err != nil {
				return err
			}
		}
		out, err := w.opt.Cluster.Topic(ctx, s.Output(w.env))
		if err != nil {
			return err
		}
		w.outs = append(w.outs, int32(len(out.Partitions)))
	}
	return nil
}

func (w *Worker) internalTopic(ctx context.Context, name string, parts int32) error {
	_, err := w.opt.Cluster.CreateTopic(ctx, kafka.TopicSpec{Name: name, Partitions: parts, Replicas: w.opt.Replicas, IfNotExists: true,
		Configs: map[string]string{"retention.ms": "-1", "cleanup.policy": "delete"}})
	return err
}

// newTask makes the task of a stage's partition.
func (w *Worker) newTask(stage int, p int32) (*running, error) {
	s := w.topo.Stages[stage]
	upstream := 0
	if stage > 0 {
		upstream = int(w.parts[stage-1])
	}
	t, err := NewTask(s, w.env, TaskOptions{Partition: p, Upstream: upstream, OutPartitions: w.outs[stage], Abortable: true})
	if err != nil {
		return nil, err
	}
	return &running{Task: t, tp: TP{s.Input(w.env), p}}, nil
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
		if errors.As(err, &fatal) {
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
	w.tasks = map[TP]*running{}
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
		t := w.tasks[TP{p.Topic, p.Partition}]
		if t == nil {
			return
		}
		t.high = max(t.high, p.HighWatermark)
		if len(p.Records) > 0 {
			w.pending.Add(1)
			w.shards[t.shard] <- work{t, p.Records}
		}
	})
	return w.taskError()
}

// workers is how many goroutines a query's tasks share, at most one per task.
func workers(tasks int) int { return min(runtime.GOMAXPROCS(0), max(tasks, 1)) }

// startShards spreads the tasks over goroutines, one per processor: a task stays on its goroutine.
func (w *Worker) startShards() {
	w.shards = make([]chan work, workers(1<<10))
	w.lost.Store(nil)
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
			w.lose(&FatalError{fmt.Errorf("a fault in the query's operators: %v", r)})
		}
	}()
	if w.lost.Load() != nil {
		return
	}
	if job.recs == nil {
		if err := job.task.Flush(); err != nil {
			w.lose(err)
		}
		return
	}
	// A client whose position was set back may give again what the task has taken already.
	recs := job.recs
	for len(recs) > 0 && recs[0].Offset < job.task.next {
		recs[0].Recycle()
		recs = recs[1:]
	}
	if len(recs) == 0 {
		return
	}
	before := job.task.Out.Bytes
	if err := job.task.Process(recs); err != nil {
		w.lose(err)
		return
	}
	job.task.next = recs[len(recs)-1].Offset + 1
	if job.task.Stage.Index == 0 {
		w.stats.took(recs)
	}
	w.stats.held.Add(int64(job.task.Out.Bytes - before))
	for _, r := range recs {
		r.Recycle()
	}
}

func (w *Worker) lose(err error) { w.lost.CompareAndSwap(nil, &err) }

func (w *Worker) taskError() error {
	if p := w.lost.Load(); p != nil {
		return *p
	}
	return nil
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

// findEnds tells the tasks before a repartition whether they are at their ends. Fetches tell nothing of a partition that
// holds nothing new, or that the broker has not got round to: before a task is believed to be at its end, the broker is
// asked.
func (w *Worker) findEnds(ctx context.Context, now time.Time) error {
	for i, s := range w.topo.Stages[:len(w.topo.Stages)-1] {
		var ended []*running
		for p := range w.parts[i] {
			t := w.tasks[TP{s.Input(w.env), p}]
			if t == nil {
				continue
			}
			if !t.atEnd(now, w.opt.IdleUpstream) {
				t.SetAtEnd(false)
			} else if !t.AtEnd() {
				ended = append(ended, t)
			}
		}
		if len(ended) == 0 {
			continue
		}
		topic := s.Input(w.env)
		ends, err := w.opt.Cluster.StableOffsets(ctx, topic)
		if err != nil {
			return err
		}
		for _, t := range ended {
			t.high = max(t.high, ends[topic][t.Partition])
			t.SetAtEnd(t.atEnd(now, w.opt.IdleUpstream))
		}
	}
	return nil
}

// do runs a function in the worker's goroutine, while the tasks are idle. It does not wait for a poll to end by itself.
func (w *Worker) do(ctx context.Context, f func() error) error {
	c := command{f, make(chan error, 1)}
	for {
		if stop := w.polling.Load(); stop != nil && w.opt.Embedded {
			(*stop)()
		}
		select {
		case w.cmds <- c:
			return <-c.reply
		case <-w.done:
			return fmt.Errorf("the query is not running: %w", w.Err())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// CaughtUp says whether the tasks have read all that their inputs hold now, and nothing of it is on its way. It commits
// first. ends is the sum of the inputs' ends: if it is the same twice with nothing left, nothing came in between.
func (w *Worker) CaughtUp(ctx context.Context) (done bool, ends int64, err error) {
	err = w.do(ctx, func() error {
		if err := w.commitAll(ctx); err != nil {
			return err
		}
		if err := w.commit.delivered(ctx); err != nil {
			return err
		}
		done = true
		for _, s := range w.topo.Stages {
			topic := s.Input(w.env)
			at, err := w.opt.Cluster.StableOffsets(ctx, topic)
			if err != nil {
				return err
			}
			for p, end := range at[topic] {
				ends += end
				if t := w.tasks[TP{topic, p}]; t == nil || t.next < end {
					done = false
				}
			}
		}
		return nil
	})
	return done, ends, err
}

// CloseWindows closes all windows that are open, as when a bounded input has ended, and commits what comes of it.
func (w *Worker) CloseWindows(ctx context.Context) error {
	return w.do(ctx, func() error {
		for _, t := range w.tasks {
			if err := t.CloseAll(); err != nil {
				return err
			}
		}
		return w.commitAll(ctx)
	})
}

// Pause stops reading; what was read is committed when it returns.
func (w *Worker) Pause(ctx context.Context) error {
	return w.do(ctx, func() error {
		w.paused.Store(true)
		return w.commitAll(ctx)
	})
}

// BeginPaused is Pause for a worker that has not started.
func (w *Worker) BeginPaused() { w.paused.Store(true) }

// Resume goes on reading.
func (w *Worker) Resume() { w.paused.Store(false) }

// Paused says whether the query is paused.
func (w *Worker) Paused() bool { return w.paused.Load() }

// Stop commits and ends the query on this node.
func (w *Worker) Stop() {
	w.cancel()
	<-w.done
	w.opt.Budget.Hold(w, 0)
}

// Err is why the query is not running, or nil.
func (w *Worker) Err() error {
	if p := w.failure.Load(); p != nil {
		return *p
	}
	return nil
}

// Failed says whether the query has ended for good.
func (w *Worker) Failed() bool {
	select {
	case <-w.done:
		return w.Err() != nil
	default:
		return false
	}
}
