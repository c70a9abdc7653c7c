package types

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// ErrOverflow says that a number does not fit its type.
var ErrOverflow = errors.New("numeric overflow")

var pow10i = [...]int64{1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
	1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000}

func pow10(n int) *big.Int {
	if n < len(pow10i) {
		return big.NewInt(pow10i[n])
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// toDecimal is an integer or decimal as a DECIMAL.
func toDecimal(v Value) Value {
	if v.kind == Decimal {
		return v
	}
	return DecimalValue(v.num, 0)
}

func decimalToDouble(v Value) float64 {
	if v.ptr == nil && v.len < 16 && v.num < 1<<53 && v.num > -1<<53 {
		return float64(v.num) / float64(pow10i[v.len])
	}
	f, _ := strconv.ParseFloat(DecimalText(v), 64)
	return f
}

func compareDecimal(a, b Value) int {
	if a.ptr == nil && b.ptr == nil && a.len == b.len {
		switch {
		case a.num < b.num:
			return -1
		case a.num > b.num:
			return 1
		}
		return 0
	}
	x, y := a.BigUnscaled(), b.BigUnscaled()
	switch {
	case a.len < b.len:
		x = new(big.Int).Mul(x, pow10(int(b.len-a.len)))
	case a.len > b.len:
		y = new(big.Int).Mul(y, pow10(int(a.len-b.len)))
	}
	return x.Cmp(y)
}

// Rescale gives a DECIMAL another scale; digits that fall away are rounded half up (away from zero).
func Rescale(v Value, scale int) Value {
	by := scale - int(v.len)
	if by == 0 {
		return v
	}
	if v.ptr == nil && by > 0 && by < len(pow10i) {
		if hi, lo := bits.Mul64(uint64(abs64(v.num)), uint64(pow10i[by])); hi == 0 && lo <= math.MaxInt64 {
			return DecimalValue(v.num*pow10i[by], scale)
		}
	}
	if by > 0 {
		return BigDecimalValue(new(big.Int).Mul(v.BigUnscaled(), pow10(by)), scale)
	}
	return BigDecimalValue(divRound(v.BigUnscaled(), pow10(-by)), scale)
}

func abs64(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// divRound divides, rounding half up (away from zero).
func divRound(x, by *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(x, by, new(big.Int))
	if r.Abs(r).Lsh(r, 1).CmpAbs(by) >= 0 {
		if (x.Sign() < 0) != (by.Sign() < 0) {
			return q.Sub(q, big.NewInt(1))
		}
		return q.Add(q, big.NewInt(1))
	}
	return q
}

// FitDecimal gives a DECIMAL the scale of the type and refuses what has too many digits.
func FitDecimal(v Value, t *Type) (Value, error) {
	out := Rescale(v, t.Scale)
	if digits := Precision(out); digits > t.Precision {
		return NullValue, fmt.Errorf("%w: a value with %d digits before the point and %d after it does not fit %s",
			ErrOverflow, digits-t.Scale, t.Scale, t)
	}
	return out, nil
}

// Precision is the number of digits of a DECIMAL's unscaled number.
func Precision(v Value) int {
	if v.ptr != nil {
		return len(new(big.Int).Abs(v.BigUnscaled()).String())
	}
	n, digits := uint64(abs64(v.num)), 1
	for n >= 10 {
		n /= 10
		digits++
	}
	return digits
}

// ParseDecimal reads a DECIMAL with exactly the digits given: 1.00 has scale 2. An exponent is applied.
func ParseDecimal(s string) (Value, error) {
	text, exp := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n > 10000 || n < -10000 {
			return NullValue, fmt.Errorf("not a decimal number: %q", s)
		}
		text, exp = s[:i], n
	}
	whole, frac, _ := strings.Cut(text, ".")
	digits := whole + frac
	if strings.Trim(digits, "+-") == "" || len(digits) > 10000 || strings.ContainsAny(frac, "+-") || strings.Contains(digits, "_") {
		return NullValue, fmt.Errorf("not a decimal number: %q", s)
	}
	scale := len(frac) - exp
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil && scale >= 0 {
		return DecimalValue(n, scale), nil
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return NullValue, fmt.Errorf("not a decimal number: %q", s)
	}
	if scale < 0 {
		n.Mul(n, pow10(-scale))
		scale = 0
	}
	return BigDecimalValue(n, scale), nil
}

// DecimalText prints a DECIMAL with all digits of its scale and no exponent.
func DecimalText(v Value) string { return string(AppendDecimal(nil, v)) }

// AppendDecimal is DecimalText into a buffer.
func AppendDecimal(dst []byte, v Value) []byte {
	at := len(dst)
	if v.ptr == nil {
		dst = strconv.AppendInt(dst, v.num, 10)
	} else {
		dst = v.BigUnscaled().Append(dst, 10)
	}
	scale := int(v.len)
	if scale == 0 {
		return dst
	}
	if dst[at] == '-' {
		at++
	}
	for len(dst)-at <= scale {
		dst = append(dst, 0)
		copy(dst[at+1:], dst[at:])
		dst[at] = '0'
	}
	dst = append(dst, 0)
	point := len(dst) - 1 - scale
	copy(dst[point+1:], dst[point:])
	dst[point] = '.'
	return dst
}

// AddDecimal is a+b with the larger scale.
func AddDecimal(a, b Value) Value { return addDecimal(a, b, false) }

// SubDecimal is a-b with the larger scale.
func SubDecimal(a, b Value) Value { return addDecimal(a, b, true) }

func addDecimal(a, b Value, minus bool) Value {
	scale := max(int(a.len), int(b.len))
	a, b = Rescale(a, scale), Rescale(b, scale)
	if a.ptr == nil && b.ptr == nil {
		n := a.num + b.num
		over := (a.num^n)&(b.num^n) < 0
		if minus {
			n = a.num - b.num
			over = (a.num^b.num)&(a.num^n) < 0
		}
		if !over {
			return DecimalValue(n, scale)
		}
	}
	if minus {
		return BigDecimalValue(new(big.Int).Sub(a.BigUnscaled(), b.BigUnscaled()), scale)
	}
	return BigDecimalValue(new(big.Int).Add(a.BigUnscaled(), b.BigUnscaled()), scale)
}

// MulDecimal is a*b, its scale the sum of both.
func MulDecimal(a, b Value) Value {
	return BigDecimalValue(new(big.Int).Mul(a.BigUnscaled(), b.BigUnscaled()), int(a.len+b.len))
}

// DivDecimal is a/b with the scale asked for, rounded half up; b is not zero.
func DivDecimal(a, b Value, scale int) Value {
	x, y := a.BigUnscaled(), b.BigUnscaled()
	if by := scale + int(b.len) - int(a.len); by >= 0 {
		x = new(big.Int).Mul(x, pow10(by))
	} else {
		y = new(big.Int).Mul(y, pow10(-by))
	}
	return BigDecimalValue(divRound(x, y), scale)
}

// RemDecimal is the remainder of a/b with a's sign and the larger scale; b is not zero.
func RemDecimal(a, b Value) Value {
	scale := max(int(a.len), int(b.len))
	x, y := Rescale(a, scale).BigUnscaled(), Rescale(b, scale).BigUnscaled()
	return BigDecimalValue(new(big.Int).Rem(x, y), scale)
}

// IsZero says whether a number is zero.
func IsZero(v Value) bool {
	if v.kind == Double {
		return v.Double() == 0
	}
	return v.num == 0 && v.ptr == nil
}

// DecimalOfDouble is the DECIMAL with the shortest digits that print as f.
func DecimalOfDouble(f float64) (Value, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return NullValue, fmt.Errorf("%w: %v has no decimal form", ErrOverflow, f)
	}
	return ParseDecimal(strconv.FormatFloat(f, 'f', -1, 64))
}

// TwosComplement is the DECIMAL whose unscaled number has the big-endian bytes.
func TwosComplement(b []byte, scale int) Value {
	if len(b) <= 8 {
		var n int64
		if len(b) > 0 && b[0] >= 0x80 {
			n = -1
		}
		for _, c := range b {
			n = n<<8 | int64(c)
		}
		return DecimalValue(n, scale)
	}
	n := new(big.Int).SetBytes(b)
	if b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return BigDecimalValue(n, scale)
}
