package functions

import (
	"unicode/utf8"

	"weir/types"
)

func pads(left bool) []Overload {
	return []Overload{
		{Sig: "(s STRING, length INTEGER, padding STRING) STRING", Eval: pad(left, types.StringOf, runesIn, firstRunes)},
		{Sig: "(b BYTES, length INTEGER, padding BYTES) BYTES", Eval: pad(left, types.BytesValue,
			func(b []byte) int { return len(b) }, func(_ []byte, n int) int { return n })},
	}
}

func runesIn(b []byte) int { return utf8.RuneCount(b) }

// firstRunes is how many bytes the first n characters take; there are so many.
func firstRunes(b []byte, n int) int {
	at := 0
	for range n {
		_, size := utf8.DecodeRune(b[at:])
		at += size
	}
	return at
}

// pad fills up or cuts to a length: NULL where the length is negative or there is nothing to fill with. count is how many characters
// there are, and first how many bytes the first n take.
func pad(left bool, value func([]byte) types.Value, count func([]byte) int, first func([]byte, int) int) Eval {
	return func(c *Call) (types.Value, error) {
		s, n, with := c.Args[0].Bytes(), int(c.Args[1].Int()), c.Args[2].Bytes()
		if n < 0 || len(with) == 0 {
			return types.NullValue, nil
		}
		missing := n - count(s)
		if missing <= 0 {
			return value(append([]byte{}, s[:first(s, n)]...)), nil
		}
		times, rest := missing/count(with), first(with, missing%count(with))
		size := len(s) + times*len(with) + rest
		if err := c.Meter.Take(size); err != nil {
			return types.NullValue, err
		}
		out := make([]byte, 0, size)
		if !left {
			out = append(out, s...)
		}
		for range times {
			out = append(out, with...)
		}
		out = append(out, with[:rest]...)
		if left {
			out = append(out, s...)
		}
		return value(out), nil
	}
}
