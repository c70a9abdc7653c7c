package engine

import (
	"context"
	"strings"

	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
	"weir/types"
)

// Explanation answers EXPLAIN.
type Explanation struct {
	Query Query // ID is empty where a statement is explained
	Plan  string
	// Sources and Sinks by name.
	Sources, Sinks []string
	Columns        types.Schema
	Windowed       string // TUMBLING, HOPPING, SESSION or empty
	Properties     map[string]string
}

func (*Explanation) result() {}

// explain plans a statement without carrying it out, or shows a running query.
func (e *Engine) explain(ctx context.Context, s *Session, stmt parser.Stmt, n *ast.Explain) (Result, error) {
	if n.Statement == nil {
		for _, q := range e.Queries() {
			if strings.EqualFold(q.ID, n.QueryID.Name) {
				return e.explainRunning(q)
			}
		}
		return nil, &planner.Error{Pos: n.QueryID.Pos(), Msg: "Query with id:" + n.QueryID.Name + " does not exist, use SHOW QUERIES to view the full set of queries."}
	}
	if d, ok := n.Statement.(*ast.DropSource); ok && d.Cascade {
		return e.explainDrop(s, d)
	}
	if from, ok := n.Statement.(*ast.CreateFrom); ok {
		return e.explainFrom(ctx, s, from)
	}
	p, err := planner.Build(n.Statement, ast.Format(n.Statement), e.planEnv(s, e.catalog.Snapshot(), e.log.nextID(), nil))
	if err != nil {
		return nil, err
	}
	if p.Query == nil {
		return nil, &planner.Error{Pos: n.Statement.Pos(), Msg: "The provided statement does not run a ksql query"}
	}
	x := explanation(p.Query)
	if p.Change.PutQuery != nil {
		x.Sources = p.Change.PutQuery.Sources
	} else if q, ok := n.Statement.(*ast.Query); ok {
		x.Sources = tableNames(q)
	}
	return x, nil
}

func (e *Engine) explainRunning(q Query) (Result, error) {
	x := &Explanation{}
	if r := e.runs(q.ID); r != nil {
		x = explanation(r.query)
	}
	x.Query, x.Sources = q, q.Sources
	return x, nil
}

func explanation(q *plan.Query) *Explanation {
	x := &Explanation{Query: Query{SQL: q.SQL, Kind: q.Kind}, Plan: plan.Explain(q), Columns: q.Columns}
	if target := q.Target(); target != nil {
		x.Sinks = []string{target.Name}
		if target.Windowed != nil {
			x.Windowed = string(target.Windowed.Kind)
		}
	}
	return x
}
