package types

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Caster converts a value of one type to another; NULL stays NULL.
type Caster func(Value) (Value, error)

// CastError says that no cast leads from one type to another.
type CastError struct{ From, To *Type }

func (e *CastError) Error() string {
	return fmt.Sprintf("Cast of %s to %s is not supported", e.From, e.To)
}

// NewCaster makes the conversion of CAST(x AS to), for values of the type from.
func NewCaster(from, to *Type) (Caster, error) {
	if from.Equal(to) || from.Kind == Null {
		return func(v Value) (Value, error) { return v, nil }, nil
	}
	f, err := caster(from, to)
	if err != nil {
		return nil, err
	}
	return passNull(f), nil
}

func passNull(f Caster) Caster {
	return func(v Value) (Value, error) {
		if v.kind == Null {
			return v, nil
		}
		return f(v)
	}
}

func caster(from, to *Type) (Caster, error) {
	switch to.Kind {
	case Boolean:
		if from.Kind == String {
			return func(v Value) (Value, error) { return parseBool(v.Str()), nil }, nil
		}
	case Integer, Bigint:
		return integerCaster(from, to)
	case Double:
		switch {
		case from.Kind.Numeric():
			return func(v Value) (Value, error) { return DoubleValue(v.AsDouble()), nil }, nil
		case from.Kind == String:
			return doubleOfString, nil
		}
	case Decimal:
		return decimalCaster(from, to)
	case String:
		return func(v Value) (Value, error) { return StringOf(AppendText(nil, v, from)), nil }, nil
	case Bytes:
		if from.Kind == String {
			return func(v Value) (Value, error) {
				b, err := base64.StdEncoding.DecodeString(v.Str())
				return BytesValue(b), err
			}, nil
		}
	case Time, Date, Timestamp:
		return temporalCaster(from, to)
	case Array, Map, Struct:
		if from.Kind == to.Kind {
			return nestedCaster(from, to, NewCaster)
		}
	}
	return nil, &CastError{from, to}
}

// parseBool follows ksqlDB: any beginning of "true" or "yes" is true, everything else is false.
func parseBool(s string) Value {
	s = strings.ToLower(strings.TrimSpace(s))
	return BoolValue(s != "" && (strings.HasPrefix("true", s) || strings.HasPrefix("yes", s)))
}

func integerCaster(from, to *Type) (Caster, error) {
	lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
	if to.Kind == Integer {
		lo, hi = math.MinInt32, math.MaxInt32
	}
	switch from.Kind {
	case Integer, Bigint:
		if to.Kind == Integer {
			return func(v Value) (Value, error) { return IntValue(int32(v.num)), nil }, nil
		}
		return func(v Value) (Value, error) { return BigintValue(v.num), nil }, nil
	case Double:
		return func(v Value) (Value, error) {
			f := math.Trunc(v.Double())
			switch {
			case math.IsNaN(f):
				return Value{kind: to.Kind}, nil
			case f <= float64(lo):
				return Value{kind: to.Kind, num: lo}, nil
			case f >= float64(hi):
				return Value{kind: to.Kind, num: hi}, nil
			}
			return Value{kind: to.Kind, num: int64(f)}, nil
		}, nil
	case Decimal:
		return func(v Value) (Value, error) {
			n := new(big.Int).Quo(v.BigUnscaled(), pow10(v.Scale()))
			if !n.IsInt64() || n.Int64() < lo || n.Int64() > hi {
				return NullValue, fmt.Errorf("%w: %s does not fit %s", ErrOverflow, DecimalText(v), to)
			}
			return Value{kind: to.Kind, num: n.Int64()}, nil
		}, nil
	case String:
		return func(v Value) (Value, error) {
			n, err := strconv.ParseInt(strings.TrimSpace(v.Str()), 10, 64)
			if err != nil || n < lo || n > hi {
				return NullValue, fmt.Errorf("not a valid %s: %q", to, v.Str())
			}
			return Value{kind: to.Kind, num: n}, nil
		}, nil
	}
	return nil, &CastError{from, to}
}

