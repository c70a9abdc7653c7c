package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"weir/exec/local"
	"weir/functions"
	"weir/planner/plan"
	"weir/tenants"
)

// transient is a query that ends with its client: a push query, or a pull query while it is answered.
type transient struct {
	id      string
	query   *plan.Query
	sources []string
	ctx     context.Context
	cancel  context.CancelFunc
	exceed  func(error) // ends it because of a limit
	figures func() local.Figures
	finish  func() // ends a push query once it has read what is there; nil where it ends by itself
	counts  bool   // among those that a setting bounds
}

// transients are the queries that clients have open: all of them are listed, can be ended, and end with the engine.
type transients struct {
	mu     sync.Mutex
	next   int
	open   []*transient
	closed bool
	all    sync.WaitGroup
	gone   local.Figures // of those that have ended
	left   []LeftOut     // by those
}

// Kinds of transients, which their ids begin with. scalable are push queries that follow what a running query writes, where they are named so.
const (
	ordinary = "transient"
	scalable = "SCALABLE_PUSH_QUERY"
)

// add lets a query begin; done has to be called when it has ended. most bounds the push queries; it is -1 for what is none, or does not count as one.
func (t *transients) add(ctx context.Context, kind string, of *tenants.Principal, q *plan.Query, sources []string, most int) (x *transient, done func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, nil, errClosing
	}
	pushes := 0
	for _, o := range t.open {
		if o.counts {
			pushes++
		}
	}
	if most >= 0 && pushes >= most {
		return nil, nil, refuse(TooMany, "Not executing statement '%s' as exceeding the maximum number of push queries (%d). "+
			"End one, or raise ksql.max.push.queries.", q.SQL, most)
	}
	t.next++
	x = &transient{id: fmt.Sprintf("%s_%s_%d", kind, strings.Join(sources, "_"), t.next), query: q, sources: sources, counts: most >= 0}
	if q.Kind == plan.Push {
		if err := of.Begin(x.id, ""); err != nil {
			return nil, nil, limited(err)
		}
	}
	alive, end := context.WithCancelCause(ctx)
	x.ctx, x.cancel, x.exceed = alive, func() { end(nil) }, end
	t.open = append(t.open, x)
	t.all.Add(1)
	return x, func() {
		x.cancel()
		t.mu.Lock()
		t.open = slices.DeleteFunc(t.open, func(o *transient) bool { return o == x })
		t.gone = sum(t.gone, x)
		t.left = appendLeftOut(t.left, x.leftOut())
		t.mu.Unlock()
		of.End(x.id)
		t.all.Done()
	}, nil
}

// limit is the error of a query that asked for more than a setting allows; nil where it did not.
func (x *transient) limit() error {
	var limit *functions.LimitError
	if errors.As(context.Cause(x.ctx), &limit) {
		return refuse(BadStatement, "%v", limit)
	}
	return nil
}

// follow says how a query tells of itself.
func (t *transients) follow(x *transient, figures func() local.Figures, finish func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	x.figures, x.finish = figures, finish
}

// end ends a query by its id, whatever the case of the letters, and gives the id as it is.
func (t *transients) end(id string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range t.open {
		if strings.EqualFold(x.id, id) {
			x.cancel()
			return x.id, true
		}
	}
	return "", false
}

// closeAll ends all of them, lets no other begin, and waits for them until the context ends.
func (t *transients) closeAll(ctx context.Context) error {
	t.mu.Lock()
	t.closed = true
	for _, x := range t.open {
		x.cancel()
	}
	t.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		t.all.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("queries of clients have not ended: %w", ctx.Err())
	}
}

// finishPushes ends the push queries once they have read all that is there; left says how many have not ended yet.
func (t *transients) finishPushes() (left int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range t.open {
		if x.query.Kind == plan.Push {
			left++
			if x.finish != nil {
				x.finish()
			}
		}
	}
	return left
}

// sum adds the figures of a query.
func sum(all local.Figures, x *transient) local.Figures {
	if x.figures == nil {
		return all
	}
	f := x.figures()
	return local.Figures{Read: all.Read + f.Read, Sent: all.Sent + f.Sent, Late: all.Late + f.Late, Bad: all.Bad + f.Bad}
}

// figures are those of all queries of clients, ended ones included.
func (t *transients) figures() local.Figures {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.gone
	for _, x := range t.open {
		all = sum(all, x)
	}
	return all
}

// leftOut is what queries of clients have left out.
func (t *transients) leftOut() []LeftOut {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := slices.Clone(t.left)
	for _, x := range t.open {
		out = appendLeftOut(out, x.leftOut())
	}
	return out
}

func (t *transients) list() []Query {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Query
	for _, x := range t.open {
		q := Query{ID: x.id, Kind: x.query.Kind, SQL: x.query.SQL, Sources: x.sources, State: Running}
		if x.figures != nil {
			f := x.figures()
			q.Stats.RowsIn, q.Stats.RowsOut, q.Stats.Late, q.Stats.Bad = f.Read, f.Sent, f.Late, f.Bad
		}
		out = append(out, q)
	}
	return out
}

// CloseQuery ends the query of a client by its id.
func (e *Engine) CloseQuery(id string) error {
	if _, ended := e.transients.end(id); ended {
		return nil
	}
	return refuse(NotFound, "No query with id %s", id)
}
