package functions

import (
	"fmt"
	"unicode/utf8"

	"weir/types"
)

// maxPad bounds the memory that a call may ask for.
const maxPad = 1 << 20

func pads(left bool) []Overload {
	return []Overload{
		{Sig: "(s STRING, length INTEGER, padding STRING) STRING", Eval: func(c *Call) (types.Value, error) {
			s, p := []rune(c.Args[0].Str()), []rune(c.Args[2].Str())
			out, err := pad(s, int(c.Args[1].Int()), p, left)
			if out == nil || err != nil {
				return types.NullValue, err
			}
			b := make([]byte, 0, len(out))
			for _, r := range out {
				b = utf8.AppendRune(b, r)
			}
			return types.StringOf(b), nil
		}},
		{Sig: "(b BYTES, length INTEGER, padding BYTES) BYTES", Eval: func(c *Call) (types.Value, error) {
			out, err := pad(c.Args[0].Bytes(), int(c.Args[1].Int()), c.Args[2].Bytes(), left)
			if out == nil || err != nil {
				return types.NullValue, err
			}
			return types.BytesValue(out), nil
		}},
	}
}

// pad fills up or cuts to a length; nil where the length is negative or there is nothing to fill with.
func pad[T any](s []T, n int, with []T, left bool) ([]T, error) {
	switch {
	case n < 0 || len(with) == 0:
		return nil, nil
	case n > maxPad:
		return nil, fmt.Errorf("a length of at most %d is allowed, got %d", maxPad, n)
	case n <= len(s):
		return append(make([]T, 0, n), s[:n]...), nil
	}
	out := make([]T, 0, n)
	if !left {
		out = append(out, s...)
	}
	for i := range n - len(s) {
		out = append(out, with[i%len(with)])
	}
	if left {
		out = append(out, s...)
	}
	return out, nil
}
