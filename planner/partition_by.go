package planner

import (
	"cmp"
	"slices"
	"strings"

	"weir/parser/ast"
	"weir/types"
)

// keysFirst orders what * stands for behind a PARTITION BY: the new key, the values, and then what is left of the old key.
func (sel *selection) keysFirst(from int, by []ast.Expr) {
	var key []item
	for _, e := range by {
		if _, null := e.(*ast.NullLit); !null {
			name := exprName(sel.bare(e))
			if ref, ok := sel.bare(e).(*ast.ColumnRef); ok && ref.Qualifier != "" {
				name = ref.Qualifier + "_" + ref.Name
			}
			key = append(key, item{name: name, x: sel.bare(e), key: -1, given: exprName(e) != "", pos: e.Pos()})
		}
	}
	var values, old []item
	for _, it := range sel.items[from:] {
		isKey := slices.ContainsFunc(key, func(k item) bool { return ast.Format(k.x) == ast.Format(it.x) })
		i := sel.scopes[0].src.Schema.Find(it.name)
		switch {
		case isKey:
		case sel.joined != nil: // in order already
			values = append(values, it)
		case i >= 0 && sel.scopes[0].src.Schema[i].Role == types.KeyColumn:
			old = append(old, it)
		default:
			values = append(values, it)
		}
	}
	sel.items = slices.Concat(sel.items[:from], key, values, old)
}

// partitionBy sets the key of the rows; without the clause it is the source's.
func (b *builder) partitionBy(q *ast.Query, sel *selection) error {
	if q.PartitionBy == nil && sel.joined != nil {
		sel.joinKeys()
		return nil
	}
	if q.PartitionBy == nil || (sel.in.Table() || sel.scopes[0].src.Windowed != nil) && sel.byOwnKey(q.PartitionBy.Items) {
		for _, c := range sel.scopes[0].src.Schema.With(types.KeyColumn) {
			sel.key = append(sel.key, keyPart{x: &ast.ColumnRef{Name: c.Name}, name: c.Name, t: c.Type})
		}
		return nil
	}
	sel.rekeyed = true
	pos := q.PartitionBy.Pos()
	if sel.in.Table() {
		return sel.noTableKey(pos, q.PartitionBy.Items)
	}
	if sel.scopes[0].src.Windowed != nil {
		return at(pos, "PARTITION BY is not supported on windowed sources: Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.")
	}
	if len(q.PartitionBy.Items) == 0 {
		return at(pos, "PARTITION BY requires at least one expression")
	}
	for _, e := range q.PartitionBy.Items {
		if _, null := e.(*ast.NullLit); null {
			if len(q.PartitionBy.Items) > 1 {
				return at(e.Pos(), "Cannot PARTITION BY multiple columns including NULL")
			}
			sel.noKey = true
			return nil
		}
		x, err := b.resolver(sel, "PARTITION BY").expr(e)
		if err != nil {
			return err
		}
		part, err := b.keyPart(sel, e, x.Type(), "PARTITION BY")
		if err != nil {
			return err
		}
		sel.key = append(sel.key, part)
	}
	return nil
}

// byOwnKey says whether expressions are the key columns of the only source, in order: rows that are partitioned by them stay where
// they are.
func (sel *selection) byOwnKey(list []ast.Expr) bool {
	if sel.joined != nil {
		return false
	}
	keys := sel.scopes[0].src.Schema.With(types.KeyColumn)
	return len(keys) == len(list) && !slices.ContainsFunc(list, func(e ast.Expr) bool {
		ref, ok := sel.bare(e).(*ast.ColumnRef)
		return !ok || ref.Name != keys[slices.Index(list, e)].Name
	})
}

func (sel *selection) noTableKey(pos ast.Pos, by []ast.Expr) error {
	const why = " PARTITION BY is for streams: the key of a table says which row a record changes."
	keys := sel.scopes[0].src.Schema.With(types.KeyColumn)
	if len(keys) != 1 || sel.joined != nil {
		return at(pos, "Cannot repartition a TABLE source. If this is a join, joins on tables with multiple columns is not yet supported.%s", why)
	}
	texts := make([]string, len(by))
	for i, e := range by {
		texts[i] = ast.Quoted(sel.bare(e))
	}
	return at(pos, "Cannot repartition a TABLE source. If this is a join, make sure that the criteria uses the TABLE's key column %s instead of [%s].%s",
		keys[0].Name, strings.Join(texts, ", "), why)
}

func (b *builder) keyPart(sel *selection, e ast.Expr, t *types.Type, clause string) (keyPart, error) {
	bare := sel.bare(e)
	for _, k := range sel.key {
		if ast.Format(k.x) == ast.Format(bare) {
			if k.text != ast.Format(e) {
				e = withSources(bare, sel.scopes)
			}
			return keyPart{}, at(e.Pos(), "Duplicate %s expression: %s", clause, ast.Quoted(e))
		}
	}
	if t.Kind == types.Null {
		return keyPart{}, at(e.Pos(), "Cannot %s NULL", clause)
	}
	part := keyPart{x: bare, text: ast.Format(e), name: exprName(bare), t: t}
	if t.Contains(types.Map) {
		return part, mapKey(e.Pos(), cmp.Or(part.name, "KSQL_COL_0"), t)
	}
	return part, nil
}
