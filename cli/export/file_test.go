package export

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"weir/parser"
	"weir/parser/ast"
	"weir/server/wire"
)

// everything has a column of each type.
var everything = wire.QueryMeta{
	ColumnNames: []string{"Z", "a", "A", "BIG", "F", "D", "LONG", "S", "RAW", "AT", "DAY", "CLOCK", "L", "M", "ST"},
	ColumnTypes: []string{"BOOLEAN", "INTEGER", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL(10, 2)", "DECIMAL(40, 3)", "STRING", "BYTES", "TIMESTAMP", "DATE", "TIME",
		"ARRAY<ARRAY<INTEGER>>", "MAP<STRING, STRUCT<`X` INTEGER, `Y` ARRAY<STRING>>>", "STRUCT<`B` INTEGER, `A` STRUCT<`C` DECIMAL(4, 1)>>"},
}

var rows = []string{
	`[true,1,-2,9223372036854775807,1.5,12345678.90,-1234567890123456789012345678901234567.891,"a \"b\",\nc","AP8=","2024-02-29T23:59:59.123","1969-12-31","12:34:56",` +
		`[[1,2],[],null,[null]],{"k":{"X":1,"Y":["a",null]},"j":null},{"B":7,"A":{"C":-3.5}}]`,
	`[null,null,null,null,null,null,null,null,null,null,null,null,null,null,null]`,
	`[false,0,0,-9223372036854775808,"NaN",0.01,0.000,"","","1969-12-31T23:59:59.999","0001-01-01","00:00:00",[],{},{"B":null,"A":null}]`,
	`[true,0,0,0,1e300,-99999999.99,1,"NULL","","1970-01-01T00:00:00.000","1970-01-01","23:59:59",null,{"":{"X":null,"Y":[]}},{"B":1,"A":{"C":null}}]`,
}

func write(t *testing.T, path string, o Options, meta wire.QueryMeta, rows ...string) {
	t.Helper()
	if err := o.complete(path); err != nil {
		t.Fatal(err)
	}
	f, err := Create(path, o, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Header(meta); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := f.Row(json.RawMessage(r), false); err != nil {
			t.Fatal(err)
		}
	}
	n, size, err := f.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || n != int64(len(rows)) || size != info.Size() {
		t.Fatalf("%d rows, %d bytes: %v, %v", n, size, info, err)
	}
}

func TestCSV(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	write(t, path, Options{}, everything, rows...)
	want := "Z,a,A,BIG,F,D,LONG,S,RAW,AT,DAY,CLOCK,L,M,ST\n" +
		`true,1,-2,9223372036854775807,1.5,12345678.90,-1234567890123456789012345678901234567.891,"a ""b"",` + "\n" +
		`c",AP8=,2024-02-29T23:59:59.123,1969-12-31,12:34:56,"[[1,2],[],null,[null]]","{""k"":{""X"":1,""Y"":[""a"",null]},""j"":null}","{""B"":7,""A"":{""C"":-3.5}}"` + "\n" +
		",,,,,,,,,,,,,,\n" +
		`false,0,0,-9223372036854775808,NaN,0.01,0.000,"","",1969-12-31T23:59:59.999,0001-01-01,00:00:00,[],{},"{""B"":null,""A"":null}"` + "\n" +
		`true,0,0,0,1e300,-99999999.99,1,NULL,"",1970-01-01T00:00:00.000,1970-01-01,23:59:59,,"{"""":{""X"":null,""Y"":[]}}","{""B"":1,""A"":{""C"":null}}"` + "\n"
	if got := read(t, path); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCSVOptions(t *testing.T) {
	meta := wire.QueryMeta{ColumnNames: []string{"A", "B"}, ColumnTypes: []string{"STRING", "STRING"}}
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"x.tsv", Options{}, "A\tB\n\tx,y\n\"\"\tNULL\n\" b\"\t\"a\tb\"\n"},
		{"x.csv", Options{Null: "NULL", NoHeader: true, Delimiter: ';'}, "NULL;x,y\n\"\";\"NULL\"\n\" b\";a\tb\n"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		write(t, path, c.o, meta, `[null,"x,y"]`, `["","NULL"]`, `[" b","a\tb"]`)
		if got := read(t, path); got != c.want {
			t.Errorf("got\n%q\nwant\n%q", got, c.want)
		}
	}
}

func TestJSONLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.jsonl.gz")
	write(t, path, Options{}, wire.QueryMeta{ColumnNames: []string{"A", `b"<`}, ColumnTypes: []string{"BIGINT", "DECIMAL(5, 2)"}}, `[9223372036854775807,1.10]`, `[null,{"x":[1]}]`)
	if got, want := unpacked(t, path), "{\"A\":9223372036854775807,\"b\\\"<\":1.10}\n{\"A\":null,\"b\\\"<\":{\"x\":[1]}}\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func unpacked(t *testing.T, path string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// What is read back is what was written, in all ways to pack it, in one row group and in several.
func TestParquet(t *testing.T) {
	for _, codec := range []string{"none", "snappy", "gzip", "zstd"} {
		for _, group := range []int64{1, 1 << 20} {
			path := filepath.Join(t.TempDir(), "x.parquet")
			write(t, path, Options{Compression: codec, RowGroup: group}, everything, rows...)
			data := []byte(read(t, path))
			f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			if groups := len(f.RowGroups()); (groups > 1) != (group == 1) {
				t.Errorf("%d row groups of %d bytes", groups, group)
			}
			got := strings.TrimSpace(f.Schema().String())
			if got != strings.TrimSpace(wantSchema) {
				t.Errorf("got\n%s\nwant\n%s", got, wantSchema)
			}
			for i, want := range wantRows {
				if got := rowText(t, f, i); got != want {
					t.Errorf("%s, row %d\ngot  %s\nwant %s", codec, i, got, want)
				}
			}
		}
	}
}

const wantSchema = `
message row {
	optional boolean Z;
	optional int32 a (INT(32,true));
	optional int32 A (INT(32,true));
	optional int64 BIG (INT(64,true));
	optional double F;
	optional int64 D (DECIMAL(10,2));
	optional fixed_len_byte_array(17) LONG (DECIMAL(40,3));
	optional binary S (STRING);
	optional binary RAW;
	optional int64 AT (TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS));
	optional int32 DAY (DATE);
	optional int32 CLOCK (TIME(isAdjustedToUTC=false,unit=MILLIS));
	optional group L (LIST) {
		repeated group list {
			optional group element (LIST) {
				repeated group list {
					optional int32 element (INT(32,true));
				}
			}
		}
	}
	optional group M (MAP) {
		repeated group key_value {
			required binary key (STRING);
			optional group value {
				optional int32 X (INT(32,true));
				optional group Y (LIST) {
					repeated group list {
						optional binary element (STRING);
					}
				}
			}
		}
	}
	optional group ST {
		optional int32 B (INT(32,true));
		optional group A {
			optional int32 C (DECIMAL(4,1));
		}
	}
}
`

// wantRows are the values of the rows, each with its levels: column, repetition, definition.
var wantRows = []string{
	`0/0/1:true 1/0/1:1 2/0/1:-2 3/0/1:9223372036854775807 4/0/1:1.5 5/0/1:1234567890 6/0/1:fc5f36df8a3f240c475343a06931c0f52d 7/0/1:"a \"b\",\nc" 8/0/1:"\x00\xff" 9/0/1:1709251199123 10/0/1:-1 11/0/1:45296000 12/0/5:1 12/2/5:2 12/1/3:<null> 12/1/2:<null> 12/1/4:<null> 13/0/2:"k" 13/1/2:"j" 14/0/4:1 14/1/2:<null> 15/0/6:"a" 15/2/5:<null> 15/1/2:<null> 16/0/2:7 17/0/3:-35`,
	`0/0/0:<null> 1/0/0:<null> 2/0/0:<null> 3/0/0:<null> 4/0/0:<null> 5/0/0:<null> 6/0/0:<null> 7/0/0:<null> 8/0/0:<null> 9/0/0:<null> 10/0/0:<null> 11/0/0:<null> 12/0/0:<null> 13/0/0:<null> 14/0/0:<null> 15/0/0:<null> 16/0/0:<null> 17/0/0:<null>`,
	`0/0/1:false 1/0/1:0 2/0/1:0 3/0/1:-9223372036854775808 4/0/1:NaN 5/0/1:1 6/0/1:0000000000000000000000000000000000 7/0/1:"" 8/0/1:"" 9/0/1:-1 10/0/1:-719162 11/0/1:0 12/0/1:<null> 13/0/1:<null> 14/0/1:<null> 15/0/1:<null> 16/0/1:<null> 17/0/1:<null>`,
	`0/0/1:true 1/0/1:0 2/0/1:0 3/0/1:0 4/0/1:1e+300 5/0/1:-9999999999 6/0/1:00000000000000000000000000000003e8 7/0/1:"NULL" 8/0/1:"" 9/0/1:0 10/0/1:0 11/0/1:86399000 12/0/0:<null> 13/0/2:"" 14/0/3:<null> 15/0/4:<null> 16/0/2:1 17/0/2:<null>`,
}

