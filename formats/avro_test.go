package formats

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/hamba/avro/v2"

	"weir/registry"
	"weir/types"
)

// avroSpec has a registry of its own, in which the schema (if any) has the id given back.
func avroSpec(t testing.TB, schema string) (Spec, int) {
	t.Helper()
	client := registry.NewLocal(registry.NewStore())
	spec := Spec{Format: Avro, Topic: "t", Registry: client}
	if schema == "" {
		return spec, 0
	}
	var s registry.Schema
	for _, subject := range []string{"t-key", "t-value"} {
		var err error
		if s, err = client.Register(context.Background(), subject, registry.Schema{Type: registry.Avro, Text: schema}); err != nil {
			t.Fatal(err)
		}
	}
	return spec, s.ID
}

func framed(id int, data []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(id)), data...)
}

const orderSchema = `{"type":"record","name":"order","fields":[
	{"name":"id","type":"long"},
	{"name":"skipped","type":{"type":"array","items":{"type":"map","values":["null","string"]}}},
	{"name":"small","type":"int"},
	{"name":"ratio","type":"float"},
	{"name":"note","type":["string","null"]},
	{"name":"either","type":["null","int","string"]},
	{"name":"day","type":{"type":"int","logicalType":"date"}},
	{"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}},
	{"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":20,"scale":2}},
	{"name":"exact","type":{"type":"fixed","name":"f12","size":12,"logicalType":"decimal","precision":20,"scale":3}},
	{"name":"hash","type":{"type":"fixed","name":"h","size":2}},
	{"name":"color","type":{"type":"enum","name":"c","symbols":["RED","BLUE"]}},
	{"name":"tree","type":{"type":"record","name":"node","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","node"]}]}},
	{"name":"tags","type":{"type":"map","values":"int"}},
	{"name":"entries","type":{"type":"array","items":{"type":"record","name":"e","fields":[{"name":"key","type":["null","string"]},{"name":"value","type":"double"}]}}},
	{"name":"lines","type":{"type":"array","items":["null",{"type":"record","name":"line","fields":[{"name":"sku","type":"string"},{"name":"n","type":"int"}]}]}}]}`

// orderData is a record of orderSchema, written by hand in Avro's encoding.
func orderData() []byte {
	var b []byte
	num := func(n int64) { b = binary.AppendVarint(b, n) }
	text := func(s string) { num(int64(len(s))); b = append(b, s...) }
	num(7)
	num(-1) // skipped: a block with its size
	num(5)
	num(1)
	text("k")
	num(0)
	num(0)
	num(0)
	num(-3)                                 // small
	b = append(b, 0, 0, 0xc0, 0x3f)         // 1.5
	num(0)                                  // note
	text("hi")                              //
	num(2)                                  // either: string
	text("x")                               //
	num(10)                                 // day
	num(1_500_000)                          // at
	text("\xff\x85")                        // price: -123
	b = append(b, make([]byte, 10)...)      // exact
	b = append(b, 0x04, 0xd2)               // 1234
	b = append(b, 0xAB, 0xCD)               // hash
	num(1)                                  // BLUE
	for _, n := range []int64{1, 1, 2, 0} { // tree: 1 -> 2
		num(n)
	}
	num(1)
	text("a")
	num(5)
	num(0)
	num(1)
	num(1)
	text("k")
	b = append(b, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f)
	num(0)
	num(2)
	num(0)
	num(1)
	text("sku")
	num(4)
	num(0)
	return b
}

var orderColumns = types.Schema{
	{Name: "ID", Type: types.TDouble}, {Name: "SMALL", Type: types.TBigint}, {Name: "RATIO", Type: types.TDouble}, {Name: "NOTE", Type: types.TString},
	{Name: "EITHER", Type: types.TString}, {Name: "DAY", Type: types.TDate}, {Name: "AT", Type: types.TTimestamp}, {Name: "PRICE", Type: types.TDecimal(10, 3)},
	{Name: "EXACT", Type: types.TDecimal(20, 3)}, {Name: "HASH", Type: types.TBytes}, {Name: "COLOR", Type: types.TString},
	{Name: "TREE", Type: types.TStruct(types.Field{Name: "V", Type: types.TInteger}, types.Field{Name: "NEXT", Type: types.TStruct(types.Field{Name: "V", Type: types.TString})})},
	{Name: "TAGS", Type: types.TMap(types.TString, types.TBigint)}, {Name: "ENTRIES", Type: types.TMap(types.TString, types.TDouble)},
	{Name: "LINES", Type: types.TArray(types.TStruct(types.Field{Name: "N", Type: types.TInteger}, types.Field{Name: "ABSENT", Type: types.TString}))},
	{Name: "MISSING", Type: types.TString},
}

