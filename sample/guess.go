package sample

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"weir/formats"
	"weir/types"
)

// Record is a key or a value, and where it lies.
type Record struct {
	Data []byte
	At   string
}

// Guess is how data is written, and its columns.
type Guess struct {
	Format  string
	Columns types.Schema
	// Delimiter is that of DELIMITED, as statements have it; empty for a comma. Bare says that the one column stands without an object around it.
	Delimiter string
	Bare      bool
	Notices   []string // what to know of it
}

func (g *Guess) notice(format string, args ...any) {
	g.Notices = append(g.Notices, fmt.Sprintf(format, args...))
}

// Unrecognised is data that is in no format that is looked for.
type Unrecognised struct{ Tried []string }

func (u *Unrecognised) Error() string {
	return "its records are in no format that is recognised:\n  " + strings.Join(u.Tried, "\n  ")
}

// most says whether so few records are wrong that the others tell the format: one in ten.
func most(wrong, of int) bool { return wrong*10 <= of }

// Values guesses the format of values. format is that which they are known to have; empty for any. name is what a column is called that has no name.
func Values(list []Record, format, name string) (*Guess, error) {
	return guess(list, format, name, false)
}

// Keys is Values for keys: text that reads as JSON without a name in it is text, and bytes that nothing is known of are BYTES.
func Keys(list []Record, format, name string) (*Guess, error) { return guess(list, format, name, true) }

func guess(list []Record, format, name string, key bool) (*Guess, error) {
	tried := new(Unrecognised)
	for _, try := range []struct {
		format string
		look   func([]Record, string, bool) (*Guess, string)
	}{{formats.JSON, asJSON}, {formats.Delimited, asDelimited}, {formats.Kafka, asKafka}} {
		if format != "" && format != try.format || format == "" && key && try.format == formats.Delimited {
			continue
		}
		g, why := try.look(list, name, key)
		if g != nil && (format != "" || why == "") {
			g.Format = try.format
			return g, nil
		}
		tried.Tried = append(tried.Tried, try.format+": "+why)
	}
	if len(tried.Tried) == 0 {
		return nil, fmt.Errorf("columns cannot be proposed of %s: declare them", format)
	}
	return nil, tried
}

// asJSON takes documents: objects, or where all are none, single values. why is set where that is not what they look like.
func asJSON(list []Record, name string, key bool) (g *Guess, why string) {
	objects, bare := new(shape), new(shape)
	nObjects, wrong, first := 0, 0, ""
	quoted := 0
	for _, r := range list {
		data := strings.TrimLeft(string(r.Data), " \t\r\n")
		if data == "" || !utf8.Valid(r.Data) || !json.Valid(r.Data) {
			if wrong++; wrong == 1 {
				first = fmt.Sprintf("%s is %s", r.At, excerpt(r.Data))
			}
			continue
		}
		if data[0] == '{' {
			nObjects++
			_ = objects.document(r.Data) // it is valid
			continue
		}
		if data[0] == '"' || data[0] == '[' {
			quoted++
		}
		_ = bare.document(r.Data)
	}
	g = new(Guess)
	others := len(list) - wrong - nObjects
	switch {
	case !most(wrong, len(list)):
		return nil, first + ", which is no JSON in UTF-8"
	case nObjects > 0 && most(others+wrong, len(list)):
		g.fields(objects)
		if n := wrong + others; n > 0 {
			g.notice("%d of %d records are no JSON objects: they are left out, and go to the processing log", n, len(list))
		}
		if len(g.Columns) == 0 {
			return nil, "its objects have no fields"
		}
		if key && len(g.Columns) == 1 { // a key of one column has no object around it
			g.Columns = types.Schema{{Name: name, Type: types.TStruct(types.Field{Name: g.Columns[0].Name, Type: g.Columns[0].Type})}}
		}
		return g, ""
	case nObjects > 0:
		return nil, fmt.Sprintf("%d of %d records are objects, the others single values", nObjects, len(list))
	case key && quoted < others:
		why = "they are single values without quotes" // as texts and numbers of Kafka's serializers for STRING are
	}
	g.Bare = true
	g.Columns = types.Schema{{Name: name, Type: bare.typ(name, g.notice)}}
	return g, why
}

// fields makes columns of an object's fields.
func (g *Guess) fields(s *shape) {
	if s.cut {
		g.notice("there are more than %d fields: those that came first are columns", maxFields)
	}
	var quotes []string
	for _, f := range s.named() {
		if isPseudo(f.name) {
			g.notice("the field %s has the name of what every row has of itself: it is no column", f.name)
			continue
		}
		if !bare(f.name) {
			quotes = append(quotes, f.name)
		}
		g.Columns = append(g.Columns, types.Column{Name: f.name, Type: f.typ(f.name, g.notice)})
		f.time(f.name, g.notice)
	}
	if len(quotes) > 0 {
		g.notice("these names stand in back-quotes, in capitals and small letters as they are: %s", clip(strings.Join(quotes, ", ")))
	}
}

