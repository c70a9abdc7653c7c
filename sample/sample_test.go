package sample

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"weir/formats"
	"weir/parser"
	"weir/types"
)

func records(list ...string) []Record {
	var out []Record
	for i, s := range list {
		out = append(out, Record{[]byte(s), fmt.Sprintf("#%d", i+1)})
	}
	return out
}

func (g *Guess) String() string {
	text := g.Format
	if g.Delimiter != "" {
		text += " " + g.Delimiter
	}
	if g.Bare {
		text += " bare"
	}
	text += ": " + strings.ReplaceAll(g.Columns.String(), "`", "")
	for _, n := range g.Notices {
		text += "\n" + n
	}
	return text
}

func TestValues(t *testing.T) {
	big := func(n uint64) string { return string(binary.BigEndian.AppendUint64(nil, n)) }
	many := func(f func(i int) string) []string {
		var out []string
		for i := range 20 {
			out = append(out, f(i))
		}
		return out
	}
	for _, c := range []struct {
		name string
		rows []string
		want string
	}{
		{"numbers widen", []string{`{"a":1,"b":1,"c":1}`, `{"a":3000000000,"b":2.5,"c":12345678901234567890}`}, "JSON: A BIGINT, B DOUBLE, C DOUBLE\n" +
			"C has numbers that are too large for BIGINT, such as 12345678901234567890: DOUBLE rounds them, DECIMAL(22, 0) would not"},
		{"nulls first, fields that come later", []string{`{"a":null}`, `{"b":true}`, `{"a":"x","b":null}`}, "JSON: A STRING, B BOOLEAN"},
		{"nothing but null", []string{`{"a":null,"b":[],"c":{}}`}, "JSON: A STRING, B ARRAY<STRING>, C MAP<STRING, STRING>\nA has no value in the sample: that it is a STRING is a guess\n" +
			"B[] has no value in the sample: that it is a STRING is a guess\nC['...'] has no value in the sample: that it is a STRING is a guess"},
		{"kinds that differ", []string{`{"a":1,"b":[1],"c":true}`, `{"a":"x","b":{"x":1},"c":1}`, `{"a":{"deep":[{}]},"b":[{}],"c":null}`}, "JSON: A STRING, B STRING, C STRING\n" +
			"A is INTEGER and STRING: a STRING holds both\nB is ARRAY and STRUCT: a STRING holds both\nC is BOOLEAN and INTEGER: a STRING holds both"},
		{"nested", []string{`{"a":{"x":1,"y":[{"z":1},{"z":2.5,"w":null}]}}`, ` {"a":{"x":null,"y":null}}`},
			"JSON: A STRUCT<X INTEGER, Y ARRAY<STRUCT<Z DOUBLE, W STRING>>>\nA->Y[]->W has no value in the sample: that it is a STRING is a guess"},
		{"an object of ever new names", many(func(i int) string { return fmt.Sprintf(`{"m":{"k%d":%d,"j%d":2.5}}`, i, i, i) }), "JSON: M MAP<STRING, DOUBLE>"},
		{"ever new names of several kinds", many(func(i int) string {
			if i < 12 {
				return fmt.Sprintf(`{"m":{"k%d":1}}`, i)
			}
			return `{"m":{"s":"x"}}`
		}), "JSON: M STRUCT<K0 INTEGER, K1 INTEGER, K2 INTEGER, K3 INTEGER, K4 INTEGER, K5 INTEGER, K6 INTEGER, K7 INTEGER, K8 INTEGER, K9 INTEGER, K10 INTEGER, K11 INTEGER, S STRING>"},
		{"names", []string{`{"":1,"userId":1,"id":1,"ID":2,"from":1,"first-name":1,"é":1,"rowtime":1,"1a":1}`},
			"JSON: USERID INTEGER, id INTEGER, ID INTEGER, from INTEGER, first-name INTEGER, é INTEGER, 1a INTEGER\n" +
				"the field ROWTIME has the name of what every row has of itself: it is no column\n" +
				"these names stand in back-quotes, in capitals and small letters as they are: id, from, first-name, é, 1a"},
		{"times stay text", []string{`{"at":"2024-01-01T00:00:00Z","d":"2024-01-01","x":"2024-01-01"}`, `{"at":"2024-01-01 10:00","d":null,"x":"soon"}`}, "JSON: at STRING, D STRING, X STRING\n" +
			"at reads as a time: declared as a TIMESTAMP, or as a DATE, it is one, and WITH (TIMESTAMP='`at`') has it as that of the rows\n" +
			"D reads as a time: declared as a TIMESTAMP, or as a DATE, it is one, and WITH (TIMESTAMP='D') has it as that of the rows\nthese names stand in back-quotes, in capitals and small letters as they are: at"},
		{"one in ten is wrong", append(many(func(int) string { return `{"a":1}` }), "oops"), "JSON: A INTEGER\n1 of 21 records are no JSON objects: they are left out, and go to the processing log"},
		{"lists", []string{`[1,2]`, `[2.5]`}, "JSON bare: V ARRAY<DOUBLE>"},
		{"numbers alone", []string{`1`, `2`}, "JSON bare: V INTEGER"},
		{"lines", []string{"1,x,2.5", `2,"a, ""b""",3`, ",,"}, "DELIMITED: COL_1 INTEGER, COL_2 STRING, COL_3 DOUBLE\nlines have no names for their columns: give them better ones than COL_1 ... COL_3"},
		{"semicolons", []string{"1,5;x", "2,5;y"}, "DELIMITED ;: COL_1 STRING, COL_2 STRING\nlines have no names for their columns: give them better ones than COL_1 ... COL_2"},
		{"tabs", []string{"1\tTRUE", "2\tfalse"}, "DELIMITED TAB: COL_1 INTEGER, COL_2 BOOLEAN\nlines have no names for their columns: give them better ones than COL_1 ... COL_2"},
		{"postcodes", []string{"01234|a", "1234|b"}, "DELIMITED |: COL_1 STRING, COL_2 STRING\nCOL_1 is STRING and INTEGER: a STRING holds both\nlines have no names for their columns: give them better ones than COL_1 ... COL_2"},
		{"text", []string{"hello", "world, or so"}, "KAFKA: V STRING"},
		{"integers", []string{"\x00\x00\x00\x01", "abcd"}, "KAFKA: V INTEGER"},
		{"longs", []string{big(1), big(1 << 40)}, "KAFKA: V BIGINT"},
		{"doubles", []string{big(math.Float64bits(1.5)), big(math.Float64bits(0))}, "KAFKA: V DOUBLE"},
		{"nothing known", []string{"\x00\x01\x02", `{"a":1}`}, "its records are in no format that is recognised:\n  JSON: #1 is 3 bytes, 000102, which is no JSON in UTF-8\n" +
			"  DELIMITED: #1 is 3 bytes, 000102, which is no text\n  KAFKA: #1 is 3 bytes, 000102: neither text nor a number of 4 or 8 bytes"},
		{"objects and others", []string{`{"a":1}`, `1`, `\0`, "\x00\xff\x00"}, "its records are in no format that is recognised:\n  JSON: #3 is \"\\\\0\", which is no JSON in UTF-8\n" +
			"  DELIMITED: #4 is 3 bytes, 00ff00, which is no text\n  KAFKA: #4 is 3 bytes, 00ff00: neither text nor a number of 4 or 8 bytes"},
	} {
		g, err := Values(records(c.rows...), "", "V")
		got := fmt.Sprint(err)
		if err == nil {
			got = g.String()
		} else if !errors.As(err, new(*Unrecognised)) {
			t.Errorf("%s: %v", c.name, err)
		}
		if got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		rows         []string
		format, want string
	}{
		{[]string{"a", "b,c", "12"}, "", "KAFKA: K STRING"},
		{[]string{"12", "13"}, "", "KAFKA: K STRING"},
		{[]string{"12", "13"}, "JSON", "JSON bare: K INTEGER"},
		{[]string{`"a"`, `"b"`}, "", "JSON bare: K STRING"},
		{[]string{`{"id":1}`, `{"id":2}`}, "", "JSON: K STRUCT<ID INTEGER>"},
		{[]string{`{"id":1,"of":"x"}`}, "", "JSON: ID INTEGER, OF STRING"},
		{[]string{"a,1", "b,2"}, "DELIMITED", "DELIMITED: COL_1 STRING, COL_2 INTEGER\nlines have no names for their columns: give them better ones than COL_1 ... COL_2"},
		{[]string{"\x00\x00\x00\x01"}, "", "KAFKA: K INTEGER"},
		{[]string{"\x00\x01"}, "", "KAFKA: K BYTES\nK are bytes of which nothing is known"},
		{[]string{"x"}, "MSGPACK", "columns cannot be proposed of MSGPACK: declare them"},
	} {
		g, err := Keys(records(c.rows...), c.format, "K")
		got := fmt.Sprint(err)
		if err == nil {
			got = g.String()
		}
		if got != c.want {
			t.Errorf("%q\ngot  %s\nwant %s", c.rows, got, c.want)
		}
	}
}

