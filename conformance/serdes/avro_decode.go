package serdes

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/big"
	"slices"

	"github.com/hamba/avro/v2"
)

// Keys are the names in a decoded object, sorted.
func Keys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// decodeAvro reads Avro into the values that compare takes.
func decodeAvro(schema string, data []byte) (any, error) {
	s, err := avro.ParseWithCache(schema, "", &avro.SchemaCache{})
	if err != nil {
		return nil, err
	}
	r := &avroReader{data: data}
	v := r.value(s)
	if r.err == nil && len(r.data) > 0 {
		r.err = fmt.Errorf("%d bytes are left over", len(r.data))
	}
	return v, r.err
}

type avroReader struct {
	data []byte
	err  error
}

func (r *avroReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.data = nil
}

func (r *avroReader) take(n int64) []byte {
	if n < 0 || n > int64(len(r.data)) {
		r.fail(io.ErrUnexpectedEOF)
		return make([]byte, min(max(n, 0), 16))
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *avroReader) long() int64 {
	n, size := binary.Varint(r.data)
	if size <= 0 {
		r.fail(io.ErrUnexpectedEOF)
		return 0
	}
	r.data = r.data[size:]
	return n
}

func (r *avroReader) value(s avro.Schema) any {
	switch s := s.(type) {
	case *avro.RefSchema:
		return r.value(s.Schema())
	case *avro.UnionSchema:
		i := r.long()
		if i < 0 || i >= int64(len(s.Types())) {
			r.fail(fmt.Errorf("the union has no branch %d", i))
			return nil
		}
		return r.value(s.Types()[i])
	case *avro.RecordSchema:
		m := map[string]any{}
		for _, f := range s.Fields() {
			m[f.Name()] = r.value(f.Type())
		}
		return m
	case *avro.ArraySchema:
		return r.list(s)
	case *avro.MapSchema:
		m := map[string]any{}
		r.blocks(func() {
			k := string(r.take(r.long()))
			m[k] = r.value(s.Values())
		})
		return m
	case *avro.EnumSchema:
		i := r.long()
		if i < 0 || i >= int64(len(s.Symbols())) {
			r.fail(errors.New("no such symbol"))
			return nil
		}
		return s.Symbols()[i]
	case *avro.FixedSchema:
		return number(r.take(int64(s.Size())), s.Logical())
	}
	return r.primitive(s)
}

func (r *avroReader) blocks(each func()) {
	for r.err == nil {
		n := r.long()
		if n < 0 {
			n = -n
			r.long()
		}
		if n == 0 {
			return
		}
		for ; n > 0 && r.err == nil; n-- {
			each()
		}
	}
}

// list reads an array; one of entries is a map.
func (r *avroReader) list(s *avro.ArraySchema) any {
	out := []any{}
	r.blocks(func() { out = append(out, r.value(s.Items())) })
	if !isEntry(s.Items()) {
		return out
	}
	m := map[string]any{}
	for _, e := range out {
		entry, _ := e.(map[string]any)
		k, _ := fieldOf(entry, "key")
		v, _ := fieldOf(entry, "value")
		m[fmt.Sprint(k)] = v
	}
	return m
}

func (r *avroReader) primitive(s avro.Schema) any {
	p, _ := s.(*avro.PrimitiveSchema)
	switch s.Type() {
	case avro.Null:
		return nil
	case avro.Boolean:
		return r.take(1)[0] != 0
	case avro.Int, avro.Long:
		return r.long()
	case avro.Float:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(r.take(4))))
	case avro.Double:
		return math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))
	case avro.String:
		return string(r.take(r.long()))
	case avro.Bytes:
		return number(r.take(r.long()), p.Logical())
	}
	r.fail(fmt.Errorf("unknown type %s", s.Type()))
	return nil
}

// number makes a decimal of bytes that are one.
func number(data []byte, logical avro.LogicalSchema) any {
	d, ok := logical.(*avro.DecimalLogicalSchema)
	if !ok {
		return append([]byte{}, data...)
	}
	n := new(big.Int).SetBytes(data)
	if len(data) > 0 && data[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(data))))
	}
	return Decimal{n, d.Scale()}
}
