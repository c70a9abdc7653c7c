package planner

import (
	"strings"

	"weir/catalog"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// BuildValues resolves INSERT INTO ... VALUES, row by row.
func BuildValues(s *ast.InsertValues, env *Env) ([]*plan.Values, error) {
	b := &builder{env: env}
	target, ok := env.Catalog.Source(s.Target.Name)
	if !ok {
		return nil, at(s.Target.Pos(), "Cannot insert values into an unknown stream/table: %s%s", types.QuoteName(s.Target.Name), b.didYouMeanSource(s.Target.Name))
	}
	if target.ReadOnly {
		return nil, at(s.Target.Pos(), "Cannot insert values into read-only %s: %s", target.Kind(), target.Name)
	}
	if target.Windowed != nil {
		return nil, at(s.Target.Pos(), "Cannot insert values into windowed stream/table!")
	}
	out := make([]*plan.Values, len(s.Rows))
	for i, row := range s.Rows {
		names, err := insertColumns(s, row, target)
		if err == nil {
			out[i], err = b.insertedRow(s, i, names, target)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// insertedRow resolves one row. What is wrong with more than one value of the first is told at the statement.
func (b *builder) insertedRow(s *ast.InsertValues, number int, names []ast.Ident, target *catalog.Source) (*plan.Values, error) {
	env, row, pos := b.env, s.Rows[number], s.Pos()
	if number > 0 && len(row) > 0 {
		pos = row[0].Pos()
	}
	if len(names) != len(row) && len(s.Columns) == 0 {
		return nil, at(pos, "Failed to insert values into '%s'. Expected a value for each column. Expected Columns: [%s]. Got [%s]",
			target.Name, quotedNames(names), exprTexts(row))
	} else if len(names) != len(row) {
		return nil, at(pos, "Failed to prepare statement: Expected number columns and values to match: %d, %d", len(names), len(row))
	}
	out := &plan.Values{Target: target, Exprs: make([]plan.Expr, len(target.Schema))}
	r := &resolver{env: env, clause: "VALUES", column: func(c *ast.ColumnRef) (plan.Expr, error) {
		if c.Qualifier != "" {
			return nil, at(c.Pos(), "Failed to prepare statement: '%s' is not a valid stream/table name or alias.", c.Qualifier)
		}
		return nil, at(c.Pos(), "INSERT VALUES takes constants and functions of them, but %s is a column.", ast.Format(c))
	}}
	for i, name := range names {
		value, slot := row[i], target.Schema.Find(name.Name)
		if slot >= 0 && given(target, target.Schema[slot]) {
			value = fitting(value, target.Schema[slot].Type)
		}
		x, err := r.expr(value)
		if err != nil {
			return nil, err
		}
		if name.Name == types.RowTime {
			if out.RowTime, err = assign(row[i], x, types.TBigint, name.Name); err != nil {
				return nil, err
			}
			continue
		}
		if out.Exprs[slot], err = assign(value, x, target.Schema[slot].Type, name.Name); err != nil {
			return nil, err
		}
	}
	return out, keyGiven(pos, target, out)
}

// insertColumns are the columns that the values go to.
func insertColumns(s *ast.InsertValues, row []ast.Expr, target *catalog.Source) ([]ast.Ident, error) {
	var all []string
	for _, c := range target.Schema {
		all = append(all, c.Name)
	}
	if len(s.Columns) == 0 {
		var out []ast.Ident
		for _, c := range target.Schema.KeysFirst() {
			if c.Role != types.HeaderColumn {
				out = append(out, ast.Ident{At: s.At, Name: c.Name})
			}
		}
		if headers := target.Schema.With(types.HeaderColumn); len(headers) > 0 && len(row) == len(target.Schema) {
			return nil, at(s.Pos(), "Cannot insert into HEADER columns: %s", columnNames(headers))
		}
		return out, nil
	}
	for _, c := range s.Columns {
		i := target.Schema.Find(c.Name)
		switch {
		case i >= 0 && target.Schema[i].Role == types.HeaderColumn:
			return nil, at(c.Pos(), "Cannot insert into HEADER columns: %s", c.Name)
		case i >= 0 || c.Name == types.RowTime:
		case types.PseudoType(c.Name) != nil:
			return nil, at(c.Pos(), "Inserting into column `%s` is not allowed.", c.Name)
		default:
			return nil, at(c.Pos(), "Column name %s does not exist.%s", types.QuoteName(c.Name), strings.TrimPrefix(didYouMean(c.Name, all), "."))
		}
	}
	return s.Columns, nil
}

func quotedNames(names []ast.Ident) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = types.QuoteName(n.Name)
	}
	return strings.Join(out, ", ")
}

func exprTexts(list []ast.Expr) string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = ast.Quoted(e)
	}
	return strings.Join(out, ", ")
}

func columnNames(cols types.Schema) string {
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

func keyGiven(pos ast.Pos, target *catalog.Source, v *plan.Values) error {
	for i, c := range target.Schema {
		if c.Role == types.KeyColumn && v.Exprs[i] == nil && target.IsTable {
			return at(pos, "Failed to insert values into '%s'. Value for primary key column(s) %s is required for tables", target.Name, c.Name)
		}
	}
	return nil
}

// assign converts a value to a column's type. INSERT VALUES is more willing than expressions are: text becomes a number
// or a time, and a number text.
func assign(e ast.Expr, x plan.Expr, t *types.Type, column string) (plan.Expr, error) {
	from := x.Type()
	if from.Kind == types.Null || from.Equal(t) {
		return implicit(x, t), nil
	}
	if _, err := types.NewExactCaster(from, t); err != nil || from.Kind == types.Double && t.Kind != types.Double && t.Kind != types.String && t.Kind != types.Decimal {
		return nil, at(e.Pos(), "Expected type %s for field `%s` but got %s(%s)", t, column, from, ast.Format(e))
	}
	return &plan.Cast{E: x, T: t, Implicit: true}, nil
}
