package functions

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"weir/types"
)

var stringFunctions = []Scalar{
	{Doc: Doc{"CONCAT", StringFn, "Joins strings, or bytes, to one. NULLs are left out.", []Example{{"CONCAT('a', NULL, 'b')", "'ab'"}}},
		Overloads: []Overload{
			{Sig: "(s STRING, more STRING...) STRING", NullIn: Pass, Eval: concat(types.StringOf)},
			{Sig: "(s BYTES, more BYTES...) BYTES", NullIn: Pass, Eval: concat(types.BytesValue)},
		}},
	{Doc: Doc{"CONCAT_WS", StringFn, "Joins strings, or bytes, with a separator between them. NULLs are left out; a NULL separator gives NULL.",
		[]Example{{"CONCAT_WS(', ', 'a', NULL, 'b')", "'a, b'"}}},
		Overloads: []Overload{
			{Sig: "(separator STRING, s STRING...) STRING", NullIn: Pass, Eval: concatWith(types.StringOf)},
			{Sig: "(separator BYTES, b BYTES...) BYTES", NullIn: Pass, Eval: concatWith(types.BytesValue)},
		}},
	{Doc: Doc{"INITCAP", StringFn, "Every word with a capital first letter and small others. White space before the first word is left out.", []Example{{"INITCAP('the   Quick br0wn fOx')", "'The   Quick Br0wn Fox'"}}},
		Overloads: []Overload{{Sig: "(s STRING) STRING", Make: func(*Binding) Eval {
			upper, lower := upperCase(), lowerCase()
			return text(func(s string) string { return initcap(lower(s), upper) })
		}}}},
	{Doc: Doc{"INSTR", StringFn, "The position of a substring, from 1, or 0, also where one of the two is NULL. The search starts at a position, a negative one searches backwards from the end, and looks for the n-th occurrence.",
		[]Example{{"INSTR('corporate floor', 'or')", "2"}, {"INSTR('corporate floor', 'or', 4, 2)", "14"}, {"INSTR('corporate floor', 'or', -4)", "5"}}},
		Overloads: []Overload{
			{Sig: "(s STRING, substring STRING) INTEGER", NullIn: Pass, Eval: instr},
			{Sig: "(s STRING, substring STRING, position INTEGER) INTEGER", NullIn: Pass, Eval: instr},
			{Sig: "(s STRING, substring STRING, position INTEGER, occurrence INTEGER) INTEGER", NullIn: Pass, Eval: instr},
		}},
	{Doc: Doc{"LCASE", StringFn, "The string in small letters.", []Example{{"LCASE('MiXeD')", "'mixed'"}}},
		Overloads: []Overload{{Sig: "(s STRING) STRING", Make: func(*Binding) Eval { return text(lowerCase()) }}}},
	{Doc: Doc{"LEN", StringFn, "The number of characters of a string, or of bytes.", []Example{{"LEN('abc')", "3"}, {"LEN('日本')", "2"}}},
		Overloads: []Overload{
			{Sig: "(s STRING) INTEGER", Eval: func(c *Call) (types.Value, error) {
				return types.IntValue(int32(utf8.RuneCountInString(c.Args[0].Str()))), nil
			}},
			{Sig: "(b BYTES) INTEGER", Eval: func(c *Call) (types.Value, error) { return types.IntValue(int32(c.Args[0].Len())), nil }},
		}},
	{Doc: Doc{"LPAD", StringFn, "The string filled up on the left to a length, or cut to it.", []Example{{"LPAD('7', 3, '0')", "'007'"}, {"LPAD('abcd', 2, ' ')", "'ab'"}}},
		Overloads: pads(true)},
	{Doc: Doc{"REPLACE", StringFn, "The string with every occurrence of one text replaced by another.", []Example{{"REPLACE('anaconda', 'a', 'o')", "'onocondo'"}}},
		Overloads: []Overload{{Sig: "(s STRING, old STRING, new STRING) STRING", Eval: func(c *Call) (types.Value, error) {
			s, old, with := c.Args[0].Str(), c.Args[1].Str(), c.Args[2].Str()
			if err := c.Meter.Take(len(s) + strings.Count(s, old)*(len(with)-len(old))); err != nil {
				return types.NullValue, err
			}
			return types.StringValue(strings.ReplaceAll(s, old, with)), nil
		}}}},
	{Doc: Doc{"RPAD", StringFn, "The string filled up on the right to a length, or cut to it.", []Example{{"RPAD('ab', 5, '-+')", "'ab-+-'"}}},
		Overloads: pads(false)},
	{Doc: Doc{"SUBSTRING", StringFn, "The part of a string, or of bytes, from a position (1 is the first, negative ones count from the end), of a length or to the end.",
		[]Example{{"SUBSTRING('stream', 2, 3)", "'tre'"}, {"SUBSTRING('stream', -3)", "'eam'"}, {"SUBSTRING('stream', 9)", "''"}}},
		Overloads: []Overload{
			{Sig: "(s STRING, pos INTEGER) STRING", Eval: substring},
			{Sig: "(s STRING, pos INTEGER, len INTEGER) STRING", Eval: substring},
			{Sig: "(b BYTES, pos INTEGER) BYTES", Eval: subbytes},
			{Sig: "(b BYTES, pos INTEGER, len INTEGER) BYTES", Eval: subbytes},
		}},
	{Doc: Doc{"TRIM", StringFn, "The string without white space at both ends.", []Example{{"TRIM('  a b ')", "'a b'"}}},
		Overloads: []Overload{{Sig: "(s STRING) STRING", Eval: text(func(s string) string {
			return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
		})}}},
	{Doc: Doc{"UCASE", StringFn, "The string in capital letters.", []Example{{"UCASE('MiXeD')", "'MIXED'"}}},
		Overloads: []Overload{{Sig: "(s STRING) STRING", Make: func(*Binding) Eval { return text(upperCase()) }}}},
}

