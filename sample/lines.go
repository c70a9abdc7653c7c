package sample

import (
	"fmt"
	"regexp"
	"strings"

	"weir/formats"
	"weir/parser/ast"
	"weir/types"
)

var (
	aWhole  = regexp.MustCompile(`^-?(0|[1-9]\d*)$`)
	aNumber = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$`)
)

// field adds a field of CSV: an empty one is NULL. What begins with a zero, as a postcode may, is text.
func (s *shape) field(text string) {
	switch {
	case text == "":
	case strings.EqualFold(text, "true"), strings.EqualFold(text, "false"):
		s.widen(types.Boolean)
	case aWhole.MatchString(text), aNumber.MatchString(text):
		s.number(text)
	default:
		s.text(text)
	}
}

// delimiters are those that are looked for. Where several would do, a comma is the last: it stands in texts, and for the point in numbers.
var delimiters = []rune{'\t', ';', '|', ','}

// delimiterOf is the one that cuts a line into most fields; a comma where none does.
func delimiterOf(line []byte) rune {
	best, most := ',', 1
	for _, d := range delimiters {
		if fields, err := formats.DelimitedFields(line, d); err == nil && len(fields) > most {
			best, most = d, len(fields)
		}
	}
	return best
}

// lines are the columns of lines of CSV. Those with another number of fields than names are not looked at.
func lines(rows []Record, names []string, delim rune, notice func(string, ...any)) types.Schema {
	shapes := make([]shape, len(names))
	odd, first := 0, ""
	for _, r := range rows {
		fields, err := formats.DelimitedFields(r.Data, delim)
		if err != nil || len(fields) != len(names) {
			if odd++; odd == 1 {
				first = r.At
			}
			continue
		}
		for i, f := range fields {
			shapes[i].field(f)
		}
	}
	if odd > 0 {
		notice("%d of %d rows are not read as %s in UTF-8, the first at %s: such rows are left out, and go to the processing log", odd, len(rows), fieldsOf(len(names)), first)
	}
	var out types.Schema
	for i, n := range names {
		out = append(out, types.Column{Name: n, Type: shapes[i].typ(n, notice)})
		shapes[i].time(n, notice)
	}
	return out
}

func fieldsOf(n int) string {
	if n == 1 {
		return "1 field"
	}
	return fmt.Sprintf("%d fields", n)
}

// time tells of a column that could be the time of the rows.
func (s *shape) time(name string, notice func(string, ...any)) {
	if s.kind == types.String && s.seen > 0 && s.times == s.seen {
		notice("%s reads as a time: declared as a TIMESTAMP, or as a DATE, it is one, and WITH (TIMESTAMP='%s') has it as that of the rows", name, ast.Quote(name))
	}
}
