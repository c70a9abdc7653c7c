package formats

import (
	"context"
	"strings"
	"testing"

	"weir/registry"
	"weir/types"
)

// jsonSpec registers a JSON schema, with address.json beside it, for t-value.
func jsonSpec(t testing.TB, text string) Spec {
	t.Helper()
	client := registry.NewLocal(registry.NewStore())
	if _, err := client.Register(context.Background(), "addr", registry.Schema{Type: registry.JSON,
		Text: `{"$id":"http://x/a","type":"object","properties":{"city":{"$ref":"#/$defs/name"}},"$defs":{"name":{"type":"string"}}}`}); err != nil {
		t.Fatal(err)
	}
	s, err := client.Register(context.Background(), "t-value", registry.Schema{Type: registry.JSON, Text: text,
		References: []registry.Reference{{Name: "address.json", Subject: "addr", Version: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	return Spec{Format: JSONSR, Topic: "t", Registry: client, SchemaID: &s.ID}
}

func TestJSONSRInfer(t *testing.T) {
	object := func(properties string) string { return `{"type":"object","properties":{` + properties + `}}` }
	for _, c := range []struct{ schema, want string }{ // an error when it begins with !
		{object(`"b":{"type":"integer","connect.index":1},"a":{"type":"integer","connect.type":"int32","connect.index":0}`), "`a` INTEGER, `b` BIGINT"},
		{object(`"z":{"type":"number"},"y":{"type":["null","string"]},"x":{"type":"boolean"},"w":{"enum":["A",null]},"v":{"const":1.5}`), "`z` DOUBLE, `y` STRING, `x` BOOLEAN, `w` STRING, `v` DOUBLE"},
		{object(`"a":{"oneOf":[{"type":"null"},{"type":"string","connect.type":"bytes"}]},"b":{"anyOf":[{"type":"number","connect.type":"int64"},{"type":"null"}]}`), "`a` BYTES, `b` BIGINT"},
		{object(`"d":{"type":"number","title":"org.apache.kafka.connect.data.Decimal","connect.parameters":{"scale":"2","connect.decimal.precision":"8"}},` +
			`"e":{"type":"integer","title":"org.apache.kafka.connect.data.Date"},"f":{"type":"integer","title":"org.apache.kafka.connect.data.Time"},` +
			`"g":{"type":"integer","title":"org.apache.kafka.connect.data.Timestamp"},"h":{"type":"string","format":"date-time"}`), "`d` DECIMAL(8, 2), `e` DATE, `f` TIME, `g` TIMESTAMP, `h` STRING"},
		{object(`"m":{"type":"object","additionalProperties":{"type":"integer"}},"n":{"type":"object","connect.type":"map","additionalProperties":{"$ref":"address.json"}},` +
			`"l":{"type":"array","items":[{"type":"string"}]}`), "`m` MAP<STRING, BIGINT>, `n` MAP<STRING, STRUCT<`city` STRING>>, `l` ARRAY<STRING>"},
		{object(`"a":{"$ref":"address.json"},"b":{"$ref":"http://x/a#/$defs/name"},"c":{"$ref":"#/properties/b"},"e":{"allOf":[{"$ref":"address.json"},{"properties":{"zip":{"type":"integer"}}}]}`),
			"`a` STRUCT<`city` STRING>, `b` STRING, `c` STRING, `e` STRUCT<`city` STRING, `zip` BIGINT>"},
		{`{"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int32"}]}`, "!set 'WRAP_SINGLE_VALUE=false'"},
		{`{"type":"object","additionalProperties":{"type":"string"}}`, "!set 'WRAP_SINGLE_VALUE=false'"},
		{object(`"a":{"$ref":"#/definitions/A/definitions/B"}},"definitions":{"A":{"definitions":{"B":{"type":"boolean"}}}`), "`a` BOOLEAN"},
		{object(`"a":{"type":"object"}`), "!property a: the schema does not tell the properties of an object"},
		{object(`"a":{"type":"object","additionalProperties":true}`), "!does not tell the properties"},
		{object(`"a":{"type":"object","patternProperties":{"x":{"type":"string"}}}`), "!does not tell the properties"},
		{`{"type":"object"}`, "!does not tell the properties"},
		{object(`"a":{"allOf":[{"type":"object"}]}`), "!does not tell the properties"},
		{object(`"a":{"type":"object","properties":{}},"b":{"type":"object","additionalProperties":false}`), "`a` STRUCT<>, `b` STRUCT<>"},
		{object(`"a":{"allOf":[{"$ref":"address.json"},{"type":"object","required":["city"]}]}`), "`a` STRUCT<`city` STRING>"},
		{object(`"a":{"oneOf":[{"type":"string"},{"type":"integer"}]}`), "!property a: one of 2 schemas is no SQL type: declare the columns"},
		{object(`"a":{"type":["string","integer"]}`), "!one of several types, string, integer"},
		{object(`"a":{"$ref":"#"}`), "!holds itself"}, {object(`"a":{"$ref":"#/definitions/no"}`), "!leads nowhere"}, {object(`"a":{"$ref":"no.json"}`), `!no schema to refer to as "no.json"`},
		{object(`"a":{}`), "!gives it no type"}, {object(`"a":true`), "!gives it no type"}, {object(`"a":{"type":"array"}`), "!items of an array"}, {object(`"a":{"type":"file"}`), `!"file" is no SQL type`},
		{object(`"a":{"allOf":[{"type":"string"},{"type":"integer"}]}`), "!both STRING and BIGINT"}, {`{"type":7}`, "!cannot unmarshal"}, {`{"properties":[]}`, "!to be an object"},
	} {
		cols, err := Infer(context.Background(), jsonSpec(t, c.schema))
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want an error with %q", c.schema, err, want)
			}
		} else if err != nil || cols.String() != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.schema, cols, err, c.want)
		}
	}
	spec := jsonSpec(t, object(`"a":{"type":"boolean"}`))
	spec.SchemaID = nil
	if cols, err := Infer(context.Background(), spec); err != nil || cols.String() != "`A` BOOLEAN" {
		t.Errorf("the newest: %s, %v", cols, err)
	}
	spec.Format = Protobuf
	if _, err := Infer(context.Background(), spec); err == nil || !strings.Contains(err.Error(), "You may want to set VALUE_FORMAT to 'JSON'") {
		t.Errorf("a schema of another type: %v", err)
	}
}

