package serdes

import (
	"encoding/json"
	"testing"

	"weir/formats"
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
	for _, bad := range []string{`{}`, `{"b":[1],"d":0,"e":1,"f":false}`, `{"b":[],"d":0.001,"e":1,"f":false}`, `[]`, `{`} {
		if data, err := encodeAvro(nil, schema, json.RawMessage(bad)); err == nil {
			t.Errorf("%s was written as %x", bad, data)
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
