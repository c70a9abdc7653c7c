package types

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func dec(t testing.TB, s string) Value {
	t.Helper()
	v, err := ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestParseDecimal(t *testing.T) {
	for in, want := range map[string]string{"0": "0", "1.00": "1.00", "-0.5": "-0.5", ".5": "0.5", "5.": "5", "+7": "7", "1e3": "1000", "1.5E-3": "0.0015",
		"123456789012345678901234567890.5": "123456789012345678901234567890.5", "-9223372036854775808": "-9223372036854775808", "9223372036854775808": "9223372036854775808"} {
		if got := DecimalText(dec(t, in)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{"", ".", "-", "abc", "1.2.3", "1_0", "0x1", "1e", "1e99999", "1.-5", "--1", "1e1.5", "NaN"} {
		if v, err := ParseDecimal(in); err == nil {
			t.Errorf("%q is read as %s", in, DecimalText(v))
		}
	}
}

func TestRescale(t *testing.T) {
	for _, c := range []struct {
		in    string
		scale int
		want  string
	}{{"1.25", 1, "1.3"}, {"-1.25", 1, "-1.3"}, {"1.24", 1, "1.2"}, {"1.5", 3, "1.500"}, {"9223372036854775807", 2, "9223372036854775807.00"},
		{"-9223372036854775808", 1, "-9223372036854775808.0"}, {"0.5", 0, "1"}, {"0.49", 0, "0"}, {"-9.99", 0, "-10"}} {
		if got := DecimalText(Rescale(dec(t, c.in), c.scale)); got != c.want {
			t.Errorf("%s to scale %d: got %s, want %s", c.in, c.scale, got, c.want)
		}
	}
	if _, err := FitDecimal(dec(t, "99.995"), TDecimal(4, 2)); err == nil {
		t.Error("99.995 rounds to 100.00, which does not fit DECIMAL(4, 2)")
	}
	if Precision(DecimalValue(math.MinInt64, 0)) != 19 || Precision(dec(t, "0.001")) != 1 || Precision(dec(t, "-18446744073709551616")) != 20 {
		t.Error("digits are miscounted")
	}
}

// rat is a DECIMAL as a fraction, to check against.
func rat(v Value) *big.Rat { return new(big.Rat).SetFrac(v.BigUnscaled(), pow10(v.Scale())) }

func randomDecimal() Value {
	n := big.NewInt(rand.Int64() >> rand.IntN(64))
	if rand.IntN(3) == 0 {
		n.Mul(n, big.NewInt(rand.Int64()))
	}
	if rand.IntN(2) == 0 {
		n.Neg(n)
	}
	return BigDecimalValue(n, rand.IntN(12))
}

func TestDecimalArithmetic(t *testing.T) {
	for range 3000 {
		a, b := randomDecimal(), randomDecimal()
		x, y := rat(a), rat(b)
		for _, c := range []struct {
			name string
			got  Value
			want *big.Rat
		}{{"+", AddDecimal(a, b), new(big.Rat).Add(x, y)}, {"-", SubDecimal(a, b), new(big.Rat).Sub(x, y)}, {"*", MulDecimal(a, b), new(big.Rat).Mul(x, y)}} {
			if rat(c.got).Cmp(c.want) != 0 {
				t.Fatalf("%s %s %s gives %s", DecimalText(a), c.name, DecimalText(b), DecimalText(c.got))
			}
		}
		if got, want := Compare(a, b), x.Cmp(y); got != want {
			t.Fatalf("%s compares with %s as %d, want %d", DecimalText(a), DecimalText(b), got, want)
		}
		if IsZero(b) {
			continue
		}
		quo := rat(DivDecimal(a, b, 6))
		diff := new(big.Rat).Sub(quo, new(big.Rat).Quo(x, y))
		if diff.Abs(diff).Cmp(big.NewRat(1, 2_000_000)) > 0 {
			t.Fatalf("%s / %s gives %s", DecimalText(a), DecimalText(b), quo.FloatString(6))
		}
		rem := rat(RemDecimal(a, b))
		if whole := new(big.Rat).Quo(new(big.Rat).Sub(x, rem), y); !whole.IsInt() || rem.Sign() != 0 && rem.Sign() != x.Sign() {
			t.Fatalf("%s %% %s gives %s", DecimalText(a), DecimalText(b), rem)
		}
		f, _ := x.Float64()
		if got := a.AsDouble(); got != f {
			t.Fatalf("%s as a DOUBLE is %v, want %v", DecimalText(a), got, f)
		}
	}
}