func TestJSONSRSchemaOfColumns(t *testing.T) {
	cols := types.Schema{{Name: "d", Type: types.TDecimal(4, 2)}, {Name: "M", Type: types.TMap(types.TString, types.TBytes)}, {Name: "S", Type: types.TStruct(types.Field{Name: "T", Type: types.TTime})}}
	text, err := jsonSchemaText(Spec{}, cols)
	want := `{"properties":{"M":{"connect.index":1,"oneOf":[{"type":"null"},{"additionalProperties":{"oneOf":[{"type":"null"},{"connect.type":"bytes","type":"string"}]},"connect.type":"map","type":"object"}]},` +
		`"S":{"connect.index":2,"oneOf":[{"type":"null"},{"properties":{"T":{"connect.index":0,"oneOf":[{"type":"null"},{"connect.type":"int32","connect.version":1,"title":"org.apache.kafka.connect.data.Time","type":"integer"}]}},"type":"object"}]},` +
		`"d":{"connect.index":0,"oneOf":[{"type":"null"},{"connect.parameters":{"connect.decimal.precision":"4","scale":"2"},"connect.type":"bytes","connect.version":1,"title":"org.apache.kafka.connect.data.Decimal","type":"number"}]}},"type":"object"}`
	if err != nil || text != want {
		t.Errorf("got %s, %v", text, err)
	}
	// What we write is what we read.
	back, err := inferJSON(Spec{SchemaID: new(int)}, registered{Schema: registry.Schema{Text: text}})
	if err != nil || back.String() != cols.String() {
		t.Errorf("read back as %s, %v", back, err)
	}
}

func TestJSONSRBareValues(t *testing.T) {
	spec := jsonSpec(t, `{"$ref":"#/definitions/A","definitions":{"A":{"type":"integer","connect.type":"int32"}}}`)
	spec.Wrap = new(bool)
	if cols, err := Infer(context.Background(), spec); err != nil || cols.String() != "`ROWVAL` INTEGER" {
		t.Errorf("got %s, %v", cols, err)
	}
}

func TestJSONSRGivenFreeObject(t *testing.T) {
	spec := jsonSpec(t, `{"type":"object","properties":{"id":{"type":"integer"},"free":{"type":"object"}}}`)
	cols := types.Schema{{Name: "ID", Type: types.TInteger}, {Name: "FREE", Type: types.TMap(types.TString, types.TInteger)}}
	e, err := NewEncoder(spec, cols, slots(2))
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Append(nil, []types.Value{types.IntValue(1), types.MapValue([]types.Value{types.StringValue("a"), types.IntValue(2)})})
	if want := `{"id":1,"free":{"a":2}}`; err != nil || string(got[confluentHeader:]) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestJSONSRGivenSchema(t *testing.T) {
	spec := jsonSpec(t, `{"type":"object","properties":{"id":{"type":"integer"},"at":{"type":"object","properties":{"Street":{"type":"string"}}},"l":{"type":"array","items":{"type":"number"}}}}`)
	cols := types.Schema{{Name: "ID", Type: types.TInteger}, {Name: "AT", Type: types.TStruct(types.Field{Name: "Street", Type: types.TString})}, {Name: "L", Type: types.TArray(types.TInteger)}}
	e, err := NewEncoder(spec, cols, slots(3))
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.Append(nil, []types.Value{types.IntValue(1), types.StructValue([]types.Value{types.StringValue("x")}), types.ArrayValue([]types.Value{types.IntValue(2)})})
	if want := string(framed(*spec.SchemaID, []byte(`{"id":1,"at":{"Street":"x"},"l":[2]}`))); err != nil || string(out) != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
	for want, cols := range map[string]types.Schema{
		"the schema has no property for column `Z`":               {{Name: "Z", Type: types.TInteger}},
		"the schema has no property for column `AT->X`":           {{Name: "AT", Type: types.TStruct(types.Field{Name: "X", Type: types.TString})}},
		"column `ID` of type STRING cannot be written as BIGINT":  {{Name: "ID", Type: types.TString}},
		"column `L[]` of type STRING cannot be written as DOUBLE": {{Name: "L", Type: types.TArray(types.TString)}},
	} {
		if _, err := NewEncoder(spec, cols, slots(1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	d, err := NewDecoder(spec, cols, slots(3))
	if err != nil {
		t.Fatal(err)
	}
	row := make([]types.Value, 3)
	for data, want := range map[string]string{"{}": "JSON_SR, byte 0: want a zero byte", "\x00\x00\x00\x00\x01{\"ID\":x": "JSON_SR, column `ID`, byte 11: want an INTEGER"} {
		if err := d.Decode([]byte(data), row); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", data, err, want)
		}
	}
}

func FuzzJSONSchema(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"$ref":"#/definitions/x"},"b":{"allOf":[{"type":"string"}]}},"definitions":{"x":{"type":["null","integer"]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		cols, err := inferJSON(Spec{SchemaID: new(int)}, registered{Schema: registry.Schema{Text: text}})
		if err == nil && len(cols) == 1 && cols[0].Type == nil {
			t.Fatalf("%s: a column without a type", text)
		}
	})
}
