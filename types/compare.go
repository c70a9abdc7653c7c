package types

import (
	"bytes"
	"cmp"
	"strings"
)

// Equal says whether two values of one type (numbers: of any numeric types) are the same; NULL equals NULL.
func Equal(a, b Value) bool {
	if a.kind != b.kind {
		return a.kind.Numeric() && b.kind.Numeric() && Compare(a, b) == 0
	}
	switch a.kind {
	case Null:
		return true
	case String, Bytes:
		return a.Str() == b.Str()
	case Double:
		return a.Double() == b.Double()
	case Decimal:
		return compareDecimal(a, b) == 0
	case Array, Struct:
		return equalRows(a.Items(), b.Items())
	case Map:
		if a.len != b.len {
			return false
		}
		pairs := a.Pairs()
		for i := 0; i < len(pairs); i += 2 {
			if w, ok := b.MapGet(pairs[i]); !ok || !Equal(pairs[i+1], w) {
				return false
			}
		}
		return true
	}
	return a.num == b.num
}

func equalRows(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// Compare orders two values of one type, or two numbers of any types. NULL comes first. Bytes compare unsigned, arrays
// and structs item by item.
func Compare(a, b Value) int {
	if a.kind != b.kind {
		return compareMixed(a, b)
	}
	switch a.kind {
	case Null:
		return 0
	case String:
		return strings.Compare(a.Str(), b.Str())
	case Bytes:
		return bytes.Compare(a.Bytes(), b.Bytes())
	case Double:
		return cmp.Compare(a.Double(), b.Double())
	case Decimal:
		return compareDecimal(a, b)
	case Array, Struct:
		return compareRows(a.Items(), b.Items())
	case Map:
		return compareRows(a.Pairs(), b.Pairs())
	}
	return cmp.Compare(a.num, b.num)
}

func compareMixed(a, b Value) int {
	switch {
	case a.kind == Null:
		return -1
	case b.kind == Null:
		return 1
	case a.kind == Double || b.kind == Double:
		return cmp.Compare(a.AsDouble(), b.AsDouble())
	case a.kind == Decimal || b.kind == Decimal:
		return compareDecimal(toDecimal(a), toDecimal(b))
	}
	return cmp.Compare(a.num, b.num)
}

func compareRows(a, b []Value) int {
	for i := range min(len(a), len(b)) {
		if c := Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}
