package serdes

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Decimal is Unscaled * 10^-Scale.
type Decimal struct {
	Unscaled *big.Int
	Scale    int
}

// String is the number with all the digits that its scale asks for.
func (d Decimal) String() string {
	if d.Scale <= 0 {
		return new(big.Int).Mul(d.Unscaled, pow10(-d.Scale)).String()
	}
	return new(big.Rat).SetFrac(d.Unscaled, pow10(d.Scale)).FloatString(d.Scale)
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// ParseDecimal reads a number with the scale in which it is written.
func ParseDecimal(s string) (Decimal, bool) {
	mantissa, exp, _ := strings.Cut(strings.ToLower(s), "e")
	whole, frac, _ := strings.Cut(mantissa, ".")
	n, ok := new(big.Int).SetString(whole+frac, 10)
	if !ok {
		return Decimal{}, false
	}
	e := 0
	if exp != "" {
		var err error
		if e, err = strconv.Atoi(strings.TrimPrefix(exp, "+")); err != nil || e > 1000 || e < -1000 {
			return Decimal{}, false
		}
	}
	return Decimal{n, len(frac) - e}, true
}

// Scaled is 10^-scale.
func Scaled(scale int) *big.Rat {
	if scale >= 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), pow10(scale))
	}
	return new(big.Rat).SetInt(pow10(-scale))
}

// SameDecimal compares the numbers without regard to their scales.
func SameDecimal(a, b Decimal) bool {
	x := new(big.Rat).Mul(new(big.Rat).SetInt(a.Unscaled), Scaled(a.Scale))
	y := new(big.Rat).Mul(new(big.Rat).SetInt(b.Unscaled), Scaled(b.Scale))
	return x.Cmp(y) == 0
}

// Show prints a decoded value for messages.
func Show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case Decimal:
		return v.String()
	case []byte:
		return "bytes " + base64.StdEncoding.EncodeToString(v)
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = Show(v[i])
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, k := range Keys(v) {
			parts = append(parts, k+": "+Show(v[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case string:
		return strconv.Quote(v)
	}
	return fmt.Sprint(v)
}

// Line prints a decoded value as it stands in a line of a case: JSON, but for plain text and numbers, which are bare.
func Line(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b strings.Builder
	line(&b, v)
	return b.String()
}

func line(b *strings.Builder, v any) {
	switch v := v.(type) {
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			line(b, e)
		}
		b.WriteByte(']')
	case map[string]any:
		b.WriteByte('{')
		for i, k := range Keys(v) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Quote(k) + ":")
			line(b, v[k])
		}
		b.WriteByte('}')
	case []byte:
		b.WriteString(strconv.Quote(base64.StdEncoding.EncodeToString(v)))
	case string:
		b.WriteString(strconv.Quote(v))
	case nil:
		b.WriteString("null")
	default:
		fmt.Fprint(b, v)
	}
}
