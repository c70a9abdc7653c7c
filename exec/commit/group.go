package commit

import (
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/task"
	"weir/kafka"
)

// group is the membership of one session in the query's group. The client tells of partitions in goroutines of its own, and waits
// until the worker, whose the tasks are, has done what is to be done with them.
type group struct {
	x       *Transactions
	changes chan Change
	closing chan struct{} // closed when the session ends: nobody waits for the worker any more
}

func newGroup(x *Transactions) *group {
	return &group{x: x, changes: make(chan Change, 1), closing: make(chan struct{})}
}

func (g *group) options() []kgo.Opt {
	return []kgo.Opt{kgo.AdjustFetchOffsetsFn(g.assigned), kgo.OnPartitionsRevoked(g.revoked), kgo.OnPartitionsLost(g.lost)}
}

// ask has the worker do something, and waits until it has. The error is the context's, or that of a session that ends.
func (g *group) ask(ctx context.Context, commit bool, do func(ctx context.Context) error) error {
	done := make(chan struct{})
	c := Change{Commit: commit, Done: done, Do: func(session context.Context) error {
		// What was asked for is given up where the group goes on without it.
		both, cancel := context.WithCancel(session)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		if err := do(both); err != nil && ctx.Err() == nil {
			return err
		}
		return nil
	}}
	select {
	case g.changes <- c:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.closing:
		return context.Canceled
	}
	g.x.opt.Wake()
	select {
	case <-done:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	case <-g.closing:
		return context.Canceled
	}
}

// assigned makes and restores the tasks whose partitions have come to this node, and tells the client where to read. The
// offsets that the client found are not used: where a query begins is for the query to say, and is told to both.
func (g *group) assigned(ctx context.Context, found map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	parts := map[string][]int32{}
	for topic, ps := range found {
		for p := range ps {
			parts[topic] = append(parts[topic], p)
		}
	}
	var out map[string]map[int32]kgo.Offset
	err := g.ask(ctx, false, func(ctx context.Context) (err error) {
		out, err = g.x.take(ctx, parts)
		return err
	})
	return out, err
}

// revoked lets go of partitions, once what was done with them is committed.
func (g *group) revoked(ctx context.Context, _ *kgo.Client, parts map[string][]int32) {
	if len(parts) > 0 {
		_ = g.ask(ctx, true, func(context.Context) error { g.x.release(parts); return nil })
	}
}

// lost is told when the group has gone on without this member: what is not committed can't be any more.
func (g *group) lost(ctx context.Context, _ *kgo.Client, parts map[string][]int32) {
	if len(parts) > 0 {
		_ = g.ask(ctx, false, func(context.Context) error { return errLost })
	}
}

// errLost ends the session.
var errLost = lostError{}

type lostError struct{}

func (lostError) Error() string {
	return "the group of the query has gone on without this node, which did not answer for too long"
}

// take makes the tasks of partitions; those of a task's inputs have one number, and come together.
func (x *Transactions) take(ctx context.Context, parts map[string][]int32) (map[string]map[int32]kgo.Offset, error) {
	at, err := x.offsets(ctx, parts)
	if err != nil {
		return nil, err
	}
	var made []*assignment.Task
	for stage, s := range x.tasks.Topology.Stages {
		for _, p := range parts[s.Topic(0, x.tasks.Env)] {
			if p >= x.tasks.Parts[stage] {
				return nil, &assignment.TopicChanged{What: "topic " + s.Topic(0, x.tasks.Env) + " has more partitions than it had"}
			}
			t, err := x.tasks.NewTask(stage, p)
			if err != nil {
				return nil, &task.FatalError{Err: err}
			}
			for _, f := range t.Feeds {
				if err := x.place(f, at); err != nil {
					return nil, err
				}
			}
			if t.Stage.Stateful() {
				had, err := x.restore(ctx, t)
				if err != nil {
					return nil, err
				}
				if had && !slices.ContainsFunc(t.Feeds, x.known(at)) {
					return nil, &task.FatalError{Err: fmt.Errorf("%s has state, and group %s has none of its offsets, deleted or expired: read from the beginning, every row would count twice. "+
						"DROP what the query makes and CREATE it again", x.tasks.Query(), x.opt.Group)}
				}
			}
			made = append(made, t)
		}
	}
	for _, t := range made {
		x.tasks.Add(t)
	}
	out := x.tasks.Offsets()
	for topic, ps := range out {
		for p := range ps {
			if !slices.Contains(parts[topic], p) {
				delete(ps, p)
			}
		}
	}
	return out, nil
}

// known says whether it is known how far a feed was read.
func (x *Transactions) known(o offsets) func(f *assignment.Feed) bool {
	return func(f *assignment.Feed) bool {
		_, committed := o.committed[f.TP.Topic][f.TP.Partition]
		return committed || x.local[f.ID()].known
	}
}

// offsets are what is known of partitions that are to be read.
type offsets struct {
	committed        map[string]map[int32]kafka.Committed
	from, stable, to kafka.Offsets
}

func (x *Transactions) offsets(ctx context.Context, parts map[string][]int32) (o offsets, err error) {
	var topics []string
	for topic := range parts {
		topics = append(topics, topic)
	}
	c := x.opt.Cluster
	if o.committed, err = c.SettledOffsets(ctx, x.opt.Group, parts); err != nil {
		return o, err
	}
	x.ask(o.committed)
	if o.from, err = c.StartOffsets(ctx, topics...); err != nil {
		return o, err
	}
	if o.stable, err = c.StableOffsets(ctx, topics...); err != nil {
		return o, err
	}
	o.to, err = c.EndOffsets(ctx, topics...)
	return o, err
}

// place sets where a feed goes on. The group's offsets count; where it has none, the database may know that it had.
func (x *Transactions) place(f *assignment.Feed, o offsets) error {
	topic, p := f.TP.Topic, f.TP.Partition
	c, known := o.committed[topic][p]
	n := parseNote(c.Metadata)
	s := stored{at: n.position(f, c.At), topic: n.topic, path: n.path(f), known: known}
	if !known {
		s = x.local[f.ID()]
	}
	fresh := o.stable[topic][p]
	if x.tasks.FromStart(f) || f.Repartitioned() {
		fresh = o.from[topic][p]
	}
	err := x.opt.place(x.tasks, f, s, bounds{o.from[topic][p], o.to[topic][p]}, fresh)
	f.High = o.stable[topic][p]
	// Brokers forget a topic's offsets with the topic, and a group's when it has had no members for some days.
	if err == nil && !known && s.known && f.Saved >= 0 {
		f.Saved = -1
		err = x.opt.lose(x.tasks, Lost{Topic: topic, Partition: p, From: s.at, To: s.at,
			Reason: fmt.Sprintf("the offsets of group %s were deleted or have expired. The query goes on where this node last stood; what another node did since is done again", x.opt.Group)})
	}
	return err
}

// release takes the tasks of partitions out.
func (x *Transactions) release(parts map[string][]int32) {
	for _, t := range slices.Clone(x.tasks.Tasks) {
		if slices.ContainsFunc(t.Feeds, func(f *assignment.Feed) bool { return slices.Contains(parts[f.TP.Topic], f.TP.Partition) }) {
			x.tasks.Remove(t)
		}
	}
}

// Leave gives up the place in the group.
func (x *Transactions) Leave(ctx context.Context) error {
	return x.opt.Cluster.LeaveGroup(ctx, x.opt.Group, x.opt.Member())
}
