package functions

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"weir/types"
)

// decimalFromBytes are the overloads of DECIMAL_FROM_BYTES.
func decimalFromBytes() []Overload {
	return []Overload{
		{Sig: "(b BYTES, scale INTEGER) DECIMAL", Check: settleDecimal, Make: bareDecimal},
		{Sig: "(b BYTES, precision INTEGER, scale INTEGER) DECIMAL", Check: settleDecimal, Make: bareDecimal},
		{Sig: "(v STRUCT, scale INTEGER) DECIMAL", Accepts: isVariableScale, Check: settleDecimal, Make: variableScaleDecimal},
		{Sig: "(v STRUCT, precision INTEGER, scale INTEGER) DECIMAL", Accepts: isVariableScale, Check: settleDecimal, Make: variableScaleDecimal},
	}
}

// settleDecimal makes the constants the type of the result.
func settleDecimal(b *Binding) error {
	shape := []int{types.MaxPrecision}
	for i := 1; i < len(b.Params); i++ {
		n := b.Const(i)
		if n == nil || n.IsNull() {
			return errors.New("DECIMAL_FROM_BYTES: precision and scale are to be constants, since they are part of the result's type")
		}
		shape = append(shape, int(n.Int()))
	}
	precision, scale := shape[len(shape)-2], shape[len(shape)-1]
	if precision < 1 || precision > types.MaxPrecision || scale < 0 || scale > precision {
		return fmt.Errorf("there is no DECIMAL(%d, %d): want a precision from 1 to %d, and a scale from 0 to the precision", precision, scale, types.MaxPrecision)
	}
	b.Returns = types.TDecimal(precision, scale)
	return nil
}

func bareDecimal(b *Binding) Eval {
	t := b.Returns
	return func(c *Call) (types.Value, error) {
		return decimalOfBytes(c.Args[0].Bytes(), t.Scale, t)
	}
}

// scaleAndValue are the places of the fields of Debezium's VariableScaleDecimal; -1 where there is none.
func scaleAndValue(t *types.Type) (scale, value int) {
	scale, value = -1, -1
	for i, f := range t.Fields {
		switch {
		case strings.EqualFold(f.Name, "SCALE") && f.Type.Kind == types.Integer:
			scale = i
		case strings.EqualFold(f.Name, "VALUE") && f.Type.Kind == types.Bytes:
			value = i
		}
	}
	return scale, value
}

func isVariableScale(params []*types.Type) bool {
	scale, value := scaleAndValue(params[0])
	return scale >= 0 && value >= 0
}

func variableScaleDecimal(b *Binding) Eval {
	t := b.Returns
	scaleAt, valueAt := scaleAndValue(b.Params[0])
	return func(c *Call) (types.Value, error) {
		fields := c.Args[0].Items()
		scale, value := fields[scaleAt], fields[valueAt]
		if scale.IsNull() || value.IsNull() {
			return types.NullValue, nil
		}
		return decimalOfBytes(value.Bytes(), int(scale.Int()), t)
	}
}

// maxDecimalBytes and maxDecimalScale bound what is calculated with: more is in no DECIMAL, but for zeros.
const (
	maxDecimalBytes = 64
	maxDecimalScale = 256
)

// decimalOfBytes is an unscaled number in two's complement as a value of the type. A negative scale multiplies.
func decimalOfBytes(b []byte, scale int, t *types.Type) (types.Value, error) {
	switch {
	case len(b) == 0:
		return types.NullValue, errors.New("no bytes are no number")
	case len(b) > maxDecimalBytes:
		return types.NullValue, fmt.Errorf("%w: a number of %d bytes does not fit %s", types.ErrOverflow, len(b), t)
	case scale > maxDecimalScale || scale < -maxDecimalScale:
		return types.NullValue, fmt.Errorf("%w: a number with the scale %d does not fit %s", types.ErrOverflow, scale, t)
	}
	v := types.TwosComplement(b, max(scale, 0))
	if scale < 0 {
		v = types.BigDecimalValue(new(big.Int).Mul(v.BigUnscaled(), tenTo(-scale)), 0)
	}
	out, err := types.FitDecimal(v, t)
	if err == nil && types.Compare(out, v) != 0 {
		err = fmt.Errorf("%w: %s does not fit %s without rounding", types.ErrOverflow, types.Text(v, t), t)
	}
	return out, err
}
