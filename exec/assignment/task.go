package assignment

import (
	"runtime"
	"slices"
	"time"

	"weir/exec/op"
	"weir/exec/task"
)

// Task is a task with its inputs.
type Task struct {
	*task.Task
	Feeds        []*Feed
	Shard        int       // the goroutine that it runs on
	WaitingSince time.Time // since when rows have waited for others, and nothing has gone on
	read         int64     // Read of the task, as last looked at
	Advanced     bool      // its stream time has gone on since the last commit, because it was idle
	Ended        bool      // it has been at the end of all inputs for as long as a task must be to hold no window open
	Removed      bool      // it takes no part any more
	counted      []op.StepCounts
}

// Uncounted are the rows of each step since it was last asked.
func (t *Task) Uncounted() []op.StepCounts {
	now := t.Steps()
	out := slices.Clone(now)
	for i := range t.counted {
		out[i].Sub(t.counted[i])
	}
	t.counted = now
	return out
}

// NewTask makes the task of a stage's partition. It takes part once Add is called.
func (a *Assignment) NewTask(stage int, p int32) (*Task, error) {
	s := a.Topology.Stages[stage]
	first, feeders := a.Topology.Feeders(stage, a.Parts)
	t, err := task.NewTask(s, a.Env, task.TaskOptions{Partition: p, Tasks: a.Parts[stage], Feeders: feeders, FirstFeeder: first, Out: a.target(s.Output(a.Env)), Late: a.late(s),
		Room: a.Room, Lanes: true, AtOnce: a.AtOnce, Idle: a.Idle.Microseconds(), Query: a.Number})
	if err != nil {
		return nil, err
	}
	r := &Task{Task: t, Shard: int(p) % Shards()}
	for i, in := range s.Inputs {
		r.Feeds = append(r.Feeds, &Feed{Task: r, Input: i, TP: TP{s.Topic(i, a.Env), p}})
		if a.AtOnce && !task.IsRepartition(in) {
			if err := t.SetInputAtEnd(i, true); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

func (a *Assignment) target(topic string) task.Target {
	t := a.Topics[topic]
	return task.Target{Partitions: t.Partitions, Limits: t.Limits}
}

func (a *Assignment) late(s *task.Stage) task.Target {
	if sink := s.Late(); sink != nil {
		return a.target(sink.Target.Topic)
	}
	return task.Target{}
}

// Shards is how many goroutines a query's tasks share.
func Shards() int { return runtime.GOMAXPROCS(0) }

// Moved says whether the task has processed anything, or its state has changed, since the last commit.
func (t *Task) Moved() bool {
	return t.Advanced || t.Changed() || slices.ContainsFunc(t.Feeds, func(f *Feed) bool { return f.Position() != f.Saved })
}

// Committed says that what the task did is durable, or as good as that.
func (t *Task) Committed() {
	t.Task.Committed()
	t.Advanced = false
	for _, f := range t.Feeds {
		f.Saved = f.Position()
	}
}

// AllAtEnd says whether the task has been at the ends of all inputs for so long, with nothing waiting.
func (t *Task) AllAtEnd(now time.Time, idle time.Duration) bool {
	all := !t.Waits()
	for _, f := range t.Feeds {
		all = f.AtEnd(now, idle) && all
	}
	return all
}

// Waiting is for how long rows have waited for others, with none going on.
func (t *Task) Waiting(now time.Time) time.Duration {
	switch at := t.Read(); {
	case !t.Waits():
		t.WaitingSince = time.Time{}
		return 0
	case t.WaitingSince.IsZero() || at != t.read:
		t.WaitingSince, t.read = now, at
	}
	return now.Sub(t.WaitingSince)
}

// Stuck is the same, but counts from when all that they wait for has last told something new.
func (t *Task) Stuck(now time.Time) time.Duration {
	waiting := t.Waiting(now)
	if waiting == 0 {
		return 0
	}
	return min(waiting, now.Sub(time.UnixMicro(t.SilentSince())))
}