func text(f func(string) string) Eval {
	return func(c *Call) (types.Value, error) { return types.StringValue(f(c.Args[0].Str())), nil }
}

func concat(value func([]byte) types.Value) Eval {
	return func(c *Call) (types.Value, error) { return join(c, c.Args, nil, value) }
}

var errNothingToJoin = errors.New("CONCAT_WS wants at least one value behind the separator")

func concatWith(value func([]byte) types.Value) Eval {
	return func(c *Call) (types.Value, error) {
		if len(c.Args) < 2 {
			return types.NullValue, errNothingToJoin
		}
		if c.Args[0].IsNull() {
			return types.NullValue, nil
		}
		return join(c, c.Args[1:], c.Args[0].Bytes(), value)
	}
}

// join joins what is not NULL.
func join(c *Call, args []types.Value, sep []byte, value func([]byte) types.Value) (types.Value, error) {
	size := 0
	for _, a := range args {
		size += a.Len() + len(sep)
	}
	if err := c.Meter.Take(size); err != nil {
		return types.NullValue, err
	}
	out := make([]byte, 0, size)
	first := true
	for _, a := range args {
		if a.IsNull() {
			continue
		}
		if !first {
			out = append(out, sep...)
		}
		first = false
		out = append(out, a.Bytes()...)
	}
	return value(out), nil
}

// initcap takes text in small letters.
func initcap(s string, upper func(string) string) string {
	var b strings.Builder
	b.Grow(len(s))
	start := true
	for _, r := range strings.TrimLeftFunc(s, blank) {
		if start && r < utf8.RuneSelf {
			b.WriteRune(unicode.ToUpper(r))
		} else if start {
			b.WriteString(upper(string(r)))
		} else {
			b.WriteRune(r)
		}
		start = blank(r)
	}
	return b.String()
}

// upperCase and lowerCase know the letters that become several, and the Greek sigma at the end of a word; a caser is not for
// several tasks at once.
func upperCase() func(string) string { return withCaser(cases.Upper(language.Und), strings.ToUpper) }

func lowerCase() func(string) string { return withCaser(cases.Lower(language.Und), strings.ToLower) }

func withCaser(caser cases.Caser, ascii func(string) string) func(string) string {
	return func(s string) string {
		for i := range len(s) {
			if s[i] >= utf8.RuneSelf {
				return caser.String(s)
			}
		}
		return ascii(s)
	}
}

// blank is what \s stands for in a pattern.
func blank(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }

func instr(c *Call) (types.Value, error) {
	s, sub := c.Args[0].Str(), c.Args[1].Str()
	pos, nth := 1, 1
	for _, v := range c.Args[2:] {
		if v.IsNull() {
			return types.NullValue, nil
		}
	}
	if len(c.Args) > 2 {
		pos = int(c.Args[2].Int())
	}
	if len(c.Args) > 3 {
		nth = int(c.Args[3].Int())
	}
	n := utf8.RuneCountInString(s)
	switch {
	case pos == 0 || nth < 1 || max(pos, -pos) > n || c.Args[1].IsNull():
		return types.IntValue(0), nil
	case sub == "" && pos > 0:
		return types.IntValue(int32(pos)), nil
	}
	at := -1
	if pos > 0 {
		from := byteIndex(s, min(pos-1, n))
		for range nth {
			i := strings.Index(s[from:], sub)
			if i < 0 {
				return types.IntValue(0), nil
			}
			at = from + i
			_, size := utf8.DecodeRuneInString(s[at:])
			from = at + size
		}
	} else {
		from := n + pos // the last position where it may begin
		for range nth {
			if from < 0 {
				return types.IntValue(0), nil
			}
			end := min(byteIndex(s, from)+len(sub), len(s))
			if at = strings.LastIndex(s[:end], sub); at < 0 {
				return types.IntValue(0), nil
			}
			from = utf8.RuneCountInString(s[:at]) - 1
		}
	}
	return types.IntValue(int32(utf8.RuneCountInString(s[:at]) + 1)), nil
}

// byteIndex is where character n of the string begins.
func byteIndex(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// span turns a position from 1, or from the end, and a length into bounds within n.
func span(args []types.Value, n int) (from, to int) {
	from, to = int(args[1].Int()), n
	if from < 0 {
		from = max(n+from, 0)
	} else {
		from = min(max(from-1, 0), n)
	}
	if len(args) > 2 {
		to = max(min(from+int(args[2].Int()), n), from)
	}
	return from, to
}

func substring(c *Call) (types.Value, error) {
	s := c.Args[0].Str()
	from, to := span(c.Args, utf8.RuneCountInString(s))
	at := byteIndex(s, from)
	return types.StringValue(s[at : at+byteIndex(s[at:], to-from)]), nil
}

func subbytes(c *Call) (types.Value, error) {
	b := c.Args[0].Bytes()
	from, to := span(c.Args, len(b))
	return types.BytesValue(b[from:to]), nil
}
