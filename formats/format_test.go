package formats

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"weir/types"
)

func huge(digits string) *big.Int {
	n, _ := new(big.Int).SetString(digits, 10)
	return n
}

// samples are values of each type that every format has to carry there and back.
var samples = []struct {
	typ  *types.Type
	vals []types.Value
}{
	{types.TBoolean, []types.Value{types.BoolValue(true), types.BoolValue(false)}},
	{types.TInteger, []types.Value{types.IntValue(0), types.IntValue(math.MinInt32), types.IntValue(math.MaxInt32)}},
	{types.TBigint, []types.Value{types.BigintValue(-1), types.BigintValue(math.MinInt64), types.BigintValue(math.MaxInt64)}},
	{types.TDouble, []types.Value{types.DoubleValue(0.1), types.DoubleValue(-1e300), types.DoubleValue(5e-324), types.DoubleValue(math.Inf(1))}},
	{types.TDecimal(5, 2), []types.Value{types.DecimalValue(-12345, 2), types.DecimalValue(0, 2), types.DecimalValue(127, 2), types.DecimalValue(128, 2)}},
	{types.TDecimal(40, 10), []types.Value{types.BigDecimalValue(huge("-1234567890123456789012345678901234567890"), 10), types.BigDecimalValue(huge("18446744073709551616"), 10)}},
	{types.TString, []types.Value{types.StringValue("a"), types.StringValue("a,\"b\"\nc d\t|;é日😀\\"), types.StringValue(" padded "), types.StringValue("-"), types.StringValue("null")}},
	{types.TBytes, []types.Value{types.BytesValue([]byte{0, 255, 10}), types.BytesValue([]byte("x"))}},
	{types.TTime, []types.Value{types.TimeValue(0), types.TimeValue(86399999)}},
	{types.TDate, []types.Value{types.DateValue(-10), types.DateValue(18993)}},
	{types.TTimestamp, []types.Value{types.TimestampValue(-1), types.TimestampValue(1700000000123)}},
	{types.TArray(types.TString), []types.Value{types.ArrayValue(nil), types.ArrayValue([]types.Value{types.StringValue("x"), types.NullValue})}},
	{types.TMap(types.TString, types.TArray(types.TDouble)), []types.Value{types.MapValue(nil), types.MapValue([]types.Value{types.StringValue("k"),
		types.ArrayValue([]types.Value{types.DoubleValue(1), types.NullValue}), types.StringValue(""), types.NullValue})}},
	{types.TStruct(types.Field{Name: "A", Type: types.TDecimal(5, 2)}, types.Field{Name: "B", Type: types.TMap(types.TString, types.TInteger)}),
		[]types.Value{types.StructValue([]types.Value{types.DecimalValue(-100, 2), types.MapValue([]types.Value{types.StringValue("x"), types.IntValue(1)})}),
			types.StructValue([]types.Value{types.NullValue, types.NullValue})}},
}

func TestRoundTrip(t *testing.T) {
	no := false
	optional, wrapper := map[string]string{PropNullable: "optional"}, map[string]string{PropNullable: "WRAPPER"}
	for _, f := range All() {
		for _, s := range samples {
			for _, spec := range []Spec{{IsKey: true}, {}, {Wrap: &no}, {Delimiter: "|"}, {Delimiter: "SPACE"}, {Props: optional}, {Props: wrapper, IsKey: true}, {Props: wrapper, FullName: "a.B"}} {
				spec.Format, spec.Topic = f.Name, "t"
				for _, cols := range []types.Schema{{{Name: "C", Type: s.typ}}, {{Name: "C", Type: s.typ}, {Name: "D", Type: types.TInteger}, {Name: "E", Type: s.typ}}} {
					if Check(spec, cols) != nil {
						continue
					}
					base, _ := avroSpec(t, "")
					spec.Registry = base.Registry
					roundTrip(t, spec, cols, s.vals)
				}
			}
		}
	}
}

