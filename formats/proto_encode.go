package formats

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"weir/registry"
	"weir/registry/protoschema"
	"weir/types"
)

// protoEncoder writes rows as Protobuf messages, by a program made of the schema and the columns.
type protoEncoder struct {
	format string
	header []byte
	root   *protoMessageWriter
	unwrap bool
	from   int // of an unwrapped column
}

func newProtoEncoder(spec Spec, cols types.Schema, from []int) (Encoder, error) {
	f, err := Lookup(spec.Format)
	if err != nil {
		return nil, err
	}
	e := &protoEncoder{format: f.Name, unwrap: spec.unwrapped(cols)}
	var s registered
	if f.Registry {
		if s, err = registerAndFetch(spec, cols, registry.Protobuf); err != nil {
			return nil, err
		}
	} else if s.Text, err = protoSchemaText(spec, cols); err != nil {
		return nil, err
	}
	file, err := protoFile(s)
	if err != nil {
		return nil, err
	}
	m, path, err := protoschema.Message(file, spec.fullName())
	if err != nil {
		return nil, err
	}
	if f.Registry {
		header := schemaHeader(s.ID)
		e.header = appendIndexes(header[:], path)
	}
	if e.unwrap {
		e.from = from[0]
		if cols[0].Type.Kind == types.Struct {
			cols = fieldsOf(cols[0].Type)
			from = make([]int, len(cols))
			for i := range from {
				from[i] = i
			}
		}
	}
	if e.root, err = newProtoMessageWriter(f.Name, m, cols, from, ""); err != nil && f.Registry {
		err = fmt.Errorf("schema %d: %w", s.ID, err)
	}
	return e, err
}

// appendIndexes writes a path of message indexes; that of the first message is a lone 0.
func appendIndexes(dst []byte, path []int) []byte {
	if len(path) == 1 && path[0] == 0 {
		return append(dst, 0)
	}
	dst = binary.AppendVarint(dst, int64(len(path)))
	for _, i := range path {
		dst = binary.AppendVarint(dst, int64(i))
	}
	return dst
}

