// Package worker runs a persistent query: it polls its topics, gives the records to tasks, and lets the commit make
// durable what they did.
package worker

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

	"weir/exec/assignment"
	"weir/exec/commit"
	"weir/exec/op"
	"weir/exec/state"
	"weir/exec/task"
	"weir/fault"
	"weir/kafka"
)

// Options say how a persistent query runs.
type Options struct {
	commit.Options
	Embedded bool          // the broker is in this process: it commits by an outbox; otherwise by transactions
	Interval time.Duration // between commits
	// Earliest says where a source is read from when the query is new.
	Earliest bool
	// Begin is where a new query reads these partitions of its sources from instead.
	Begin kafka.Offsets
	// IdleUpstream is how long a task before a repartition must have been at the end of its input until it no longer holds
	// back the windows behind the repartition.
	IdleUpstream time.Duration
	// Number stands for the query in the trails of the rows that it writes; 0 leaves them out.
	Number uint64
	// CommitBytes is how much memory what the tasks make between two commits may take.
	CommitBytes int64
	// WaitBytes is how much memory the records of one input of a task may take that wait for others, before what is ahead is not read on.
	WaitBytes int64
	// Waiting bounds the memory of the rows that wait, of all queries of a node; nil for no bound.
	Waiting *state.Budget
	// Upstream are the queries that write a topic, and the numbers of those that did so and have ended.
	Upstream func(topic string) (writers []Upstream, ended []uint64)
	// TaskIdle is how long what has been read to its end still holds back the rows of others that are put in order.
	TaskIdle time.Duration
	// WaitUpstream is how long rows wait for an upstream task from which nothing comes.
	WaitUpstream time.Duration
	// Hold is told before each commit how much state the query has; its error ends the query. Nil for no bound.
	Hold func(bytes int64) error
	// Look is how often the topics that are read are looked at; 0 for DefaultLook.
	Look time.Duration
}

// Worker runs a persistent query on this node. One goroutine owns its tasks; others reach it by commands.
type Worker struct {
	assigned *assignment.Assignment
	opt      Options
	shards   []chan work
	putOff   [][]work // of each shard: there was no room for it
	room     *task.Room
	pending  sync.WaitGroup // work handed to shards
	commit   commit.Committer
	surveyed bool // the topics have just been looked at
	cmds     chan command
	done     chan struct{}
	ending   context.Context // ends when the query is to stop, after one more commit
	end      context.CancelFunc
	alive    context.Context // ends when it is to stop at once: whatever waits for a broker gives up
	kill     context.CancelFunc
	merges   bool // some task puts rows in order, of several inputs or upstream tasks
	// hasPutOff says that there is work for goOn.
	hasPutOff atomic.Bool
	stored    stored
	holding   bool // some source is not read because its rows could only wait
	stats     stats
	health
	progress   progress
	now        task.Reached // how far the query comes with the commit that is being made
	backoff    backoff
	paused     atomic.Bool
	partitions atomic.Int32                       // of the last stage
	resting    bool                               // all sources were at their ends at the last commit
	peeked     time.Time                          // when the brokers were last asked for ends between commits
	ends       kafka.Offsets                      // of topics, as asked for since the commit, or the peek, began
	polling    atomic.Pointer[context.CancelFunc] // ends the poll that is going on
	lost       atomic.Pointer[error]              // why the session has to end
}

// New prepares a query to run.
func New(topo *task.Topology, env *task.Env, opt Options) *Worker {
	w := &Worker{assigned: assignment.New(topo, env, opt.Earliest), opt: opt, cmds: make(chan command, 16), done: make(chan struct{})}
	if w.opt.WaitBytes == 0 {
		w.opt.WaitBytes = defaultWaitBytes
	}
	if w.opt.CommitBytes == 0 {
		w.opt.CommitBytes = defaultCommitBytes
	}
	w.room = task.NewRoom(w.opt.CommitBytes)
	if w.opt.Look == 0 {
		w.opt.Look = DefaultLook
	}
	w.alive, w.kill = context.WithCancel(context.Background())
	w.ending, w.end = context.WithCancel(w.alive)
	env.Functions.Done = w.alive.Done()
	w.stats.topo, w.stats.all = topo, make([][]op.StepCounts, len(topo.Stages))
	w.opt.Count, w.opt.Wake = func() commit.Counting { return w.counts(w.now) }, w.wake
	if w.opt.Upstream == nil {
		w.opt.Upstream = func(string) ([]Upstream, []uint64) { return nil, nil }
	}
	w.opt.Complete()
	w.assigned.Room, w.assigned.Budget, w.assigned.AtOnce = w.room, w.opt.Budget, w.opt.IdleUpstream == 0
	w.assigned.Idle, w.assigned.Begin = opt.TaskIdle, opt.Begin
	if !w.assigned.AtOnce {
		w.assigned.Number = opt.Number
	}
	w.commit = commit.New(w.assigned, w.opt.Options, opt.Embedded)
	return w
}

