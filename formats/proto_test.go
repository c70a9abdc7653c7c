package formats

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"weir/registry"
	"weir/types"
)

const orderProto = `syntax = "proto3"; package shop; import "google/protobuf/wrappers.proto"; import "google/protobuf/timestamp.proto";
	import "google/type/date.proto"; import "google/type/timeofday.proto"; import "confluent/type/decimal.proto"; import "line.proto";
	message Other { int32 x = 1; }
	message Order {
		enum Color { RED = 0; BLUE = 5; }
		uint32 u = 1; sint32 s = 2; fixed64 f = 3; sfixed32 g = 4; float h = 5; optional bool b = 6;
		google.protobuf.Int64Value w = 7; google.protobuf.StringValue t = 8;
		google.protobuf.Timestamp at = 9; google.type.Date day = 10; google.type.TimeOfDay clock = 11;
		confluent.type.Decimal price = 12 [(confluent.field_meta) = { params: [{ key: "precision", value: "10" }, { key: "scale", value: "2" }] }];
		Color color = 13; repeated sint64 packed = 14; repeated double loose = 15 [packed = false];
		map<int32, Line> lines = 16; repeated Line list = 17;
		oneof choice { string word = 18; int64 number = 2000; }
		bytes raw = 19; Line line = 20;
	}`

const orderProtoColumns = "`U` BIGINT, `S` INTEGER, `F` BIGINT, `G` INTEGER, `H` DOUBLE, `B` BOOLEAN, `W` BIGINT, `T` STRING, `AT` TIMESTAMP, `DAY` DATE, `CLOCK` TIME, " +
	"`PRICE` DECIMAL(10, 2), `COLOR` STRING, `PACKED` ARRAY<BIGINT>, `LOOSE` ARRAY<DOUBLE>, `LINES` MAP<INTEGER, STRUCT<`SKU` STRING, `N` INTEGER>>, " +
	"`LIST` ARRAY<STRUCT<`SKU` STRING, `N` INTEGER>>, `RAW` BYTES, `LINE` STRUCT<`SKU` STRING, `N` INTEGER>"

// protoSpec registers a schema, with line.proto beside it, for t-value.
func protoSpec(t testing.TB, text string) Spec {
	t.Helper()
	client := registry.NewLocal(registry.NewStore())
	line, err := client.Register(context.Background(), "line.proto", registry.Schema{Type: registry.Protobuf, Text: `syntax = "proto3"; message Line { string sku = 1; int32 n = 2; }`})
	if err != nil {
		t.Fatal(err)
	}
	s, err := client.Register(context.Background(), "t-value", registry.Schema{Type: registry.Protobuf, Text: text,
		References: []registry.Reference{{Name: "line.proto", Subject: line.Subject, Version: line.Version}}})
	if err != nil {
		t.Fatal(err)
	}
	return Spec{Format: Protobuf, Topic: "t", Registry: client, SchemaID: &s.ID}
}

func TestProtoGivenSchema(t *testing.T) {
	spec := protoSpec(t, orderProto)
	spec.FullName = "shop.Order"
	byLatest := spec
	byLatest.SchemaID = nil
	all, err := Infer(context.Background(), byLatest)
	if err != nil {
		t.Fatal(err)
	}
	if got := all.String(); got != "`CHOICE_0` STRUCT<`WORD` STRING, `NUMBER` BIGINT>, "+orderProtoColumns {
		t.Fatal(got)
	}
	// The keys of maps must be STRINGs.
	cols := append(all[:16:16], all[17:]...)
	line := types.StructValue([]types.Value{types.StringValue("x"), types.NullValue})
	back := types.StructValue([]types.Value{types.StringValue("x"), types.IntValue(0)})
	row := []types.Value{types.StructValue([]types.Value{types.NullValue, types.BigintValue(0)}), types.BigintValue(4294967295), types.IntValue(-3), types.BigintValue(-1),
		types.IntValue(-2147483648), types.DoubleValue(0.5), types.NullValue, types.BigintValue(0), types.NullValue, types.TimestampValue(-1), types.DateValue(-1),
		types.TimeValue(86399999), types.DecimalValue(-12345, 2), types.StringValue("BLUE"), types.ArrayValue([]types.Value{types.BigintValue(-1), types.BigintValue(300)}),
		types.ArrayValue([]types.Value{types.DoubleValue(1), types.DoubleValue(2)}), types.ArrayValue([]types.Value{line, line}), types.BytesValue([]byte{0, 1}), line}
	want := append([]types.Value(nil), row...)
	want[16], want[18] = types.ArrayValue([]types.Value{back, back}), back
	e, err := NewEncoder(spec, cols, slots(len(cols)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := e.Append(nil, row)
	if err != nil {
		t.Fatal(err)
	}
	if string(data[5:7]) != "\x02\x02" {
		t.Errorf("the second message is written as %x", data[5:7])
	}
	d, err := NewDecoder(spec, cols, slots(len(cols)))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]types.Value, len(cols))
	// A field of the future, and a second copy of the message: lists and maps grow, messages merge, the last scalar counts.
	data = protowire.AppendVarint(protowire.AppendTag(data, 1999, protowire.VarintType), 7)
	for _, twice := range []bool{false, true} {
		if twice {
			data = append(data, data[7:]...)
			for _, i := range []int{14, 15, 16} {
				want[i] = types.ArrayValue(append(append([]types.Value(nil), want[i].Items()...), want[i].Items()...))
			}
		}
		if err := d.Decode(data, got); err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if !types.Equal(got[i], want[i]) {
				t.Errorf("%s is %s, want %s", cols[i].Name, types.Text(got[i], cols[i].Type), types.Text(want[i], cols[i].Type))
			}
		}
		d.Reset()
	}
	row[13] = types.StringValue("GREEN")
	if _, err := e.Append(nil, row); err == nil || !strings.Contains(err.Error(), "names in the schema's enum") {
		t.Errorf("a name that is not in the enum: %v", err)
	}
}

