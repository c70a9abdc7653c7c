package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"weir/conformance/serdes"
)

// comparer compares what a case expects with what came.
type comparer struct{ lenient bool } // lenient: doubles in JSON are compared as doubles

// diff says how the actual value differs from the expected JSON; empty where it doesn't.
func (c comparer) diff(path string, expected, actual any) string {
	wrong := func() string {
		return fmt.Sprintf("%s: expected %s, got %s", path, serdes.Show(expected), serdes.Show(actual))
	}
	switch want := expected.(type) {
	case nil:
		if actual == nil {
			return ""
		}
	case bool:
		if got, ok := actual.(bool); ok && got == want {
			return ""
		}
	case string:
		if c.sameText(want, actual) {
			return ""
		}
	case json.Number:
		if c.sameNumber(want.String(), actual) {
			return ""
		}
	case []any:
		got, ok := actual.([]any)
		if !ok || len(got) != len(want) {
			return wrong()
		}
		for i := range want {
			if d := c.diff(fmt.Sprintf("%s[%d]", path, i+1), want[i], got[i]); d != "" {
				return d
			}
		}
		return ""
	case map[string]any:
		got, ok := actual.(map[string]any)
		if !ok || len(got) != len(want) {
			return wrong()
		}
		for _, k := range serdes.Keys(want) {
			v, ok := got[k]
			if !ok {
				v = got[strings.ToUpper(k)]
			}
			if d := c.diff(path+"."+k, want[k], v); d != "" {
				return d
			}
		}
		return ""
	}
	return wrong()
}

func (c comparer) sameText(want string, actual any) bool {
	switch got := actual.(type) {
	case string:
		return got == want
	case []byte:
		return base64.StdEncoding.EncodeToString(got) == want
	case serdes.Decimal:
		d, ok := serdes.ParseDecimal(want)
		return ok && serdes.SameDecimal(d, got)
	case json.Number:
		return got.String() == want
	}
	return false
}

func (c comparer) sameNumber(want string, actual any) bool {
	expected, ok := serdes.ParseDecimal(want)
	if !ok {
		return false
	}
	whole := !strings.ContainsAny(want, ".eE")
	switch got := actual.(type) {
	case int64:
		r := new(big.Rat).SetFrac(expected.Unscaled, big.NewInt(1))
		r.Mul(r, serdes.Scaled(expected.Scale))
		return new(big.Int).Quo(r.Num(), r.Denom()).Cmp(big.NewInt(got)) == 0
	case float64:
		f, err := strconv.ParseFloat(want, 64)
		return err == nil && math.Abs(f-got) < 1e-6
	case serdes.Decimal:
		if whole {
			return got.Scale <= 0 && serdes.SameDecimal(expected, got)
		}
		return expected.Scale == got.Scale && serdes.SameDecimal(expected, got)
	case json.Number:
		d, ok := serdes.ParseDecimal(got.String())
		switch {
		case !ok:
			return false
		case !strings.ContainsAny(got.String(), ".eE"):
			n, err := strconv.ParseInt(got.String(), 10, 64)
			return err == nil && c.sameNumber(want, n)
		case strings.ContainsAny(got.String(), "eE"):
			// Only DOUBLEs have exponents. Java prints some with more digits than tell them apart.
			w, werr := strconv.ParseFloat(want, 64)
			f, err := got.Float64()
			return werr == nil && err == nil && w == f
		case c.lenient:
			f, err := got.Float64()
			return err == nil && c.sameNumber(want, f)
		}
		return c.sameNumber(want, d)
	}
	return false
}
