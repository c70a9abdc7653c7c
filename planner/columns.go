package planner

import (
	"cmp"
	"fmt"
	"slices"

	"weir/parser/ast"
	"weir/types"
)

// headersType is the only type of a HEADERS column.
var headersType = types.TArray(types.TStruct(types.Field{Name: "KEY", Type: types.TString}, types.Field{Name: "VALUE", Type: types.TBytes}))

func (b *builder) declared(cols []ast.Column, isTable bool) (types.Schema, error) {
	var out types.Schema
	for _, c := range cols {
		t, err := b.env.typeOf(c.Type)
		if err != nil {
			return nil, err
		}
		col := types.Column{Name: c.Name, Type: t}
		switch c.Constraint {
		case ast.Key:
			if isTable {
				return nil, at(c.Pos(), "Line: %d, Col: %d: Column `%s` is a 'KEY' column: please use 'PRIMARY KEY' for tables.\n"+
					"Tables have PRIMARY KEYs, which are unique and NON NULL.\nStreams have KEYs, which have no uniqueness or NON NULL constraints.",
					c.Pos().Line, c.Pos().Col, c.Name)
			}
			col.Role = types.KeyColumn
		case ast.PrimaryKey:
			if !isTable {
				return nil, at(c.Pos(), "Line: %d, Col: %d: Column `%s` is a 'PRIMARY KEY' column: please use 'KEY' for streams.\n"+
					"Tables have PRIMARY KEYs, which are unique and NON NULL.\nStreams have KEYs, which have no uniqueness or NON NULL constraints.",
					c.Pos().Line, c.Pos().Col, c.Name)
			}
			col.Role = types.KeyColumn
		case ast.Headers:
			col.Role = types.HeaderColumn
			if len(out.With(types.HeaderColumn)) > 0 {
				return nil, at(c.Pos(), "Schema already contains a HEADERS column.")
			}
			if !t.Equal(headersType) {
				return nil, at(c.Pos(), "Invalid type for HEADERS column: expected %s, got %s", headersType, t)
			}
		case ast.Header:
			col.Role, col.Header = types.HeaderColumn, c.HeaderKey
			for _, other := range out.With(types.HeaderColumn) {
				switch other.Header {
				case "":
					return nil, at(c.Pos(), "Schema already contains a HEADERS column.")
				case c.HeaderKey:
					return nil, at(c.Pos(), "Schema already contains a HEADER('%s') column.", c.HeaderKey)
				}
			}
			if t.Kind != types.Bytes {
				return nil, at(c.Pos(), "Invalid type for HEADER('%s') column: expected BYTES, got %s", c.HeaderKey, t)
			}
		case ast.NoConstraint:
		}
		if err := checkName(col.Name, out); err != nil {
			return nil, at(c.Pos(), "%v", err)
		}
		out = append(out, col)
	}
	return out, nil
}

// checkName refuses the name of a column beside others.
func checkName(name string, others types.Schema) error {
	if types.PseudoType(name) != nil {
		return fmt.Errorf("'%s' is a reserved column name. You cannot use it as a name for a column.", name)
	}
	if others.Find(name) >= 0 {
		return fmt.Errorf("Duplicate column names: `%s`", name)
	}
	return nil
}

// checkInferred holds columns that a schema gave to the rules for those that a statement names.
func checkInferred(found, declared types.Schema) error {
	var out types.Schema
	for _, c := range found {
		err := checkName(c.Name, slices.Concat(declared, out))
		if err == nil {
			err = checkType(c.Type, types.QuoteName(c.Name))
		}
		if err != nil {
			return err
		}
		out = append(out, c)
	}
	return nil
}

// checkType refuses what no type in a statement may be.
func checkType(t *types.Type, path string) error {
	switch t.Kind {
	case types.Decimal:
		if err := checkDecimal(t.Precision, t.Scale); err != nil {
			return fmt.Errorf("column %s: %w", path, err)
		}
	case types.Array:
		return checkType(t.Elem, path)
	case types.Map:
		return cmp.Or(checkType(t.Key, path), checkType(t.Elem, path))
	case types.Struct:
		for i, f := range t.Fields {
			if t.FieldIndex(f.Name) < i {
				return fmt.Errorf("column %s: %w", path, duplicateField(f.Name))
			}
			if err := checkType(f.Type, path+"->"+types.QuoteName(f.Name)); err != nil {
				return err
			}
		}
	default:
	}
	return nil
}
