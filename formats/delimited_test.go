package formats

import (
	"strings"
	"testing"

	"weir/types"
)

func TestDelimitedDecode(t *testing.T) {
	cols := types.Schema{{Name: "A", Type: types.TBigint}, {Name: "B", Type: types.TString}, {Name: "C", Type: types.TDecimal(6, 4)}}
	for _, c := range []struct{ delim, in, want string }{ // an error when want begins with !
		{"", `0,zero,12.0`, "0 zero 12.0000"},
		{"", `"0","ze""r,o",`, "0 ze\"r,o null"},
		{"", "-1,,1\r\n", "-1 null 1.0000"},
		{"TAB", "1\t\"a\tb\"\t2", "1 a\tb 2.0000"},
		{"§", "1§a§2", "1 a 2.0000"},
		{"", "1,\"two\nlines\",2", "1 two\nlines 2.0000"},
		{"", `1,"a" ,2`, "1 a 2.0000"},
		{"", `1,2`, "!Unexpected field count, csvFields:2 schemaFields:3"},
		{"", `1,2,3,4`, "!Unexpected field count, csvFields:4 schemaFields:3"},
		{"", ``, "!an empty line"},
		{"", `x,a,1`, "!column `A`, byte 0: want a BIGINT"},
		{"", `1,a,1.23456`, "!column `C`, byte 4: want a number that fits DECIMAL(6, 4) without rounding"},
		{"", `1,"a,1`, "!a double quote that ends the field"},
		{"", `1,"a"b,1`, "!a delimiter behind the closing quote"},
		{"", "1,a,1\n2,b,2", "!one line per record"},
		{"", "1,\xff,1", "!column `B`"},
	} {
		d, err := NewDecoder(Spec{Format: Delimited, Delimiter: c.delim}, cols, slots(3))
		if err != nil {
			t.Fatal(err)
		}
		row := make([]types.Value, 3)
		err = d.Decode([]byte(c.in), row)
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got %v, want an error with %q", c.in, err, want)
			}
			continue
		}
		got := types.Text(row[0], types.TBigint) + " " + types.Text(row[1], types.TString) + " " + types.Text(row[2], cols[2].Type)
		if err != nil || got != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.in, got, err, c.want)
		}
	}
}

func TestDelimitedEncode(t *testing.T) {
	cols := types.Schema{{Name: "A", Type: types.TString}, {Name: "B", Type: types.TString}}
	e, err := NewEncoder(Spec{Format: Delimited}, cols, []int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][3]string{
		{"a", "b", `a,b`}, {"-5", "-5", `"-5",-5`}, {"", "", `"",`}, {`a"b`, "c,d", `"a""b","c,d"`}, {"é", "é", `"é",é`},
		{"a ", " b", `"a "," b"`}, {"#", "a#", `"#",a#`}, {"a\nb", "c", "\"a\nb\",c"},
	} {
		got, err := e.Append(nil, []types.Value{types.StringValue(c[0]), types.StringValue(c[1])})
		if err != nil || string(got) != c[2] {
			t.Errorf("%q, %q: got %s, %v, want %s", c[0], c[1], got, err, c[2])
		}
	}
	if got, _ := e.Append(nil, make([]types.Value, 2)); string(got) != "," {
		t.Errorf("NULLs: got %s", got)
	}
}

func TestKafka(t *testing.T) {
	for _, c := range []struct {
		typ      *types.Type
		in, want string
	}{
		{types.TInteger, "\xff\xff\xff\xfe", "-2"}, {types.TBigint, "\x00\x00\x00\x00\x00\x00\x00\x05", "5"}, {types.TDouble, "\x3f\xf0\x00\x00\x00\x00\x00\x00", "1.0"},
		{types.TString, "hé", "hé"}, {types.TString, "", ""}, {types.TBytes, "{", "ew=="},
		{types.TInteger, "abc", "!want 4 bytes of INTEGER, got 3 bytes"}, {types.TBigint, "abcd", "!want 8 bytes of BIGINT"}, {types.TString, "\xff", "!UTF-8"},
	} {
		v, err := one(t, Spec{Format: Kafka}, c.typ, c.in)
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q as %s: got %v, want an error with %q", c.in, c.typ, err, want)
			}
		} else if err != nil || types.Text(v, c.typ) != c.want {
			t.Errorf("%q as %s: got %s, %v, want %s", c.in, c.typ, types.Text(v, c.typ), err, c.want)
		}
	}
}

