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
	out := connectors.Spec{Name: n.Name.Name, Kind: connector.Kind(n.Kind.String()), BaseDir: s.BaseDir}
	for _, p := range n.With {
		out.Properties = append(out.Properties, connector.Setting{Name: p.Name, Value: literalText(p.Value)})
	}
	return out
}

func (e *Engine) createConnector(ctx context.Context, s *Session, stmt parser.Stmt, n *ast.CreateConnector) (Result, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if have, ok := e.declared[n.Name.Name]; ok {
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
	seq, err := e.log.append(ctx, command{Statement: stmt.Text, BaseDir: base, ID: e.log.nextID()})
	if err != nil {
		return nil, err
	}
	if err := e.conns.Start(sp); err != nil {
		return nil, err
	}
	e.declared[n.Name.Name] = declaredConnector{stmt.Text, sp}
	e.awaitTopics(ctx, n.Name.Name)
	return &Done{Entity: "connector", Name: n.Name.Name, Action: "create", Message: "Created connector " + n.Name.Name, Sequence: seq}, nil
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
		time.Sleep(5 * time.Millisecond)
	}
}

func (e *Engine) dropConnector(ctx context.Context, s *Session, stmt parser.Stmt, n *ast.DropConnector) (Result, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.declared[n.Name.Name]; !ok {
		if n.IfExists {
			return &Done{Warning: "Connector '" + n.Name.Name + "' does not exist.", Message: "Connector '" + n.Name.Name + "' does not exist.", Sequence: -1}, nil
		}
		return nil, refuse(NotFound, "Connector '%s' does not exist.", n.Name.Name)
	}
	seq, err := e.log.append(ctx, command{Statement: stmt.Text, ID: e.log.nextID()})
	if err != nil {
		return nil, err
	}
	delete(e.declared, n.Name.Name)
	if err := e.conns.Delete(n.Name.Name); err != nil {
		return nil, err
	}
	return &Done{Entity: "connector", Name: n.Name.Name, Action: "drop", Message: "Dropped connector \"" + n.Name.Name + "\"", Sequence: seq}, nil
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
	default: // about these alone
	}
}

// startConnectors starts the connectors that the log has left. One that can't be started is seen in SHOW CONNECTORS.
func (e *Engine) startConnectors() error {
	for name, c := range e.declared {
		if err := e.conns.Start(c.spec); err != nil {
			e.opt.Log.Error("a connector could not be started", "connector", name, "error", err)
		}
	}
	return nil
}

// literalText is a literal without the quotes of a string.
func literalText(x ast.Expr) string {
	if s, ok := x.(*ast.StringLit); ok {
		return s.Value
	}
	return ast.Format(x)
}
