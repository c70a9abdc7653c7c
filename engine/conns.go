package engine

import (
	"context"
	"path/filepath"
	"time"

	"weir/connectors"
	"weir/connectors/connector"
	"weir/parser"
	"weir/parser/ast"
)

// spec is a connector as a statement declares it.
func spec(s *Session, n *ast.CreateConnector) connectors.Spec {
	out := connectors.Spec{Name: n.Name.Name, Kind: connector.Kind(n.Kind.String()), BaseDir: s.BaseDir, Confined: s.Remote}
	for _, p := range n.With {
		out.Properties = append(out.Properties, connector.Setting{Name: p.Name, Value: literalText(p.Value)})
	}
	return out
}

func (e *Engine) createConnector(ctx context.Context, s *Session, stmt parser.Stmt, n *ast.CreateConnector) (Result, error) {
	if sp := spec(s, n); e.elsewhere(sp) {
		return e.createElsewhere(ctx, s, n, sp)
	}
	d, err := e.logConnector(ctx, s, stmt, n)
	if err != nil {
		return nil, err
	}
	if d.Warning == "" {
		e.awaitTopics(ctx, n.Name.Name)
	}
	return d, nil
}

func (e *Engine) logConnector(ctx context.Context, s *Session, stmt parser.Stmt, n *ast.CreateConnector) (*Done, error) {
	done, err := e.change(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if have, ok := e.connector(n.Name.Name); ok {
		switch {
		case s.SkipUnchanged && sameText(have.sql, stmt.Text):
			return &Done{Warning: "unchanged", Sequence: -1}, nil
		case n.IfNotExists:
			return &Done{Warning: "Connector " + n.Name.Name + " already exists", Message: "Connector " + n.Name.Name + " already exists", Sequence: -1}, nil
		}
		return nil, refuse(BadStatement, "Connector %s already exists", n.Name.Name)
	}
	sp := spec(s, n)
	if err := e.conns.Validate(sp); err != nil {
		return nil, err
	}
	base := s.BaseDir
	if base != "" {
		abs, err := filepath.Abs(base)
		if err != nil {
			return nil, err
		}
		base = abs
	}
	out := &Done{Entity: "connector", Name: n.Name.Name, Action: "create", Message: "Created connector " + n.Name.Name}
	out.did.undo = []string{"DROP CONNECTOR " + ast.Quote(n.Name.Name)}
	out.Sequence, err = e.enter(ctx, command{Statement: stmt.Text, BaseDir: base, Remote: s.Remote, ID: e.log.nextID()}, func(context.Context, int64) {
		e.declare(n.Name.Name, declaredConnector{stmt.Text, sp})
		if err := e.startConnector(n.Name.Name, sp); err != nil {
			out.Message += ", which could not be started: " + err.Error()
		}
	}, nil)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// awaitTopics waits a little for the topics that a connector makes, so that the next statement finds them.
func (e *Engine) awaitTopics(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		st, err := e.conns.Status(name)
		if err != nil || st.State == connectors.Failed {
			return
		}
		missing := len(st.Topics) == 0
		for _, t := range st.Topics {
			_, err := e.opt.Cluster.Topic(ctx, t)
			missing = missing || err != nil
		}
		if !missing {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (e *Engine) connector(name string) (declaredConnector, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, ok := e.declared[name]
	return c, ok
}

func (e *Engine) declare(name string, c declaredConnector) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.declared[name] = c
}

func (e *Engine) dropConnector(ctx context.Context, s *Session, stmt parser.Stmt, n *ast.DropConnector) (Result, error) {
	done, err := e.change(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if _, ok := e.connector(n.Name.Name); !ok {
		return e.dropElsewhere(ctx, n)
	}
	seq, err := e.enter(ctx, command{Statement: stmt.Text, ID: e.log.nextID()}, func(context.Context, int64) {
		e.mu.Lock()
		delete(e.declared, n.Name.Name)
		e.mu.Unlock()
		if err := e.conns.Delete(n.Name.Name); err != nil {
			e.opt.Log.Warn("a connector was dropped, but not all of it is gone", "connector", n.Name.Name, "error", err)
		}
	}, nil)
	if err != nil {
		return nil, err
	}
	return &Done{Entity: "connector", Name: n.Name.Name, Action: "drop", Message: "Dropped connector \"" + n.Name.Name + "\"", Sequence: seq}, nil
}

// pauseConnector pauses a connector, or lets it go on, over restarts too.
func (e *Engine) pauseConnector(ctx context.Context, stmt parser.Stmt, n *ast.PauseConnector) (Result, error) {
	done, err := e.change(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	d := &Done{Entity: "connector", Name: n.Name.Name, Action: "pause", Message: "Paused connector " + n.Name.Name, Sequence: -1}
	if n.Resume {
		d.Action, d.Message = "resume", "Resumed connector "+n.Name.Name
	}
	c, ok := e.connector(n.Name.Name)
	if !ok {
		return d, e.pauseElsewhere(ctx, n)
	}
	d.Sequence, err = e.enter(ctx, command{Statement: stmt.Text, ID: e.log.nextID()}, func(context.Context, int64) {
		c.spec.Paused = !n.Resume
		e.declare(n.Name.Name, c)
		act := e.conns.Pause
		if n.Resume {
			act = e.conns.Resume
		}
		if err := act(n.Name.Name); err != nil { // it could not be started when it was to be
			_ = e.startConnector(n.Name.Name, c.spec)
		}
	}, nil)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// declaredConnector is a connector with the statement that made it.
type declaredConnector struct {
	sql  string
	spec connectors.Spec
}

// recoverConnector notes what a command of the log says of a connector.
func (e *Engine) recoverConnector(s *Session, stmt parser.Stmt) {
	switch n := stmt.Node.(type) {
	case *ast.CreateConnector:
		e.declared[n.Name.Name] = declaredConnector{stmt.Text, spec(s, n)}
	case *ast.DropConnector:
		delete(e.declared, n.Name.Name)
	case *ast.PauseConnector:
		if c, ok := e.declared[n.Name.Name]; ok {
			c.spec.Paused = !n.Resume
			e.declared[n.Name.Name] = c
		}
	default: // about these alone
	}
}

// startConnectors starts the connectors that the log has left.
func (e *Engine) startConnectors() {
	for name, c := range e.declared {
		_ = e.startConnector(name, c.spec)
	}
}

// startConnector starts one that stands in the log. Where that fails, it is told in the log of the node and can be dropped.
func (e *Engine) startConnector(name string, spec connectors.Spec) error {
	err := e.conns.Start(spec)
	if err != nil {
		e.opt.Log.Error("a connector could not be started: mend what is wrong and start the node again, or drop it and create it again", "connector", name, "error", err)
	}
	return err
}

// literalText is a literal without the quotes of a string.
func literalText(x ast.Expr) string {
	if s, ok := x.(*ast.StringLit); ok {
		return s.Value
	}
	return ast.Format(x)
}
