package formats

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weir/types"
)

// protoNode is one value of the writer's schema that is wanted.
type protoNode struct {
	code     protoCode
	wire     protowire.Type
	repeated bool
	kind     types.Kind // of the value made
	typ      *types.Type
	convert  types.Caster
	path     string
	names    map[int32]types.Value // of an enum
	message  *protoMessage         // of a STRUCT; of a MAP's entry: key and value
	inner    *protoNode            // of a wrapper
}

// protoMessage are the wanted fields of a message.
type protoMessage struct {
	name    string
	fields  []protoField
	dense   []int16       // by number: one more than the place in fields, 0 where the field is not wanted
	sparse  map[int32]int // the same for great numbers
	width   int           // of the STRUCT made
	slots   []int         // that are written to
	absents []protoAbsent
}

// protoField is a wanted field; member is its place in the STRUCT of a oneof, or -1.
type protoField struct {
	node   *protoNode
	slot   int
	member int
	width  int // of the oneof's STRUCT
}

// protoAbsent is what a column is where the record has no such field; NULL is not among them.
type protoAbsent struct {
	slot  int
	value types.Value
}

const maxDense = 512

// compileProto compiles the fields that columns take; slots[i] is where column i goes, or -1.
func compileProto(m protoreflect.MessageDescriptor, cols types.Schema, slots []int, path string) (*protoMessage, error) {
	out := &protoMessage{name: string(m.Name()), width: len(cols)}
	for _, slot := range slots {
		if slot >= 0 {
			out.slots = append(out.slots, slot)
		}
	}
	var names []string
	var members []protoreflect.Descriptor // fields and oneofs
	for i := range m.Fields().Len() {
		names, members = append(names, string(m.Fields().Get(i).Name())), append(members, m.Fields().Get(i))
	}
	for i := range m.Oneofs().Len() {
		if o := m.Oneofs().Get(i); !o.IsSynthetic() {
			names, members = append(names, oneofName(o)), append(members, o)
		}
	}
	for i, col := range matchNames(names, cols) {
		if col < 0 || slots[col] < 0 {
			continue
		}
		name := cols[col].Name
		if path != "" {
			name = path + "->" + name
		}
		var err error
		switch d := members[i].(type) {
		case protoreflect.FieldDescriptor:
			err = out.add(d, cols[col].Type, slots[col], name)
		case protoreflect.OneofDescriptor:
			err = out.addOneof(d, cols[col].Type, slots[col], name)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func protoMismatch(f protoreflect.Descriptor, what string, t *types.Type, path string) error {
	return fmt.Errorf("column %s is of type %s, but the writer's schema has %s there (%s)", types.QuoteName(path), t, what, f.FullName())
}

func (m *protoMessage) addOneof(o protoreflect.OneofDescriptor, t *types.Type, slot int, path string) error {
	if t.Kind != types.Struct {
		return protoMismatch(o, "a oneof", t, path)
	}
	names := make([]string, o.Fields().Len())
	for i := range names {
		names[i] = string(o.Fields().Get(i).Name())
	}
	for i, at := range matchNames(names, fieldsOf(t)) {
		if at < 0 {
			continue
		}
		if err := m.add(o.Fields().Get(i), t.Fields[at].Type, slot, path+"->"+t.Fields[at].Name); err != nil {
			return err
		}
		last := &m.fields[len(m.fields)-1]
		last.member, last.width = at, len(t.Fields)
	}
	return nil
}

func (m *protoMessage) add(f protoreflect.FieldDescriptor, t *types.Type, slot int, path string) error {
	node, err := newProtoNode(f, t, path)
	if err != nil {
		return err
	}
	m.fields = append(m.fields, protoField{node: node, slot: slot, member: -1})
	number, place := int32(f.Number()), len(m.fields)
	if number <= maxDense {
		for len(m.dense) <= int(number) {
			m.dense = append(m.dense, 0)
		}
		m.dense[number] = int16(place)
	} else {
		if m.sparse == nil {
			m.sparse = map[int32]int{}
		}
		m.sparse[number] = place
	}
	if f.ContainingOneof() != nil {
		return nil
	}
	absent, err := node.absent(f)
	if err != nil {
		return fmt.Errorf("column %s: the default of %s: %w", types.QuoteName(path), f.FullName(), err)
	}
	if !absent.IsNull() {
		m.absents = append(m.absents, protoAbsent{slot, absent})
	}
	return nil
}

func (m *protoMessage) find(number int32) *protoField {
	place := 0
	if int(number) < len(m.dense) {
		place = int(m.dense[number])
	} else if m.sparse != nil {
		place = m.sparse[number]
	}
	if place == 0 {
		return nil
	}
	return &m.fields[place-1]
}

// absent is the value of a field that the record has not: NULL where the schema can tell that from a zero.
func (n *protoNode) absent(f protoreflect.FieldDescriptor) (types.Value, error) {
	switch {
	case n.code == protoEntry:
		return types.MapValue(nil), nil
	case n.repeated:
		return types.ArrayValue(nil), nil
	case f.HasDefault():
		return n.converted(protoDefault(n, f))
	case f.HasPresence():
		return types.NullValue, nil
	}
	return n.converted(protoDefault(n, f))
}

func (n *protoNode) converted(v types.Value) (types.Value, error) {
	if n.convert == nil || v.IsNull() {
		return v, nil
	}
	return n.convert(v)
}

func protoDefault(n *protoNode, f protoreflect.FieldDescriptor) types.Value {
	d := f.Default()
	switch n.code {
	case protoBool:
		return types.BoolValue(d.Bool())
	case protoEnum:
		return n.names[int32(d.Enum())]
	case protoFloat, protoDouble:
		return types.DoubleValue(d.Float())
	case protoString:
		return types.StringValue(d.String())
	case protoBytes:
		return types.BytesValue(d.Bytes())
	case protoUint32, protoFixed32:
		return types.NumberValue(n.kind, int64(d.Uint()))
	case protoInt64, protoFixed64:
		if isUint64(f.Kind()) {
			return n.whole(d.Uint())
		}
	}
	return types.NumberValue(n.kind, d.Int())
}

// newProtoNode compiles a field for a column of the type.
func newProtoNode(f protoreflect.FieldDescriptor, t *types.Type, path string) (*protoNode, error) {
	code, natural, err := protoCodeOf(f)
	if err != nil {
		return nil, err
	}
	n := &protoNode{code: code, wire: wireOf(f.Kind()), typ: t, path: path, repeated: f.Cardinality() == protoreflect.Repeated}
	if code == protoEntry {
		if t.Kind != types.Map {
			return nil, protoMismatch(f, "a map", t, path)
		}
		cols := types.Schema{{Name: "key", Type: t.Key}, {Name: "value", Type: t.Elem}}
		n.message, err = compileProto(f.Message(), cols, []int{0, 1}, path)
		return n, err
	}
	if n.repeated {
		if t.Kind != types.Array {
			return nil, protoMismatch(f, "a repeated field", t, path)
		}
		t, path = t.Elem, path+"[]"
		n.typ, n.path = t, path
	}
	if code == protoStruct {
		if t.Kind != types.Struct {
			return nil, protoMismatch(f, "a message", t, path)
		}
		cols := fieldsOf(t)
		slots := make([]int, len(cols))
		for i := range slots {
			slots[i] = i
		}
		n.message, err = compileProto(f.Message(), cols, slots, path)
		return n, err
	}
	if isUint64(f.Kind()) && t.Kind != types.Bigint && !t.Kind.Temporal() {
		natural = types.TDecimal(20, 0) // BIGINT takes the bits, as ksqlDB does
	}
	if n.kind, n.convert, err = coercion(natural, t); err != nil {
		what := f.Kind().String()
		if f.Message() != nil {
			what = string(f.Message().FullName())
		}
		return nil, protoMismatch(f, what, t, path)
	}
	switch code {
	case protoEnum:
		n.names = map[int32]types.Value{}
		for i := range f.Enum().Values().Len() {
			v := f.Enum().Values().Get(i)
			if _, ok := n.names[int32(v.Number())]; !ok {
				n.names[int32(v.Number())] = types.StringValue(strings.Clone(string(v.Name())))
			}
		}
	case protoWrapper:
		n.inner, err = newProtoNode(wrapped(f.Message()), t, path)
	}
	return n, err
}

func isUint64(k protoreflect.Kind) bool {
	return k == protoreflect.Uint64Kind || k == protoreflect.Fixed64Kind
}

// wireOf is how a value of a kind stands in the bytes.
func wireOf(k protoreflect.Kind) protowire.Type {
	switch k {
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return protowire.Fixed64Type
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return protowire.BytesType
	}
	return protowire.VarintType
}