func rowText(t *testing.T, f *parquet.File, n int) string {
	t.Helper()
	r := parquet.NewGenericReader[any](f)
	defer r.Close()
	if err := r.SeekToRow(int64(n)); err != nil {
		t.Fatal(err)
	}
	row := make([]parquet.Row, 1)
	if got, err := r.ReadRows(row); got != 1 {
		t.Fatal(got, err)
	}
	var b strings.Builder
	for _, v := range row[0] {
		fmt.Fprintf(&b, "%d/%d/%d:%s ", v.Column(), v.RepetitionLevel(), v.DefinitionLevel(), shown(v))
	}
	return strings.TrimSpace(b.String())
}

func shown(v parquet.Value) string {
	switch v.Kind() {
	case parquet.FixedLenByteArray:
		return fmt.Sprintf("%x", v.ByteArray())
	case parquet.ByteArray:
		return fmt.Sprintf("%q", v.ByteArray())
	default: // numbers
	}
	return v.String()
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there.csv")
	if err := os.WriteFile(there, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, props, want string }{
		{"x.txt", "", "the name x.txt does not tell the format: end it with .csv, .tsv, .jsonl, .ndjson or .parquet, or name one: FORMAT='csv', 'jsonl' or 'parquet'"},
		{"x.csv", "FORMT='csv'", "COPY has no property FORMT. Did you mean FORMAT? It has FORMAT, OVERWRITE, COMPRESSION, HEADER, DELIMITER, NULL_AS, ROW_GROUP_BYTES"},
		{"x", "FORMAT='xlsx'", "the property FORMAT: expected csv, jsonl or parquet, got 'xlsx'"},
		{"x.csv", "OVERWRITE='maybe'", "the property OVERWRITE: expected TRUE or FALSE, got 'maybe'"},
		{"x.csv", "HEADER=NULL", "the property HEADER: expected a value, got NULL"},
		{"x.csv", "DELIMITER='ab'", "the property DELIMITER: expected one ASCII character that is no quote and ends no line, TAB or SPACE, got 'ab'"},
		{"x.csv", "NULL_AS='a,b'", `NULL_AS must hold no delimiter, no quote and no line break, got "a,b"`},
		{"x.csv", "HEADER=TRUE, header=FALSE", "the property HEADER is given twice"},
		{"x.jsonl", "HEADER=TRUE", "the property HEADER is for the format csv, and the format is jsonl"},
		{"x.csv", "ROW_GROUP_BYTES=5", "the property ROW_GROUP_BYTES is for the format parquet, and the format is csv"},
		{"x.parquet", "ROW_GROUP_BYTES=0", "the property ROW_GROUP_BYTES: expected a number of bytes above 0, got 0"},
		{"x.csv", "COMPRESSION='zstd'", "COMPRESSION of csv is none or gzip, not 'zstd'"},
		{"x.parquet", "COMPRESSION='lz4'", "COMPRESSION of parquet is none, snappy, gzip or zstd, not 'lz4'"},
		{"x.parquet.gz", "", "a Parquet file is packed inside: x.parquet.gz without .gz, and COMPRESSION='gzip' or 'zstd' where snappy is not wanted"},
		{there, "", there + " is there already: name another file, or say OVERWRITE=TRUE (weir export --force) to replace it"},
		{dir, "FORMAT='csv'", "cannot write " + dir + ": it is a folder"},
		{filepath.Join(dir, "no", "x.csv"), "", "cannot write " + filepath.Join(dir, "no", "x.csv") + ": no such file or directory"},
		{"", "FORMAT='csv'", "the name of the file is empty"},
	} {
		o, err := OptionsOf(props(t, c.props), c.path)
		if err == nil {
			_, err = Create(c.path, o, nil, nil)
		}
		if err == nil || err.Error() != c.want {
			t.Errorf("%s %s\ngot  %v\nwant %s", c.path, c.props, err, c.want)
		}
	}
	if got := read(t, there); got != "mine" {
		t.Error(got)
	}
}

