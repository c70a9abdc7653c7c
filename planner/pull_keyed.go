package planner

import (
	"slices"
	"strings"

	"weir/catalog"
	"weir/parser/ast"
	"weir/settings"
	"weir/types"
)

// keyed refuses conditions that a pull query can't look up by the key: where whole tables may not be read, each alternative has
// to give every key column.
type keyed struct {
	src *catalog.Source
	pos ast.Pos
	// ranges says that a key column is compared otherwise than by =.
	ranges bool
}

// checkKeyed is for queries that may not read the whole table.
func (b *builder) checkKeyed(q *ast.Query, src *catalog.Source, where ast.Expr) error {
	k := &keyed{src: src, pos: q.Pos()}
	if err := k.check(where); err != nil || !k.ranges {
		return err
	}
	keys := src.Schema.With(types.KeyColumn)
	sorted := len(keys) == 1 && src.Windowed == nil && (keys[0].Type.Kind == types.String || keys[0].Type.Kind == types.Bytes)
	if sorted && settings.PullRange.In(b.env.Config) {
		return nil
	}
	return at(q.Pos(), "Query requires table scan to be enabled. Table scans can be enabled by setting ksql.query.pull.table.scan.enabled=true.")
}

func (k *keyed) refuse(msg string) error {
	return at(k.pos, "%s.%s\nPull queries require a WHERE clause that gives every key column: ksql.query.pull.table.scan.enabled=true allows others.", msg, pullHint)
}

func (k *keyed) check(where ast.Expr) error {
	if where == nil {
		return k.refuse("Missing WHERE clause")
	}
	for _, alternative := range operands(where, ast.Or) {
		seen := map[string]bool{}
		for _, term := range operands(alternative, ast.And) {
			if err := k.term(term, seen); err != nil {
				return err
			}
		}
		keys := k.src.Schema.With(types.KeyColumn)
		if len(seen) == 0 {
			return k.refuse("WHERE clause missing key column for disjunct: " + ast.Quoted(alternative))
		}
		if len(seen) != len(keys) {
			var names []string
			for _, c := range keys {
				if seen[c.Name] {
					names = append(names, types.QuoteName(c.Name))
				}
			}
			return k.refuse("Multi-column sources must specify every key in the WHERE clause. Specified: [" + strings.Join(names, ", ") + "] Expected: [" + keys.String() + "]")
		}
	}
	return nil
}

// term looks at one condition, and notes the key column that it gives.
func (k *keyed) term(e ast.Expr, seen map[string]bool) error {
	var col *ast.ColumnRef
	switch e := e.(type) {
	case *ast.Like:
		return nil
	case *ast.In:
		if col, _ = e.X.(*ast.ColumnRef); col == nil || e.Not {
			return k.refuse("Unsupported expression in WHERE clause: " + ast.Quoted(e))
		}
	case *ast.Comparison:
		other := e.L
		if col, _ = e.R.(*ast.ColumnRef); col == nil {
			col, _ = e.L.(*ast.ColumnRef)
			other = e.R
		}
		if col == nil {
			return k.refuse("A comparison must directly reference a key column")
		}
		if hasColumn(other) {
			return k.refuse("A comparison must be between a key column and a resolvable expression")
		}
		k.ranges = k.ranges || k.isKey(col) && e.Op != ast.Eq
		if k.isKey(col) && !slices.Contains([]ast.CompareOp{ast.Eq, ast.Lt, ast.Le, ast.Gt, ast.Ge}, e.Op) {
			return k.refuse("Bound on key columns '[" + k.src.Schema.With(types.KeyColumn).String() + "]' must currently be '='")
		}
	default:
		return k.refuse("Unsupported expression in WHERE clause: " + ast.Quoted(e))
	}
	if !k.isKey(col) {
		return nil
	}
	if seen[col.Name] {
		return k.refuse("A comparison condition on the key column cannot be combined with other comparisons such as an IN predicate")
	}
	seen[col.Name] = true
	return nil
}

func (k *keyed) isKey(c *ast.ColumnRef) bool {
	i := k.src.Schema.Find(c.Name)
	return i >= 0 && k.src.Schema[i].Role == types.KeyColumn
}

func hasColumn(e ast.Expr) (found bool) {
	ast.Walk(e, func(x ast.Expr) bool {
		_, is := x.(*ast.ColumnRef)
		found = found || is
		return true
	})
	return found
}

// operands are what AND or OR stands between.
func operands(e ast.Expr, op ast.LogicalOp) []ast.Expr {
	if l, ok := e.(*ast.Logical); ok && l.Op == op {
		return append(operands(l.L, op), operands(l.R, op)...)
	}
	return []ast.Expr{e}
}
