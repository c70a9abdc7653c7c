// Package types holds what every other part of Weir speaks of: SQL types, the 24-byte Value, rows in batches, schemas,
// and the casts, decimals and times that go with them. It imports nothing else of Weir.
package types

import (
	"strconv"
	"strings"
)

// Kind is the kind of an SQL type. Scalars come first, in widening order for numbers.
type Kind uint8

// The kinds of ksqlDB's dialect. Null is the type of a bare NULL and fits everywhere.
const (
	Null Kind = iota
	Boolean
	Integer
	Bigint
	Decimal
	Double
	String
	Bytes
	Time      // milliseconds of the day
	Date      // days since 1970-01-01
	Timestamp // milliseconds since 1970-01-01T00:00Z
	Array
	Map
	Struct
)

var kindNames = [...]string{"NULL", "BOOLEAN", "INTEGER", "BIGINT", "DECIMAL", "DOUBLE", "STRING", "BYTES", "TIME", "DATE",
	"TIMESTAMP", "ARRAY", "MAP", "STRUCT"}

func (k Kind) String() string { return kindNames[k] }

// Numeric says whether arithmetic works on values of the kind.
func (k Kind) Numeric() bool { return k >= Integer && k <= Double }

// Temporal says whether the kind is TIME, DATE or TIMESTAMP.
func (k Kind) Temporal() bool { return k >= Time && k <= Timestamp }

// Nested says whether values of the kind hold other values.
func (k Kind) Nested() bool { return k >= Array }

// MaxPrecision is the largest precision of a DECIMAL.
const MaxPrecision = 64

// Type is an SQL type. It is never changed once made; share it freely.
type Type struct {
	Kind      Kind
	Precision int     // of DECIMAL: digits in all
	Scale     int     // of DECIMAL: digits after the point
	Key       *Type   // of MAP
	Elem      *Type   // of ARRAY and MAP
	Fields    []Field // of STRUCT
}

// Field is one named field of a STRUCT.
type Field struct {
	Name string
	Type *Type
}

// The types without parameters.
var (
	TNull      = &Type{Kind: Null}
	TBoolean   = &Type{Kind: Boolean}
	TInteger   = &Type{Kind: Integer}
	TBigint    = &Type{Kind: Bigint}
	TDouble    = &Type{Kind: Double}
	TString    = &Type{Kind: String}
	TBytes     = &Type{Kind: Bytes}
	TTime      = &Type{Kind: Time}
	TDate      = &Type{Kind: Date}
	TTimestamp = &Type{Kind: Timestamp}
)

// TDecimal is DECIMAL(precision, scale).
func TDecimal(precision, scale int) *Type {
	return &Type{Kind: Decimal, Precision: precision, Scale: scale}
}

// TArray is ARRAY<elem>.
func TArray(elem *Type) *Type { return &Type{Kind: Array, Elem: elem} }

// TMap is MAP<key, elem>.
func TMap(key, elem *Type) *Type { return &Type{Kind: Map, Key: key, Elem: elem} }

// TStruct is STRUCT<fields>.
func TStruct(fields ...Field) *Type { return &Type{Kind: Struct, Fields: fields} }

// String prints the type as SQL, the way ksqlDB prints it.
func (t *Type) String() string {
	switch t.Kind {
	case Decimal:
		return "DECIMAL(" + strconv.Itoa(t.Precision) + ", " + strconv.Itoa(t.Scale) + ")"
	case Array:
		return "ARRAY<" + t.Elem.String() + ">"
	case Map:
		return "MAP<" + t.Key.String() + ", " + t.Elem.String() + ">"
	case Struct:
		var b strings.Builder
		b.WriteString("STRUCT<")
		for i, f := range t.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(QuoteName(f.Name))
			b.WriteByte(' ')
			b.WriteString(f.Type.String())
		}
		b.WriteByte('>')
		return b.String()
	default:
		return t.Kind.String()
	}
}

// QuoteName puts a name in back-quotes.
func QuoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// Equal says whether both are the same type, parameters and field names included.
func (t *Type) Equal(o *Type) bool {
	if t == o {
		return true
	}
	if t == nil || o == nil || t.Kind != o.Kind {
		return false
	}
	switch t.Kind {
	case Decimal:
		return t.Precision == o.Precision && t.Scale == o.Scale
	case Array:
		return t.Elem.Equal(o.Elem)
	case Map:
		return t.Key.Equal(o.Key) && t.Elem.Equal(o.Elem)
	case Struct:
		if len(t.Fields) != len(o.Fields) {
			return false
		}
		for i := range t.Fields {
			if t.Fields[i].Name != o.Fields[i].Name || !t.Fields[i].Type.Equal(o.Fields[i].Type) {
				return false
			}
		}
	}
	return true
}

// FieldIndex finds a field of a STRUCT by its exact name; -1 where there is none.
func (t *Type) FieldIndex(name string) int {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// Contains says whether the type is, or holds at any depth, a type of the kind.
func (t *Type) Contains(k Kind) bool {
	switch {
	case t.Kind == k:
		return true
	case t.Kind == Array:
		return t.Elem.Contains(k)
	case t.Kind == Map:
		return t.Key.Contains(k) || t.Elem.Contains(k)
	}
	for _, f := range t.Fields {
		if f.Type.Contains(k) {
			return true
		}
	}
	return false
}

// AsDecimal is the DECIMAL that holds every value of an integer type, and the type itself for a DECIMAL; nil for others.
func (t *Type) AsDecimal() *Type {
	switch t.Kind {
	case Integer:
		return TDecimal(10, 0)
	case Bigint:
		return TDecimal(19, 0)
	case Decimal:
		return t
	}
	return nil
}

// Widest is the type that both convert to without a cast, or nil: equal types, or numbers in the order INTEGER, BIGINT,
// DECIMAL, DOUBLE. NULL fits every type.
func Widest(a, b *Type) *Type {
	switch {
	case a.Kind == Null:
		return b
	case b.Kind == Null || a.Equal(b):
		return a
	case !a.Kind.Numeric() || !b.Kind.Numeric():
		return nil
	case a.Kind == Double || b.Kind == Double:
		return TDouble
	case a.Kind == Decimal || b.Kind == Decimal:
		x, y := a.AsDecimal(), b.AsDecimal()
		scale := max(x.Scale, y.Scale)
		return TDecimal(min(max(x.Precision-x.Scale, y.Precision-y.Scale)+scale, MaxPrecision), scale)
	case a.Kind == Bigint || b.Kind == Bigint:
		return TBigint
	}
	return TInteger
}