func TestProtoErrors(t *testing.T) {
	spec := protoSpec(t, orderProto)
	id := *spec.SchemaID
	decode := func(name string, typ *types.Type, data []byte) error {
		d, err := NewDecoder(spec, types.Schema{{Name: name, Type: typ}, {Name: "OTHER", Type: types.TString}}, []int{0, -1})
		if err != nil {
			t.Fatal(err)
		}
		return d.Decode(data, make([]types.Value, 1))
	}
	order := func(fields ...byte) []byte { return framed(id, append([]byte{2, 2}, fields...)) }
	for _, c := range []struct {
		name string
		typ  *types.Type
		data []byte
		want string
	}{
		{"U", types.TBigint, []byte("{}"), "a zero byte"},
		{"U", types.TBigint, framed(99, []byte{0}), "no schema 99"},
		{"U", types.TBigint, framed(id, nil), "the indexes of a message"},
		{"U", types.TBigint, framed(id, []byte{2, 8}), "no message at the indexes [4]"},
		{"U", types.TBigint, framed(id, []byte{0x80, 0x80, 0x80, 0x80, 0x10}), "the indexes of a message"},
		{"U", types.TInteger, order(), "column `U` is of type INTEGER, but the writer's schema has uint32 there (shop.Order.u)"},
		{"LINE", types.TString, order(), "has a message there"},
		{"PACKED", types.TBigint, order(), "has a repeated field there"},
		{"CHOICE_0", types.TString, order(), "has a oneof there"},
		{"U", types.TBigint, order(0x0a, 1, 1), "a BIGINT, a whole number of at most 64 bits, but the value is written as a length with bytes"},
		{"U", types.TBigint, order(0x08), "column `U`, byte 8: want a BIGINT"},
		{"U", types.TBigint, order(0x12, 9), "the value of field 2 of message Order"},
		{"U", types.TBigint, order(0x07), "the tag of a field"},
		{"U", types.TBigint, order(0x0f), "the value is written as nothing known"},
		{"T", types.TString, order(0x42, 3, 0x0a, 1, 0xff), "text in UTF-8"},
		{"T", types.TString, order(0x42, 9), "a length within the record"},
		{"DAY", types.TDate, order(0x52, 2, 0x08, 1), "year, month and day"},
		{"CLOCK", types.TTime, order(0x5a, 2, 0x08, 24), "hours, minutes, seconds"},
		{"PRICE", types.TDecimal(3, 1), order(0x62, 5, 0x0a, 1, 5, 0x18, 2), "fits DECIMAL(3, 1) without rounding"},
		{"PACKED", types.TArray(types.TBigint), order(0x72, 2, 1, 0x80), "a BIGINT"},
	} {
		if err := decode(c.name, c.typ, c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: got %v, want an error with %q", c.name, c.typ, err, c.want)
		}
	}
	spec.Registry = nil
	if err := decode("U", types.TBigint, order()); !errors.Is(err, ErrRegistry) {
		t.Errorf("without a registry: got %v", err)
	}
}

