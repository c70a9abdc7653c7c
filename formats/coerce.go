package formats

import (
	"errors"

	"weir/types"
)

var errMismatch = errors.New("a value of another type")

// coercion says how a value that is written as one type becomes one of a column's type: kind is what to make of it, and
// convert, unless nil, what to do with it then. NULLs are not converted.
func coercion(from, to *types.Type) (kind types.Kind, convert types.Caster, err error) {
	number := func(k types.Kind) bool { return k == types.Integer || k == types.Bigint }
	switch k := from.Kind; {
	case to.Kind == k && k != types.Decimal:
		return k, bounded(k), nil
	case to.Kind == types.Decimal && k == types.Decimal:
		return k, func(v types.Value) (types.Value, error) { return exactDecimal(v, to) }, nil
	case to.Kind == types.String && !k.Nested(), to.Kind == types.Decimal && number(k),
		to.Kind.Numeric() && k.Numeric() && types.Widest(from, to).Equal(to):
		convert, err = types.NewCaster(from, to)
		return k, convert, err
	case number(k) && to.Kind.Temporal(), k.Temporal() && to.Kind == types.Bigint, k == types.Date && to.Kind == types.Integer:
		return to.Kind, bounded(to.Kind), nil // the same number
	}
	return 0, nil, errMismatch
}

// bounded checks numbers of kinds that do not take all that are written; nil for others.
func bounded(k types.Kind) types.Caster {
	if k != types.Time && k != types.Date {
		return nil
	}
	return func(v types.Value) (types.Value, error) {
		if !k.Holds(v.Int()) {
			return types.NullValue, errRange
		}
		return v, nil
	}
}

// writing is the reverse of coercion: how a column's value becomes what a given schema has in its place.
func writing(from, to *types.Type) (convert types.Caster, err error) {
	whole := func(k types.Kind) bool { return k == types.Integer || k == types.Bigint }
	switch k := to.Kind; {
	case from.Kind == k && k != types.Decimal:
		return nil, nil
	case from.Kind == types.Bigint && (k == types.Time || k == types.Timestamp), from.Kind.Temporal() && k == types.Bigint,
		from.Kind == types.Integer && k == types.Date, from.Kind == types.Date && k == types.Integer:
		return nil, nil // the same number
	case k == types.Decimal && (from.Kind == types.Decimal || whole(from.Kind)):
		toDecimal, err := types.NewCaster(from, &types.Type{Kind: types.Decimal, Precision: types.MaxPrecision, Scale: max(from.Scale, to.Scale)})
		if err != nil {
			return nil, err
		}
		return func(v types.Value) (types.Value, error) {
			v, err := toDecimal(v)
			if err != nil {
				return v, err
			}
			return exactDecimal(v, to)
		}, nil
	case from.Kind.Numeric() && k.Numeric() && from.Kind < k:
		return types.NewCaster(from, to)
	}
	return nil, errMismatch
}

// exactDecimal gives a DECIMAL the scale of the type, without losing a digit.
func exactDecimal(v types.Value, t *types.Type) (types.Value, error) {
	if v.IsNull() || v.Scale() == t.Scale && types.Precision(v) <= t.Precision {
		return v, nil
	}
	fit, err := types.FitDecimal(v, t)
	if err == nil && types.Compare(fit, v) != 0 {
		err = errRange
	}
	return fit, err
}
