package engine

import (
	"context"
	"errors"

	"weir/kafka"
)

// watchClaim notices that another node has taken over the service id, and lets this one stand down.
func (e *Engine) watchClaim() {
	if e.log.lease == nil {
		return
	}
	ctx, cancel := context.WithCancel(e.life)
	defer cancel()
	taken := make(chan error, 1)
	go func() { taken <- e.log.lease.watch(ctx) }()
	select {
	case err := <-taken:
		if err == nil {
			return
		}
		_ = e.log.lose(err)
	case <-e.log.gone:
	}
	e.standDown()
}

// standDown ends what the node does for a service id that is another node's now: queries and connectors would do the work of that one's
// a second time. What the node has in store stays as it is.
func (e *Engine) standDown() {
	why := e.log.refused()
	e.opt.Log.Error("this node stands down", "reason", why)
	foreign := errors.Is(why, errTaken) // otherwise a process under this node's own name has its places in the groups
	if foreign {
		ctx, cancel := context.WithTimeout(e.life, leaveTimeout)
		_ = e.log.lease.release(ctx) // where that fails, its place in the group ends by itself
		cancel()
	}
	kafka.Close(e.log.lease.client)
	select {
	case e.turns <- struct{}{}:
		defer func() { <-e.turns }()
	case <-e.life.Done():
		return
	}
	e.mu.Lock()
	var stop []*running
	for _, r := range e.queries {
		stop = append(stop, r)
	}
	e.mu.Unlock()
	e.conns.Close()
	for _, r := range stop {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(e.life), stopTime)
		if err := r.stop(ctx); err != nil {
			e.opt.Log.Warn("a query was stopped without its last commit", "query", r.query.ID, "error", err)
		}
		cancel()
		e.fail(r, why)
		if !foreign {
			continue
		}
		if err := r.worker.Leave(context.WithoutCancel(e.life)); err != nil {
			e.opt.Log.Warn("the group of a query still counts this node as a member", "group", r.group, "error", err)
		}
	}
}