func TestProtoWriteErrors(t *testing.T) {
	spec := protoSpec(t, `syntax = "proto2"; message M { required int32 a = 1; optional uint32 u = 2; optional group G = 3 { optional int32 x = 1; } optional M m = 4; }`)
	one := func(name string, t *types.Type) types.Schema { return types.Schema{{Name: name, Type: t}} }
	for _, c := range []struct {
		cols types.Schema
		row  types.Value
		want string
	}{
		{one("A", types.TInteger), types.NullValue, "the schema requires one"},
		{one("A", types.TBigint), types.NullValue, "column `A` of type BIGINT cannot be written as"},
		{one("U", types.TBigint), types.NullValue, "the schema requires field M.a"},
		{one("Z", types.TBigint), types.NullValue, "the schema requires field M.a"},
		{append(one("A", types.TInteger), types.Column{Name: "Z", Type: types.TInteger}), types.IntValue(1), "no field for column `Z`"},
		{append(one("A", types.TInteger), types.Column{Name: "U", Type: types.TInteger}), types.IntValue(-1), "a number from 0 to 4294967295"},
		{append(one("A", types.TInteger), types.Column{Name: "g", Type: types.TStruct()}), types.IntValue(-1), "is a group"},
	} {
		e, err := NewEncoder(spec, c.cols, make([]int, len(c.cols)))
		if err == nil {
			_, err = e.Append(nil, []types.Value{c.row})
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.cols, err, c.want)
		}
	}
	if _, err := Infer(context.Background(), spec); err == nil || !strings.Contains(err.Error(), "group") {
		t.Errorf("a group is inferred: %v", err)
	}
	self := protoSpec(t, `syntax = "proto3"; message M { repeated M m = 1; }`)
	if _, err := Infer(context.Background(), self); err == nil || !strings.Contains(err.Error(), "holds itself") {
		t.Errorf("a message in itself: %v", err)
	}
}

