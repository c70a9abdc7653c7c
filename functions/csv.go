package functions

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"weir/types"
)

var csvFunctions = []Scalar{
	{Doc: Doc{"CSV_PARSE", StringFn, "The fields of a line of CSV, by RFC 4180: a field in quotes may hold delimiters, line breaks and, doubled, quotes. The delimiter is one character, a comma where it is left out. A line break at the end is no part of the last field. " +
		"A quote that is not closed, or that has something beside it, is an error.",
		[]Example{{`CSV_PARSE('LHR,"Istanbul, IST",,"5"""')`, `ARRAY['LHR', 'Istanbul, IST', '', '5"']`}, {"CSV_PARSE('a;b', ';')", "ARRAY['a', 'b']"}}},
		Overloads: []Overload{
			{Sig: "(line STRING) ARRAY<STRING>", Eval: func(c *Call) (types.Value, error) { return csvFields(c, ",") }},
			{Sig: "(line STRING, delimiter STRING) ARRAY<STRING>", Eval: func(c *Call) (types.Value, error) { return csvFields(c, c.Args[1].Str()) }},
		}},
}

var (
	errQuoteOpen   = errors.New("a quote is not closed")
	errQuoteInside = errors.New("a quote stands inside of a field without quotes: the field has to be in quotes, and quotes in it doubled")
	errQuoteBehind = errors.New("behind a closing quote there is neither a delimiter nor the end")
)

func csvFields(c *Call, delim string) (types.Value, error) {
	line := strings.TrimSuffix(strings.TrimSuffix(c.Args[0].Str(), "\n"), "\r")
	if utf8.RuneCountInString(delim) != 1 || delim == `"` || delim == "\n" || delim == "\r" {
		return types.NullValue, fmt.Errorf("expected a delimiter of one character that is neither a quote nor a line break, got '%s'", delim)
	}
	n := strings.Count(line, delim) + 1
	if err := cmp.Or(c.Meter.Read(len(line)), c.Meter.Items(n)); err != nil {
		return types.NullValue, err
	}
	fields := make([]types.Value, 0, n)
	for rest, more := line, true; more; {
		var field string
		var err error
		if strings.HasPrefix(rest, `"`) {
			field, rest, err = quotedField(rest[1:])
			if err == nil {
				if more = rest != ""; more && !strings.HasPrefix(rest, delim) {
					err = errQuoteBehind
				}
			}
			rest = strings.TrimPrefix(rest, delim)
		} else if field, rest, more = strings.Cut(rest, delim); strings.Contains(field, `"`) {
			err = errQuoteInside
		}
		if err != nil {
			return types.NullValue, fmt.Errorf("field %d: %w", len(fields)+1, err)
		}
		fields = append(fields, types.StringValue(field))
	}
	return types.ArrayValue(fields), nil
}

// quotedField reads up to the closing quote, and gives what is behind it.
func quotedField(s string) (field, rest string, err error) {
	var b strings.Builder
	for doubled := false; ; doubled = true {
		part, after, ok := strings.Cut(s, `"`)
		if !ok {
			return "", "", errQuoteOpen
		}
		if !strings.HasPrefix(after, `"`) {
			if !doubled { // most have none: nothing is copied
				return part, after, nil
			}
			b.WriteString(part)
			return b.String(), after, nil
		}
		b.WriteString(part)
		b.WriteByte('"')
		s = after[1:]
	}
}
