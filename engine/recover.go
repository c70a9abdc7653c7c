package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/answer"
	"weir/exec/task"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/settings"
)

// recovery carries the commands of the log out again: the catalog first, and then the queries that are left are started. What can't be
// carried out becomes a casualty, and so does what depends on it; all else goes on.
type recovery struct {
	*Engine
	started map[string]pendingStart
	paused  map[string]bool
	order   []string
	gone    map[string]bool       // queries that the log says have ended
	replays map[string]*replaying // by id of the query
	lost    casualties
}

type pendingStart struct {
	plan   *planner.Plan
	config map[string]string
	layout task.Layout
	owner  string
}

func (e *Engine) recover(ctx context.Context, past []entry) error {
	r := &recovery{Engine: e, started: map[string]pendingStart{}, paused: map[string]bool{}, gone: map[string]bool{}, replays: map[string]*replaying{}}
	if err := r.seeCut(past); err != nil {
		return err
	}
	for _, c := range past {
		r.replay(c)
	}
	e.applied.Store(e.log.next)
	for _, c := range r.lost {
		e.opt.Log.Error("the command log can't be carried out in full", "object", c.name, "kind", c.kind, "reason", c.reason, "to do", c.remedy())
	}
	e.lost = r.lost
	for _, id := range r.order {
		if q, ok := r.started[id]; ok {
			delete(r.started, id)
			if err := e.knowLayout(id, q.layout); err != nil {
				return err
			}
			e.own(id, q.owner)
			e.start(q.plan.Query, q.config, r.paused[id])
		}
	}
	for _, q := range r.replays {
		e.await(q) // ends by itself where that has been given up, or has come to its end
	}
	e.sweep(slices.Sorted(maps.Keys(r.gone)))
	e.startConnectors()
	return ctx.Err()
}

// seeCut notices a log that has lost its end, as a damaged file of the broker has. The numbers of what it told are not given again,
// since state and topics of those queries may still be there.
func (r *recovery) seeCut(past []entry) error {
	known, err := r.knownLast()
	if err != nil {
		return err
	}
	last := r.log.last.Load()
	if known <= last {
		return r.keepLast()
	}
	r.log.last.Store(known)
	r.lost = append(r.lost, &casualty{kind: "command", name: fmt.Sprintf("COMMANDS_%d_TO_%d", last+1, known), reason: fmt.Errorf(
		"the command log %s has lost its end, %s: streams, tables and queries made by that are gone; their topics are still there", r.log.topic, answer.Counted(known-last, "command"))})
	return nil
}

func (r *recovery) replay(c entry) {
	if c.err != nil {
		r.lose(unreadable(c, c.err))
		return
	}
	list, err := parser.Parse(c.Statement+"\n;", parser.Options{})
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("it is %d statements, want one", len(list))
	}
	if err != nil {
		r.lose(unreadable(c, err))
		return
	}
	s := &Session{Properties: r.remembered(c.Properties), Variables: map[string]string{}, BaseDir: c.BaseDir, Remote: c.Remote}
	stmt := list[0]
	switch n := stmt.Node.(type) {
	case *ast.Terminate:
		r.terminate(n)
		r.history.note(onQuery(onTerminate, n.All, n.QueryID))
		return
	case *ast.Pause:
		r.paused[n.QueryID.Name] = true
		r.history.note(onQuery(onPause, n.All, n.QueryID))
		return
	case *ast.Resume:
		delete(r.paused, n.QueryID.Name)
		r.history.note(onQuery(onResume, n.All, n.QueryID))
		return
	case *ast.CreateConnector, *ast.DropConnector, *ast.PauseConnector:
		r.recoverConnector(s, stmt)
		return
	default: // about these alone
	}
	if d := defined(stmt.Node); d.Action == ast.Drops {
		if r.drop(stmt.Node); !r.catalog.Snapshot().Has(d.Kind, d.Name.Name) {
			return
		}
	}
	if err := r.define(s, stmt, c); err != nil {
		r.failed(stmt, c, err)
	}
}

// failed makes a casualty of a statement. One that makes what is there already, as two nodes once could, leaves that as it is.
func (r *recovery) failed(stmt parser.Stmt, c entry, err error) {
	name, replaces := made(stmt.Node)
	src, there := r.catalog.Snapshot().Source(name)
	switch {
	case !there:
		r.lose(unplanned(stmt.Node, c, "", err))
	case replaces:
		r.lose(unplanned(stmt.Node, c, src.Query, err))
	case sameText(src.SQL, stmt.Text):
		r.opt.Log.Warn("a statement stands twice in the command log", "statement", stmt.Masked())
	default:
		r.lose(&casualty{kind: "command", name: fmt.Sprintf("COMMAND_%d", c.offset), sink: name, sql: c.Statement, reason: err})
	}
}

// made is the stream or table that a statement makes, and whether in the place of another one.
func made(n ast.Statement) (name string, replaces bool) {
	switch n := n.(type) {
	case *ast.CreateSource:
		return n.Name.Name, n.OrReplace
	case *ast.CreateAs:
		return n.Name.Name, n.OrReplace
	default: // about these alone
	}
	return "", false
}

