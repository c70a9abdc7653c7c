package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"weir/kafka"
)

// endQuery stops a query for good and forgets its state, its group and its own topics. It waits for that until the context ends; what
// is left then, or can't be done at once, is done in the background, and after a crash by sweep.
func (e *Engine) endQuery(ctx context.Context, id string) {
	e.mu.Lock()
	r := e.queries[id]
	delete(e.queries, id)
	if r != nil {
		e.ending = append(e.ending, r)
	}
	e.mu.Unlock()
	e.disown(id)
	e.plans.Delete(id)
	e.begins.Delete(id)
	e.leaving.Store(id, true)
	first := make(chan struct{})
	e.jobs.Go(func() {
		if r != nil {
			stopping, cancel := context.WithTimeout(context.WithoutCancel(e.life), stopTime)
			defer cancel()
			if err := r.stop(stopping); err != nil {
				e.opt.Log.Warn("a query was ended without its last commit", "query", id, "error", err)
			}
			e.upstreams.CompareAndDelete(r.number, r.worker) // what it wrote last is there
			e.mu.Lock()
			e.ending = slices.DeleteFunc(e.ending, func(o *running) bool { return o == r })
			addStats(&e.ended, r.stats())
			e.endedOut = appendLeftOut(e.endedOut, r.leftOut())
			e.mu.Unlock()
		}
		e.tryAgain(func() error {
			err := e.forgetQuery(context.WithoutCancel(e.life), id)
			if err != nil {
				e.opt.Log.Warn("what a query that ended has left can't be removed yet; trying again", "query", id, "error", err)
			}
			return err
		}, first)
		if e.life.Err() == nil {
			e.leaving.Delete(id)
		}
	})
	select {
	case <-first:
	case <-ctx.Done():
	}
}

// tryAgain does something until it succeeds or the engine closes, with back-off. first is closed after the first time.
func (e *Engine) tryAgain(f func() error, first chan<- struct{}) {
	err := f()
	close(first)
	for wait := time.Second; err != nil; wait = min(2*wait, time.Minute) {
		select {
		case <-e.life.Done():
			return
		case <-time.After(wait):
		}
		err = f()
	}
}

// forgetQuery removes what a query has left: state, outbox, group, internal topics.
func (e *Engine) forgetQuery(ctx context.Context, id string) error {
	topics, err := e.opt.Cluster.Topics(ctx)
	if err != nil {
		return err
	}
	if err := e.forgetState(id); err != nil {
		return err
	}
	group := e.internalTopic(id)
	var errs []error
	if !e.opt.Embedded {
		errs = append(errs, e.opt.Cluster.LeaveGroup(ctx, group, group+"-"+e.node))
	}
	if err := e.opt.Cluster.DeleteGroup(ctx, group); err != nil && !errors.Is(err, kafka.ErrNoGroup) {
		errs = append(errs, err)
	}
	for _, t := range topics {
		if e.ownTopic(t.Name, id) {
			errs = append(errs, e.dropTopic(ctx, t.Name))
		}
	}
	return errors.Join(errs...)
}

func (e *Engine) forgetState(id string) error {
	db, err := e.state.DB()
	if err != nil {
		return err
	}
	b := db.NewBatch()
	if err := b.DropQuery(id); err != nil {
		return err
	}
	if err := b.Commit(true); err != nil {
		return err
	}
	return db.Outbox(id).Remove()
}

// ownTopic says whether a topic is an internal one of a query: its name is the query's, a step's, and the kind. The name of another query, or of
// another service, may begin in the same way, but goes on in another one.
func (e *Engine) ownTopic(topic, id string) bool {
	rest, ok := strings.CutPrefix(topic, e.internalTopic(id+"-"))
	if !ok || !stepTopic.MatchString(rest) {
		return false
	}
	for _, q := range e.catalog.Snapshot().Queries() {
		if q.ID != id && strings.HasPrefix(topic, e.internalTopic(q.ID+"-")) && len(q.ID) > len(id) {
			return false
		}
	}
	return true
}

// stepTopic is the end of an internal topic's name: the step of a plan, or the number of a stage, and what the topic is for.
var stepTopic = regexp.MustCompile(`^((L_)*[A-Za-z]+(-[A-Za-z]+)*-repartition|stage\d+-changelog)$`)

// sweep removes what is left of queries that the log says are gone: a process may have died between the two.
func (e *Engine) sweep(gone []string) {
	if len(gone) == 0 {
		return
	}
	for _, id := range gone {
		e.leaving.Store(id, true)
	}
	e.jobs.Go(func() {
		e.tryAgain(func() error {
			err := e.sweepOnce(gone)
			if err != nil {
				e.opt.Log.Warn("what queries that ended have left can't be looked for yet; trying again", "error", err)
			}
			return err
		}, make(chan struct{}))
		for _, id := range gone {
			e.leaving.Delete(id)
		}
	})
}

func (e *Engine) sweepOnce(gone []string) error {
	ctx := context.WithoutCancel(e.life)
	topics, err := e.opt.Cluster.Topics(ctx)
	if err != nil {
		return err
	}
	groups, err := e.opt.Cluster.Groups(ctx)
	if err != nil {
		return err
	}
	db, err := e.state.DB()
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range gone {
		metas, err := db.Metas(id, "")
		if err != nil {
			return err
		}
		left := len(metas) > 0 || slices.Contains(groups, e.internalTopic(id)) ||
			slices.ContainsFunc(topics, func(t kafka.Topic) bool { return e.ownTopic(t.Name, id) })
		if left {
			e.opt.Log.Info("removing what a query has left that ended", "query", id)
			errs = append(errs, e.forgetQuery(ctx, id))
		}
		if e.life.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// metaLast is where the number of the last command is kept, beside the state of queries.
const metaLast = "last command"

func (e *Engine) keepLast() error {
	return e.state.SetMeta("", metaLast, binary.AppendVarint(nil, e.log.last.Load()))
}

// knownLast is the number of the last command that this node knows to have stood in the log.
func (e *Engine) knownLast() (int64, error) {
	blob, err := e.state.Meta("", metaLast)
	if err != nil || blob == nil {
		return 0, err
	}
	n, _ := binary.Varint(blob)
	return n, nil
}
