package exec

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
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

// running is a task with its inputs.
type running struct {
	*Task
	feeds []*feed
	shard int
	waits time.Time // since when rows of one input have waited for another
	// idled is how far its stream time has gone on since its inputs are idle, and advanced that it has since the last commit.
	idled    time.Duration
	advanced bool
	ended    bool // it has been at the end of all inputs for as long as a task must be to hold no window open
}

// feed is a partition of one input of a task.
type feed struct {
	task   *running
	input  int
	tp     TP
	next   int64     // offset of the next record that the task takes
	high   int64     // end of the partition as last heard
	saved  int64     // what was last committed: see position
	paused bool      // so much waits in the task that no more is fetched
	ended  time.Time // since when it has been at its end with nothing coming
	seen   int64     // next, as of the last look
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

// work is records for a task from one of its feeds, or without a feed the end of its commit interval.
type work struct {
	task *running
	feed *feed
	recs []*kgo.Record
	high int64 // end of the partition
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

// maxWaiting is how many records of an input may wait for the other inputs of their task before no more are fetched.
const maxWaiting = 50_000

// holdBack stops fetching what could only wait.
func (w *Worker) holdBack() {
	if !w.merges {
		return
	}
	for tp, feeds := range w.feeds {
		most, paused := int64(0), false
		for _, f := range feeds {
			most, paused = max(most, f.task.inputs[f.input].queued.Load()), paused || f.paused
		}
		at := map[string][]int32{tp.Topic: {tp.Partition}}
		switch {
		case !paused && most > maxWaiting:
			w.commit.client().PauseFetchPartitions(at)
		case paused && most <= maxWaiting/2:
			w.commit.client().ResumeFetchPartitions(at)
		default:
			continue
		}
		for _, f := range feeds {
			f.paused = !paused
		}
	}
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
	if job.feed == nil {
		if err := job.task.Flush(); err != nil {
			w.lose(err)
		}
		return
	}
	// A client whose position was set back may give again what the task has taken already.
	f, recs := job.feed, job.recs
	f.high = max(f.high, job.high)
	for len(recs) > 0 && recs[0].Offset < f.next {
		recs = recs[1:]
	}
	if len(recs) == 0 {
		return
	}
	f.next = recs[len(recs)-1].Offset + 1
	if !f.task.inputs[f.input].repartitioned {
		w.stats.took(recs)
	}
	before := job.task.Out.Bytes
	if err := job.task.Offer(f.input, recs, f.next < f.high); err != nil {
		w.lose(err)
		return
	}
	w.stats.held.Add(int64(job.task.Out.Bytes - before))
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

// findEnds tells the tasks before a repartition whether they are at their ends. Fetches tell nothing of a partition that
// holds nothing new, or that the broker has not got round to: before a task is believed to be at its end, the broker is
// asked.
func (w *Worker) findEnds(ctx context.Context, now time.Time) error {
	var asked []*running
	for _, t := range w.tasks {
		if !isRepartition(t.Stage.End) {
			continue
		}
		if t.ended = t.allAtEnd(now, w.opt.IdleUpstream); !t.ended {
			t.SetAtEnd(false)
		} else if !t.AtEnd() {
			asked = append(asked, t)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	ends := kafka.Offsets{}
	for _, t := range asked {
		for _, f := range t.feeds {
			if _, known := ends[f.tp.Topic]; !known {
				at, err := w.opt.Cluster.StableOffsets(ctx, f.tp.Topic)
				if err != nil {
					return err
				}
				maps.Copy(ends, at)
			}
			f.high = max(f.high, ends[f.tp.Topic][f.tp.Partition])
		}
		t.SetAtEnd(t.allAtEnd(now, w.opt.IdleUpstream))
	}
	return nil
}

func (t *running) allAtEnd(now time.Time, idle time.Duration) bool {
	all := !t.Waits()
	for _, f := range t.feeds {
		all = f.atEnd(now, idle) && all
	}
	return all
}

// maxTaskIdle is how long rows of one input wait for another of which the broker is said to hold more.
const maxTaskIdle = time.Second

// dontWait lets tasks go on whose rows have waited for too long, and those that wait for an input that turns out to have
// nothing: the broker may have told of records that never come, such as those of an aborted transaction.
func (w *Worker) dontWait(now time.Time) {
	if !w.merges {
		return
	}
	for _, t := range w.tasks {
		if len(t.feeds) == 1 || !t.Waits() {
			t.waits = time.Time{}
			continue
		}
		if t.waits.IsZero() {
			t.waits = now
		} else if now.Sub(t.waits) > maxTaskIdle {
			t.waits = time.Time{}
			if err := t.Drain(); err != nil {
				w.lose(err)
			}
		}
	}
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

// inputTopics are the topics that the stages read, each once.
func (w *Worker) inputTopics() []string {
	var out []string
	for _, s := range w.topo.Stages {
		for i := range s.Inputs {
			if topic := s.Topic(i, w.env); !slices.Contains(out, topic) {
				out = append(out, topic)
			}
		}
	}
	return out
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
		for _, topic := range w.inputTopics() {
			at, err := w.opt.Cluster.StableOffsets(ctx, topic)
			if err != nil {
				return err
			}
			for p, end := range at[topic] {
				ends += end
				feeds := w.feeds[TP{topic, p}]
				if len(feeds) == 0 {
					done = false
				}
				for _, f := range feeds {
					done = done && f.position() >= end
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
			if err := t.Drain(); err != nil {
				return err
			}
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
