package engine

import (
	"context"
	"fmt"
	"slices"

	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
)

// define carries out a statement that changes the catalog.
func (e *Engine) define(ctx context.Context, s *Session, stmt parser.Stmt, n ast.Definition) (Result, error) {
	return e.defineAs(ctx, s, stmt, n, nil)
}

// defineAs is define with what is said of the query, which may be nil: plan, make the topics, log, apply, start.
func (e *Engine) defineAs(ctx context.Context, s *Session, stmt parser.Stmt, n ast.Definition, begin *Beginning) (Result, error) {
	done, err := e.change(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if s.SkipUnchanged && e.stands(s, stmt) {
		return &Done{Warning: "unchanged", Sequence: -1}, nil
	}
	if c, ok := e.replayed(n); ok {
		return e.replay(ctx, s, stmt, c)
	}
	return e.defineNow(ctx, s, stmt, n, begin)
}

// defineNow is defineAs for whoever has the turn.
func (e *Engine) defineNow(ctx context.Context, s *Session, stmt parser.Stmt, n ast.Definition, begin *Beginning) (*Done, error) {
	before := e.catalog.Snapshot()
	env := e.planEnv(s, before, e.numberFor(begin, e.log.nextID()), nil)
	begin.tell(env)
	d, err := e.draft(s, stmt, world{env, before, e.casualties(), begin})
	if err != nil {
		return nil, err
	}
	if d.Exists != "" {
		return &Done{Warning: d.Exists, Message: d.Exists, Sequence: -1}, nil
	}
	if r, ok := n.(*ast.RenameSource); ok {
		if err := e.mayRename(r); err != nil {
			return nil, err
		}
	}
	if _, err := before.With(d.Change); err != nil {
		return nil, err
	}
	if err := e.unconnected(n.Pos(), d.Change.Deletes(), orWithoutTopic); err != nil {
		return nil, err
	}
	if d.Query != nil {
		d.entry.Principal = s.Principal.Name()
		if err := s.Principal.Begin(d.Query.ID, d.Change.DropQuery); err != nil {
			return nil, limited(err)
		}
		defer e.unlessOwned(s.Principal, d.Query.ID)
		if d.entry.Layout, err = e.nextLayout(d.Plan, e.config(s)); err != nil {
			return nil, err
		}
	}
	var made, notes []string
	for _, t := range []*planner.Topic{d.Topic, d.LateTopic} {
		if t == nil {
			continue
		}
		isNew, err := e.makeTopic(ctx, d.Plan, t)
		if err != nil {
			return nil, err
		}
		if isNew {
			made = append(made, t.Name)
		}
		if isNew && t.Otherwise > 0 {
			notes = append(notes, fmt.Sprintf("Topic %s did not exist: it was made with %s. With PARTITIONS in the WITH clause it has another number.%s",
				t.Name, partitionsText(int(t.Otherwise)), e.similarTopic(ctx, t.Name)))
		}
	}
	if err := d.RegisterSchemas(ctx, e.opt.Registry); err != nil {
		e.unmake(ctx, made)
		return nil, err
	}
	if f := d.Change.PutFunction; f != nil {
		if err := e.modules.keep(f.SHA256); err != nil {
			return nil, err
		}
	}
	apply := func(ctx context.Context, _ int64) { e.apply(ctx, stmt, d, e.config(s)) }
	var seq int64
	if d.Replaces {
		seq, err = e.handOver(ctx, stmt, d, e.config(s))
	} else {
		seq, err = e.enter(ctx, d.entry, apply, nil)
	}
	if err != nil {
		return nil, err
	}
	out := answerTo(d.Plan, n, seq)
	out.Notes = notes
	if c := d.Change.Drop; c != nil {
		out.Message = dropped(out.Message, c, before, d.healed)
	}
	out.did = effect{topics: made, undo: undoing(d.Plan, n, before)}
	return out, nil
}

// unmake deletes topics that a statement made which then failed and is in no log: nothing has been written to them.
func (e *Engine) unmake(ctx context.Context, topics []string) {
	for _, name := range topics {
		if err := e.opt.Cluster.DeleteTopic(context.WithoutCancel(ctx), name); err != nil {
			e.opt.Log.Warn("a topic that a statement made is still there, although the statement failed", "topic", name, "error", err)
		}
	}
}

// answerTo is what is answered to a definition that has been carried out.
func answerTo(p *planner.Plan, n ast.Definition, seq int64) *Done {
	is := n.Defines()
	out := &Done{Entity: is.Kind, Name: is.Name.Name, Action: is.Action, Message: p.Answer(n), Sequence: seq}
	if p.Query != nil {
		out.QueryID = p.Query.ID
	}
	return out
}

// apply changes the catalog and starts and stops what the plan says. The statement is in the command log by now, so that nothing here
// may fail: what can't be done at once is shown, and tried again.
func (e *Engine) apply(ctx context.Context, stmt parser.Stmt, d *draft, config map[string]string) {
	before := e.catalog.Snapshot()
	if err := e.catalog.Apply(d.Change); err != nil {
		c := unplanned(stmt.Node, entry{command: d.entry}, d.Change.DropQuery, err)
		e.opt.Log.Error("a statement of the command log could not be applied", "statement", stmt.Masked(), "error", err)
		e.setCasualties(append(slices.Clone(e.casualties()), c))
		return
	}
	e.setCasualties(e.casualties().afterDrop(stmt.Node, before))
	for _, ended := range d.ends() {
		e.endQuery(ctx, ended)
	}
	if d.Query != nil {
		e.own(d.Query.ID, d.entry.Principal)
		e.begin(d.Query.ID, d.entry.Begin)
		e.start(d.Query, config, d.entry.Begin.paused())
	}
	for _, topic := range d.Change.Deletes() {
		if err := e.dropTopic(ctx, topic); err != nil {
			e.opt.Log.Warn("the topic of what was dropped could not be deleted: delete it with Kafka's tools", "topic", topic, "error", err)
		}
	}
}

// casualties are what could not be brought back from the command log.
func (e *Engine) casualties() casualties {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lost
}

func (e *Engine) setCasualties(all casualties) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lost = all
}