func roundTrip(t *testing.T, spec Spec, cols types.Schema, vals []types.Value) {
	t.Helper()
	wanted := slots(len(cols))
	e, err := NewEncoder(spec, cols, wanted)
	if err != nil {
		t.Fatalf("%s %s: %v", spec.Format, cols, err)
	}
	d, err := NewDecoder(spec, cols, wanted)
	if err != nil {
		t.Fatalf("%s %s: %v", spec.Format, cols, err)
	}
	for _, v := range append(vals, types.NullValue) {
		row := make([]types.Value, len(cols))
		for i := range row {
			row[i] = v
			if i == 1 {
				row[i] = types.IntValue(7)
			}
		}
		data, err := e.Append([]byte("before"), row)
		if errors.Is(err, ErrNullRecord) {
			if !v.IsNull() && spec.Format != None || string(data) != "before" {
				t.Errorf("%s %s: %s is a null record", spec.Format, cols, types.Text(v, cols[0].Type))
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s: %v", spec.Format, cols, err)
			continue
		}
		got := make([]types.Value, len(cols))
		if err := d.Decode(data[6:], got); err != nil {
			t.Errorf("%s %s: %q: %v", spec.Format, cols, data[6:], err)
			continue
		}
		for i := range got {
			if f, _ := Lookup(spec.Format); f.protobuf() {
				row[i] = afterProto(t, spec, row[i], cols[i].Type, false)
			}
			if !types.Equal(got[i], row[i]) {
				t.Errorf("%s %s: %s came back from %q as %s", spec.Format, cols, types.Text(row[i], cols[i].Type), data[6:], types.Text(got[i], cols[i].Type))
			}
		}
		d.Reset()
	}
}

// afterProto is what becomes of a value in Protobuf, which has no NULLs in lists, nor elsewhere unless it is told how.
func afterProto(t *testing.T, spec Spec, v types.Value, typ *types.Type, inList bool) types.Value {
	t.Helper()
	nullable, err := spec.nullable()
	if err != nil {
		t.Fatal(err)
	}
	if !v.IsNull() {
		var out []types.Value
		switch typ.Kind {
		case types.Array:
			for _, item := range v.Items() {
				out = append(out, afterProto(t, spec, item, typ.Elem, true))
			}
			return types.ArrayValue(out)
		case types.Map:
			for i, x := range v.Pairs() {
				of := typ.Elem
				if i%2 == 0 {
					of = typ.Key
				}
				out = append(out, afterProto(t, spec, x, of, false))
			}
			return types.MapValue(out)
		case types.Struct:
			for i, x := range v.Items() {
				out = append(out, afterProto(t, spec, x, typ.Fields[i].Type, false))
			}
			return types.StructValue(out)
		}
		return v
	}
	switch k := typ.Kind; {
	case k == types.Array:
		return types.ArrayValue(nil)
	case k == types.Map:
		return types.MapValue(nil)
	case k == types.Struct || k.Temporal() || k == types.Decimal || nullable != nullDefault && !inList:
		return v
	case k == types.String:
		return types.StringValue("")
	case k == types.Bytes:
		return types.BytesValue(nil)
	case k == types.Double:
		return types.DoubleValue(0)
	default:
		return types.NumberValue(k, 0)
	}
}

func TestCheck(t *testing.T) {
	yes, no := true, false
	one := types.Schema{{Name: "K", Type: types.TString}}
	two := types.Schema{{Name: "V0", Type: types.TInteger}, {Name: "V1", Type: types.TString}}
	nested := types.Schema{{Name: "K", Type: types.TArray(types.TInteger)}}
	for _, c := range []struct {
		spec Spec
		cols types.Schema
		want string
	}{
		{Spec{Format: "FOO"}, one, "Unknown format: FOO. The formats are: JSON, AVRO, JSON_SR, PROTOBUF, PROTOBUF_NOSR, MSGPACK, DELIMITED, KAFKA, NONE"},
		{Spec{Format: "jsn"}, one, "Unknown format: JSN. Did you mean JSON?"},
		{Spec{Format: "csv"}, one, "Did you mean DELIMITED?"},
		{Spec{Format: JSON, Delimiter: "|"}, one, "JSON does not support the following configs: [delimiter]"},
		{Spec{Format: JSON, Props: map[string]string{PropFullName: "x"}}, one, "JSON does not support the following configs: [fullSchemaName]"},
		{Spec{Format: Avro, Props: map[string]string{PropFullName: " "}}, one, "fullSchemaName cannot be empty. Format configuration: {fullSchemaName=}"},
		{Spec{Format: Delimited, Delimiter: "<~>"}, one, "Invalid delimiter value: '<~>'. Delimiter must be a single character or TAB,SPACE\nExample valid value: ';'"},
		{Spec{Format: Delimited, Delimiter: " "}, one, "please use the special values 'TAB' or 'SPACE'"},
		{Spec{Format: Delimited, Wrap: &yes}, one, "Format 'DELIMITED' does not support 'WRAP_SINGLE_VALUE' set to 'true'."},
		{Spec{Format: JSON, Wrap: &no}, two, "'WRAP_SINGLE_VALUE' is only valid for single-field value schemas"},
		{Spec{Format: Delimited}, nested, "The 'DELIMITED' format does not support type 'ARRAY', column: `K`"},
		{Spec{Format: Kafka}, types.Schema{{Name: "K", Type: types.TBoolean}}, "The 'KAFKA' format does not support type 'BOOLEAN'"},
		{Spec{Format: Kafka}, two, "The 'KAFKA' format only supports a single field. Got: [`V0` INTEGER, `V1` STRING]"},
		{Spec{Format: None}, types.Schema{{Name: "K", Type: types.TString, Role: types.KeyColumn}}, "The 'NONE' format can only be used when no columns are defined. Got: [`K` STRING KEY]"},
		{Spec{Format: JSON}, types.Schema{{Name: "M", Type: types.TMap(types.TInteger, types.TString)}}, "JSON only supports MAP types with STRING keys"},
		{Spec{Format: Avro}, types.Schema{{Name: "M", Type: types.TArray(types.TMap(types.TInteger, types.TString))}}, "Avro only supports MAPs with STRING keys"},
		{Spec{Format: Delimited, Delimiter: "tab", Wrap: &no}, one, ""},
		{Spec{Format: Protobuf, Wrap: &no}, one, "Format 'PROTOBUF' does not support 'WRAP_SINGLE_VALUE' set to 'false'."},
		{Spec{Format: ProtobufNoSR, Wrap: &no}, one, ""},
		{Spec{Format: ProtobufNoSR, FullName: "x"}, one, "PROTOBUF_NOSR does not support the following configs: [fullSchemaName]"},
		{Spec{Format: Protobuf, Props: map[string]string{PropNullable: "maybe"}}, one, "String must be one of: OPTIONAL, WRAPPER"},
		{Spec{Format: JSONSR, Props: map[string]string{PropNullable: "OPTIONAL"}}, one, "JSON_SR does not support the following configs: [nullableRepresentation]"},
		{Spec{Format: ProtobufNoSR}, types.Schema{{Name: "M", Type: types.TMap(types.TInteger, types.TString)}}, "PROTOBUF format only supports MAP types with STRING keys"},
		{Spec{Format: Protobuf}, types.Schema{{Name: "M", Type: types.TArray(types.TArray(types.TString))}}, "does not support ARRAY in an ARRAY, column: `M`"},
		{Spec{Format: JSONSR}, types.Schema{{Name: "M", Type: types.TMap(types.TInteger, types.TString)}}, "JSON only supports MAP types with STRING keys"},
		{Spec{Format: MsgPack}, types.Schema{{Name: "M", Type: types.TMap(types.TInteger, types.TString)}}, "MSGPACK only supports MAP types with STRING keys"},
	} {
		err := Check(c.spec, c.cols)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: got %v, want %q", c.spec, err, c.want)
		}
	}
	if d, err := NewDecoder(Spec{Format: JSON, IsKey: true}, nil, nil); err != nil || d.Decode([]byte("anything"), nil) != nil {
		t.Errorf("a key without columns is not ignored: %v", err)
	}
	if _, err := NewDecoder(Spec{Format: JSON}, two, []int{0}); err == nil {
		t.Error("a missing slot is not refused")
	}
}

