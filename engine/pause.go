package engine

import (
	"context"
	"strings"
	"sync"
	"time"

	"weir/parser"
	"weir/parser/ast"
)

// pause pauses or resumes queries. One that is paused reads nothing more from the moment on that its statement stands in the log; the
// answer waits a little for the commit of what it has read.
func (e *Engine) pause(ctx context.Context, s *Session, stmt parser.Stmt, all bool, id ast.Ident, pause bool) (Result, error) {
	word := onPause
	if !pause {
		word = onResume
	}
	d := onQuery(word, all, id)
	d.Sequence = -1 // until something is paused
	told, err := e.logPauses(ctx, d, all, id, pause)
	if err != nil {
		return nil, err
	}
	if pause {
		e.awaitCommits(ctx, told)
	}
	return d, nil
}

func (e *Engine) logPauses(ctx context.Context, d *Done, all bool, id ast.Ident, pause bool) ([]*running, error) {
	done, err := e.change(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	ids, err := e.ids(all, id)
	if err != nil {
		return nil, err
	}
	var told []*running
	for _, one := range ids {
		r := e.runs(one)
		if r == nil {
			if !all {
				return nil, refuse(BadStatement, "%v", e.casualties().queryID(one))
			}
			continue
		}
		entry := command{Statement: strings.ToUpper(d.Entity) + " `" + one + "`", ID: e.log.nextID()}
		d.Sequence, err = e.enter(ctx, entry, func(context.Context, int64) {
			if pause {
				r.worker.Pause()
			} else {
				r.worker.Resume()
			}
		}, nil)
		if err != nil {
			return nil, err
		}
		told = append(told, r)
	}
	return told, nil
}

// pauseTimeout is how long PAUSE waits for the commit of what was read.
const pauseTimeout = 5 * time.Second

// awaitCommits waits until what queries have read is committed. Those that are trying again have nothing that is not.
func (e *Engine) awaitCommits(ctx context.Context, list []*running) {
	ctx, cancel := context.WithTimeout(ctx, pauseTimeout)
	defer cancel()
	var all sync.WaitGroup
	for _, r := range list {
		e.mu.Lock()
		runs := r.broken == nil && r.worker.Err() == nil
		e.mu.Unlock()
		if !runs {
			continue
		}
		all.Go(func() {
			if err := r.worker.Commit(ctx); err != nil {
				e.opt.Log.Warn("a query is paused; what it has read is not committed yet", "query", r.query.ID, "error", err)
			}
		})
	}
	all.Wait()
}