var orderWant = []string{"7.0", "-3", "1.5", "hi", "x", "1970-01-11", "1970-01-01T00:00:01.500", "-1.230", "1.234", "q80=", "BLUE",
	"Struct{V=1,NEXT=Struct{V=2}}", "{a=5}", "{k=1.0}", "[null, Struct{N=4}]", "null"}

func slots(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestAvroReadsWritersSchema(t *testing.T) {
	spec, id := avroSpec(t, orderSchema)
	schema, err := avro.Parse(orderSchema)
	if err != nil {
		t.Fatal(err)
	}
	var check any
	if err := avro.Unmarshal(schema, orderData(), &check); err != nil {
		t.Fatalf("the test's own record is wrong: %v", err)
	}
	for drop := -1; drop < len(orderColumns); drop++ {
		wanted := slots(len(orderColumns))
		if drop >= 0 {
			wanted[drop] = -1
		}
		d, err := NewDecoder(spec, orderColumns, wanted)
		if err != nil {
			t.Fatal(err)
		}
		row := make([]types.Value, len(orderColumns))
		if err := d.Decode(framed(id, orderData()), row); err != nil {
			t.Fatal(err)
		}
		for i, c := range orderColumns {
			want := orderWant[i]
			if i == drop {
				want = "null"
			}
			if got := types.Text(row[i], c.Type); got != want {
				t.Errorf("%s: got %s, want %s", c.Name, got, want)
			}
		}
	}
}

func TestAvroErrors(t *testing.T) {
	spec, id := avroSpec(t, orderSchema)
	decode := func(col types.Column, data []byte) error {
		d, err := NewDecoder(spec, types.Schema{col, {Name: "OTHER", Type: types.TString}}, []int{0, -1})
		if err != nil {
			t.Fatal(err)
		}
		return d.Decode(data, make([]types.Value, 1))
	}
	id0 := types.Column{Name: "ID", Type: types.TBigint}
	for _, c := range []struct {
		col  types.Column
		data []byte
		want string
	}{
		{id0, []byte(`{"a":1}`), "a zero byte"},
		{id0, framed(99, nil), "no schema 99"},
		{id0, framed(id, orderData()[:9]), "want"},
		{id0, framed(id, append(orderData(), 1)), "end of the record"},
		{types.Column{Name: "ID", Type: types.TInteger}, framed(id, orderData()), "column `ID` is of type INTEGER, but the writer's schema has"},
		{types.Column{Name: "EITHER", Type: types.TInteger}, framed(id, orderData()), "a value for the type INTEGER"},
		{types.Column{Name: "PRICE", Type: types.TDecimal(5, 1)}, framed(id, orderData()), "without rounding"},
	} {
		if err := decode(c.col, c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: got %v, want an error with %q", c.col.Name, c.col.Type, err, c.want)
		}
	}
	spec.Registry = nil
	if err := decode(id0, framed(id, orderData())); !errors.Is(err, ErrRegistry) {
		t.Errorf("without a registry: got %v", err)
	}
}

func TestAvroSchemaOfColumns(t *testing.T) {
	spec, _ := avroSpec(t, "")
	cols := types.Schema{{Name: "A", Type: types.TInteger}, {Name: "D", Type: types.TDecimal(4, 2)}, {Name: "M", Type: types.TMap(types.TString, types.TInteger)}}
	text, err := avroSchemaText(spec, cols)
	want := `{"connect.name":"io.confluent.ksql.avro_schemas.KsqlDataSourceSchema","fields":[{"default":null,"name":"A","type":["null","int"]},` +
		`{"default":null,"name":"D","type":["null",{"logicalType":"decimal","precision":4,"scale":2,"type":"bytes"}]},` +
		`{"default":null,"name":"M","type":["null",{"connect.internal.type":"MapEntry","items":{"connect.internal.type":"MapEntry","fields":` +
		`[{"default":null,"name":"key","type":["null","string"]},{"default":null,"name":"value","type":["null","int"]}],"name":"KsqlDataSourceSchema_M","type":"record"},"type":"array"}]}],` +
		`"name":"KsqlDataSourceSchema","namespace":"io.confluent.ksql.avro_schemas","type":"record"}`
	if err != nil || text != want {
		t.Errorf("got  %s, %v\nwant %s", text, err, want)
	}
	if _, err := avro.Parse(text); err != nil {
		t.Error(err)
	}
	spec.IsKey = true
	if text, _ := avroSchemaText(spec, cols[:1]); text != `"int"` {
		t.Errorf("a bare key: %s", text)
	}
	if _, err := Register(context.Background(), spec, types.Schema{{Name: "1x", Type: types.TInteger}, {Name: "Y", Type: types.TInteger}}); err == nil ||
		!strings.Contains(err.Error(), "Illegal initial character: 1x") {
		t.Errorf("a bad name: %v", err)
	}
}

func TestAvroInfer(t *testing.T) {
	for _, c := range []struct {
		schema string
		key    bool
		byID   bool
		wrap   *bool
		want   string // an error when it begins with !
	}{
		{`{"type":"record","name":"r","fields":[{"name":"a","type":"int"},{"name":"B","type":["null",{"type":"array","items":"string"}]}]}`, false, false, nil, "`A` INTEGER, `B` ARRAY<STRING>"},
		{`{"type":"record","name":"r","fields":[{"name":"a","type":{"type":"map","values":"double"}}]}`, false, true, nil, "`a` MAP<STRING, DOUBLE>"},
		{`"long"`, true, false, nil, "`ROWKEY` BIGINT KEY"},
		{`{"type":"record","name":"r","fields":[{"name":"K","type":"int"},{"name":"L","type":["null","int"]}]}`, true, false, nil, "`ROWKEY` STRUCT<`K` INTEGER, `L` INTEGER> KEY"},
		{`{"type":"bytes","logicalType":"decimal","precision":8,"scale":3}`, false, false, new(bool), "`ROWVAL` DECIMAL(8, 3)"},
		{`"string"`, false, false, nil, "!set 'WRAP_SINGLE_VALUE=false'"},
		{`{"type":"map","values":"int"}`, false, false, nil, "!set 'WRAP_SINGLE_VALUE=false'"},
		{`{"type":"record","name":"r","fields":[{"name":"f0","type":"int"}]}`, false, false, new(bool), "`ROWVAL` STRUCT<`F0` INTEGER>"},
		{`{"type":"record","name":"r","fields":[{"name":"f0","type":["int","string"]}]}`, false, false, nil, "!union of several types"},
		{`{"type":"record","name":"r","fields":[{"name":"f0","type":["null","r"]}]}`, false, false, nil, "!holds itself"},
	} {
		spec, id := avroSpec(t, c.schema)
		spec.IsKey, spec.Wrap = c.key, c.wrap
		if c.byID {
			spec.SchemaID = &id
		}
		cols, err := Infer(context.Background(), spec)
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want an error with %q", c.schema, err, want)
			}
		} else if err != nil || cols.String() != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.schema, cols, err, c.want)
		}
	}
}