// After warm-up, a thousand flat rows may not allocate more than once in all.
func TestNoAllocations(t *testing.T) {
	line := strings.ReplaceAll("1700000000123,user-0001234,a1b2c3,/products,https://example.com,42,200,DE", "a1", "\"a\"\"1\"")
	if line = strings.Replace(line, "\"a\"\"1\"b2c3", "\"a\"\"1b2c3\"", 1); !strings.Contains(line, "\"a\"\"1b2c3\"") {
		t.Fatal(line)
	}
	type sample struct {
		spec Spec
		data string
	}
	cases := []sample{{Spec{Format: JSON}, strings.Replace(pageRecord, "shoes/", "sho\\u0065s\\/", 1)}, {Spec{Format: Delimited}, line}}
	for _, spec := range []Spec{{Format: Avro}, {Format: JSONSR}, {Format: Protobuf}, {Format: Protobuf, Props: map[string]string{PropNullable: "WRAPPER"}},
		{Format: ProtobufNoSR}, {Format: MsgPack}} {
		spec, data := pageIn(t, spec)
		cases = append(cases, sample{spec, string(data)})
	}
	for _, c := range cases {
		wanted := []int{0, 1, 2, 3, -1, 4, -1, -1}
		d, err := NewDecoder(c.spec, pageColumns, wanted)
		if err != nil {
			t.Fatal(err)
		}
		e, err := NewEncoder(c.spec, pageColumns, []int{0, 1, 2, 3, 3, 4, 4, 1})
		if err != nil {
			t.Fatal(err)
		}
		row := make([]types.Value, 5)
		buf, data := make([]byte, 0, 4096), []byte(c.data)
		allocs := testing.AllocsPerRun(3, func() {
			for range 1000 {
				if err := d.Decode(data, row); err != nil {
					t.Fatal(err)
				}
				if buf, err = e.Append(buf[:0], row); err != nil {
					t.Fatal(err)
				}
			}
			d.Reset()
		})
		if allocs > 1 {
			t.Errorf("%s: %v allocations for 1000 rows", c.spec.Format, allocs)
		}
	}
}

// What one record gave must not change when the next one is decoded.
func TestValuesLiveUntilReset(t *testing.T) {
	cols := types.Schema{{Name: "S", Type: types.TString}, {Name: "A", Type: types.TArray(types.TString)}, {Name: "B", Type: types.TBytes}}
	d, err := NewDecoder(Spec{Format: JSON}, cols, slots(3))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]types.Value
	for i := range 2000 {
		row := make([]types.Value, 3)
		c := string(rune('a' + i%26))
		if err := d.Decode([]byte(`{"S":"\t`+c+`","A":["\n`+c+`","`+c+`"],"B":"ew=="}`), row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	for i, row := range rows {
		c := string(rune('a' + i%26))
		if got := types.Text(row[0], types.TString) + types.Text(row[1], cols[1].Type) + types.Text(row[2], types.TBytes); got != "\t"+c+"[\n"+c+", "+c+"]ew==" {
			t.Fatalf("row %d is now %q", i, got)
		}
	}
}
