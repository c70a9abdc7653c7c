package serdes

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/hamba/avro/v2"
)

// encodeAvro writes JSON as Avro of a schema. Field names match in any case; missing ones are null or have their default.
func encodeAvro(dst []byte, schema string, raw json.RawMessage) ([]byte, error) {
	s, err := avro.ParseWithCache(schema, "", &avro.SchemaCache{})
	if err != nil {
		return nil, err
	}
	v, err := ParseJSON(raw)
	if err != nil {
		return nil, err
	}
	return appendAvro(dst, s, v)
}

func appendAvro(dst []byte, s avro.Schema, v any) ([]byte, error) {
	wrong := func() ([]byte, error) { return nil, fmt.Errorf("%v can't be written as Avro %s", v, s.Type()) }
	switch s := s.(type) {
	case *avro.RefSchema:
		return appendAvro(dst, s.Schema(), v)
	case *avro.UnionSchema:
		return appendUnion(dst, s, v)
	case *avro.RecordSchema:
		m, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		return appendRecord(dst, s, m)
	case *avro.ArraySchema:
		if m, ok := v.(map[string]any); ok && isEntry(s.Items()) {
			return appendEntries(dst, s, m)
		}
		list, ok := v.([]any)
		if !ok {
			return wrong()
		}
		return appendList(dst, s.Items(), list)
	case *avro.MapSchema:
		m, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		return appendMap(dst, s, m)
	case *avro.EnumSchema:
		for i, name := range s.Symbols() {
			if name == v {
				return binary.AppendVarint(dst, int64(i)), nil
			}
		}
		return wrong()
	case *avro.FixedSchema:
		return appendDecimalOrBytes(dst, v, s.Logical(), s.Size())
	}
	return appendPrimitive(dst, s, v)
}

func appendRecord(dst []byte, s *avro.RecordSchema, m map[string]any) ([]byte, error) {
	for _, f := range s.Fields() {
		v, ok := fieldOf(m, f.Name())
		if !ok && f.HasDefault() {
			v = f.Default()
		}
		var err error
		if dst, err = appendAvro(dst, f.Type(), v); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	return dst, nil
}

// fieldOf finds a field by its name, or else by its name in another case.
func fieldOf(m map[string]any, name string) (any, bool) {
	if v, ok := m[name]; ok {
		return v, true
	}
	for k, v := range m {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return nil, false
}

func appendList(dst []byte, items avro.Schema, list []any) ([]byte, error) {
	if len(list) > 0 {
		dst = binary.AppendVarint(dst, int64(len(list)))
		for _, v := range list {
			var err error
			if dst, err = appendAvro(dst, items, v); err != nil {
				return nil, err
			}
		}
	}
	return append(dst, 0), nil
}

func appendMap(dst []byte, s *avro.MapSchema, m map[string]any) ([]byte, error) {
	if len(m) > 0 {
		dst = binary.AppendVarint(dst, int64(len(m)))
		for _, k := range Keys(m) {
			dst = appendText(dst, k)
			var err error
			if dst, err = appendAvro(dst, s.Values(), m[k]); err != nil {
				return nil, err
			}
		}
	}
	return append(dst, 0), nil
}

// isEntry says whether items are the entries of a map whose keys may be null, which Avro's own maps can't have.
func isEntry(items avro.Schema) bool {
	if ref, ok := items.(*avro.RefSchema); ok {
		items = ref.Schema()
	}
	r, ok := items.(*avro.RecordSchema)
	return ok && len(r.Fields()) == 2 && strings.EqualFold(r.Fields()[0].Name(), "key") && strings.EqualFold(r.Fields()[1].Name(), "value")
}

func appendEntries(dst []byte, s *avro.ArraySchema, m map[string]any) ([]byte, error) {
	var list []any
	for _, k := range Keys(m) {
		list = append(list, map[string]any{"key": k, "value": m[k]})
	}
	return appendList(dst, s.Items(), list)
}

// appendUnion takes the first branch that the value fits.
func appendUnion(dst []byte, s *avro.UnionSchema, v any) ([]byte, error) {
	var first error
	for i, b := range s.Types() {
		if (v == nil) != (b.Type() == avro.Null) {
			continue
		}
		out, err := appendAvro(binary.AppendVarint(append([]byte{}, dst...), int64(i)), b, v)
		if err == nil {
			return out, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = fmt.Errorf("the union %s has no branch for %v", s, v)
	}
	return nil, first
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendVarint(dst, int64(len(s))), s...)
}

func appendPrimitive(dst []byte, s avro.Schema, v any) ([]byte, error) {
	p, _ := s.(*avro.PrimitiveSchema)
	switch s.Type() {
	case avro.Null:
		if v == nil {
			return dst, nil
		}
	case avro.Boolean:
		if b, ok := v.(bool); ok && b {
			return append(dst, 1), nil
		} else if ok {
			return append(dst, 0), nil
		}
	case avro.Int, avro.Long:
		n, err := strconv.ParseInt(fmt.Sprint(v), 10, 64)
		if err == nil {
			return binary.AppendVarint(dst, n), nil
		}
	case avro.Float, avro.Double:
		f, err := strconv.ParseFloat(fmt.Sprint(v), 64)
		if err == nil && s.Type() == avro.Float {
			return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(f))), nil
		} else if err == nil {
			return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f)), nil
		}
	case avro.String:
		switch v.(type) {
		case string, json.Number:
			return appendText(dst, fmt.Sprint(v)), nil
		}
	case avro.Bytes:
		return appendDecimalOrBytes(dst, v, p.Logical(), -1)
	}
	return nil, fmt.Errorf("%v can't be written as Avro %s", v, s.Type())
}

// appendDecimalOrBytes writes a decimal number, or base64. size is that of a fixed; -1 for bytes.
func appendDecimalOrBytes(dst []byte, v any, logical avro.LogicalSchema, size int) ([]byte, error) {
	var data []byte
	if d, ok := logical.(*avro.DecimalLogicalSchema); ok {
		r, ok := new(big.Rat).SetString(fmt.Sprint(v))
		if !ok {
			return nil, fmt.Errorf("%v is not a decimal", v)
		}
		r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale())), nil)))
		if !r.IsInt() {
			return nil, fmt.Errorf("%v has more than %d digits behind the point", v, d.Scale())
		}
		data = twosComplement(r.Num(), size)
	} else {
		t, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("%v is not base64", v)
		}
		var err error
		if data, err = base64.StdEncoding.DecodeString(t); err != nil {
			return nil, err
		}
	}
	if size >= 0 {
		return append(dst, data...), nil
	}
	return append(binary.AppendVarint(dst, int64(len(data))), data...), nil
}

func twosComplement(n *big.Int, size int) []byte {
	width := n.BitLen()/8 + 1
	if size > width {
		width = size
	}
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*width)))
	}
	return n.FillBytes(make([]byte, width))
}
