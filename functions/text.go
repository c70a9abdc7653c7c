package functions

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"weir/types"
)

var textFunctions = []Scalar{
	{Doc: Doc{"CHR", StringFn, "The character with a code: a number, or text such as \\u004b.", []Example{{"CHR(75)", "'K'"}, {"CHR('\\u004b')", "'K'"}, {"CHR(-1)", "NULL"}}},
		Overloads: []Overload{
			{Sig: "(code INTEGER) STRING", Eval: func(c *Call) (types.Value, error) {
				r := rune(c.Args[0].Int())
				if !utf8.ValidRune(r) {
					return types.NullValue, nil
				}
				return types.StringValue(string(r)), nil
			}},
			{Sig: "(code STRING) STRING", Eval: func(c *Call) (types.Value, error) {
				s, ok := unescapeUnicode(c.Args[0].Str())
				if !ok {
					return types.NullValue, nil
				}
				return types.StringValue(s), nil
			}},
		}},
	{Doc: Doc{"ELT", StringFn, "The n-th of the strings that follow, from 1; NULL where there is none.", []Example{{"ELT(2, 'a', 'b')", "'b'"}, {"ELT(3, 'a', 'b')", "NULL"}}},
		Overloads: []Overload{{Sig: "(n INTEGER, s STRING...) STRING", NullIn: Pass, Eval: func(c *Call) (types.Value, error) {
			n := c.Args[0].Int()
			if c.Args[0].IsNull() || n < 1 || n >= int64(len(c.Args)) {
				return types.NullValue, nil
			}
			return c.Args[n], nil
		}}}},
	{Doc: Doc{"FIELD", StringFn, "The position of the first string among those that follow, from 1; 0 where it is not among them.", []Example{{"FIELD('b', 'a', 'b')", "2"}, {"FIELD(NULL, 'a')", "0"}}},
		Overloads: []Overload{{Sig: "(s STRING, among STRING...) INTEGER", NullIn: Pass, Eval: func(c *Call) (types.Value, error) {
			for i, v := range c.Args[1:] {
				if !v.IsNull() && types.Equal(v, c.Args[0]) {
					return types.IntValue(int32(i + 1)), nil
				}
			}
			return types.IntValue(0), nil
		}}}},
	{Doc: Doc{"MD5", StringFn, "The MD5 checksum of a string, in hexadecimal digits.", []Example{{"MD5('r1')", "'7c92cf1eee8d99cc85f8355a3d6e4b86'"}}},
		Overloads: []Overload{{Sig: "(s STRING) STRING", Eval: func(c *Call) (types.Value, error) {
			sum := md5.Sum(c.Args[0].Bytes())
			return types.StringValue(hex.EncodeToString(sum[:])), nil
		}}}},
	{Doc: Doc{"SPLIT", StringFn, "The parts of a string, or of bytes, between delimiters. An empty delimiter splits into single characters.",
		[]Example{{"SPLIT('a.b..c', '.')", "ARRAY['a', 'b', '', 'c']"}, {"SPLIT('ab', '')", "ARRAY['a', 'b']"}}},
		Overloads: []Overload{
			{Sig: "(s STRING, delimiter STRING) ARRAY<STRING>", Eval: func(c *Call) (types.Value, error) {
				if err := splits(c, strings.Count(c.Args[0].Str(), c.Args[1].Str())); err != nil {
					return types.NullValue, err
				}
				return stringArray(splitText(c.Args[0].Str(), c.Args[1].Str())), nil
			}},
			{Sig: "(b BYTES, delimiter BYTES) ARRAY<BYTES>", Eval: func(c *Call) (types.Value, error) {
				n := c.Args[0].Len()
				if c.Args[1].Len() > 0 {
					n = bytes.Count(c.Args[0].Bytes(), c.Args[1].Bytes())
				}
				if err := splits(c, n); err != nil {
					return types.NullValue, err
				}
				return splitBytes(c.Args[0].Bytes(), c.Args[1].Bytes()), nil
			}},
		}},
	{Doc: Doc{"SPLIT_TO_MAP", StringFn, "A map from text such as a:1,b:2, by the delimiters of entries and of keys and values. A value ends at the next delimiter. Of equal keys the last counts.",
		[]Example{{"SPLIT_TO_MAP('a:1,b:2', ',', ':')", "MAP('a' := '1', 'b' := '2')"}}},
		Overloads: []Overload{{Sig: "(s STRING, entry_delimiter STRING, value_delimiter STRING) MAP<STRING, STRING>", Eval: splitToMap}}},
	{Doc: Doc{"UUID", StringFn, "A random UUID, another one for each row, or the UUID that 16 bytes stand for.",
		[]Example{{"LEN(UUID())", "36"}, {"UUID(TO_BYTES('000102030405060708090a0b0c0d0e0f', 'hex'))", "'00010203-0405-0607-0809-0a0b0c0d0e0f'"}}},
		Overloads: []Overload{
			{Sig: "() STRING", Eval: func(*Call) (types.Value, error) { return types.StringValue(randomUUID()), nil }},
			{Sig: "(b BYTES) STRING", Eval: func(c *Call) (types.Value, error) {
				b := c.Args[0].Bytes()
				if len(b) != 16 {
					return types.NullValue, fmt.Errorf("a UUID is made of 16 bytes, got %d", len(b))
				}
				return types.StringValue(formatUUID([16]byte(b))), nil
			}},
		}},
}

