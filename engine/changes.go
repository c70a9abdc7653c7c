package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"weir/catalog"
	"weir/exec/changes"
	"weir/exec/local"
	"weir/exec/task"
	"weir/planner/plan"
	"weir/settings"
	"weir/tenants"
	"weir/types"
)

// Change is a step of a stream or table for a client.
type Change = changes.Change

// The kinds of changes.
const (
	ChangeRow    = changes.Row
	ChangeDelete = changes.Delete
	ChangeReady  = changes.Ready
	ChangeReset  = changes.Reset
)

// ChangesOf says what a client wants to follow, and from where.
type ChangesOf struct {
	Name      string // as in SQL: without quotes it counts in upper case
	Table     bool   // it has to be a table; else a stream
	From      changes.From
	Principal *tenants.Principal // whoever asks
	After     string             // the id of the event behind which the client goes on; empty for none
}

// Changes are those of a stream or table, as they come. Close it. It is for one goroutine.
type Changes struct {
	QueryID string
	Columns types.Schema
	Table   bool
	// Reset is why the client cannot go on where it was: what it holds does not lead on to what follows. Empty where it can.
	Reset    string
	follower *changes.Follower
	out      *stream[Change]
	at       *changes.Position
	close    func()
}

// Next waits for the next change; io.EOF where there will be none. A client that meets ErrComeAgain finds out by coming again what has become of
// the stream or table.
func (c *Changes) Next(ctx context.Context) (Change, error) {
	next, err := c.out.next(ctx)
	if err == nil {
		c.at.Pass(&next)
	}
	return next, err
}

// ErrComeAgain says that a stream or table, or its topic, is no longer what it was.
var ErrComeAgain = changes.ErrMoved

// AppendPosition writes the id of the change that Next gave last, or of the beginning.
func (c *Changes) AppendPosition(dst []byte) []byte {
	if now := c.follower.Current(); c.out.empty() {
		c.at.Current = max(c.at.Current, now)
	}
	return c.at.Append(dst)
}

// Close ends it.
func (c *Changes) Close() { c.close() }

// tails are the ends of topics that clients follow, each read once.
type tails struct {
	mu   sync.Mutex
	open map[*catalog.Source]*tail
}

type tail struct {
	*changes.Tail
	users int
	ready chan struct{} // closed once Tail and err are there
	err   error
}

// Changes follows a stream or table.
func (e *Engine) Changes(ctx context.Context, o ChangesOf) (*Changes, error) {
	src, err := e.followed(o)
	if err != nil {
		return nil, err
	}
	var after *changes.Position
	reset := ""
	if o.After != "" {
		if after, err = changes.Parse(o.After); err != nil {
			reset = err.Error()
			if o.From = changes.Earliest; o.Table {
				o.From = changes.Contents
			}
		}
	}
	q := &plan.Query{Kind: plan.Push, SQL: "SELECT * FROM " + src.Name + " EMIT CHANGES"}
	x, done, err := e.transients.add(context.WithoutCancel(ctx), ordinary, o.Principal, q, []string{src.Name}, -1)
	if err != nil {
		return nil, err
	}
	t, f, err := e.followTail(ctx, src, after, o.From)
	if err != nil {
		done()
		return nil, err
	}
	leave := func() { e.leaveTail(src, t); done() }
	_, columns := wholeRow(src)
	out := &Changes{QueryID: x.id, Columns: columns, Table: src.IsTable, follower: f, out: newStream[Change](), close: x.cancel}
	if out.at, out.Reset = f.Begin(); reset != "" {
		out.Reset = reset
	}
	e.transients.follow(x, func() local.Figures {
		given, bad := f.Given()
		return local.Figures{Read: given, Sent: given, Bad: bad}
	}, f.Finish)
	go func() {
		defer leave()
		defer close(out.out.pieces)
		if err := f.Run(x.ctx, out.out.give); !errors.Is(err, context.Canceled) {
			e.tellFault(x, err)
			out.out.err = err
		}
	}()
	return out, nil
}

