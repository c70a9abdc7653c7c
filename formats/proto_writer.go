package formats

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weir/types"
)

// protoWriter writes one field.
type protoWriter struct {
	format    string
	code      protoCode
	tag       []byte
	presence  bool // a zero is written too
	required  bool
	repeated  bool
	packed    bool
	width     int // bytes of a zero
	convert   types.Caster
	path      string
	precision int // of a decimal
	names     map[string]int32
	message   *protoMessageWriter
	inner     *protoWriter // of a wrapper
}

// protoMessageWriter writes the fields of a message in the order of their numbers.
type protoMessageWriter struct{ fields []protoFieldWriter }

// protoFieldWriter is a field and where its value comes from; member is its place in the STRUCT of a oneof, or -1.
type protoFieldWriter struct {
	writer  *protoWriter
	from    int
	member  int
	members []int // of the oneof, in the order of the schema
}

func newProtoMessageWriter(format string, m protoreflect.MessageDescriptor, cols types.Schema, from []int, path string) (*protoMessageWriter, error) {
	out := &protoMessageWriter{}
	var fields []protoreflect.FieldDescriptor
	var names []string
	for i := range m.Fields().Len() {
		fields = append(fields, m.Fields().Get(i))
	}
	slices.SortFunc(fields, func(a, b protoreflect.FieldDescriptor) int { return int(a.Number()) - int(b.Number()) })
	for _, f := range fields {
		names = append(names, string(f.Name()))
	}
	for i := range m.Oneofs().Len() {
		names = append(names, oneofName(m.Oneofs().Get(i)))
	}
	of := matchNames(names, cols)
	nested := func(c int) string {
		if path == "" {
			return cols[c].Name
		}
		return path + "->" + cols[c].Name
	}
	for i, f := range fields {
		o := realOneof(f)
		switch c := of[i]; {
		case c >= 0:
			w, err := newProtoWriter(format, f, cols[c].Type, nested(c))
			if err != nil {
				return nil, err
			}
			out.fields = append(out.fields, protoFieldWriter{writer: w, from: from[c], member: -1})
		case o != nil && of[len(fields)+o.Index()] >= 0:
			c = of[len(fields)+o.Index()]
			if err := out.addMember(format, f, o, cols[c].Type, from[c], nested(c)); err != nil {
				return nil, err
			}
		case f.Cardinality() == protoreflect.Required:
			return nil, fmt.Errorf("the schema requires field %s, which no column gives", f.FullName())
		}
	}
	for c := range cols {
		if !slices.Contains(of, c) {
			return nil, fmt.Errorf("the schema has no field for column %s", types.QuoteName(nested(c)))
		}
	}
	return out, nil
}

// addMember adds a field of a oneof whose STRUCT is a column.
func (m *protoMessageWriter) addMember(format string, f protoreflect.FieldDescriptor, o protoreflect.OneofDescriptor, t *types.Type, from int, path string) error {
	if t.Kind != types.Struct {
		return fmt.Errorf("column %s of type %s cannot be written as the oneof %s: a STRUCT of its fields can", types.QuoteName(path), t, o.FullName())
	}
	names := make([]string, o.Fields().Len())
	for i := range names {
		names[i] = string(o.Fields().Get(i).Name())
	}
	of := matchNames(names, fieldsOf(t))
	for i := range t.Fields {
		if !slices.Contains(of, i) {
			return fmt.Errorf("the schema has no field for column %s", types.QuoteName(path+"->"+t.Fields[i].Name))
		}
	}
	at := of[slices.Index(names, string(f.Name()))]
	if at < 0 {
		return nil
	}
	w, err := newProtoWriter(format, f, t.Fields[at].Type, path+"->"+t.Fields[at].Name)
	if err != nil {
		return err
	}
	of = slices.DeleteFunc(of, func(at int) bool { return at < 0 })
	m.fields = append(m.fields, protoFieldWriter{writer: w, from: from, member: at, members: of})
	return nil
}

func newProtoWriter(format string, f protoreflect.FieldDescriptor, t *types.Type, path string) (*protoWriter, error) {
	code, natural, err := protoCodeOf(f)
	if err != nil {
		return nil, err
	}
	w := &protoWriter{format: format, code: code, path: path, presence: f.HasPresence() || f.ContainingMessage().IsMapEntry(),
		required: f.Cardinality() == protoreflect.Required, repeated: f.Cardinality() == protoreflect.Repeated, packed: f.IsPacked()}
	wire := wireOf(f.Kind())
	w.width = map[protowire.Type]int{protowire.VarintType: 1, protowire.BytesType: 1, protowire.Fixed32Type: 4, protowire.Fixed64Type: 8}[wire]
	if w.packed {
		wire = protowire.BytesType
	}
	w.tag = protowire.AppendTag(nil, f.Number(), wire)
	unwritable := func() error {
		return fmt.Errorf("column %s of type %s cannot be written as %s %s", types.QuoteName(path), t, f.Cardinality(), f.FullName())
	}
	if code == protoEntry {
		if t.Kind != types.Map {
			return nil, unwritable()
		}
		cols := types.Schema{{Name: "key", Type: t.Key}, {Name: "value", Type: t.Elem}}
		w.message, err = newProtoMessageWriter(format, f.Message(), cols, []int{0, 1}, path)
		return w, err
	}
	if w.repeated != (t.Kind == types.Array) {
		return nil, unwritable()
	}
	if w.repeated {
		t, w.path = t.Elem, path+"[]"
	}
	switch {
	case code == protoStruct && t.Kind == types.Struct:
		from := make([]int, len(t.Fields))
		for i := range from {
			from[i] = i
		}
		w.message, err = newProtoMessageWriter(format, f.Message(), fieldsOf(t), from, w.path)
		return w, err
	case code == protoStruct:
		return nil, unwritable()
	case code == protoWrapper:
		if w.inner, err = newProtoWriter(format, wrapped(f.Message()), t, w.path); err != nil {
			return nil, unwritable()
		}
		return w, nil
	}
	if w.convert, err = writing(t, natural); errors.Is(err, errMismatch) {
		return nil, unwritable()
	}
	w.precision = natural.Precision
	if code == protoEnum {
		w.names = map[string]int32{}
		for i := range f.Enum().Values().Len() {
			v := f.Enum().Values().Get(i)
			w.names[string(v.Name())] = int32(v.Number())
		}
	}
	return w, err
}