func TestFile(t *testing.T) {
	for _, c := range []struct {
		rows   []string
		format string
		head   bool
		want   string
	}{
		{[]string{"id,First Name,,id,from,2024,rowtime,Größe,***", "1,a,b,2,x,1,2,3,4"}, "csv", true,
			"DELIMITED: ID INTEGER, FIRST_NAME STRING, COL_3 STRING, ID_2 INTEGER, FROM STRING, _2024 INTEGER, ROWTIME_1 INTEGER, GR_E INTEGER, COL_9 INTEGER\n" +
				"column 2, \"First Name\", is FIRST_NAME\ncolumn 3 has no name in the head: it is COL_3\ncolumn 4, \"id\", is ID_2\ncolumn 6, \"2024\", is _2024\n" +
				"column 7, \"rowtime\", is ROWTIME_1\ncolumn 8, \"Größe\", is GR_E\ncolumn 9, \"***\", is COL_9"},
		{[]string{"a;b", "1;2,5", "1;2;3", "2;3"}, "csv", true, "DELIMITED ;: A INTEGER, B STRING\n1 of 3 rows are not read as 2 fields in UTF-8, the first at #3: such rows are left out, and go to the processing log\n" +
			"B is STRING and INTEGER: a STRING holds both"},
		{[]string{"a,b", "\xe4,1", "x,1"}, "csv", true, "DELIMITED: A STRING, B INTEGER\n1 of 2 rows are not read as 2 fields in UTF-8, the first at #2: such rows are left out, and go to the processing log"},
		{[]string{"1,x", "2,y"}, "csv", false, "DELIMITED: COL_1 INTEGER, COL_2 STRING"},
		{[]string{"a,b"}, "csv", true, "DELIMITED: A STRING, B STRING\nthere are no rows below the head: that all columns are STRINGs is a guess"},
		{[]string{"name", "x"}, "csv", true, "DELIMITED: NAME STRING"},
		{[]string{`{"a":1}`, `{"a":null,"b":"x"}`}, "json", false, "JSON: A INTEGER, B STRING"},
		{[]string{"1", "2"}, "json", false, "its rows are no objects"},
		{[]string{"a,b"}, "json", false, `#1 is "a,b", which is no JSON in UTF-8`},
	} {
		g, _, err := File(records(c.rows...), c.format, c.head, 0)
		got := fmt.Sprint(err)
		if err == nil {
			got = g.String()
		}
		if got != c.want {
			t.Errorf("%q\ngot  %s\nwant %s", c.rows, got, c.want)
		}
	}
}