// define plans a statement as it was planned, changes the catalog, and notes its query.
func (r *recovery) define(s *Session, stmt parser.Stmt, c entry) error {
	if err := r.lost.refuse(stmt.Node); err != nil {
		return err
	}
	p, err := planner.Build(stmt.Node, stmt.Text, r.replayEnv(s, c.command))
	if err == nil && p.Query != nil {
		_, err = task.Build(p.Query)
	}
	if err == nil {
		number(p, c.command, r.catalog.Snapshot())
		err = r.catalog.Apply(p.Change)
	}
	if err != nil {
		return err
	}
	for _, id := range p.Change.Ends() {
		r.ended(id)
	}
	if n, ok := stmt.Node.(ast.Definition); ok {
		r.history.note(answerTo(p, n, c.offset))
	}
	if p.Query != nil {
		if _, replaced := r.started[p.Query.ID]; !replaced {
			r.order = append(r.order, p.Query.ID)
		}
		r.started[p.Query.ID] = pendingStart{p, r.runConfig(s, c.command), c.Layout, c.Principal}
		r.plans.Store(p.Query.ID, p.Query)
		r.begin(p.Query.ID, c.Begin)
		delete(r.replays, p.Query.ID)
		if of := c.Begin.replay(); of.Of != "" {
			r.replays[p.Query.ID] = &replaying{name: p.Change.PutSource.Name, query: p.Query.ID, session: s, text: of.Statement}
		}
		if c.Begin.paused() {
			r.paused[p.Query.ID] = true
		}
		delete(r.gone, p.Query.ID) // the one before had the same id
	}
	return nil
}

// lose notes a casualty, and takes the query out that it was to replace. One that is there already stays as it is.
func (r *recovery) lose(c *casualty) {
	if c.query != "" {
		delete(r.started, c.query)
		r.plans.Delete(c.query)
	}
	if old := r.lost.named(c.kind, c.name); old != nil && c.kind != "query" && c.kind != "command" {
		return
	}
	r.lost = append(r.lost, c)
}

func (r *recovery) ended(id string) {
	delete(r.started, id)
	delete(r.replays, id)
	r.plans.Delete(id)
	r.begins.Delete(id)
	delete(r.paused, id)
	r.gone[id] = true
}

// drop forgets the casualties that a statement dropped.
func (r *recovery) drop(n ast.Statement) {
	cat := r.catalog.Snapshot()
	for _, c := range r.lost.droppedBy(n, cat) {
		if c.query != "" {
			r.ended(c.query)
		}
	}
	r.lost = r.lost.afterDrop(n, cat)
}

// terminate takes queries that were terminated out of what is to be started.
func (r *recovery) terminate(n *ast.Terminate) {
	ids, _ := r.catalog.Snapshot().Terminates(n.All, n.QueryID.Name) // what may not be ended does not stand in the log
	for _, id := range ids {
		r.ended(id)
		_ = r.catalog.Apply(dropQuery(id))
	}
	for _, c := range r.lost {
		if q, ok := c.asQuery(); ok && (n.All && c.sink != "" || q.ID == n.QueryID.Name) {
			r.lost = r.lost.terminated(c)
			if c.query != "" {
				r.ended(c.query)
			}
		}
	}
}

// replayEnv is the world in which a command of the log is planned: what was inferred is written out in it, its topics were there, and the
// server was set as it was then.
func (e *Engine) replayEnv(s *Session, c command) *planner.Env {
	env := e.planEnv(s, e.catalog.Snapshot(), c.ID, nil)
	c.Begin.tell(env)
	env.Partitions = func(string) (int32, bool) { return 0, false }
	env.Registry, env.Again = nil, true
	env.Module = e.modules.again
	if c.Server != nil {
		env.Config = maps.Clone(c.Server)
		maps.Copy(env.Config, s.Properties)
	}
	env.Config[settings.CreateOrReplace.About().Name] = "true" // it was, whatever the server is told now
	return env
}

// planSettings are the settings of the server that a plan, or what comes out of it, depends on: they are logged with a statement.
func (e *Engine) planSettings() map[string]string {
	out := map[string]string{}
	for name, v := range e.opt.Config {
		if s, ok := settings.Find(name); ok && settings.InFamily(s) {
			continue // how connections are secured says nothing of what comes over them
		}
		if strings.HasPrefix(name, "ksql.") || strings.HasPrefix(name, "weir.") || name == "auto.offset.reset" {
			out[name] = v
		}
	}
	return out
}

// runConfig is what a query runs with: how, by the server's settings of today; what comes out of it, by those that it was made with.
func (e *Engine) runConfig(s *Session, c command) map[string]string {
	out := maps.Clone(e.opt.Config)
	if c.Server != nil {
		lasting := func(name string) bool {
			return strings.HasPrefix(name, "ksql.functions.") || name == "auto.offset.reset"
		}
		maps.DeleteFunc(out, func(name, _ string) bool { return lasting(name) })
		for name, v := range c.Server {
			if lasting(name) {
				out[name] = v
			}
		}
	}
	maps.Copy(out, s.Properties)
	return out
}
