package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode"

	"weir/types"
)

var pageColumns = types.Schema{
	{Name: "TS", Type: types.TBigint}, {Name: "USER_ID", Type: types.TString}, {Name: "SESSION", Type: types.TString},
	{Name: "PATH", Type: types.TString}, {Name: "REFERRER", Type: types.TString}, {Name: "TIME_ON_PAGE", Type: types.TInteger},
	{Name: "STATUS", Type: types.TInteger}, {Name: "COUNTRY", Type: types.TString},
}

const pageRecord = `{"ts":1700000000123,"user_id":"user-0001234","session":"a1b2c3d4e5f60718","path":"/products/shoes/1234",` +
	`"referrer":"https://example.com/search?q=shoes","time_on_page":42,"status":200,"country":"DE"}`

// one compiles a decoder of one column and decodes one record.
func one(t *testing.T, spec Spec, typ *types.Type, data string) (types.Value, error) {
	t.Helper()
	d, err := NewDecoder(spec, types.Schema{{Name: "C", Type: typ}}, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	row := []types.Value{types.IntValue(99)}
	err = d.Decode([]byte(data), row)
	return row[0], err
}

func TestJSONValues(t *testing.T) {
	point := types.TStruct(types.Field{Name: "X", Type: types.TInteger}, types.Field{Name: "Y", Type: types.TDouble})
	cases := []struct {
		typ  *types.Type
		in   string
		want string // as text; an error when it begins with !
	}{
		{types.TBoolean, `true`, "true"},
		{types.TBoolean, `"true"`, "!true or false"},
		{types.TBoolean, `1`, "!true or false"},
		{types.TInteger, `-7`, "-7"},
		{types.TInteger, `"12"`, "12"},
		{types.TInteger, `1.9`, "1"},
		{types.TInteger, `1e3`, "1000"},
		{types.TInteger, `2147483648`, "!whole number from"},
		{types.TInteger, `"x"`, "!whole number"},
		{types.TInteger, `007`, "!a JSON number"},
		{types.TInteger, `true`, "!INTEGER"},
		{types.TInteger, `[1]`, "!INTEGER"},
		{types.TBigint, `9223372036854775807`, "9223372036854775807"},
		{types.TBigint, `9223372036854775808`, "!64 bits"},
		{types.TDouble, `1e2`, "100.0"},
		{types.TDouble, `"NaN"`, "NaN"},
		{types.TDouble, `1.`, "!a JSON number"},
		{types.TDecimal(6, 4), `12.0`, "12.0000"},
		{types.TDecimal(6, 4), `"-12.3650"`, "-12.3650"},
		{types.TDecimal(4, 2), `1.234`, "!without rounding"},
		{types.TDecimal(4, 2), `123.4`, "!without rounding"},
		{types.TDecimal(4, 2), `1.200`, "1.20"},
		{types.TDecimal(40, 20), `12345678901234567890.12345678901234567890`, "12345678901234567890.12345678901234567890"},
		{types.TString, `"a\u00e9\n\ud83d\ude00\"\/"`, "aé\n😀\"/"},
		{types.TString, `"\ud83dx"`, "\ufffdx"},
		{types.TString, `"\x"`, "!escapes"},
		{types.TString, "\"a\nb\"", "!double quote"},
		{types.TString, "\"\xff\"", "!UTF-8"},
		{types.TString, `12.50`, "12.50"},
		{types.TString, `false`, "false"},
		{types.TString, `{ "a" : [1, "x y"] }`, `{"a":[1,"x y"]}`},
		{types.TString, `""`, ""},
		{types.TBytes, `"ew=="`, "ew=="},
		{types.TBytes, `"e"`, "!base64"},
		{types.TDate, `10`, "1970-01-11"},
		{types.TDate, `"1970-01-11"`, "1970-01-11"},
		{types.TTime, `5000`, "00:00:05"},
		{types.TTimestamp, `"2020-01-01T00:00:00Z"`, "2020-01-01T00:00:00.000"},
		{types.TTimestamp, `-1`, "1969-12-31T23:59:59.999"},
		{types.TTimestamp, `"yesterday"`, "!TIMESTAMP"},
		{types.TArray(types.TInteger), `[1, null ,"3"]`, "[1, null, 3]"},
		{types.TArray(types.TInteger), `[]`, "[]"},
		{types.TArray(types.TInteger), `[1,]`, "!INTEGER"},
		{types.TArray(types.TInteger), `[1 2]`, "!comma"},
		{types.TMap(types.TString, types.TInteger), `{"a":1,"b":null,"a":3}`, "{a=3, b=null}"},
		{types.TMap(types.TString, types.TInteger), `{"a"}`, "!colon"},
		{point, `{"x":1,"z":[{}],"y":2}`, "Struct{X=1,Y=2.0}"},
		{point, `{"x":1,"X":2}`, "Struct{X=2}"},
		{point, `{"X":2,"x":1}`, "Struct{X=2}"},
		{types.TArray(point), `[{"X":1},{"Y":3},{}]`, "[Struct{X=1}, Struct{Y=3.0}, Struct{}]"},
	}
	for _, c := range cases {
		for _, wrapped := range []bool{false, true} {
			spec, in := Spec{Format: "json", IsKey: !wrapped}, c.in
			if wrapped {
				in = ` { "a":{"b":[1,2]}, "c" : ` + c.in + `, "d":-1.5e+3} `
			}
			v, err := one(t, spec, c.typ, in)
			if want, bad := strings.CutPrefix(c.want, "!"); bad {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s as %s: got %v, %v, want an error with %q", in, c.typ, types.Text(v, c.typ), err, want)
				}
			} else if err != nil || types.Text(v, c.typ) != c.want {
				t.Errorf("%s as %s: got %q, %v, want %q", in, c.typ, types.Text(v, c.typ), err, c.want)
			}
		}
	}
}