// What is proposed reads what it was proposed for: no value is lost but where a notice says so.
func FuzzValues(f *testing.F) {
	for _, s := range []string{`{"a":1}` + "\n" + `{"a":"x","A":[{}]}`, "1,2\n3,4", "\x00\x00\x00\x01", `[1]`, `"x"`, "{\"\":{}}", `{"a":[[[1]],null,{"b":2}]}`, "a;b\n\"x\";y"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, key bool) {
		list := records(strings.Split(text, "\n")...)
		g, err := guess(list, "", "V", key)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, c := range g.Columns {
			if seen[c.Name] || c.Type.Kind == types.Null {
				t.Fatalf("%v", g.Columns)
			}
			seen[c.Name] = true
		}
		if list, err := parser.ParseColumns(g.Columns.String(), parser.Options{}); err != nil || len(list) != len(g.Columns) {
			t.Fatalf("%s: %v", g.Columns, err)
		}
		spec := formats.Spec{Format: g.Format, Delimiter: g.Delimiter, IsKey: key, Topic: "t"}
		if g.Bare && !key {
			spec.Wrap = new(bool)
		}
		wanted := make([]int, len(g.Columns))
		for i := range wanted {
			wanted[i] = i
		}
		dec, err := formats.NewDecoder(spec, g.Columns, wanted)
		if err != nil {
			if strings.Contains(err.Error(), "uplicate") { // fields of one name but for capitals, within others
				return
			}
			t.Fatalf("%s: %v", g, err)
		}
		failed := 0
		var why error
		for _, r := range list {
			if err := dec.Decode(r.Data, make([]types.Value, len(g.Columns))); err != nil && !errors.Is(err, formats.ErrNullRecord) {
				failed, why = failed+1, err
			}
		}
		if failed > 0 && !slices.ContainsFunc(g.Notices, func(n string) bool { return strings.Contains(n, "left out") || strings.Contains(n, "too large") }) {
			t.Fatalf("%d of %d records of %q are not read by %s: %v", failed, len(list), text, g, why)
		}
	})
}
