package functions

import "math"

// ln 2 in two parts, the first short enough that small multiples of it are exact.
const (
	ln2High = 6.93147180369123816490e-01
	ln2Low  = 1.90821492927058770002e-10
)

// ln is the natural logarithm, rounded better than math.Log does: the last digit is seen when it is printed. With
// x = m * 2^k and s = (m-1)/(m+1) it is k ln 2 + 2s + 2s^3/3 + 2s^5/5 ..., the large terms in two parts each.
func ln(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return math.Log(x)
	}
	m, exp := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, exp = 2*m, exp-1
	}
	k := float64(exp)
	num, den := m-1, m+1
	s := num / den
	rest := (math.FMA(-s, den, num) - s*(m-(den-1))) / den
	t, tail := s*s, 0.0
	for n := 23; n >= 3; n -= 2 {
		tail = t * (tail + 1/float64(n))
	}
	a, b := k*ln2High, 2*s
	sum := a + b
	lost := b - (sum - a)
	if math.Abs(b) > math.Abs(a) {
		lost = a - (sum - b)
	}
	return sum + (lost + (2*(rest+s*tail) + k*ln2Low))
}

// logBase is NaN for bases that have no logarithm.
func logBase(base, x float64) float64 {
	if base <= 0 || base == 1 {
		return math.NaN()
	}
	return ln(x) / ln(base)
}
