package engine

import (
	"fmt"
	"slices"

	"weir/catalog"
	"weir/parser"
	"weir/planner"
	"weir/planner/plan"
)

// world is what statements are planned against.
type world struct {
	env   *planner.Env
	cat   *catalog.Snapshot // that env has
	lost  casualties
	begin *Beginning // of the query that is made; nil for nothing
}

// draft is a statement that was planned.
type draft struct {
	*planner.Plan
	entry  command
	healed casualties // what it drops of what could not be brought back
}

// ends are the ids of the queries that end with it.
func (d *draft) ends() []string {
	out := slices.Clone(d.Change.Ends())
	for _, c := range d.healed {
		if c.query != "" && !slices.Contains(out, c.query) {
			out = append(out, c.query)
		}
	}
	return out
}

// draft plans a statement that changes the catalog, or asks it, and sees that what will be logged can be carried out again.
func (e *Engine) draft(s *Session, stmt parser.Stmt, w world) (*draft, error) {
	d := &draft{entry: command{Statement: stmt.Text, Properties: s.Properties, Server: e.planSettings(), ID: w.env.NextID, Begin: w.begin}}
	d.healed = w.lost.droppedBy(stmt.Node, w.cat)
	if named := w.lost.dropped(stmt.Node); named != nil {
		if err := w.lost.mayDrop(named, stmt.Node); err != nil {
			return nil, err
		}
		if !holds(w.env, named) {
			d.Plan = &planner.Plan{}
			return d, nil
		}
	}
	if err := w.lost.refuse(stmt.Node); err != nil {
		return nil, err
	}
	var err error
	if d.Plan, err = planner.Build(stmt.Node, stmt.Text, w.env); err != nil || d.Exists != "" || d.Change.Empty() {
		return d, err
	}
	number(d.Plan, d.entry, w.env.Catalog)
	if d.entry.Statement, err = d.Logged(stmt.Node, stmt.Text); err != nil {
		return nil, err
	}
	if err := e.readsBack(s, d, w.env); err != nil {
		return nil, &planner.Error{Pos: stmt.Node.Pos(), Msg: "The statement can't be kept as the command log would have it: " + err.Error() +
			"\nWhere columns come from a schema, declare those that you need in the statement."}
	}
	return d, nil
}

// holds says whether the catalog has what could not be brought back: it does where a later statement failed on it.
func holds(env *planner.Env, c *casualty) bool { return env.Catalog.Has(c.kind, c.name) }

// readsBack plans the logged text as a restart will.
func (e *Engine) readsBack(s *Session, d *draft, env *planner.Env) error {
	list, err := parser.Parse(d.entry.Statement+"\n;", parser.Options{})
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("it is %d statements, want one", len(list))
	}
	if err != nil {
		return err
	}
	again := e.replayEnv(s, d.entry)
	again.Catalog, again.Running = env.Catalog, env.Running
	p, err := planner.Build(list[0].Node, list[0].Text, again)
	if err != nil {
		return err
	}
	a, b := d.Change.PutSource, p.Change.PutSource
	if (a == nil) != (b == nil) || a != nil && a.Schema.TableString() != b.Schema.TableString() {
		return fmt.Errorf("its columns would be others")
	}
	if (d.Query == nil) != (p.Query == nil) || d.Query != nil && plan.Explain(d.Query) != plan.Explain(p.Query) {
		return fmt.Errorf("its plan would be another one")
	}
	return nil
}
