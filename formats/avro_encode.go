package formats

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/hamba/avro/v2"

	"weir/registry"
	"weir/types"
)

// avroEncoder writes rows in the wire format of a schema registry, by a program made of the schema and the columns.
type avroEncoder struct {
	header [confluentHeader]byte
	root   *avroWriter
	from   []int // of an unwrapped column
	unwrap bool
}

// avroWriter writes one value.
type avroWriter struct {
	code    avroCode
	kind    types.Kind // of the logical type, for dates, times and decimals
	null    int        // the branch of a union for NULL; -1 where there is none
	branch  int        // the branch for values; -1 where it is no union
	times   int64      // 1000 for microseconds
	scale   int
	size    int
	typ     *types.Type
	path    string
	convert types.Caster // NULL-free; from the column's type
	symbols map[string]int
	elem    *avroWriter
	key     *avroWriter
	fields  []avroWriterField
}

// avroWriterField is one field of a record: a column, or a default already encoded, which also stands for a NULL that the schema doesn't allow.
type avroWriterField struct {
	from     int
	node     *avroWriter
	constant []byte
}

func newAvroEncoder(spec Spec, cols types.Schema, from []int) (Encoder, error) {
	s, err := registerAndFetch(spec, cols, registry.Avro)
	if err != nil {
		return nil, err
	}
	schema, err := parseAvroSchema(s)
	if err != nil {
		return nil, err
	}
	e := &avroEncoder{from: from, unwrap: spec.unwrapped(cols), header: schemaHeader(s.ID)}
	if e.unwrap {
		e.root, err = avroWriterOf(schema, cols[0].Type, cols[0].Name)
	} else {
		e.root, err = avroRootWriter(schema, cols, from)
	}
	if err != nil {
		return nil, fmt.Errorf("schema %d: %w", s.ID, err)
	}
	return e, nil
}

// Append writes one row. A bare column that is NULL is a null record.
func (e *avroEncoder) Append(dst []byte, row []types.Value) ([]byte, error) {
	if e.unwrap {
		v := row[e.from[0]]
		if v.IsNull() {
			return dst, ErrNullRecord
		}
		return e.root.append(append(dst, e.header[:]...), v)
	}
	dst = append(dst, e.header[:]...)
	if e.root.branch >= 0 {
		dst = binary.AppendVarint(dst, int64(e.root.branch))
	}
	return e.root.appendFields(dst, row)
}

func (w *avroWriter) fail(want, got string) error {
	return &Error{Format: Avro, Column: w.path, Offset: -1, Want: want, Got: got}
}

func (w *avroWriter) appendFields(dst []byte, row []types.Value) ([]byte, error) {
	var err error
	for i := range w.fields {
		f := &w.fields[i]
		if f.node == nil || f.constant != nil && row[f.from].IsNull() {
			dst = append(dst, f.constant...)
		} else if dst, err = f.node.append(dst, row[f.from]); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// append writes one value, with the number of its branch in front where it is in a union.
func (w *avroWriter) append(dst []byte, v types.Value) ([]byte, error) {
	if v.IsNull() {
		if w.null >= 0 {
			return binary.AppendVarint(dst, int64(w.null)), nil
		}
		if w.code == avroNull {
			return dst, nil
		}
		return dst, w.fail("a value, as the schema allows no null", "NULL")
	}
	if w.branch >= 0 {
		dst = binary.AppendVarint(dst, int64(w.branch))
	}
	if w.convert != nil {
		var err error
		if v, err = w.convert(v); err != nil {
			return dst, w.fail("a value that fits the schema", err.Error())
		}
	}
	switch w.code {
	case avroBoolean:
		if v.Bool() {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case avroInt, avroLong:
		n := v.Int()
		if w.times > 0 {
			if n > math.MaxInt64/w.times || n < math.MinInt64/w.times {
				return dst, w.fail("a time that fits 64 bits of microseconds", types.Text(v, w.typ))
			}
			n *= w.times
		}
		return binary.AppendVarint(dst, n), nil
	case avroFloat:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v.Double()))), nil
	case avroDouble:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Double())), nil
	case avroBytes, avroText:
		return append(binary.AppendVarint(dst, int64(v.Len())), v.Bytes()...), nil
	case avroFixed:
		if v.Len() != w.size {
			return dst, w.fail(fmt.Sprintf("%d bytes", w.size), fmt.Sprintf("%d bytes", v.Len()))
		}
		return append(dst, v.Bytes()...), nil
	case avroDecimal, avroFixedDecimal:
		return w.appendDecimal(dst, v)
	case avroEnum:
		at, ok := w.symbols[v.Str()]
		if !ok {
			return dst, w.fail("one of the schema's symbols", fmt.Sprintf("%q", v.Str()))
		}
		return binary.AppendVarint(dst, int64(at)), nil
	case avroRecord:
		return w.appendFields(dst, v.Items())
	}
	return w.appendItems(dst, v)
}

