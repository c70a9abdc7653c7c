package formats

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hamba/avro/v2"

	"weir/types"
)

// avroCode says how a value is read.
type avroCode uint8

const (
	avroNull avroCode = iota
	avroBoolean
	avroInt // also of dates and times
	avroLong
	avroFloat
	avroDouble
	avroBytes
	avroText
	avroFixed
	avroDecimal      // in bytes
	avroFixedDecimal // in size bytes
	avroEnum
	avroArray
	avroMap
	avroEntries // an array of key and value, read as a MAP
	avroRecord
	avroUnion
	avroRefuse // a branch that the column can't take
)

// avroNode is one value of the writer's schema, with what is wanted of it.
type avroNode struct {
	code    avroCode
	kind    types.Kind // of the value made; Null where it is only skipped
	divide  int64      // 1000 for microseconds
	scale   int        // of a decimal as written
	size    int        // of a fixed
	symbols []types.Value
	elem    *avroNode
	key     *avroNode
	typ     *types.Type // what is wanted; nil to skip
	convert types.Caster
	path    string
	want    string
	fields  []avroField
	width   int // fields of the STRUCT made
	union   []*avroNode
	nulls   []bool // of entries that may be null: which branches are
}

// avroField is one field of a record in the writer's order; slot is -1 where it is skipped.
type avroField struct {
	node *avroNode
	slot int
}

// avroCompiler turns the writer's schema and the wanted types into nodes.
type avroCompiler struct {
	skips map[avro.Schema]*avroNode // records that are skipped, which may hold themselves
}

// root compiles the columns that are not unwrapped.
func (c *avroCompiler) root(s avro.Schema, cols types.Schema, wanted []int) (*avroNode, error) {
	if u, ok := s.(*avro.UnionSchema); ok && len(u.Types()) == 2 {
		node := &avroNode{code: avroUnion}
		for _, b := range u.Types() {
			branch := &avroNode{code: avroNull}
			if b.Type() != avro.Null {
				var err error
				if branch, err = c.root(b, cols, wanted); err != nil {
					return nil, err
				}
			}
			node.union = append(node.union, branch)
		}
		return node, nil
	}
	r, ok := notNull(s).(*avro.RecordSchema)
	if !ok {
		return nil, fmt.Errorf("the columns are a record's fields, but the writer's schema is %s", s.Type())
	}
	return c.record(r, cols, wanted, "")
}

// record compiles the fields that columns take; slots[i] is where column i goes, or -1.
func (c *avroCompiler) record(r *avro.RecordSchema, cols types.Schema, slots []int, path string) (*avroNode, error) {
	node := &avroNode{code: avroRecord, kind: types.Struct, width: len(cols), path: path}
	of := matchFields(r, cols)
	for i, f := range r.Fields() {
		field := avroField{slot: -1}
		col := of[i]
		var err error
		if col >= 0 && slots[col] >= 0 {
			field.slot = slots[col]
			name := cols[col].Name
			if path != "" {
				name = path + "->" + name
			}
			field.node, err = c.value(f.Type(), cols[col].Type, name)
		} else {
			field.node, err = c.skip(f.Type())
		}
		if err != nil {
			return nil, err
		}
		node.fields = append(node.fields, field)
	}
	return node, nil
}

// matchFields gives for each field of a record the column that it is, or -1: by the exact name, else by that in upper case.
func matchFields(r *avro.RecordSchema, cols types.Schema) []int {
	names := make([]string, len(r.Fields()))
	for i, f := range r.Fields() {
		names[i] = f.Name()
	}
	return matchNames(names, cols)
}

// matchNames is matchFields for names.
func matchNames(names []string, cols types.Schema) []int {
	out := make([]int, len(names))
	taken := make([]bool, len(cols))
	for i, name := range names {
		if out[i] = cols.Find(name); out[i] >= 0 {
			taken[out[i]] = true
		}
	}
	for i, name := range names {
		if out[i] >= 0 {
			continue
		}
		if at := cols.Find(strings.ToUpper(name)); at >= 0 && !taken[at] {
			out[i], taken[at] = at, true
		}
	}
	return out
}

// skip compiles a value that nobody wants.
func (c *avroCompiler) skip(s avro.Schema) (*avroNode, error) {
	if ref, ok := s.(*avro.RefSchema); ok {
		s = ref.Schema()
	}
	if r, ok := s.(*avro.RecordSchema); ok {
		if known := c.skips[s]; known != nil {
			return known, nil
		}
		node := &avroNode{code: avroRecord}
		c.skips[s] = node
		for _, f := range r.Fields() {
			field, err := c.skip(f.Type())
			if err != nil {
				return nil, err
			}
			node.fields = append(node.fields, avroField{field, -1})
		}
		return node, nil
	}
	return c.value(s, nil, "")
}