func TestProtoSchemaOfColumns(t *testing.T) {
	cols := types.Schema{{Name: "A_B", Type: types.TInteger}, {Name: "AC", Type: types.TDecimal(4, 2)},
		{Name: "S", Type: types.TStruct(types.Field{Name: "X", Type: types.TArray(types.TDate)})}, {Name: "M", Type: types.TMap(types.TString, types.TBigint)}}
	text, err := protoSchemaText(Spec{Format: Protobuf, FullName: "a.b.C", Props: map[string]string{PropNullable: "OPTIONAL"}}, cols)
	want := `syntax = "proto3";
package a.b;

import "confluent/meta.proto";
import "confluent/type/decimal.proto";
import "google/type/date.proto";

message C {
  optional int32 A_B = 1;
  optional confluent.type.Decimal AC = 2 [(confluent.field_meta) = { params: [{ key: "precision", value: "4" }, { key: "scale", value: "2" }] }];
  optional ConnectDefault1 S = 3;
  repeated ConnectDefault2Entry M = 4;

  message ConnectDefault1 {
    repeated google.type.Date X = 1;
  }

  message ConnectDefault2Entry {
    optional string key = 1;
    optional int64 value = 2;
  }
}
`
	if err != nil || text != want {
		t.Errorf("got %s, %v", text, err)
	}
	spec := protoSpec(t, `syntax = "proto3"; message M {}`)
	spec.SchemaID, spec.Topic = nil, "u"
	if _, err := Register(context.Background(), spec, cols); err != nil {
		t.Error(err)
	}
	clash := types.Schema{{Name: "A_B", Type: types.TInteger}, {Name: "AB", Type: types.TInteger}}
	if _, err := NewEncoder(Spec{Format: ProtobufNoSR}, clash, slots(2)); err == nil || !strings.Contains(err.Error(), "conflicts with default JSON name of field A_B") {
		t.Errorf("fields that protoc would refuse: %v", err)
	}
	for name, spec := range map[string]Spec{"1x": {}, "a-b": {}, "ok": {FullName: "a..b"}} {
		spec.Format = Protobuf
		if _, err := protoSchemaText(spec, types.Schema{{Name: name, Type: types.TInteger}}); err == nil || !strings.Contains(err.Error(), "Illegal") && !strings.Contains(err.Error(), "Empty name") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is spread out over a record must cost no more than it is long.
func TestProtoScatteredList(t *testing.T) {
	cols := types.Schema{{Name: "A", Type: types.TArray(types.TInteger)}, {Name: "B", Type: types.TArray(types.TInteger)}, {Name: "M", Type: types.TMap(types.TString, types.TInteger)}}
	d, err := NewDecoder(Spec{Format: ProtobufNoSR}, cols, slots(3))
	if err != nil {
		t.Fatal(err)
	}
	var data []byte
	const n = 50_000
	for i := range n {
		data = append(data, 0x08, byte(i&1), 0x12, 2, 3, 4)
		entry := fmt.Sprintf("\x0a\x01%c\x10\x01", 'a'+i%20)
		data = append(append(data, 0x1a, byte(len(entry))), entry...)
	}
	row := make([]types.Value, 3)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := d.Decode(data, row); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if row[0].Len() != n || row[1].Len() != 2*n || row[2].Len() != 20 {
		t.Errorf("got %d, %d and %d values", row[0].Len(), row[1].Len(), row[2].Len())
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 200<<20 {
		t.Errorf("%d MB for a record of %d kB", used>>20, len(data)>>10)
	}
}

func FuzzProtoDecode(f *testing.F) {
	spec := protoSpec(f, orderProto)
	spec.FullName = "shop.Order"
	cols, err := Infer(context.Background(), spec)
	if err != nil {
		f.Fatal(err)
	}
	cols = append(cols[:16:16], cols[17:]...)
	d, err := NewDecoder(spec, cols, slots(len(cols)))
	if err != nil {
		f.Fatal(err)
	}
	none := make([]int, len(cols))
	for i := range none {
		none[i] = -1
	}
	skip, err := NewDecoder(spec, cols, none)
	if err != nil {
		f.Fatal(err)
	}
	e, err := NewEncoder(spec, cols, slots(len(cols)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{2, 2, 0x08, 1, 0x42, 3, 0x0a, 1, 'x', 0x72, 2, 1, 2, 0x8a, 1, 2, 0x10, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		row := make([]types.Value, len(cols))
		err := d.Decode(framed(*spec.SchemaID, data), row)
		if skipErr := skip.Decode(framed(*spec.SchemaID, data), row); err == nil && skipErr != nil {
			t.Fatalf("%x is read, but not skipped: %v", data, skipErr)
		}
		if err == nil && len(data) > 1 && string(data[:2]) == "\x02\x02" {
			out, err := e.Append(nil, row)
			if e := (*Error)(nil); errors.As(err, &e) && e.Column == "COLOR" {
				return // a number that the enum does not name
			}
			again := make([]types.Value, len(cols))
			if err != nil || d.Decode(out, again) != nil {
				t.Fatalf("%x is read, but not written again: %v", data, err)
			}
			for i := range row {
				if types.Compare(row[i], again[i]) != 0 && !strings.Contains(types.Text(row[i], cols[i].Type), "NaN") {
					t.Fatalf("%x: %s is %s, then %s", data, cols[i].Name, types.Text(row[i], cols[i].Type), types.Text(again[i], cols[i].Type))
				}
			}
		}
		d.Reset()
	})
}

func BenchmarkProtoDecode(b *testing.B) {
	spec, data := pageIn(b, Spec{Format: Protobuf})
	d, err := NewDecoder(spec, pageColumns, []int{0, 1, -1, -1, -1, 2, -1, -1})
	if err != nil {
		b.Fatal(err)
	}
	benchDecode(b, d, data)
}

func BenchmarkProtoEncode(b *testing.B) {
	cols := types.Schema{{Name: "USER_ID", Type: types.TString}, {Name: "WINDOW", Type: types.TBigint}, {Name: "N", Type: types.TBigint}}
	e, err := NewEncoder(Spec{Format: ProtobufNoSR}, cols, []int{0, 1, 2})
	if err != nil {
		b.Fatal(err)
	}
	benchEncode(b, e, []types.Value{types.StringValue("user-0001234"), types.BigintValue(1700000000000), types.BigintValue(42)})
}

// TestProtoUint64 reads numbers of 64 bits without a sign into types that hold them; a BIGINT takes the bits, as in ksqlDB.
func TestProtoUint64(t *testing.T) {
	spec := protoSpec(t, `syntax = "proto3"; import "google/protobuf/wrappers.proto";
		message M { uint64 u = 1; fixed64 f = 2; google.protobuf.UInt64Value w = 3; repeated uint64 l = 4; uint64 zero = 5; }`)
	data := append([]byte{0, 0x08}, binary.AppendUvarint(nil, math.MaxUint64)...)
	data = append(data, 0x11, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1A, 0x02, 0x08, 0x07, 0x22, 0x0A)
	data = binary.AppendUvarint(data, math.MaxUint64)
	for _, c := range []struct {
		t    *types.Type
		want string
	}{
		{types.TDecimal(20, 0), "18446744073709551615 18446744073709551615 7 [18446744073709551615] 0"},
		{types.TString, "18446744073709551615 18446744073709551615 7 [18446744073709551615] 0"},
		{types.TDouble, "1.8446744073709552E19 1.8446744073709552E19 7.0 [1.8446744073709552E19] 0.0"},
		{types.TBigint, "-1 -1 7 [-1] 0"},
	} {
		cols := types.Schema{{Name: "U", Type: c.t}, {Name: "F", Type: c.t}, {Name: "W", Type: c.t}, {Name: "L", Type: types.TArray(c.t)}, {Name: "ZERO", Type: c.t}}
		d, err := NewDecoder(spec, cols, slots(5))
		if err != nil {
			t.Fatal(err)
		}
		row := make([]types.Value, 5)
		if err := d.Decode(framed(*spec.SchemaID, data), row); err != nil {
			t.Errorf("%s: %v", c.t, err)
			continue
		}
		var got []string
		for i, v := range row {
			got = append(got, types.Text(v, cols[i].Type))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: got %s, want %s", c.t, text, c.want)
		}
	}
}
