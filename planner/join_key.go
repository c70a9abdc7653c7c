package planner

import (
	"slices"
	"strconv"
	"strings"

	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// syntheticKey is the name of a key that no column holds; a number is put behind it where a column has the name.
const syntheticKey = "ROWKEY"

// joinedSide is what a join by an equal key makes of its sides: who holds the key now.
func (c *condition) joinedSide(kind plan.JoinKind) *side {
	out := &side{scopes: slices.Concat(c.left.scopes, c.right.scopes), windowed: c.left.windowed, retention: c.left.retention}
	for i := range c.terms {
		part := joinKey{t: c.leftKey[i].Type()}
		if kind != plan.FullJoin {
			if at := c.left.part(c.leftX[i]); at >= 0 {
				part.equal = slices.Clone(c.left.parts[at].equal)
			} else {
				part.equal = []ast.Expr{c.leftX[i]}
			}
			part.equal = append(part.equal, c.rightX[i])
		}
		for _, x := range part.equal {
			if ref, ok := x.(*ast.ColumnRef); ok {
				part.columns = append(part.columns, ref)
			}
		}
		if len(part.columns) == 0 {
			part.name = c.j.syntheticName(out.parts)
		}
		out.parts = append(out.parts, part)
	}
	return out
}

// syntheticName is a name that no column of the sources has, nor another part of the key.
func (j *joining) syntheticName(others []joinKey) string {
	name := syntheticKey
	for n := 1; slices.ContainsFunc(j.scopes, func(sc *scope) bool { return sc.src.Schema.Find(name) >= 0 }) ||
		slices.ContainsFunc(others, func(p joinKey) bool { return p.name == name }); n++ {
		name = syntheticKey + "_" + strconv.Itoa(n)
	}
	return name
}

// columns resolves names against the sources of the query, and the key that a join has made up.
func (sel *selection) columns(clause string) func(*ast.ColumnRef) (plan.Expr, error) {
	in := columnIn(sel.scopes, clause)
	if sel.joined == nil {
		return in
	}
	return func(ref *ast.ColumnRef) (plan.Expr, error) {
		for _, p := range sel.joined.parts {
			if p.name != "" && ref.Qualifier == "" && ref.Name == p.name {
				return p.column(), nil
			}
		}
		return in(ref)
	}
}

func (p joinKey) column() *plan.Column {
	name := p.name
	if name == "" {
		name = ast.Format(p.columns[0])
	}
	return &plan.Column{Slot: p.slot, Name: name, T: p.t}
}

// joinKeys makes the key of a join that of the query: of the columns that hold it, the first that is selected stands for it.
func (sel *selection) joinKeys() {
	for _, p := range sel.joined.parts {
		part := keyPart{name: p.name, t: p.t, x: &ast.ColumnRef{Name: p.name}}
		if p.name == "" {
			chosen := p.columns[0]
			for _, ref := range p.columns {
				if slices.ContainsFunc(sel.items, func(it item) bool { return ast.Format(it.x) == ast.Format(ref) }) {
					chosen = ref
					break
				}
			}
			part.x, part.name = chosen, chosen.Qualifier+"_"+chosen.Name
		}
		sel.key = append(sel.key, part)
	}
}

// allOfJoin is what * stands for behind a join: the columns of the sources, each with the name of its source in front, and
// the key where the join has made one up.
func (sel *selection) allOfJoin(it *ast.AllItem, partitioned bool) {
	add := func(name string, ref *ast.ColumnRef) {
		ref.At = it.At
		sel.items = append(sel.items, item{name: name, x: ref, key: -1, given: true, pos: it.Pos()})
	}
	for _, p := range sel.joined.parts {
		if p.name != "" && it.Qualifier == "" {
			add(p.name, &ast.ColumnRef{Name: p.name})
		}
	}
	for _, sc := range sel.scopes {
		if it.Qualifier != "" && it.Qualifier != sc.alias {
			continue
		}
		for _, name := range sc.allNames(partitioned) {
			add(sc.alias+"_"+name, &ast.ColumnRef{Qualifier: sc.alias, Name: name})
		}
	}
}

// allNames are the columns of a joined source in the order of *. Behind a PARTITION BY they are followed by what else there is, and
// by the old key, as in ksqlDB.
func (s *scope) allNames(partitioned bool) []string {
	var keys, values []string
	for _, c := range s.src.Schema {
		if c.Role == types.KeyColumn {
			keys = append(keys, c.Name)
		} else {
			values = append(values, c.Name)
		}
	}
	if s.src.Windowed != nil {
		keys = append(keys, types.WindowStart, types.WindowEnd)
	}
	if partitioned {
		return slices.Concat(values, []string{types.RowTime, types.RowPartition, types.RowOffset}, keys)
	}
	return append(keys, values...)
}

// joinedName is the name of a column that is selected without one: its own, with the source in front where another source of
// the join has such a column too.
func (sel *selection) joinedName(ref *ast.ColumnRef) string {
	if sel.joined == nil || ref.Qualifier == "" {
		return ref.Name
	}
	for _, sc := range sel.scopes {
		if sc.has(ref.Name) && sc.alias != ref.Qualifier {
			return ref.Qualifier + "_" + ref.Name
		}
	}
	return ref.Name
}

// checkJoinKeys sees that the key of a join is selected exactly once.
func (sel *selection) checkJoinKeys(sink ast.Ident, q *ast.Query) error {
	var missing []string
	for k, part := range sel.key {
		var names []string
		for _, it := range sel.items {
			if it.key == k {
				names = append(names, it.name)
			}
		}
		slices.Sort(names)
		switch {
		case len(names) == 1:
		case len(names) > 1:
			return at(q.Pos(), "The projection contains a key column (`%s`) more than once, aliased as: %s.", part.name, joinAnd(names))
		case sel.joined.foreign:
			missing = append(missing, "`"+exprName(part.x)+"`")
		default:
			return sel.joinKeyMissing(sink, q, sel.joined.parts[k])
		}
	}
	if len(missing) == 0 {
		return nil
	}
	what := "column"
	if len(missing) > 1 {
		what = "columns"
	}
	return at(q.Pos(), "Primary key %s missing in projection. For foreign-key table-table joins, the projection must include all primary key columns "+
		"from the left input table (`%s`). Missing %s: %s.", what, sel.scopes[0].alias, what, strings.Join(missing, ", "))
}

func (sel *selection) joinKeyMissing(sink ast.Ident, q *ast.Query, p joinKey) error {
	what, why, names := "join expression", "", []string{p.name}
	if p.name == "" {
		names = names[:0]
		for _, ref := range p.columns {
			names = append(names, ast.Quoted(ref))
		}
	} else {
		why = "\n" + p.name + " was added as a synthetic key column because the join criteria did not match any source column. " +
			"This expression must be included in the projection and may be aliased."
	}
	if len(names) > 1 {
		what += "s"
	}
	return at(q.Pos(), "Key missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\nThe query used to build `%s` must include the %s %s in its projection (eg, SELECT %s...).%s",
		sink.Name, what, strings.ReplaceAll(joinAnd(names), " and ", " or "), names[0], why)
}

// keeps says whether rows that are grouped or partitioned by some expressions lie right already: by the key of the join,
// where no missing match can make it NULL.
func (s *side) keeps(by []ast.Expr) bool {
	if s.windowed != nil {
		return false
	}
	if n := plan.KeyJoinOf(s.in); n == nil || n.Kind != plan.InnerJoin {
		return false
	}
	return s.holds(by...)
}

// keyExprs are the parts of the key as expressions.
func (sel *selection) keyExprs() []ast.Expr {
	out := make([]ast.Expr, len(sel.key))
	for i, k := range sel.key {
		out[i] = k.x
	}
	return out
}
