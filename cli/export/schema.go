package export

import (
	"reflect"

	"github.com/parquet-go/parquet-go"

	"weir/parser"
	"weir/parser/ast"
	"weir/server/wire"
)

// column is a column, or a part of one, as Parquet numbers them: first and last are the leaves below it, def and rep their levels where it is there.
type column struct {
	name        string
	typ         *ast.Type
	parts       []*column // of a STRUCT its fields, of an ARRAY the element, of a MAP key and value
	first, last int
	def, rep    int
}

// group is a group whose fields stand in their order: the library's own sorts them by name.
type group struct {
	parquet.Group
	names []string
}

// field is a member of a group.
type field struct {
	parquet.Node
	name string
}

func (f field) Name() string { return f.name }

// Value implements parquet.Field; rows are given in parts, so that nothing asks for it.
func (field) Value(reflect.Value) reflect.Value { return reflect.Value{} }

func (g group) Fields() []parquet.Field {
	out := make([]parquet.Field, len(g.names))
	for i, n := range g.names {
		out[i] = field{g.Group[n], n}
	}
	return out
}

// GoType implements parquet.Node. The library's own makes a type with fields of these names, and not every name is one in Go.
func (group) GoType() reflect.Type { return reflect.TypeFor[map[string]any]() }

// schemaOf is the schema of a file, and its columns.
func schemaOf(meta wire.QueryMeta) (*parquet.Schema, []*column, error) {
	if len(meta.ColumnNames) != len(meta.ColumnTypes) {
		return nil, nil, wrongf("the answer has %d columns and %d types", len(meta.ColumnNames), len(meta.ColumnTypes))
	}
	var columns []*column
	root := group{Group: parquet.Group{}}
	leaves := 0
	for i, name := range meta.ColumnNames {
		t, err := parser.ParseType(meta.ColumnTypes[i], parser.Options{})
		if err != nil {
			return nil, nil, wrongf("column %s: the type %s does not read: %v", name, meta.ColumnTypes[i], err)
		}
		if _, twice := root.Group[name]; twice {
			return nil, nil, wrongf("there are two columns with the name %s: give one another name with AS", name)
		}
		c := &column{name: name, typ: t}
		node, err := c.node(0, 0, &leaves)
		if err != nil {
			return nil, nil, err
		}
		columns = append(columns, c)
		root.Group[name] = node
		root.names = append(root.names, name)
	}
	return parquet.NewSchema("row", root), columns, nil
}

// node is a column's node, whose parent is there at the levels def and rep. Every value may be NULL.
func (c *column) node(def, rep int, leaves *int) (parquet.Node, error) {
	c.def, c.rep, c.first = def+1, rep, *leaves
	defer func() { c.last = *leaves }()
	part := func(name string, t *ast.Type, def, rep int) (parquet.Node, error) {
		p := &column{name: c.name + "." + name, typ: t}
		c.parts = append(c.parts, p)
		return p.node(def, rep, leaves)
	}
	switch c.typ.Kind {
	case ast.TypeArray:
		elem, err := part("element", c.typ.Elem, c.def+1, rep+1)
		if err != nil {
			return nil, err
		}
		return parquet.Optional(parquet.List(elem)), nil
	case ast.TypeMap:
		key := &column{name: c.name + ".key", typ: c.typ.Key, def: c.def + 1, rep: rep + 1, first: *leaves, last: *leaves + 1}
		c.parts = append(c.parts, key)
		keys, err := key.scalar()
		if err != nil {
			return nil, err
		}
		*leaves++
		values, err := part("value", c.typ.Elem, c.def+1, rep+1)
		if err != nil {
			return nil, err
		}
		return parquet.Optional(parquet.Map(keys, values)), nil
	case ast.TypeStruct:
		g := group{Group: parquet.Group{}}
		for _, f := range c.typ.Fields {
			node, err := part(f.Name, f.Type, c.def, rep)
			if err != nil {
				return nil, err
			}
			g.Group[f.Name] = node
			g.names = append(g.names, f.Name)
		}
		return parquet.Optional(g), nil
	default: // scalars
	}
	node, err := c.scalar()
	*leaves++
	if err != nil {
		return nil, err
	}
	return parquet.Optional(node), nil
}

// scalar is the leaf of a column without parts.
func (c *column) scalar() (parquet.Node, error) {
	switch c.typ.Kind {
	case ast.TypeBoolean:
		return parquet.Leaf(parquet.BooleanType), nil
	case ast.TypeInteger:
		return parquet.Int(32), nil
	case ast.TypeBigint:
		return parquet.Int(64), nil
	case ast.TypeDouble:
		return parquet.Leaf(parquet.DoubleType), nil
	case ast.TypeDecimal:
		return parquet.Decimal(c.typ.Scale, c.typ.Precision, decimalType(c.typ.Precision)), nil
	case ast.TypeString:
		return parquet.String(), nil
	case ast.TypeBytes:
		return parquet.Leaf(parquet.ByteArrayType), nil
	case ast.TypeTime:
		return parquet.TimeAdjusted(parquet.Millisecond, false), nil // the clock's, of no zone
	case ast.TypeDate:
		return parquet.Date(), nil
	case ast.TypeTimestamp:
		return parquet.Timestamp(parquet.Millisecond), nil
	default: // those with parts, where none may stand
	}
	return nil, wrongf("column %s: Parquet has no place for %s", c.name, ast.Format(c.typ))
}

// decimalType is the smallest type that holds so many digits.
func decimalType(precision int) parquet.Type {
	switch {
	case precision <= 9:
		return parquet.Int32Type
	case precision <= 18:
		return parquet.Int64Type
	}
	return parquet.FixedLenByteArrayType(decimalBytes(precision))
}