// followed finds what a client asks for.
func (e *Engine) followed(o ChangesOf) (*catalog.Source, error) {
	all := e.Snapshot()
	src, ok := all.Source(o.Name)
	if !ok {
		src, ok = all.Source(strings.ToUpper(o.Name))
	}
	kind := "stream"
	if o.Table {
		kind = "table"
	}
	if !ok {
		var names []string
		for _, s := range all.Sources() {
			names = append(names, s.Name)
		}
		return nil, refuse(NotFound, "There is no %s %s.%s", kind, o.Name, suggestion(strings.ToUpper(o.Name), names))
	}
	if src.IsTable != o.Table {
		return nil, refuse(NotFound, "%s is a %s: ask for /%ss/%s/changes", src.Name, src.Kind(), src.Kind(), o.Name)
	}
	if !o.Table && o.From == changes.Contents {
		return nil, refuse(BadStatement, "%s is a stream, which holds nothing as of now: begin at earliest or latest", src.Name)
	}
	return src, nil
}

// followTail follows the end of a topic: another one where that which is open has just ended.
func (e *Engine) followTail(ctx context.Context, src *catalog.Source, after *changes.Position, from changes.From) (*tail, *changes.Follower, error) {
	for again := true; ; again = false {
		t, err := e.tailOf(ctx, src)
		if err != nil {
			return nil, nil, err
		}
		f, err := t.Follow(ctx, after, from)
		if err == nil {
			return t, f, nil
		}
		ended := t.Ended()
		e.leaveTail(src, t)
		if !ended || !again {
			return nil, nil, err
		}
	}
}

// tailOf is the end of a topic, opened by the first who asks.
func (e *Engine) tailOf(ctx context.Context, src *catalog.Source) (*tail, error) {
	e.tails.mu.Lock()
	t, there := e.tails.open[src]
	if !there {
		t = &tail{ready: make(chan struct{})}
		if e.tails.open == nil {
			e.tails.open = map[*catalog.Source]*tail{}
		}
		e.tails.open[src] = t
	}
	t.users++
	e.tails.mu.Unlock()
	if !there {
		t.Tail, t.err = e.openTail(context.WithoutCancel(ctx), src)
		close(t.ready)
	}
	<-t.ready
	if t.err != nil {
		e.leaveTail(src, t)
		return nil, t.err
	}
	return t, nil
}

func (e *Engine) openTail(ctx context.Context, src *catalog.Source) (*changes.Tail, error) {
	scan, columns := wholeRow(src)
	env := e.execEnv("", nil, nil)
	problems := e.problems.of("changes of " + src.Name)
	return changes.Open(ctx, changes.Source{
		Cluster: e.opt.Cluster, Topic: src.Topic, Table: src.IsTable, Width: len(columns), Durable: e.opt.Durable,
		NewRows: func() (*task.Rows, error) { return task.NewRows(scan, env) },
		Bad: func(b task.BadRecord) {
			problems.addNow(e.life, b)
			_ = problems.Flush(e.life) // those that follow count it
		},
		Still:    func() bool { now, ok := e.Snapshot().Source(src.Name); return ok && now == src },
		MaxBytes: settings.MaxQueryBytes.In(e.opt.Config),
	})
}

// leaveTail lets go of the end of a topic: the last one closes it. One that has ended is nobody's any more.
func (e *Engine) leaveTail(src *catalog.Source, t *tail) {
	e.tails.mu.Lock()
	t.users--
	last := t.users == 0
	if (last || t.err != nil || t.Tail != nil && t.Ended()) && e.tails.open[src] == t {
		delete(e.tails.open, src)
	}
	e.tails.mu.Unlock()
	if last && t.Tail != nil {
		t.Close()
	}
}

// places names where a client may begin.
var places = map[string]changes.From{"snapshot": changes.Contents, "earliest": changes.Earliest, "latest": changes.Latest}

// ReadPlace reads where a client begins: snapshot, earliest or latest; empty for what fits best.
func ReadPlace(text string, table bool) (changes.From, error) {
	if text == "" {
		if table {
			return changes.Contents, nil
		}
		return changes.Latest, nil
	}
	from, ok := places[text]
	if !ok {
		return 0, fmt.Errorf("from: expected snapshot, earliest or latest, got '%.100s'", text)
	}
	return from, nil
}
