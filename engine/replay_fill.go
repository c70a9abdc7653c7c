package engine

import (
	"context"
	"errors"
	"path/filepath"

	"weir/exec/replay"
	"weir/kafka"
)

// errFilling is why the query of a table that was computed anew does not run yet.
var errFilling = errors.New("the table's topic is being given what was computed anew")

// unfilled is what the topic of a query's table is still to be given; nil for nothing.
func (e *Engine) unfilled(id string) *Replay {
	b, ok := e.begins.Load(id)
	if !ok || b.(*Beginning).replay().Topic == "" {
		return nil
	}
	if _, filled := e.filled.Load(id); filled {
		return nil
	}
	return b.(*Beginning).Replay
}

// fillAndStart gives the topic of a table what was computed anew, and then starts its query.
func (e *Engine) fillAndStart(id string) {
	e.tryAgain(func() error {
		r := e.runs(id)
		if r == nil {
			return nil // it was ended
		}
		err := e.fill(e.life, r)
		if err != nil && e.runs(id) != r {
			return nil
		}
		if err != nil {
			e.opt.Log.Error("a table's topic can't be given what was computed anew; trying again", "query", id, "error", err)
		}
		return err
	}, make(chan struct{}))
	e.startHeld(id)
}

// fill makes the topic of a table hold what the one beside it does, and deletes that one: while it is there, the query has not written the table's.
func (e *Engine) fill(ctx context.Context, r *running) error {
	id := r.query.ID
	from := e.unfilled(id)
	if from == nil {
		return nil
	}
	target := r.query.Target().Topic
	_, err := e.opt.Cluster.Topic(ctx, from.Topic)
	if err != nil && !errors.Is(err, kafka.ErrNoTopic) {
		return err
	}
	if err == nil {
		t := replay.Transfer{Cluster: e.opt.Cluster, From: from.Topic, To: target, Transaction: e.internalTopic(id + "-replay"),
			Dir: filepath.Join(e.opt.DataDir, "replay", id)}
		done, err := t.Run(ctx)
		if err != nil {
			return err
		}
		e.failPoint("table filled")
		if err := e.dropTopic(ctx, from.Topic); err != nil {
			return err
		}
		e.opt.Log.Info("a table that was computed anew has taken its place", "query", id, "topic", target, "changed", done.Changed, "gone", done.Gone, "as they were", done.Same)
	}
	e.filled.Store(id, true)
	return nil
}

// startHeld starts a query that was held back.
func (e *Engine) startHeld(id string) {
	done, err := e.change(e.life)
	if err != nil {
		e.startLater(id)
		return
	}
	defer done()
	if r := e.runs(id); r != nil && r.waits {
		e.start(r.query, r.config, r.worker.Paused())
	}
}
