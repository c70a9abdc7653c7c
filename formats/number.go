package formats

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"unsafe"

	"weir/types"
)

var (
	errNotNumber  = errors.New("a number")
	errRange      = errors.New("in range")
	errNotText    = errors.New("text in UTF-8")
	errNotBoolean = errors.New("true or false")
)

// alias is b as a string that shares memory: for calls that do not keep it.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// parseInt reads [+-]digits.
func parseInt(b []byte) (n int64, err error) {
	i, neg := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		neg, i = b[0] == '-', 1
	}
	if i == len(b) {
		return 0, errNotNumber
	}
	if len(b)-i > 18 {
		n, err := strconv.ParseInt(alias(b), 10, 64)
		if errors.Is(err, strconv.ErrRange) {
			return 0, errRange
		}
		if err != nil {
			return 0, errNotNumber
		}
		return n, nil
	}
	for ; i < len(b); i++ {
		c := b[i] - '0'
		if c > 9 {
			return 0, errNotNumber
		}
		n = n*10 + int64(c)
	}
	if neg {
		n = -n
	}
	return n, nil
}

// truncInt reads any number and drops what follows the point, as Java's cast does.
func truncInt(b []byte) (int64, error) {
	n, err := parseInt(b)
	if err == nil || errors.Is(err, errRange) {
		return n, err
	}
	d, err := types.ParseDecimal(string(b))
	if err != nil {
		return 0, errNotNumber
	}
	if d.Scale() > 0 {
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale())), nil)
		d = types.BigDecimalValue(new(big.Int).Quo(d.BigUnscaled(), scale), 0)
	}
	n, fits := d.Unscaled()
	if !fits {
		return 0, errRange
	}
	return n, nil
}

// parseDouble reads a number as Java's Double.parseDouble does, NaN and Infinity included.
func parseDouble(b []byte) (float64, error) {
	for _, c := range b {
		if c == '_' || c == 'x' || c == 'X' || c == 'p' || c == 'P' {
			return 0, errNotNumber
		}
	}
	f, err := strconv.ParseFloat(alias(b), 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, errNotNumber
	}
	return f, nil
}

// parseDecimal reads a number into a DECIMAL of the type, without losing a digit.
func parseDecimal(b []byte, t *types.Type) (types.Value, error) {
	d, ok := shortDecimal(b)
	if !ok {
		var err error
		if d, err = types.ParseDecimal(string(b)); err != nil {
			return types.NullValue, errNotNumber
		}
	}
	if d.Scale() == t.Scale && types.Precision(d) <= t.Precision {
		return d, nil
	}
	fit, err := types.FitDecimal(d, t)
	if err != nil || types.Compare(fit, d) != 0 {
		return types.NullValue, errRange
	}
	return fit, nil
}

// shortDecimal reads what fits 18 digits and has no exponent.
func shortDecimal(b []byte) (types.Value, bool) {
	i, neg := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		neg, i = b[0] == '-', 1
	}
	if i == len(b) || len(b)-i > 18 {
		return types.NullValue, false
	}
	point, digits, n := -1, 0, int64(0)
	for ; i < len(b); i++ {
		c := b[i] - '0'
		switch {
		case c <= 9:
			n = n*10 + int64(c)
			digits++
		case b[i] == '.' && point < 0:
			point = i
		default:
			return types.NullValue, false
		}
	}
	if digits == 0 {
		return types.NullValue, false
	}
	scale := 0
	if point >= 0 {
		scale = len(b) - 1 - point
	}
	if neg {
		n = -n
	}
	return types.DecimalValue(n, scale), true
}