func props(t *testing.T, text string) []ast.Prop {
	t.Helper()
	if text == "" {
		return nil
	}
	list, err := parser.Parse("COPY (SELECT 1) TO 'x' WITH ("+text+");", parser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return list[0].Node.(*ast.Copy).With
}

// What goes wrong leaves nothing behind, and says which row it was.
func TestWrongValues(t *testing.T) {
	for _, c := range []struct{ typ, value, want string }{
		{"INTEGER", "2147483648", "column A: 2147483648 is no INTEGER"},
		{"INTEGER", `"x"`, "column A: \"x\" is no INTEGER"},
		{"DECIMAL(3, 1)", "1234.5", "column A: 1234.5 is no DECIMAL(3, 1)"},
		{"BYTES", `"?"`, "column A: \"?\" is no BYTES"},
		{"TIMESTAMP", `"yesterday"`, "column A: \"yesterday\" is no TIMESTAMP"},
		{"ARRAY<INTEGER>", "1", "column A: 1 is no ARRAY<INTEGER>"},
		{"ARRAY<INTEGER>", "[true]", "column A.element: true is no INTEGER"},
		{"MAP<STRING, INTEGER>", "[]", "column A: [] is no MAP<STRING, INTEGER>"},
		{"STRUCT<B INTEGER>", `{"B":"x"}`, "column A.B: \"x\" is no INTEGER"},
	} {
		path := filepath.Join(t.TempDir(), "x.parquet")
		o := Options{}
		if err := o.complete(path); err != nil {
			t.Fatal(err)
		}
		f, err := Create(path, o, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Header(wire.QueryMeta{ColumnNames: []string{"A"}, ColumnTypes: []string{c.typ}}); err != nil {
			t.Fatal(err)
		}
		if err := f.Row(json.RawMessage("[null]"), false); err != nil {
			t.Fatal(err)
		}
		want := "row 2 of " + path + ": " + c.want
		if err := f.Row(json.RawMessage("["+c.value+"]"), false); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if err := f.Discard(); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
			t.Error(left, err)
		}
	}
}

// A file that comes while rows are written is not replaced, unless that was asked for.
func TestOverwrite(t *testing.T) {
	meta := wire.QueryMeta{ColumnNames: []string{"A"}, ColumnTypes: []string{"STRING"}}
	path := filepath.Join(t.TempDir(), "x.csv")
	for _, overwrite := range []bool{false, true} {
		o := Options{Overwrite: overwrite}
		if err := o.complete(path); err != nil {
			t.Fatal(err)
		}
		f, err := Create(path, o, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Header(meta); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		_, _, err = f.Commit()
		if got, want := read(t, path), map[bool]string{false: "mine", true: "A\n"}[overwrite]; got != want || (err == nil) != overwrite {
			t.Errorf("overwrite=%t: %q, %v", overwrite, got, err)
		}
		if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
			t.Error(left, err)
		}
		if !overwrite {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSchemaErrors(t *testing.T) {
	for _, c := range []struct {
		names, types []string
		want         string
	}{
		{[]string{"A", "A"}, []string{"STRING", "STRING"}, "there are two columns with the name A: give one another name with AS"},
		{[]string{"A"}, []string{"MAP<ARRAY<STRING>, STRING>"}, "column A.key: Parquet has no place for ARRAY<STRING>"},
		{[]string{"A"}, []string{"GEOMETRY"}, "column A: Parquet has no place for GEOMETRY"},
	} {
		_, _, err := schemaOf(wire.QueryMeta{ColumnNames: c.names, ColumnTypes: c.types})
		if err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

// Parts of a column are what makes it up, whichever way round.
func TestLevels(t *testing.T) {
	_, columns, err := schemaOf(wire.QueryMeta{ColumnNames: []string{"A"}, ColumnTypes: []string{"ARRAY<STRUCT<X ARRAY<INTEGER>, Y INTEGER>>"}})
	if err != nil {
		t.Fatal(err)
	}
	p := &parquetRows{columns: columns, leaves: make([][]parquet.Value, 2)}
	if err := p.put(columns[0], json.RawMessage(`[{"X":[1,2],"Y":5},{"X":[],"Y":null},null]`), 0, 0); err != nil {
		t.Fatal(err)
	}
	var got [][]int
	for _, leaf := range p.leaves {
		var l []int
		for _, v := range leaf {
			l = append(l, v.RepetitionLevel(), v.DefinitionLevel())
		}
		got = append(got, l)
	}
	// Levels: the list 1, its element 2 and 3, X 4 and its element 5 and 6; Y 4.
	if want := [][]int{{0, 6, 2, 6, 1, 4, 1, 2}, {0, 4, 1, 3, 1, 2}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
