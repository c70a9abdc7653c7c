package formats

import (
	"bytes"
	"encoding/base64"
	"math"

	"weir/types"
)

// scalarOfText reads a scalar from its text: what a quoted JSON value, a field of a DELIMITED line and the key of a
// map may hold. Dates and times may also be written as people write them.
func (a *arena) scalarOfText(b []byte, t *types.Type) (types.Value, error) {
	switch t.Kind {
	case types.String:
		return types.StringOf(b), nil
	case types.Bytes:
		return a.base64(b)
	case types.Boolean:
		return boolOfText(b)
	case types.Time, types.Date, types.Timestamp:
		if n, err := parseInt(b); err == nil {
			if !t.Kind.Holds(n) {
				err = errRange
			}
			return types.NumberValue(t.Kind, n), err
		}
		n, err := parseTemporal(alias(b), t.Kind)
		return types.NumberValue(t.Kind, n), err
	}
	return numberOfText(b, t)
}

// boolOfText reads true and false in any case, and PostgreSQL's t and f.
func boolOfText(b []byte) (types.Value, error) {
	is := func(word string) bool { return bytes.EqualFold(b, []byte(word)) }
	switch {
	case is("true"), is("t"):
		return types.BoolValue(true), nil
	case is("false"), is("f"):
		return types.BoolValue(false), nil
	}
	return types.NullValue, errNotBoolean
}

// numberOfText reads a number of a numeric type.
func numberOfText(b []byte, t *types.Type) (types.Value, error) {
	switch t.Kind {
	case types.Integer:
		n, err := parseInt(b)
		if err == nil && !fits32(n) {
			err = errRange
		}
		return types.IntValue(int32(n)), err
	case types.Bigint:
		n, err := parseInt(b)
		return types.BigintValue(n), err
	case types.Double:
		f, err := parseDouble(b)
		return types.DoubleValue(f), err
	case types.Decimal:
		return parseDecimal(b, t)
	}
	return types.NullValue, errNotNumber
}

func parseTemporal(s string, k types.Kind) (int64, error) {
	switch k {
	case types.Time:
		return types.ParseTime(s)
	case types.Date:
		return types.ParseDate(s)
	}
	return types.ParseTimestamp(s)
}

func (a *arena) base64(b []byte) (types.Value, error) {
	room := a.room(base64.StdEncoding.DecodedLen(len(b)))
	out, err := base64.StdEncoding.AppendDecode(room, b)
	return types.BytesValue(out), err
}

// wants says in words what a scalar of the type may be written as.
func wants(t *types.Type) string {
	switch t.Kind {
	case types.Integer:
		return "an INTEGER, a whole number from -2147483648 to 2147483647"
	case types.Bigint:
		return "a BIGINT, a whole number of at most 64 bits"
	case types.Double:
		return "a DOUBLE, a number"
	case types.Decimal:
		return "a number that fits " + t.String() + " without rounding"
	case types.Bytes:
		return "BYTES in base64"
	case types.Boolean:
		return "a BOOLEAN, true or false"
	case types.Time:
		return "a TIME, milliseconds of the day from 0 to 86399999"
	case types.Date:
		return "a DATE, days since 1970-01-01 in 32 bits"
	case types.Timestamp:
		return "a TIMESTAMP, milliseconds since 1970-01-01"
	}
	return "a value of type " + t.String()
}

// fits32 says whether a number is one of an INTEGER.
func fits32(n int64) bool { return n >= math.MinInt32 && n <= math.MaxInt32 }