func TestJSONDocuments(t *testing.T) {
	for in, want := range map[string]string{
		``: "a JSON object", `[]`: "a JSON object", `{`: "field name", `{"a"`: "colon", `{"a":}`: "JSON value", `{"a":1`: "comma or }",
		`{"a":1} x`: "end of the document", `{"a":1,}`: "field name", `{"a":[1,{"b":nul}]}`: "JSON value", `{"x`: "ends the field name",
		`{"C":1,"b":tru}`: "JSON value", `null x`: "end of the document", `{"a":` + strings.Repeat("[", 1000): "JSON value",
	} {
		if _, err := one(t, Spec{Format: JSON}, types.TInteger, in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30s: got %v, want an error with %q", in, err, want)
		}
	}
	v, err := one(t, Spec{Format: JSON}, types.TInteger, ` null `)
	if !v.IsNull() || !errors.Is(err, ErrNullRecord) {
		t.Errorf("null: got %v, %v", v, err)
	}
	if v, err := one(t, Spec{Format: JSON}, types.TInteger, `{}`); err != nil || !v.IsNull() {
		t.Errorf("{}: got %v, %v", v, err)
	}
}

// Names that change place, case and number from record to record must be found all the same.
func TestJSONLearnsNames(t *testing.T) {
	d, err := NewDecoder(Spec{Format: JSON}, pageColumns, []int{0, -1, -1, 2, -1, 1, -1, -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ in, want string }{
		{pageRecord, "1700000000123 42 /products/shoes/1234"},
		{pageRecord, "1700000000123 42 /products/shoes/1234"},
		{`{"PATH":"p","Ts":5}`, "5 null p"},
		{`{"other":{},"time_on_page":3,"PATH":"p","Ts":5,"extra":1}`, "5 3 p"},
		{`{"path":"lower","PATH":"exact","path":"lower"}`, "null null exact"},
		{`{"\u0050ATH":"escaped"}`, "null null escaped"},
		{pageRecord, "1700000000123 42 /products/shoes/1234"},
	} {
		row := make([]types.Value, 3)
		if err := d.Decode([]byte(c.in), row); err != nil {
			t.Fatal(c.in, err)
		}
		got := types.Text(row[0], types.TBigint) + " " + types.Text(row[1], types.TInteger) + " " + types.Text(row[2], types.TString)
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestJSONEncode(t *testing.T) {
	cols := types.Schema{{Name: "A", Type: types.TString}, {Name: "b\"", Type: types.TDouble}, {Name: "D", Type: types.TDecimal(6, 2)},
		{Name: "N", Type: types.TArray(types.TMap(types.TString, types.TBytes))}, {Name: "T", Type: types.TTimestamp}}
	e, err := NewEncoder(Spec{Format: JSON}, cols, []int{4, 3, 2, 1, 0})
	if err != nil {
		t.Fatal(err)
	}
	row := []types.Value{types.TimestampValue(5), types.ArrayValue([]types.Value{types.MapValue([]types.Value{types.StringValue("k"), types.BytesValue([]byte("{"))})}),
		types.DecimalValue(1200, 2), types.DoubleValue(1e10), types.StringValue("x\x01\"\\\n\xffé<")}
	got, err := e.Append([]byte("+"), row)
	want := `+{"A":"x\u0001\"\\\n` + "\ufffd" + `é<","b\"":1.0E10,"D":12.00,"N":[{"k":"ew=="}],"T":5}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	got, _ = e.Append(nil, make([]types.Value, 5))
	if want := `{"A":null,"b\"":null,"D":null,"N":null,"T":null}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzJSONDecode(f *testing.F) {
	nested := types.TStruct(types.Field{Name: "A", Type: types.TArray(types.TInteger)}, types.Field{Name: "M", Type: types.TMap(types.TString, types.TString)})
	cols := types.Schema{{Name: "I", Type: types.TInteger}, {Name: "S", Type: types.TString}, {Name: "D", Type: types.TDecimal(10, 2)},
		{Name: "N", Type: nested}, {Name: "T", Type: types.TTimestamp}, {Name: "B", Type: types.TBytes}, {Name: "F", Type: types.TDouble}}
	f.Add([]byte(`{"i":1,"s":"a\u00e9","d":1.5,"n":{"a":[1,2],"m":{"x":"y"}},"t":5,"b":"ew==","f":1e3}`))
	f.Add([]byte(`{"s":{"a":[1,2, {}]},"z":null}`))
	f.Add([]byte(pageRecord))
	slots := []int{0, 1, 2, 3, 4, 5, 6}
	d, err := NewDecoder(Spec{Format: JSON}, cols, slots)
	if err != nil {
		f.Fatal(err)
	}
	e, err := NewEncoder(Spec{Format: JSON}, cols, slots)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		row, again := make([]types.Value, 7), make([]types.Value, 7)
		if err := d.Decode(data, row); err != nil {
			if !errors.Is(err, ErrNullRecord) && json.Valid(data) && bytes.HasPrefix(data, []byte("{}")) {
				t.Fatalf("valid document refused: %v", err)
			}
			return
		}
		if !json.Valid(data) && bytes.IndexByte(data, '\\') < 0 && bytes.IndexFunc(data, unicode.IsControl) < 0 {
			t.Fatalf("malformed document taken: %q", data)
		}
		out, err := e.Append(nil, row)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(out, again); err != nil {
			t.Fatalf("%q written as %q: %v", data, out, err)
		}
		for i := range row {
			if !types.Equal(row[i], again[i]) && !strings.Contains(string(out), "NaN") {
				t.Fatalf("%q written as %q: column %d differs", data, out, i)
			}
		}
		d.Reset()
	})
}

func BenchmarkJSONDecode(b *testing.B) {
	d, err := NewDecoder(Spec{Format: JSON}, pageColumns, []int{0, 1, -1, -1, -1, 2, -1, -1})
	if err != nil {
		b.Fatal(err)
	}
	benchDecode(b, d, []byte(pageRecord))
}

func BenchmarkJSONEncode(b *testing.B) {
	cols := types.Schema{{Name: "USER_ID", Type: types.TString}, {Name: "WINDOW", Type: types.TBigint}, {Name: "N", Type: types.TBigint}}
	e, err := NewEncoder(Spec{Format: JSON}, cols, []int{0, 1, 2})
	if err != nil {
		b.Fatal(err)
	}
	benchEncode(b, e, []types.Value{types.StringValue("user-0001234"), types.BigintValue(1700000000000), types.BigintValue(42)})
}

func benchDecode(b *testing.B, d Decoder, data []byte) {
	row := make([]types.Value, 3)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Decode(data, row); err != nil {
			b.Fatal(err)
		}
	}
}

func benchEncode(b *testing.B, e Encoder, row []types.Value) {
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = e.Append(buf[:0], row); err != nil {
			b.Fatal(err)
		}
	}
}
