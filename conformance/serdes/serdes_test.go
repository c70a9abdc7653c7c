package serdes

import (
	"encoding/json"
	"testing"

	"weir/formats"
	"weir/registry"
	"weir/types"
)

func TestAvro(t *testing.T) {
	const schema = `{"type":"record","name":"r","fields":[
		{"name":"A","type":["null","int"],"default":null},
		{"name":"B","type":{"type":"array","items":["null","string"]}},
		{"name":"C","type":["null",{"type":"array","items":{"type":"record","name":"e","fields":[{"name":"key","type":"string"},{"name":"value","type":"long"}]}}],"default":null},
		{"name":"D","type":{"type":"bytes","logicalType":"decimal","precision":5,"scale":2}},
		{"name":"E","type":"double"},
		{"name":"F","type":"boolean"}]}`
	for in, want := range map[string]string{
		`{"a":1,"b":["x",null],"c":{"k":5},"d":-1.25,"e":0.5,"f":true}`: `{"A":1,"B":["x",null],"C":{"k":5},"D":-1.25,"E":0.5,"F":true}`,
		`{"b":[12],"d":0,"e":1,"f":false}`:                              `{"A":null,"B":["12"],"C":null,"D":0.00,"E":1,"F":false}`,
		`{"b":[],"d":0,"e":1,"f":false}`:                                `{"A":null,"B":[],"C":null,"D":0.00,"E":1,"F":false}`,
	} {
		data, err := encodeAvro(nil, schema, json.RawMessage(in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		v, err := decodeAvro(schema, data)
		if err != nil || Line(v) != want {
			t.Errorf("%s: got %s, %v", in, Line(v), err)
		}
	}
	for _, bad := range []string{`{}`, `{"b":[true],"d":0,"e":1,"f":false}`, `{"b":[],"d":0.001,"e":1,"f":false}`, `[]`, `{`} {
		if data, err := encodeAvro(nil, schema, json.RawMessage(bad)); err == nil {
			t.Errorf("%s was written as %x", bad, data)
		}
	}
}

func TestProtobuf(t *testing.T) {
	reg := registry.NewLocal(registry.NewStore())
	if _, err := reg.Register(t.Context(), "t-value", registry.Schema{Type: registry.Protobuf, Text: `syntax = "proto3"; import "google/protobuf/wrappers.proto";
		import "google/protobuf/timestamp.proto"; import "google/type/date.proto"; import "google/type/timeofday.proto"; import "confluent/type/decimal.proto";
		message A { } message B { int32 i = 1; repeated string l = 2; map<string, uint32> m = 3; google.protobuf.BoolValue w = 4; google.protobuf.Timestamp t = 5;
			google.type.Date d = 6; google.type.TimeOfDay c = 7; confluent.type.Decimal x = 8; enum E { P = 0; Q = 1; } E e = 9; optional bytes r = 10; float f = 11; }`}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []Serde{{Format: formats.Protobuf, Registry: reg, Subject: "t-value", FullName: "B"}} {
		for in, want := range map[string]string{
			`{"i":1,"L":["a",""],"m":{"k":5},"w":false,"t":-1,"d":59,"c":3723004,"x":1.50,"e":"Q","r":"AP8=","f":0.5}`: `{"c":3723004,"d":59,"e":"Q","f":0.5,"i":1,"l":["a",""],"m":{"k":5},"r":"AP8=","t":-1,"w":false,"x":1.50}`,
			`{}`: `{"c":null,"d":null,"e":"P","f":0,"i":0,"l":[],"m":{},"r":null,"t":null,"w":null,"x":null}`,
		} {
			data, err := s.Encode(json.RawMessage(in))
			if err != nil {
				t.Fatal(err)
			}
			v, err := s.Decode(data)
			if err != nil || Line(v) != want {
				t.Errorf("%s: got %s, %v", in, Line(v), err)
			}
		}
		for _, bad := range []string{`[]`, `{"i":"x"}`, `{"l":1}`, `{"e":"Z"}`, `{"x":true}`} {
			if data, err := s.Encode(json.RawMessage(bad)); err == nil {
				t.Errorf("%s was written as %x", bad, data)
			}
		}
	}
	cols := types.Schema{{Name: "A", Type: types.TArray(types.TStruct(types.Field{Name: "X", Type: types.TDecimal(4, 2)}))}, {Name: "M", Type: types.TMap(types.TString, types.TBigint)}, {Name: "N", Type: types.TInteger}}
	s := Serde{Format: formats.ProtobufNoSR, Cols: cols, Optional: true}
	data, err := s.Encode(json.RawMessage(`{"a":[{"x":1.25},{}],"m":{"b":2}}`))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := s.Decode(data); err != nil || Line(v) != `{"A":[{"X":1.25},{"X":null}],"M":{"b":2},"N":null}` {
		t.Errorf("got %s, %v", Line(v), err)
	}
}

func TestMsgPack(t *testing.T) {
	s := Serde{Format: formats.MsgPack}
	data, err := s.Encode(json.RawMessage(`{"a":[1,-70000,0.5,null],"b":{"c":"x","d":true}}`))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := s.Decode(data); err != nil || Line(v) != `{"a":[1,-70000,0.5,null],"b":{"c":"x","d":true}}` {
		t.Errorf("got %s, %v", Line(v), err)
	}
	if v, err := s.Decode([]byte("\x92\xd6\xff\x00\x00\x00\x01\xc4\x01a")); err != nil || Line(v) != `[1000,"YQ=="]` {
		t.Errorf("got %s, %v", Line(v), err)
	}
	for _, bad := range []string{"\x01\x01", "\x92\x01", ""} {
		if v, err := s.Decode([]byte(bad)); err == nil {
			t.Errorf("%x was read as %s", bad, Line(v))
		}
	}
}

func TestKafka(t *testing.T) {
	for _, c := range []struct {
		t    *types.Type
		text string
		want string
	}{{types.TInteger, "-5", "-5"}, {types.TBigint, "12345678901", "12345678901"}, {types.TDouble, "0.25", "0.25"},
		{types.TString, `"a b"`, "a b"}, {types.TBytes, `"AQI="`, `"AQI="`}} {
		s := Serde{Format: formats.Kafka, Cols: types.Schema{{Name: "A", Type: c.t}}}
		data, err := s.Encode(json.RawMessage(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if v, err := s.Decode(data); err != nil || Line(v) != c.want {
			t.Errorf("%s: got %s, %v", c.text, Line(v), err)
		}
	}
	s := Serde{Format: formats.Kafka, Cols: types.Schema{{Name: "A", Type: types.TBigint}}}
	if _, err := s.Decode([]byte{1}); err == nil {
		t.Error("one byte was read as a BIGINT")
	}
}

func FuzzDecodeAvro(f *testing.F) {
	const schema = `{"type":"record","name":"r","fields":[{"name":"A","type":["null","int","string"]},{"name":"B","type":{"type":"array","items":"double"}},{"name":"C","type":{"type":"map","values":"bytes"}}]}`
	f.Add([]byte{2, 2, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := decodeAvro(schema, data); err == nil {
			_ = Line(v)
		}
	})
}
