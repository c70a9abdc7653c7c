package types

import (
	"math"
	"math/big"
	"unsafe"
)

// Value is one SQL value in 24 bytes, passed by value and never boxed. What the fields mean depends on the kind:
//
//	BOOLEAN, INTEGER, BIGINT, TIME, DATE, TIMESTAMP   num
//	DOUBLE                                            num holds the bits
//	DECIMAL                                           len is the scale; num the unscaled number, or ptr a *big.Int
//	STRING, BYTES                                     ptr and len; nil when empty
//	ARRAY, STRUCT                                     ptr to the first of len Values
//	MAP                                               ptr to 2*len Values: key, value, key, value ...
//
// A string may alias a fetch buffer: whoever keeps a Value longer than the batch calls Clone.
type Value struct {
	kind Kind
	len  uint32
	num  int64
	ptr  unsafe.Pointer
}

// NullValue is SQL's NULL, also the zero Value.
var NullValue = Value{}

// Kind is the kind of the value; Null for NULL, whatever the column's type.
func (v Value) Kind() Kind { return v.kind }

// IsNull says whether the value is NULL.
func (v Value) IsNull() bool { return v.kind == Null }

// BoolValue makes a BOOLEAN.
func BoolValue(b bool) Value {
	if b {
		return Value{kind: Boolean, num: 1}
	}
	return Value{kind: Boolean}
}

// IntValue makes an INTEGER.
func IntValue(n int32) Value { return Value{kind: Integer, num: int64(n)} }

// BigintValue makes a BIGINT.
func BigintValue(n int64) Value { return Value{kind: Bigint, num: n} }

// DoubleValue makes a DOUBLE.
func DoubleValue(f float64) Value { return Value{kind: Double, num: int64(math.Float64bits(f))} }

// TimeValue makes a TIME from milliseconds of the day.
func TimeValue(ms int64) Value { return Value{kind: Time, num: ms} }

// DateValue makes a DATE from days since 1970-01-01.
func DateValue(days int64) Value { return Value{kind: Date, num: days} }

// TimestampValue makes a TIMESTAMP from milliseconds since 1970-01-01T00:00Z.
func TimestampValue(ms int64) Value { return Value{kind: Timestamp, num: ms} }

// NumberValue makes a value of an integer-like kind (BOOLEAN, INTEGER, BIGINT, TIME, DATE, TIMESTAMP) from its number.
func NumberValue(k Kind, n int64) Value { return Value{kind: k, num: n} }

// StringValue makes a STRING that shares the bytes of s.
func StringValue(s string) Value {
	if s == "" {
		return Value{kind: String}
	}
	return Value{kind: String, len: uint32(len(s)), ptr: unsafe.Pointer(unsafe.StringData(s))}
}

// StringOf makes a STRING that shares b: it lives as long as b is not written to.
func StringOf(b []byte) Value {
	if len(b) == 0 {
		return Value{kind: String}
	}
	return Value{kind: String, len: uint32(len(b)), ptr: unsafe.Pointer(unsafe.SliceData(b))}
}

// BytesValue makes BYTES that share b.
func BytesValue(b []byte) Value {
	if len(b) == 0 {
		return Value{kind: Bytes}
	}
	return Value{kind: Bytes, len: uint32(len(b)), ptr: unsafe.Pointer(unsafe.SliceData(b))}
}

// ArrayValue makes an ARRAY that shares items.
func ArrayValue(items []Value) Value { return nested(Array, items, len(items)) }

// StructValue makes a STRUCT that shares fields, which are in the type's order.
func StructValue(fields []Value) Value { return nested(Struct, fields, len(fields)) }

// MapValue makes a MAP that shares pairs: key, value, key, value ... Keys are unique; order is kept.
func MapValue(pairs []Value) Value { return nested(Map, pairs, len(pairs)/2) }

func nested(k Kind, vals []Value, n int) Value {
	if n == 0 {
		return Value{kind: k}
	}
	return Value{kind: k, len: uint32(n), ptr: unsafe.Pointer(unsafe.SliceData(vals))}
}

// DecimalValue makes a DECIMAL: unscaled * 10^-scale.
func DecimalValue(unscaled int64, scale int) Value {
	return Value{kind: Decimal, len: uint32(scale), num: unscaled}
}