func isPseudo(name string) bool {
	for _, p := range pseudo {
		if strings.EqualFold(name, p) {
			return true
		}
	}
	return false
}

// asDelimited takes lines with as many fields each.
func asDelimited(list []Record, _ string, _ bool) (g *Guess, why string) {
	for _, r := range list {
		if !printable(r.Data) {
			return nil, fmt.Sprintf("%s is %s, which is no text", r.At, excerpt(r.Data))
		}
	}
	best, width, fit := ',', 0, 0
	for _, d := range delimiters {
		counts := map[int]int{}
		for _, r := range list {
			if fields, err := formats.DelimitedFields(r.Data, d); err == nil {
				counts[len(fields)]++
			}
		}
		for n, k := range counts {
			if n > 1 && (k > fit || k == fit && n > width) {
				best, width, fit = d, n, k
			}
		}
	}
	if width == 0 || !most(len(list)-fit, len(list)) {
		return nil, "lines have no delimiter (, ; TAB |) that cuts all into the same number of fields"
	}
	g = &Guess{Delimiter: delimiterName(best)}
	names := make([]string, width)
	for i := range names {
		names[i] = fmt.Sprintf("COL_%d", i+1)
	}
	g.Columns = lines(list, names, best, g.notice)
	g.notice("lines have no names for their columns: give them better ones than COL_1 ... COL_%d", width)
	return g, ""
}

func delimiterName(d rune) string {
	switch d {
	case ',':
		return ""
	case '\t':
		return "TAB"
	}
	return string(d)
}

// asKafka takes what Kafka's own serializers write.
func asKafka(list []Record, name string, key bool) (g *Guess, why string) {
	text, four, eight, doubles := 0, 0, 0, 0
	for _, r := range list {
		switch {
		case printable(r.Data):
			text++
		case len(r.Data) == 4:
			four++
		case len(r.Data) == 8:
			eight++
			f := math.Float64frombits(binary.BigEndian.Uint64(r.Data))
			if size := math.Abs(f); f == 0 || size > 1e-9 && size < 1e15 {
				doubles++
			}
		}
	}
	g = &Guess{}
	column := func(t *types.Type) (*Guess, string) {
		g.Columns = types.Schema{{Name: name, Type: t}}
		return g, ""
	}
	texts := func(size int) bool { // texts of that length may be numbers all the same
		for _, r := range list {
			if len(r.Data) != size {
				return false
			}
		}
		return true
	}
	switch n := len(list); {
	case text == n:
		return column(types.TString)
	case four > 0 && texts(4):
		return column(types.TInteger)
	case eight > 0 && texts(8) && doubles == n:
		return column(types.TDouble)
	case eight > 0 && texts(8):
		return column(types.TBigint)
	case key:
		g.notice("%s are bytes of which nothing is known", name)
		return column(types.TBytes)
	}
	for _, r := range list {
		if !printable(r.Data) {
			return nil, fmt.Sprintf("%s is %s: neither text nor a number of 4 or 8 bytes", r.At, excerpt(r.Data))
		}
	}
	return nil, "nothing is there"
}

// printable says whether data is text.
func printable(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

func excerpt(b []byte) string {
	if printable(b) {
		return fmt.Sprintf("%q", clip(string(b)))
	}
	return fmt.Sprintf("%d bytes, %x", len(b), b[:min(len(b), 8)])
}

// File guesses the columns of the rows of a file, csv or json. head says that the first row of CSV names the columns; delim is 0 where it is not known.
func File(rows []Record, format string, head bool, delim rune) (*Guess, rune, error) {
	if format == "json" {
		g, why := asJSON(rows, "VALUE", false)
		if g == nil || g.Bare {
			if why == "" {
				why = "its rows are no objects"
			}
			return nil, 0, fmt.Errorf("%s", why)
		}
		g.Format = formats.JSON
		return g, 0, nil
	}
	if delim == 0 {
		delim = delimiterOf(rows[0].Data)
	}
	names, err := formats.DelimitedFields(rows[0].Data, delim)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", rows[0].At, err)
	}
	g := &Guess{Format: formats.Delimited, Delimiter: delimiterName(delim)}
	if head {
		names = headNames(names, g.notice)
		rows = rows[1:]
	} else {
		for i := range names {
			names[i] = fmt.Sprintf("COL_%d", i+1)
		}
	}
	if len(rows) == 0 {
		g.notice("there are no rows below the head: that all columns are STRINGs is a guess")
		for _, n := range names {
			g.Columns = append(g.Columns, types.Column{Name: n, Type: types.TString})
		}
		return g, delim, nil
	}
	g.Columns = lines(rows, names, delim, g.notice)
	return g, delim, nil
}