// Start runs the query until Stop, or until it fails for good. A first look at the topics that fails for more than the
// moment is the error.
func (w *Worker) Start(ctx context.Context) error {
	w.merges = slices.ContainsFunc(w.assigned.Topology.Stages, func(s *task.Stage) bool { return len(s.Inputs) > 1 || s.Ordered() })
	err := w.survey(ctx)
	if err != nil && !errors.Is(err, kafka.ErrUnreachable) && !errors.Is(err, kafka.ErrNoTopic) {
		close(w.done)
		return err
	}
	w.surveyed = err == nil
	go w.run()
	return nil
}

// survey looks at the topics, and makes those between the stages.
func (w *Worker) survey(ctx context.Context) error {
	err := w.assigned.Survey(ctx, w.opt.Cluster, func(topic string, partitions int32) error {
		_, err := w.opt.Cluster.CreateTopic(ctx, kafka.TopicSpec{Name: topic, Partitions: partitions, Replicas: w.opt.Replicas, IfNotExists: true,
			Configs: map[string]string{"retention.ms": "-1", "cleanup.policy": "delete"}})
		return err
	})
	if err == nil {
		w.partitions.Store(w.assigned.Parts[len(w.assigned.Parts)-1])
	}
	return err
}

// run is the worker's own goroutine. A failure of the system is tried again from the last commit, with back-off.
func (w *Worker) run() {
	defer close(w.done)
	defer w.opt.Waiting.Free(w)
	for w.ending.Err() == nil {
		err := w.session()
		if w.ending.Err() != nil || err == nil {
			return
		}
		var much *task.TooMuchError
		if errors.As(err, &much) && w.room.Narrow() {
			w.opt.Log.Info("what the query has made since the last commit takes too much memory; it is made again in smaller pieces", "query", w.assigned.Query())
			continue
		}
		if err = w.verdict(err); isFatal(err) {
			w.fail(err)
			fault.Log(w.opt.Log, slog.LevelError, "query failed", err, "query", w.assigned.Query())
			return
		}
		w.fail(err)
		pause := w.backoff.next()
		w.opt.Log.Warn("query stopped; trying again", "query", w.assigned.Query(), "error", err, "in", pause)
		w.rest(pause, err)
	}
}

// rest waits before the next session; commands are answered.
func (w *Worker) rest(d time.Duration, why error) {
	over := time.NewTimer(d)
	defer over.Stop()
	for {
		select {
		case <-w.ending.Done():
			return
		case <-over.C:
			return
		case c := <-w.cmds:
			c.reply <- &RestingError{why}
		}
	}
}

// session runs from a start, or a restart, to the next failure.
func (w *Worker) session() (err error) {
	defer fault.Caught(&err, "the query")
	defer w.assigned.Clear()
	w.room.Clear()
	w.opt.Problems.Forget()
	w.lost.Store(nil)
	if !w.surveyed {
		if err := w.survey(w.alive); err != nil {
			return err
		}
	}
	w.surveyed = false
	if err := w.commit.Start(w.alive); err != nil {
		return err
	}
	defer w.leave()
	if err := w.beginProgress(w.alive); err != nil {
		return err
	}
	w.startShards()
	defer w.stopShards()
	stopLooking := w.look()
	defer stopLooking()
	next := time.Now().Add(w.opt.Interval)
	for {
		if err := w.poll(next); err != nil {
			return err
		}
		if time.Now().Before(next) && !w.room.Full() && w.ending.Err() == nil {
			continue
		}
		if err := w.commitAll(); err != nil {
			return err
		}
		if w.ending.Err() != nil {
			return nil
		}
		next = time.Now().Add(w.opt.Interval)
	}
}

// leaveTime is how long a session may take to bring what is under way.
const leaveTime = 10 * time.Second

func (w *Worker) leave() {
	ctx, cancel := context.WithTimeout(w.alive, leaveTime)
	defer cancel()
	w.commit.Stop(ctx)
}