func TestAvroWritesGivenSchema(t *testing.T) {
	spec, id := avroSpec(t, `{"type":"record","name":"r","fields":[{"name":"opt","type":["null","int"],"default":null},{"name":"word","type":"string","default":"foo"},
		{"name":"N","type":"double"},{"name":"E","type":{"type":"enum","name":"e","symbols":["A","B"]}},{"name":"U","type":["string","long"]},
		{"name":"P","type":{"type":"fixed","name":"p","size":10,"logicalType":"decimal","precision":20,"scale":2}}]}`)
	spec.SchemaID = &id
	cols := types.Schema{{Name: "N", Type: types.TInteger}, {Name: "E", Type: types.TString}, {Name: "U", Type: types.TBigint}, {Name: "P", Type: types.TDecimal(5, 1)}}
	e, err := NewEncoder(spec, cols, slots(4))
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.Append(nil, []types.Value{types.IntValue(3), types.StringValue("B"), types.BigintValue(9), types.DecimalValue(-15, 1)})
	if err != nil {
		t.Fatal(err)
	}
	all := types.Schema{{Name: "OPT", Type: types.TInteger}, {Name: "WORD", Type: types.TString}, {Name: "N", Type: types.TDouble}, {Name: "E", Type: types.TString},
		{Name: "U", Type: types.TString}, {Name: "P", Type: types.TDecimal(5, 1)}}
	d, err := NewDecoder(spec, all, slots(6))
	if err != nil {
		t.Fatal(err)
	}
	row := make([]types.Value, 6)
	if err := d.Decode(b, row); err != nil {
		t.Fatal(err)
	}
	if got := types.Text(types.StructValue(row), types.TStruct(fieldsIn(all)...)); got != "Struct{WORD=foo,N=3.0,E=B,U=9,P=-1.5}" {
		t.Error(got)
	}
	for want, row := range map[string][]types.Value{
		"allows no null":          {types.NullValue, types.StringValue("B"), types.BigintValue(9), types.DecimalValue(1, 1)},
		"of the schema's symbols": {types.IntValue(3), types.StringValue("C"), types.BigintValue(9), types.DecimalValue(1, 1)},
		"cannot be written as":    nil,
		"has no field for column": nil,
		"":                        {types.IntValue(3), types.StringValue("A"), types.BigintValue(-9), types.DecimalValue(-1, 1)},
	} {
		switch want {
		case "cannot be written as":
			_, err = NewEncoder(spec, types.Schema{{Name: "N", Type: types.TString}, cols[1], cols[2], cols[3]}, slots(4))
		case "has no field for column":
			_, err = NewEncoder(spec, append(types.Schema{{Name: "Z", Type: types.TString}}, cols...), slots(5))
		default:
			_, err = e.Append(nil, row)
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

// A NULL for a field that may not be null is the field's default, as of a field that no column gives.
func TestAvroWritesDefaults(t *testing.T) {
	spec, id := avroSpec(t, `{"type":"record","name":"r","fields":[{"name":"S","type":{"type":"record","name":"s","fields":[{"name":"N","type":"long","default":10},{"name":"T","type":"string"}]}},
		{"name":"W","type":["string","long"],"default":"w"}]}`)
	spec.SchemaID = &id
	cols := types.Schema{{Name: "S", Type: types.TStruct(types.Field{Name: "N", Type: types.TBigint}, types.Field{Name: "T", Type: types.TString})}, {Name: "W", Type: types.TString}}
	e, err := NewEncoder(spec, cols, slots(2))
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDecoder(spec, cols, slots(2))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		row  []types.Value
		want string
	}{
		{[]types.Value{types.StructValue([]types.Value{types.NullValue, types.StringValue("x")}), types.NullValue}, "Struct{S=Struct{N=10,T=x},W=w}"},
		{[]types.Value{types.StructValue([]types.Value{types.BigintValue(1), types.StringValue("x")}), types.StringValue("y")}, "Struct{S=Struct{N=1,T=x},W=y}"},
	} {
		b, err := e.Append(nil, c.row)
		if err != nil {
			t.Fatal(err)
		}
		row := make([]types.Value, 2)
		if err := d.Decode(b, row); err != nil {
			t.Fatal(err)
		}
		if got := types.Text(types.StructValue(row), types.TStruct(fieldsIn(cols)...)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if _, err := e.Append(nil, []types.Value{types.StructValue([]types.Value{types.BigintValue(1), types.NullValue}), types.NullValue}); err == nil {
		t.Error("a NULL without a default was written")
	}
}

func fieldsIn(cols types.Schema) []types.Field {
	var out []types.Field
	for _, c := range cols {
		out = append(out, types.Field{Name: c.Name, Type: c.Type})
	}
	return out
}

func FuzzAvroDecode(f *testing.F) {
	spec, id := avroSpec(f, orderSchema)
	d, err := NewDecoder(spec, orderColumns, slots(len(orderColumns)))
	if err != nil {
		f.Fatal(err)
	}
	none := make([]int, len(orderColumns))
	for i := range none {
		none[i] = -1
	}
	skip, err := NewDecoder(spec, orderColumns, none)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(orderData())
	f.Fuzz(func(t *testing.T, data []byte) {
		row := make([]types.Value, len(orderColumns))
		err := d.Decode(framed(id, data), row)
		if skipErr := skip.Decode(framed(id, data), row); err == nil && skipErr != nil {
			t.Fatalf("%x is read, but not skipped: %v", data, skipErr)
		}
		d.Reset()
	})
}

// pageIn writes pageRecord in a format.
func pageIn(b testing.TB, spec Spec) (Spec, []byte) {
	base, _ := avroSpec(b, "")
	spec.Topic, spec.Registry = base.Topic, base.Registry
	e, err := NewEncoder(spec, pageColumns, slots(8))
	if err != nil {
		b.Fatal(err)
	}
	d, err := NewDecoder(Spec{Format: JSON}, pageColumns, slots(8))
	if err != nil {
		b.Fatal(err)
	}
	row := make([]types.Value, 8)
	if err := d.Decode([]byte(pageRecord), row); err != nil {
		b.Fatal(err)
	}
	data, err := e.Append(nil, row)
	if err != nil {
		b.Fatal(err)
	}
	return spec, data
}

func BenchmarkAvroDecode(b *testing.B) {
	spec, data := pageIn(b, Spec{Format: Avro})
	d, err := NewDecoder(spec, pageColumns, []int{0, 1, -1, -1, -1, 2, -1, -1})
	if err != nil {
		b.Fatal(err)
	}
	benchDecode(b, d, data)
}

func BenchmarkAvroEncode(b *testing.B) {
	spec, _ := avroSpec(b, "")
	cols := types.Schema{{Name: "USER_ID", Type: types.TString}, {Name: "WINDOW", Type: types.TBigint}, {Name: "N", Type: types.TBigint}}
	e, err := NewEncoder(spec, cols, []int{0, 1, 2})
	if err != nil {
		b.Fatal(err)
	}
	benchEncode(b, e, []types.Value{types.StringValue("user-0001234"), types.BigintValue(1700000000000), types.BigintValue(42)})
}

// TestAvroMicros keeps the microseconds of times for columns that can hold them: what is read is written again.
func TestAvroMicros(t *testing.T) {
	const micros = 34359740213
	for _, c := range []struct {
		logical string
		column  *types.Type
		micros  int64
		want    string
		written int64
	}{
		{"timestamp-micros", types.TBigint, micros, "34359740213", micros},
		{"timestamp-micros", types.TDecimal(20, 0), micros, "34359740213", 0},
		{"timestamp-micros", types.TDouble, 1500, "1500.0", 0},
		{"timestamp-micros", types.TTimestamp, micros, "1970-01-01T09:32:39.740", 34359740000},
		{"timestamp-micros", types.TTimestamp, -1, "1969-12-31T23:59:59.999", -1000},
		{"timestamp-micros", types.TString, micros, "1970-01-01T09:32:39.740213", 0},
		{"timestamp-micros", types.TString, -1, "1969-12-31T23:59:59.999999", 0},
		{"timestamp-micros", types.TString, 1000, "1970-01-01T00:00:00.001", 0},
		{"local-timestamp-micros", types.TBigint, micros, "34359740213", micros},
		{"time-micros", types.TBigint, micros, "34359740213", micros},
		{"time-micros", types.TTime, micros, "09:32:39.740", 34359740000},
		{"time-micros", types.TString, micros, "09:32:39.740213", 0},
		{"timestamp-millis", types.TBigint, 1500, "1500", 1500},
	} {
		spec, id := avroSpec(t, `{"type":"record","name":"r","fields":[{"name":"a","type":["null",{"type":"long","logicalType":"`+c.logical+`"}]}]}`)
		spec.SchemaID = &id
		cols := types.Schema{{Name: "A", Type: c.column}}
		d, err := NewDecoder(spec, cols, slots(1))
		if err != nil {
			t.Fatal(err)
		}
		row := make([]types.Value, 1)
		if err := d.Decode(framed(id, binary.AppendVarint([]byte{2}, c.micros)), row); err != nil || types.Text(row[0], c.column) != c.want {
			t.Errorf("%s as %s: got %s, %v, want %s", c.logical, c.column, types.Text(row[0], c.column), err, c.want)
		}
		if c.written == 0 {
			continue
		}
		e, err := NewEncoder(spec, cols, slots(1))
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Append(nil, row)
		if want := framed(id, binary.AppendVarint([]byte{2}, c.written)); err != nil || string(got) != string(want) {
			t.Errorf("%s of %s: wrote %x, %v, want %x", c.logical, c.column, got, err, want)
		}
	}
}