// Append writes one row. A bare column that is NULL is a null record.
func (e *protoEncoder) Append(dst []byte, row []types.Value) ([]byte, error) {
	if e.unwrap {
		v := row[e.from]
		if v.IsNull() {
			return dst, ErrNullRecord
		}
		if v.Kind() == types.Struct {
			row = v.Items()
		}
	}
	out, err := e.root.append(append(dst, e.header...), row)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// append writes the fields of a message.
func (m *protoMessageWriter) append(dst []byte, row []types.Value) ([]byte, error) {
	var err error
	for i := range m.fields {
		f := &m.fields[i]
		v := row[f.from]
		if f.member >= 0 {
			if v.IsNull() {
				continue
			}
			members := v.Items()
			if f.first(members) != f.member {
				continue
			}
			v = members[f.member]
		}
		if dst, err = f.writer.append(dst, v); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// first is the member of a oneof that is not NULL; only one can be written.
func (f *protoFieldWriter) first(members []types.Value) int {
	for _, at := range f.members {
		if !members[at].IsNull() {
			return at
		}
	}
	return -1
}

func (w *protoWriter) fail(want, got string) error {
	return &Error{Format: w.format, Column: w.path, Offset: -1, Want: want, Got: got}
}

// append writes a field, with its tag, unless nothing is to be written for its value.
func (w *protoWriter) append(dst []byte, v types.Value) ([]byte, error) {
	if v.IsNull() {
		if w.required {
			return dst, w.fail("a value, as the schema requires one", "NULL")
		}
		return dst, nil
	}
	switch {
	case w.code == protoEntry:
		return w.appendEntries(dst, v.Pairs())
	case w.packed:
		return w.appendPacked(dst, v.Items())
	case w.repeated:
		var err error
		for _, item := range v.Items() {
			if dst, err = w.appendItem(dst, item); err != nil {
				return dst, err
			}
		}
		return dst, nil
	}
	at := len(dst)
	dst, zero, err := w.appendValue(append(dst, w.tag...), v)
	if err == nil && zero && !w.presence {
		return dst[:at], nil
	}
	return dst, err
}

var zeros [8]byte

// appendItem writes one item of a list. A NULL is a zero, an empty text or an empty message, or an error where nothing is like it.
func (w *protoWriter) appendItem(dst []byte, v types.Value) ([]byte, error) {
	dst = append(dst, w.tag...)
	if v.IsNull() {
		if w.code >= protoTimestamp {
			return dst, w.fail("a value, as lists in Protobuf hold no NULL", "NULL")
		}
		return append(dst, zeros[:w.width]...), nil
	}
	dst, _, err := w.appendValue(dst, v)
	return dst, err
}

func (w *protoWriter) appendPacked(dst []byte, items []types.Value) ([]byte, error) {
	if len(items) == 0 {
		return dst, nil
	}
	dst = append(dst, w.tag...)
	at := len(dst)
	dst = append(dst, 0)
	var err error
	for _, item := range items {
		if item.IsNull() {
			dst = append(dst, zeros[:w.width]...)
			continue
		}
		if dst, _, err = w.appendValue(dst, item); err != nil {
			return dst, err
		}
	}
	return setLength(dst, at), nil
}

func (w *protoWriter) appendEntries(dst []byte, pairs []types.Value) ([]byte, error) {
	var err error
	for i := 0; i < len(pairs); i += 2 {
		dst = append(dst, w.tag...)
		at := len(dst)
		if dst, err = w.message.append(append(dst, 0), pairs[i:i+2]); err != nil {
			return dst, err
		}
		dst = setLength(dst, at)
	}
	return dst, nil
}

// setLength puts the length of what stands behind the byte at at into its place, which may take more bytes.
func setLength(dst []byte, at int) []byte {
	n := len(dst) - at - 1
	if n < 0x80 {
		dst[at] = byte(n)
		return dst
	}
	size := protowire.SizeVarint(uint64(n))
	var more [binary.MaxVarintLen64]byte
	dst = append(dst, more[:size-1]...)
	copy(dst[at+size:], dst[at+1:at+1+n])
	binary.PutUvarint(dst[at:], uint64(n))
	return dst
}

// appendValue writes a value that is not NULL, without its tag; zero says that it is the default of its type.
func (w *protoWriter) appendValue(dst []byte, v types.Value) (out []byte, zero bool, err error) {
	if w.convert != nil {
		if v, err = w.convert(v); err != nil {
			return dst, false, w.fail("a value that fits the schema", err.Error())
		}
	}
	switch w.code {
	case protoString, protoBytes:
		return append(protowire.AppendVarint(dst, uint64(v.Len())), v.Bytes()...), v.Len() == 0, nil
	case protoInt32, protoInt64:
		return protowire.AppendVarint(dst, uint64(v.Int())), v.Int() == 0, nil
	case protoSint32, protoSint64:
		return protowire.AppendVarint(dst, protowire.EncodeZigZag(v.Int())), v.Int() == 0, nil
	case protoUint32, protoFixed32:
		if v.Int() < 0 || v.Int() > math.MaxUint32 {
			return dst, false, w.fail("a number from 0 to 4294967295", types.Text(v, types.TBigint))
		}
		if w.code == protoUint32 {
			return protowire.AppendVarint(dst, uint64(v.Int())), v.Int() == 0, nil
		}
		return protowire.AppendFixed32(dst, uint32(v.Int())), v.Int() == 0, nil
	case protoSfixed32:
		return protowire.AppendFixed32(dst, uint32(v.Int())), v.Int() == 0, nil
	case protoFixed64:
		return protowire.AppendFixed64(dst, uint64(v.Int())), v.Int() == 0, nil
	case protoFloat:
		bits := math.Float32bits(float32(v.Double()))
		return protowire.AppendFixed32(dst, bits), bits == 0, nil
	case protoDouble:
		bits := math.Float64bits(v.Double())
		return protowire.AppendFixed64(dst, bits), bits == 0, nil
	case protoBool:
		return append(dst, byte(btoi(v.Bool()))), !v.Bool(), nil
	case protoEnum:
		number, ok := w.names[v.Str()]
		if !ok {
			return dst, false, w.fail("one of the names in the schema's enum", fmt.Sprintf("%q", v.Str()))
		}
		return protowire.AppendVarint(dst, uint64(int64(number))), number == 0, nil
	}
	at := len(dst)
	dst = append(dst, 0)
	switch w.code {
	case protoStruct:
		dst, err = w.message.append(dst, v.Items())
	case protoWrapper:
		dst, err = w.inner.append(dst, v)
	default:
		dst = w.appendWellKnown(dst, v)
	}
	return setLength(dst, at), false, err
}

func btoi(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