// poll gives one fetch to the tasks, or does what it is asked for.
func (w *Worker) poll(until time.Time) error {
	ctx, cancel := context.WithDeadline(w.ending, until)
	defer cancel()
	w.polling.Store(&cancel)
	if asked, err := w.attend(); asked || err != nil {
		return err
	}
	if w.paused.Load() {
		<-ctx.Done()
		return w.taskError()
	}
	if w.goOn() {
		return w.taskError()
	}
	if err := w.peek(); err != nil {
		return err
	}
	fetches := w.commit.Client().PollFetches(ctx)
	// Partitions may have come or gone meanwhile; what was fetched of them is for the tasks that are there by then.
	if err := w.attendChanges(); err != nil {
		return err
	}
	var failed error
	fetches.EachError(func(topic string, p int32, err error) {
		var large *kgo.ErrDecompressTooLarge
		if errors.As(err, &large) {
			w.pending.Wait() // the tasks are still at what came before
			failed = errors.Join(failed, w.opt.Oversized(w.assigned, w.commit.Client(), large))
			return
		}
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			failed = fmt.Errorf("reading %s, partition %d: %w", topic, p, w.opt.Cluster.Denied(err, kafka.OnTopic("Read", topic), kafka.OnGroup("Read", w.opt.Group)))
		}
	})
	if failed != nil {
		return failed
	}
	if w.resting && !fetches.Empty() {
		if err := w.rouse(time.Now()); err != nil {
			return err
		}
	}
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		for _, f := range w.assigned.Feeds[assignment.TP{Topic: p.Topic, Partition: p.Partition}] {
			if len(p.Records) > 0 {
				w.give(work{task: f.Task, feed: f, recs: p.Records, high: p.HighWatermark})
			}
		}
	})
	w.holdBack()
	return w.taskError()
}

// commitAll is a barrier over the tasks: they hand on what they held back, and all of it becomes durable. If it fails, the session
// ends, whoever asked for the commit: what the tasks have put out is gone, and the next session begins from the last one.
func (w *Worker) commitAll() (err error) {
	defer func() {
		if err != nil {
			w.lose(err)
		}
	}()
	w.pending.Wait()
	if err := w.taskError(); err != nil {
		return err
	}
	began := time.Now()
	w.ends = kafka.Offsets{}
	w.committing(began)
	defer w.committing(time.Time{})
	if err := w.ask(w.alive); err != nil {
		return err
	}
	if err := w.findEnds(w.alive, began); err != nil {
		return err
	}
	if err := w.recall(w.alive); err != nil {
		return err
	}
	if err := w.expect(w.alive, began); err != nil {
		return err
	}
	w.dontWait(began)
	if err := w.idle(w.alive, began); err != nil {
		return err
	}
	if err := w.announce(w.alive, began); err != nil {
		return err
	}
	if w.now, err = w.reached(w.alive, began); err != nil {
		return err
	}
	for _, t := range w.assigned.Tasks {
		w.give(work{task: t})
	}
	w.pending.Wait()
	if err := w.taskError(); err != nil {
		return err
	}
	w.stats.holds(w.assigned.Tasks)
	if err := w.holdState(); err != nil {
		return err
	}
	w.opt.FailPoint("flushed")
	if err := w.opt.Problems.Flush(w.alive); err != nil {
		return err
	}
	changed := w.assigned.Changed()
	if err := w.commit.Commit(w.alive); err != nil {
		return err
	}
	if changed {
		w.room.Widen()
	}
	w.committed(w.now, changed)
	w.stats.committed(w.assigned.Tasks, w.now, time.Since(began), changed)
	if changed {
		w.backoff.reset()
	}
	if changed || len(w.assigned.Tasks) > 0 && w.stats.lag() == 0 {
		w.recovered()
	}
	w.hold()
	if err := w.makeRoom(); err != nil {
		return err
	}
	w.room.Clear()
	for _, t := range w.assigned.Tasks {
		t.Settle()
	}
	return nil
}

// makeRoom lets go of state that lies in the database too, where the budget asks for it.
func (w *Worker) makeRoom() error {
	var full []*assignment.Task
	for _, t := range w.assigned.Tasks {
		if _, letGo := t.Hold(w.opt.Budget); letGo {
			full = append(full, t)
		}
	}
	if len(full) == 0 {
		return nil
	}
	if err := w.commit.Delivered(w.alive); err != nil {
		return err
	}
	for _, t := range full {
		t.Evict()
	}
	return nil
}