// BigDecimalValue makes a DECIMAL from an unscaled number of any size, which it keeps.
func BigDecimalValue(unscaled *big.Int, scale int) Value {
	if unscaled.IsInt64() {
		return DecimalValue(unscaled.Int64(), scale)
	}
	return Value{kind: Decimal, len: uint32(scale), ptr: unsafe.Pointer(unscaled)}
}

// Bool is the truth of a BOOLEAN; false for NULL.
func (v Value) Bool() bool { return v.kind == Boolean && v.num != 0 }

// Int is the number of BOOLEAN, INTEGER, BIGINT, TIME, DATE and TIMESTAMP.
func (v Value) Int() int64 { return v.num }

// Double is the number of a DOUBLE.
func (v Value) Double() float64 { return math.Float64frombits(uint64(v.num)) }

// Str is the text of a STRING, or the bytes of BYTES as a string, sharing memory with the value.
func (v Value) Str() string { return unsafe.String((*byte)(v.ptr), int(v.len)) }

// Bytes are the bytes of BYTES or STRING, sharing memory with the value: not to be written to.
func (v Value) Bytes() []byte { return unsafe.Slice((*byte)(v.ptr), int(v.len)) }

// Len is the number of bytes of a STRING or BYTES, items of an ARRAY, entries of a MAP, fields of a STRUCT.
func (v Value) Len() int { return int(v.len) }

// Items are the items of an ARRAY, or the fields of a STRUCT.
func (v Value) Items() []Value { return unsafe.Slice((*Value)(v.ptr), int(v.len)) }

// Pairs are the entries of a MAP: key, value, key, value ...
func (v Value) Pairs() []Value { return unsafe.Slice((*Value)(v.ptr), 2*int(v.len)) }

// MapGet finds the value under a key of a MAP; ok is false where there is none.
func (v Value) MapGet(key Value) (val Value, ok bool) {
	pairs := v.Pairs()
	for i := 0; i < len(pairs); i += 2 {
		if Equal(pairs[i], key) {
			return pairs[i+1], true
		}
	}
	return NullValue, false
}

// Scale is the scale of a DECIMAL.
func (v Value) Scale() int { return int(v.len) }

// Unscaled is the unscaled number of a DECIMAL when it fits 64 bits.
func (v Value) Unscaled() (n int64, ok bool) { return v.num, v.ptr == nil }

// BigUnscaled is the unscaled number of a DECIMAL: not to be written to.
func (v Value) BigUnscaled() *big.Int {
	if v.ptr != nil {
		return (*big.Int)(v.ptr)
	}
	return big.NewInt(v.num)
}

// AsDouble is a number of any numeric kind as a DOUBLE.
func (v Value) AsDouble() float64 {
	switch v.kind {
	case Double:
		return v.Double()
	case Decimal:
		return decimalToDouble(v)
	}
	return float64(v.num)
}

// Clone is a copy that shares no memory with v.
func (v Value) Clone() Value {
	switch v.kind {
	case String, Bytes:
		if v.len == 0 {
			return Value{kind: v.kind}
		}
		b := make([]byte, v.len)
		copy(b, v.Bytes())
		return Value{kind: v.kind, len: v.len, ptr: unsafe.Pointer(unsafe.SliceData(b))}
	case Array, Struct:
		return nested(v.kind, CloneRow(v.Items()), int(v.len))
	case Map:
		return nested(Map, CloneRow(v.Pairs()), int(v.len))
	}
	return v
}

// Size is how many bytes a value takes with all that it points to, itself not counted; where that is more than most, some number above it.
func (v Value) Size(most int) int {
	switch v.kind {
	case String, Bytes:
		return int(v.len)
	case Array, Struct:
		return sizeOf(v.Items(), most)
	case Map:
		return sizeOf(v.Pairs(), most)
	}
	return 0
}

func sizeOf(vals []Value, most int) int {
	n := len(vals) * int(unsafe.Sizeof(Value{}))
	for i := range vals {
		if n > most {
			break
		}
		if vals[i].ptr != nil {
			n += vals[i].Size(most - n)
		}
	}
	return n
}

// SizeOf is how many bytes the values of a row take: see Value.Size.
func SizeOf(row []Value, most int) int { return sizeOf(row, most) }

// CloneRow copies a row deeply.
func CloneRow(row []Value) []Value {
	out := make([]Value, len(row))
	for i := range row {
		out[i] = row[i].Clone()
	}
	return out
}