// unescapeUnicode reads text that begins with an escape of the form \u004b; two of them may be a surrogate pair.
func unescapeUnicode(s string) (string, bool) {
	if len(s) < 6 || !strings.HasPrefix(s, "\\u") {
		return "", false
	}
	var out []byte
	for s != "" {
		var units []uint16
		for strings.HasPrefix(s, "\\u") {
			if len(s) < 6 {
				return "", false
			}
			n, err := strconv.ParseUint(s[2:6], 16, 16)
			if err != nil {
				return "", false
			}
			units, s = append(units, uint16(n)), s[6:]
		}
		out = append(out, string(utf16.Decode(units))...)
		plain := s
		if at := strings.Index(s, "\\u"); at >= 0 {
			plain = s[:at]
		}
		out, s = append(out, plain...), s[len(plain):]
	}
	return string(out), true
}

// splits asks for the memory of a text's parts between so many delimiters.
func splits(c *Call, delimiters int) error {
	if err := c.Meter.Items(delimiters + 1); err != nil {
		return err
	}
	return c.Meter.Hold(stringBytes * (delimiters + 1))
}

// stringBytes is what a string takes without its bytes.
const stringBytes = 16

func stringArray(parts []string) types.Value {
	items := make([]types.Value, len(parts))
	for i, p := range parts {
		items[i] = types.StringValue(p)
	}
	return types.ArrayValue(items)
}

func splitText(s, delimiter string) []string {
	if s == "" {
		return []string{""}
	}
	return strings.Split(s, delimiter)
}

func splitBytes(b, delimiter []byte) types.Value {
	var items []types.Value
	if len(delimiter) == 0 && len(b) > 0 {
		for i := range b {
			items = append(items, types.BytesValue(b[i:i+1]))
		}
		return types.ArrayValue(items)
	}
	for {
		i := -1
		if len(delimiter) > 0 {
			i = bytes.Index(b, delimiter)
		}
		if i < 0 {
			return types.ArrayValue(append(items, types.BytesValue(b)))
		}
		items, b = append(items, types.BytesValue(b[:i])), b[i+len(delimiter):]
	}
}

func splitToMap(c *Call) (types.Value, error) {
	s, entry, val := c.Args[0].Str(), c.Args[1].Str(), c.Args[2].Str()
	if entry == "" || val == "" || entry == val {
		return types.NullValue, nil
	}
	out := newPairs(c.Meter, 0)
	for part := range strings.SplitSeq(s, entry) {
		if k, v, ok := strings.Cut(part, val); ok {
			v, _, _ = strings.Cut(v, val)
			err := c.Meter.Hold(2 * valueBytes)
			if err == nil {
				err = out.set(types.StringValue(k), types.StringValue(v))
			}
			if err != nil {
				return types.NullValue, err
			}
		}
	}
	return types.MapValue(out.list), nil
}