// value compiles a value of the writer's schema for a column of the type; nil skips it.
func (c *avroCompiler) value(s avro.Schema, t *types.Type, path string) (*avroNode, error) {
	if ref, ok := s.(*avro.RefSchema); ok {
		s = ref.Schema()
	}
	node := &avroNode{typ: t, path: path}
	var err error
	switch w := s.(type) {
	case *avro.NullSchema:
		return node, nil
	case *avro.UnionSchema:
		return c.union(w, t, path)
	case *avro.RecordSchema:
		if t == nil {
			return c.skip(s)
		}
		if t.Kind != types.Struct {
			return nil, mismatch(s, t, path)
		}
		cols := fieldsOf(t)
		slots := make([]int, len(cols))
		for i := range slots {
			slots[i] = i
		}
		node, err = c.record(w, cols, slots, path)
		if node != nil {
			node.typ = t
		}
		return node, err
	case *avro.ArraySchema:
		return c.array(w, t, path)
	case *avro.MapSchema:
		node.code, node.kind = avroMap, types.Map
		if t == nil {
			node.elem, err = c.skip(w.Values())
			return node, err
		}
		if t.Kind != types.Map || t.Key.Kind != types.String {
			return nil, mismatch(s, t, path)
		}
		node.elem, err = c.value(w.Values(), t.Elem, path+"[]")
		return node, err
	}
	return c.scalar(node, s)
}

func (c *avroCompiler) array(w *avro.ArraySchema, t *types.Type, path string) (*avroNode, error) {
	node := &avroNode{code: avroArray, kind: types.Array, typ: t, path: path}
	var err error
	switch {
	case t == nil:
		node.elem, err = c.skip(w.Items())
	case t.Kind == types.Array:
		node.elem, err = c.value(w.Items(), t.Elem, path+"[]")
	case t.Kind == types.Map:
		key, val, ok := mapEntry(w)
		if !ok {
			return nil, mismatch(w, t, path)
		}
		node.code = avroEntries
		if node.key, err = c.value(key.Type(), t.Key, path); err == nil {
			node.elem, err = c.value(val.Type(), t.Elem, path+"[]")
		}
		if u, ok := w.Items().(*avro.UnionSchema); ok {
			for _, b := range u.Types() {
				node.nulls = append(node.nulls, b.Type() == avro.Null)
			}
		}
	default:
		return nil, mismatch(w, t, path)
	}
	return node, err
}

func (c *avroCompiler) union(w *avro.UnionSchema, t *types.Type, path string) (*avroNode, error) {
	node := &avroNode{code: avroUnion, typ: t, path: path}
	fits := false
	var first error
	for _, b := range w.Types() {
		branch, err := c.value(b, t, path)
		if err != nil {
			if first == nil {
				first = err
			}
			branch = &avroNode{code: avroRefuse, path: path, want: wantsAvro(t), typ: t}
		} else if b.Type() != avro.Null {
			fits = true
		}
		node.union = append(node.union, branch)
	}
	if !fits && first != nil {
		return nil, first
	}
	return node, nil
}

func wantsAvro(t *types.Type) string { return "a value for the type " + t.String() }

func mismatch(s avro.Schema, t *types.Type, path string) error {
	return fmt.Errorf("column %s is of type %s, but the writer's schema has %s there", types.QuoteName(path), t, s)
}

// microsText writes microseconds as text of the kind, with those digits that are more than a millisecond's where there are any.
func microsText(k types.Kind) types.Caster {
	t := &types.Type{Kind: k}
	return func(v types.Value) (types.Value, error) {
		ms := types.FloorDiv(v.Int(), 1000)
		text := types.Text(types.NumberValue(k, ms), t)
		if more := v.Int() - ms*1000; more > 0 {
			if !strings.Contains(text, ".") {
				text += ".000"
			}
			text += fmt.Sprintf("%03d", more)
		}
		return types.StringValue(text), nil
	}
}

// scalar compiles a value that holds no others.
func (c *avroCompiler) scalar(node *avroNode, s avro.Schema) (*avroNode, error) {
	kind, scale, precision := natural(s)
	node.kind, node.scale = kind, scale
	var logical avro.LogicalSchema
	switch w := s.(type) {
	case *avro.PrimitiveSchema:
		logical = w.Logical()
	case *avro.FixedSchema:
		logical, node.size = w.Logical(), w.Size()
	case *avro.EnumSchema:
		for _, symbol := range w.Symbols() {
			node.symbols = append(node.symbols, types.StringValue(symbol))
		}
	}
	if logical != nil {
		switch logical.Type() {
		case avro.TimeMicros, avro.TimestampMicros, avro.LocalTimestampMicros:
			node.divide = 1000
		}
	}
	node.code = map[avro.Type]avroCode{avro.Boolean: avroBoolean, avro.Int: avroInt, avro.Long: avroLong, avro.Float: avroFloat,
		avro.Double: avroDouble, avro.Bytes: avroBytes, avro.String: avroText, avro.Fixed: avroFixed, avro.Enum: avroEnum}[s.Type()]
	if kind == types.Decimal {
		node.code = avroDecimal
		if s.Type() == avro.Fixed {
			node.code = avroFixedDecimal
		}
	}
	t := node.typ
	if t != nil && node.divide > 0 && !t.Kind.Temporal() {
		if t.Kind == types.String {
			node.convert, node.want = microsText(kind), wants(t)
			node.kind, node.divide = types.Bigint, 0
			return node, nil
		}
		kind, node.kind, node.divide = types.Bigint, types.Bigint, 0 // the microseconds as they are
	}
	if t == nil || t.Kind == kind && kind != types.Decimal {
		return node, nil
	}
	var err error
	node.kind, node.convert, err = coercion(&types.Type{Kind: kind, Scale: scale, Precision: precision}, t)
	if errors.Is(err, errMismatch) {
		return nil, mismatch(s, t, node.path)
	}
	node.want = wants(t)
	return node, err
}