func doubleOfString(v Value) (Value, error) {
	s := strings.TrimSpace(v.Str())
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) || strings.ContainsAny(s, "_xX") {
		return NullValue, fmt.Errorf("not a valid DOUBLE: %q", v.Str())
	}
	return DoubleValue(f), nil
}

func decimalCaster(from, to *Type) (Caster, error) {
	switch from.Kind {
	case Integer, Bigint, Decimal:
		return func(v Value) (Value, error) { return FitDecimal(toDecimal(v), to) }, nil
	case Double:
		return func(v Value) (Value, error) {
			d, err := DecimalOfDouble(v.Double())
			if err != nil {
				return NullValue, err
			}
			return FitDecimal(d, to)
		}, nil
	case String:
		return func(v Value) (Value, error) {
			d, err := ParseDecimal(strings.TrimSpace(v.Str()))
			if err != nil {
				return NullValue, err
			}
			return FitDecimal(d, to)
		}, nil
	}
	return nil, &CastError{from, to}
}

func temporalCaster(from, to *Type) (Caster, error) {
	parse := map[Kind]func(string) (int64, error){Time: ParseTime, Date: ParseDate, Timestamp: ParseTimestamp}[to.Kind]
	switch {
	case from.Kind == String:
		return func(v Value) (Value, error) {
			n, err := parse(v.Str())
			return Value{kind: to.Kind, num: n}, err
		}, nil
	case from.Kind == Timestamp && to.Kind == Date:
		return func(v Value) (Value, error) {
			days := FloorDiv(v.num, MillisPerDay)
			if !Date.Holds(days) {
				return NullValue, fmt.Errorf("%w: %s does not fit DATE", ErrOverflow, TimestampText(v.num))
			}
			return DateValue(days), nil
		}, nil
	case from.Kind == Timestamp && to.Kind == Time:
		return func(v Value) (Value, error) { return TimeValue(FloorMod(v.num, MillisPerDay)), nil }, nil
	case from.Kind == Date && to.Kind == Timestamp:
		return func(v Value) (Value, error) { return TimestampValue(v.num * MillisPerDay), nil }, nil
	}
	return nil, &CastError{from, to}
}

// nestedCaster converts parts as of says.
func nestedCaster(from, to *Type, of func(from, to *Type) (Caster, error)) (Caster, error) {
	switch to.Kind {
	case Array:
		elem, err := of(from.Elem, to.Elem)
		if err != nil {
			return nil, err
		}
		return func(v Value) (Value, error) {
			out, err := castEach(v.Items(), func(int) Caster { return elem })
			return ArrayValue(out), err
		}, nil
	case Map:
		key, err := of(from.Key, to.Key)
		if err != nil {
			return nil, err
		}
		elem, err := of(from.Elem, to.Elem)
		if err != nil {
			return nil, err
		}
		both := [2]Caster{key, elem}
		return func(v Value) (Value, error) {
			out, err := castEach(v.Pairs(), func(i int) Caster { return both[i&1] })
			return MapValue(out), err
		}, nil
	}
	return structCaster(from, to, of)
}

func castEach(in []Value, with func(int) Caster) ([]Value, error) {
	out := make([]Value, len(in))
	for i := range in {
		v, err := with(i)(in[i])
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// structCaster pairs fields by name; what the source has not is NULL.
func structCaster(from, to *Type, of func(from, to *Type) (Caster, error)) (Caster, error) {
	at := make([]int, len(to.Fields))
	casters := make([]Caster, len(to.Fields))
	for i, f := range to.Fields {
		at[i] = from.FieldIndex(f.Name)
		if at[i] < 0 {
			continue
		}
		c, err := of(from.Fields[at[i]].Type, f.Type)
		if err != nil {
			return nil, err
		}
		casters[i] = c
	}
	return func(v Value) (Value, error) {
		in, out := v.Items(), make([]Value, len(to.Fields))
		for i, c := range casters {
			if c == nil {
				continue
			}
			x, err := c(in[at[i]])
			if err != nil {
				return NullValue, err
			}
			out[i] = x
		}
		return StructValue(out), nil
	}, nil
}