func FuzzDelimitedDecode(f *testing.F) {
	cols := types.Schema{{Name: "A", Type: types.TString}, {Name: "B", Type: types.TBigint}, {Name: "C", Type: types.TString}}
	d, err := NewDecoder(Spec{Format: Delimited}, cols, slots(3))
	if err != nil {
		f.Fatal(err)
	}
	e, err := NewEncoder(Spec{Format: Delimited}, cols, slots(3))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`a,1,"b""c"`))
	f.Add([]byte("\"a\n\", 1 ,\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		row, again := make([]types.Value, 3), make([]types.Value, 3)
		if d.Decode(data, row) != nil {
			return
		}
		out, err := e.Append(nil, row)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(out, again); err != nil {
			t.Fatalf("%q written as %q: %v", data, out, err)
		}
		for i := range row {
			if !types.Equal(row[i], again[i]) {
				t.Fatalf("%q written as %q: column %d differs", data, out, i)
			}
		}
		d.Reset()
	})
}

func BenchmarkDelimitedDecode(b *testing.B) {
	d, err := NewDecoder(Spec{Format: Delimited}, pageColumns, []int{0, 1, -1, -1, -1, 2, -1, -1})
	if err != nil {
		b.Fatal(err)
	}
	benchDecode(b, d, []byte("1700000000123,user-0001234,a1b2c3d4e5f60718,/products/shoes/1234,https://example.com/search?q=shoes,42,200,DE"))
}

// TestDelimitedWords reads booleans and times as databases and spreadsheets write them, and takes nothing for something else.
func TestDelimitedWords(t *testing.T) {
	for _, c := range []struct {
		typ      *types.Type
		in, want string
	}{
		{types.TBoolean, "true", "true"}, {types.TBoolean, "FALSE", "false"}, {types.TBoolean, "t", "true"}, {types.TBoolean, "f", "false"}, {types.TBoolean, "", "null"},
		{types.TBoolean, "yes", "!want a BOOLEAN"}, {types.TBoolean, "1", "!want a BOOLEAN"}, {types.TBoolean, "0", "!want"}, {types.TBoolean, " true", "!want"}, {types.TBoolean, "on", "!want"},
		{types.TTimestamp, "2026-01-02 03:04:05", "2026-01-02T03:04:05.000"}, {types.TTimestamp, "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678"},
		{types.TTimestamp, "2026-01-02 03:04:05+01:00", "2026-01-02T02:04:05.000"}, {types.TTimestamp, "1000", "1970-01-01T00:00:01.000"},
		{types.TTimestamp, "2026-02-30 00:00:00", "!want a TIMESTAMP"}, {types.TDate, "2026-01-02", "2026-01-02"}, {types.TDate, "1", "1970-01-02"}, {types.TDate, "02.01.2026", "!want a DATE"},
		{types.TTime, "03:04:05", "03:04:05"}, {types.TTime, "1000", "00:00:01"}, {types.TTime, "25:00", "!want a TIME"},
	} {
		for _, key := range []bool{false, true} {
			v, err := one(t, Spec{Format: Delimited, IsKey: key}, c.typ, c.in)
			if want, bad := strings.CutPrefix(c.want, "!"); bad {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%q as %s: got %s, %v, want an error with %q", c.in, c.typ, types.Text(v, c.typ), err, want)
				}
			} else if err != nil || types.Text(v, c.typ) != c.want {
				t.Errorf("%q as %s: got %s, %v, want %s", c.in, c.typ, types.Text(v, c.typ), err, c.want)
			}
		}
	}
}
