package planner

import (
	"fmt"
	"slices"
	"strings"

	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// lasting are the steps of a plan that are more than filters and projections, from the result down.
func lasting(root plan.Node) []plan.Node {
	var out []plan.Node
	plan.Walk(root, func(n plan.Node) bool {
		if !plan.Passing(n) {
			out = append(out, n)
		}
		return true
	})
	return out
}

func stepNames(list []plan.Node) string {
	names := make([]string, len(list))
	for i, n := range list {
		names[i] = stepName(n)
	}
	return strings.Join(names, ", ")
}

// stepName is what ksqlDB calls a step.
func stepName(n plan.Node) string {
	prefix := "Stream"
	if n.Table() {
		prefix = "Table"
	}
	switch n := n.(type) {
	case *plan.Scan:
		if n.Source.Windowed != nil {
			return "Windowed" + prefix + "Source"
		}
		return prefix + "Source"
	case *plan.Sink:
		return prefix + "Sink"
	case *plan.Repartition:
		return prefix + "GroupBy"
	case *plan.Aggregate:
		switch {
		case n.In.Table():
			return "TableAggregate"
		case n.Window != nil:
			return "StreamWindowedAggregate"
		}
		return "StreamAggregate"
	case *plan.SessionAggregate, *plan.PaneAggregate:
		return "StreamWindowedAggregate"
	case *plan.Subscribe, *plan.ForeignLookup, *plan.Resolve:
		return "ForeignKeyTableTableJoin"
	case *plan.StreamJoin:
		return "StreamStreamJoin"
	case *plan.LookupJoin:
		return "StreamTableJoin"
	case *plan.TableJoin, *plan.WindowedJoin:
		return "TableTableJoin"
	default: // ksqlDB has none of the name
		return strings.TrimPrefix(fmt.Sprintf("%T", n), "*plan.")
	}
}

func joins(list []plan.Node) bool {
	return slices.ContainsFunc(list, func(n plan.Node) bool {
		return len(n.Inputs()) == 2
	})
}

// unsupported names a step whose query can't be replaced; empty for others.
func unsupported(n plan.Node) string {
	switch x := n.(type) {
	case *plan.Sink, *plan.Repartition:
		return ""
	case *plan.Scan:
		if x.Source.Windowed == nil {
			return ""
		}
	case *plan.Aggregate:
		if x.Window == nil && !x.In.Table() {
			return ""
		}
	default: // the others keep state of which nothing is known to fit
	}
	return stepName(n)
}

// required are the columns that a grouped query reads, in ksqlDB's order.
func required(q *ast.Query) string {
	var out []string
	add := func(e ast.Expr) {
		ast.Walk(e, func(x ast.Expr) bool {
			name := ""
			switch x := x.(type) {
			case *ast.ColumnRef:
				name = x.Name
			case *ast.Call:
				if x.Star {
					name = types.RowTime
				}
			default: // about these alone
			}
			if text := "`" + name + "`"; name != "" && !slices.Contains(out, text) {
				out = append(out, text)
			}
			return true
		})
	}
	for _, it := range q.Select {
		if x, ok := it.(*ast.ExprItem); ok {
			add(x.X)
		}
	}
	if q.Where != nil {
		add(q.Where)
	}
	for _, e := range q.GroupBy.Items {
		add(e)
	}
	if q.Having != nil {
		add(q.Having)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// exprList is the text of a clause, its columns without the name of their source.
func exprList(g *ast.ExprList) string {
	if g == nil {
		return "[]"
	}
	out := make([]string, len(g.Items))
	for i, e := range g.Items {
		bare, _ := ast.Rewrite(e, func(x ast.Expr) (ast.Expr, error) {
			if c, ok := x.(*ast.ColumnRef); ok {
				return &ast.ColumnRef{At: c.At, Name: c.Name}, nil
			}
			return x, nil
		})
		out[i] = ast.Format(bare)
	}
	return "[" + strings.Join(out, ", ") + "]"
}
