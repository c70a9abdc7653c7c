package planner

import (
	"weir/catalog"
	"weir/parser/ast"
	"weir/types"
)

// given says whether a column is laid out by a schema of the registry that a statement names, and not by the statement.
func given(target *catalog.Source, c types.Column) bool {
	side := target.Value
	if c.Role == types.KeyColumn {
		side = target.Key
	}
	return side.Props["SCHEMA_ID"] != ""
}

// fitting leaves out the fields of STRUCTs that a type lacks. Whoever inserts into a schema of somebody else's need not know which version it is.
func fitting(e ast.Expr, t *types.Type) ast.Expr {
	switch e := e.(type) {
	case *ast.StructCtor:
		if t.Kind != types.Struct {
			return e
		}
		out := *e
		out.Fields = nil
		for _, f := range e.Fields {
			if i := t.FieldIndex(f.Name); i >= 0 {
				f.Value = fitting(f.Value, t.Fields[i].Type)
				out.Fields = append(out.Fields, f)
			}
		}
		if len(out.Fields) == 0 {
			return e // which none fits is refused as a whole
		}
		return &out
	case *ast.ArrayCtor:
		if t.Kind != types.Array {
			return e
		}
		out := *e
		out.Elems = make([]ast.Expr, len(e.Elems))
		for i, x := range e.Elems {
			out.Elems[i] = fitting(x, t.Elem)
		}
		return &out
	case *ast.MapCtor:
		if t.Kind != types.Map {
			return e
		}
		out := *e
		out.Entries = make([]ast.MapEntry, len(e.Entries))
		for i, x := range e.Entries {
			out.Entries[i] = ast.MapEntry{Key: x.Key, Value: fitting(x.Value, t.Elem)}
		}
		return &out
	default: // about these alone
	}
	return e
}
