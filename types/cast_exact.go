package types

import (
	"fmt"
	"math"
	"strings"
)

// A CAST wraps, rounds and cuts off as Java does. Where values are to stay what they are, as in INSERT VALUES, these say no instead.

// NewExactCaster is NewCaster for a conversion that nobody asked for: what would be lost, if only a digit, is an error.
func NewExactCaster(from, to *Type) (Caster, error) {
	if from.Kind == Struct && to.Kind == Struct {
		for _, f := range from.Fields {
			if to.FieldIndex(f.Name) < 0 {
				return nil, &CastError{from, to}
			}
		}
	}
	return checkedCaster(from, to, NewExactCaster, stays)
}

// NewRangeCaster is NewCaster for a CAST that was asked for: a fraction may go, but a number that the type can't hold is an error.
func NewRangeCaster(from, to *Type) (Caster, error) {
	return checkedCaster(from, to, NewRangeCaster, func(v, out Value, to *Type) error {
		if to.Kind != Integer && to.Kind != Bigint || !v.kind.Numeric() {
			return nil
		}
		if v.kind == Double && Compare(DoubleValue(math.Trunc(v.Double())), out) == 0 || v.kind == Decimal {
			return nil
		}
		return stays(v, out, to)
	})
}

func checkedCaster(from, to *Type, of func(from, to *Type) (Caster, error), check func(v, out Value, to *Type) error) (Caster, error) {
	if from.Equal(to) || from.Kind == Null {
		return NewCaster(from, to)
	}
	if from.Kind == to.Kind && to.Kind.Nested() {
		f, err := nestedCaster(from, to, of)
		return passNull(f), err
	}
	f, err := caster(from, to)
	if err != nil {
		return nil, err
	}
	return passNull(func(v Value) (Value, error) {
		out, err := f(v)
		if err == nil {
			err = check(v, out, to)
		}
		if err != nil {
			return NullValue, err
		}
		return out, nil
	}), nil
}

// stays says whether a value that was cast is still the same.
func stays(v, out Value, to *Type) error {
	switch {
	case v.kind.Numeric() && (to.Kind == Integer || to.Kind == Bigint):
		if out.IsNull() || Compare(v, out) != 0 {
			return fmt.Errorf("%s does not fit %s, %s", numberText(v), to, wholeNumbers(to))
		}
	case to.Kind == Decimal:
		if was, err := decimalOf(v); err == nil && Compare(was, out) != 0 {
			return fmt.Errorf("%s does not fit %s without rounding", numberText(v), to)
		}
	case to.Kind == Double && math.IsInf(out.Double(), 0) && v.kind == String && !strings.ContainsAny(v.Str(), "iI"):
		return fmt.Errorf("%s does not fit DOUBLE, numbers up to 1.7976931348623157E308", v.Str())
	case to.Kind == Boolean && !truth(v.Str()):
		return fmt.Errorf("%q is not a BOOLEAN: want true or false", v.Str())
	case v.kind == Timestamp && to.Kind == Date && FloorMod(v.num, MillisPerDay) != 0:
		return fmt.Errorf("%s does not fit DATE: it has a time of day", TimestampText(v.num))
	case v.kind == Timestamp && to.Kind == Time && (v.num < 0 || v.num >= MillisPerDay):
		return fmt.Errorf("%s does not fit TIME: it has a day", TimestampText(v.num))
	case v.kind == String && (to.Kind == Timestamp || to.Kind == Time) && belowMillis(v.Str()):
		return fmt.Errorf("%q does not fit %s, which has milliseconds", v.Str(), to)
	}
	return nil
}

func wholeNumbers(t *Type) string {
	if t.Kind == Integer {
		return "whole numbers from -2147483648 to 2147483647"
	}
	return "whole numbers from -9223372036854775808 to 9223372036854775807"
}

func numberText(v Value) string {
	switch v.kind {
	case String:
		return v.Str()
	case Double:
		return string(AppendDouble(nil, v.Double()))
	case Decimal:
		return DecimalText(v)
	}
	return fmt.Sprint(v.num)
}

// decimalOf is a number, or one in a text, with all its digits.
func decimalOf(v Value) (Value, error) {
	switch v.kind {
	case String:
		return ParseDecimal(strings.TrimSpace(v.Str()))
	case Double:
		return DecimalOfDouble(v.Double())
	}
	return toDecimal(v), nil
}

// truth says whether a text is the beginning of a word for true or false.
func truth(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, word := range []string{"true", "false", "yes", "no"} {
		if s != "" && strings.HasPrefix(word, s) {
			return true
		}
	}
	return false
}

// belowMillis says whether a time in text has a fraction of a millisecond.
func belowMillis(s string) bool {
	_, frac, _ := strings.Cut(s, ".")
	digits := len(frac) - len(strings.TrimLeft(frac, "0123456789"))
	return digits > 3 && strings.Trim(frac[3:digits], "0") != ""
}
