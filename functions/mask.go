package functions

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"weir/types"
)

var maskFunctions = []Scalar{
	{Doc: Doc{"MASK", StringFn, "The string with capitals as X, small letters as x, digits as n and all else as -, or other characters given; NULL leaves a class as it is.",
		[]Example{{"MASK('My Test $123')", "'Xx-Xxxx--nnn'"}, {"MASK('Ab1-', NULL, '*', '#', NULL)", "'A*#-'"}}},
		Overloads: masks(false, func(int, int) (int, int) { return 0, maxMasked })},
	{Doc: Doc{"MASK_KEEP_LEFT", StringFn, "MASK for all but the first n characters.", []Example{{"MASK_KEEP_LEFT('My Test $123', 4)", "'My Txxx--nnn'"}}},
		Overloads: masks(true, func(n, _ int) (int, int) { return n, maxMasked })},
	{Doc: Doc{"MASK_KEEP_RIGHT", StringFn, "MASK for all but the last n characters.", []Example{{"MASK_KEEP_RIGHT('My Test $123', 4)", "'Xx-Xxxx-$123'"}}},
		Overloads: masks(true, func(n, size int) (int, int) { return 0, size - n })},
	{Doc: Doc{"MASK_LEFT", StringFn, "MASK for the first n characters.", []Example{{"MASK_LEFT('My Test $123', 4)", "'Xx-Xest $123'"}}},
		Overloads: masks(true, func(n, _ int) (int, int) { return 0, n })},
	{Doc: Doc{"MASK_RIGHT", StringFn, "MASK for the last n characters.", []Example{{"MASK_RIGHT('My Test $123', 4)", "'My Test -nnn'"}}},
		Overloads: masks(true, func(n, size int) (int, int) { return size - n, maxMasked })},
}

const maxMasked = int(^uint(0) >> 1)

// masks are the overloads with the standard characters and with others. span gives the bounds of what is masked.
func masks(counted bool, span func(n, size int) (from, to int)) []Overload {
	first, sig := 1, "(s STRING"
	if counted {
		first, sig = 2, "(s STRING, n INTEGER"
	}
	eval := func(c *Call) (types.Value, error) {
		if c.Args[0].IsNull() {
			return types.NullValue, nil
		}
		n := 0
		if counted {
			if n = int(c.Args[1].Int()); c.Args[1].IsNull() || n < 0 {
				return types.NullValue, fmt.Errorf("the number of characters has to be 0 or more")
			}
		}
		as := [4]rune{'X', 'x', 'n', '-'}
		for i, v := range c.Args[first:] {
			r, size := utf8.DecodeRuneInString(v.Str())
			switch {
			case v.IsNull():
				r = -1
			case size == 0 || size != v.Len():
				return types.NullValue, fmt.Errorf("a mask is one character, got %q", v.Str())
			}
			as[i] = r
		}
		s := c.Args[0].Str()
		from, to := span(n, utf8.RuneCountInString(s))
		return types.StringValue(mask(s, from, to, as)), nil
	}
	return []Overload{
		{Sig: sig + ") STRING", NullIn: Pass, Eval: eval},
		{Sig: sig + ", upper STRING, lower STRING, digit STRING, other STRING) STRING", NullIn: Pass, Eval: eval},
	}
}

// mask replaces the characters from one place to another by those of their class, -1 leaving them.
func mask(s string, from, to int, as [4]rune) string {
	var b strings.Builder
	b.Grow(len(s))
	i := 0
	for _, r := range s {
		if i >= from && i < to {
			class := 3
			switch {
			case unicode.IsUpper(r):
				class = 0
			case unicode.IsLower(r):
				class = 1
			case unicode.IsDigit(r):
				class = 2
			}
			if as[class] >= 0 {
				r = as[class]
			}
		}
		b.WriteRune(r)
		i++
	}
	return b.String()
}