func (w *avroWriter) appendItems(dst []byte, v types.Value) ([]byte, error) {
	if v.Len() == 0 {
		return append(dst, 0), nil
	}
	dst = binary.AppendVarint(dst, int64(v.Len()))
	var err error
	if w.code == avroArray {
		for _, item := range v.Items() {
			if dst, err = w.elem.append(dst, item); err != nil {
				return dst, err
			}
		}
		return append(dst, 0), nil
	}
	pairs := v.Pairs()
	for i := 0; i < len(pairs); i += 2 {
		if w.branchOfEntry() >= 0 {
			dst = binary.AppendVarint(dst, int64(w.branchOfEntry()))
		}
		if dst, err = w.key.append(dst, pairs[i]); err != nil {
			return dst, err
		}
		if dst, err = w.elem.append(dst, pairs[i+1]); err != nil {
			return dst, err
		}
	}
	return append(dst, 0), nil
}

// branchOfEntry is the branch of the entries of a map written as an array, which may be in a union; -1 where they are not.
func (w *avroWriter) branchOfEntry() int {
	if w.code == avroEntries {
		return w.size
	}
	return -1
}

// appendDecimal writes the unscaled number in two's complement, in as few bytes as it takes or in the size of a fixed.
func (w *avroWriter) appendDecimal(dst []byte, v types.Value) ([]byte, error) {
	var buf [32]byte
	b := appendTwosComplement(buf[:0], v)
	if w.code == avroDecimal {
		return append(binary.AppendVarint(dst, int64(len(b))), b...), nil
	}
	if len(b) > w.size {
		return dst, w.fail(fmt.Sprintf("a number of at most %d bytes", w.size), types.DecimalText(v))
	}
	sign := byte(0)
	if b[0] >= 0x80 {
		sign = 0xFF
	}
	for range w.size - len(b) {
		dst = append(dst, sign)
	}
	return append(dst, b...), nil
}

// appendTwosComplement writes a DECIMAL's unscaled number, big-endian, in as few bytes as it takes.
func appendTwosComplement(dst []byte, v types.Value) []byte {
	var buf [8]byte
	b := buf[:]
	if n, ok := v.Unscaled(); ok {
		binary.BigEndian.PutUint64(b, uint64(n))
	} else {
		b = signedBytes(v.BigUnscaled())
	}
	for len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xFF && b[1] >= 0x80) {
		b = b[1:]
	}
	return append(dst, b...)
}

var errNoDefault = errors.New("the schema has a field that no column gives, and that has no default and may not be null")

// avroDefault is a field's default, encoded.
func avroDefault(f *avro.Field) ([]byte, error) {
	u, isUnion := f.Type().(*avro.UnionSchema)
	if isUnion && (!f.HasDefault() || f.Default() == nil) {
		for i, b := range u.Types() {
			if b.Type() == avro.Null {
				return binary.AppendVarint(nil, int64(i)), nil
			}
		}
	}
	if !f.HasDefault() {
		return nil, fmt.Errorf("%w: %s", errNoDefault, f.Name())
	}
	if !isUnion {
		return marshalDefault(f, f.Type())
	}
	b, err := marshalDefault(f, u.Types()[0]) // a default belongs to the first branch
	return append([]byte{0}, b...), err
}

func marshalDefault(f *avro.Field, s avro.Schema) ([]byte, error) {
	b, err := avro.Marshal(s, f.Default())
	if err != nil {
		return nil, fmt.Errorf("the default of the schema's field %s cannot be written: %w", f.Name(), err)
	}
	return b, nil
}
