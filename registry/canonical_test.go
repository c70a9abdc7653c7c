package registry

import "testing"

func TestSameSchema(t *testing.T) {
	for _, c := range []struct {
		a, b      Schema
		normalize bool
		same      bool
	}{
		{Schema{Text: `{"type":"string"}`}, Schema{Type: Avro, Text: ` { "type" : "string" } `}, false, true},
		{Schema{Text: `string`}, Schema{Text: `"string"`}, false, true},
		{Schema{Text: record(fieldA)}, Schema{Text: `{"fields":[{"type":"string","name":"a"}],"name":"r","type":"record"}`}, false, true},
		{Schema{Text: record(fieldB)}, Schema{Text: record(fieldBDefault)}, false, false},
		{Schema{Text: `"string"`}, Schema{Type: JSON, Text: `{"type":"string"}`}, false, false},
		{Schema{Type: JSON, Text: `{"a":1,"b":2}`}, Schema{Type: JSON, Text: `{"b":2,"a":1}`}, false, false},
		{Schema{Type: JSON, Text: `{"a":1,"b":2}`}, Schema{Type: JSON, Text: `{"b":2,"a":1}`}, true, true},
		{Schema{Type: JSON, Text: `{"a":12345678901234567890}`}, Schema{Type: JSON, Text: `{"a":12345678901234567891}`}, true, false},
		{Schema{Text: record(fieldA)}, Schema{Text: record(`{"name":"a","type":{"type":"string"},"order":"ascending","aliases":[]}`)}, false, true},
		{Schema{Text: record(fieldA)}, Schema{Text: record(`{"name":"a","type":"string","order":"descending"}`)}, false, false},
		{Schema{Text: record(fieldA)}, Schema{Text: record(`{"name":"a","type":"string","doc":"what it is"}`)}, false, false},
		{Schema{Text: record(fieldB)}, Schema{Text: record(`{"name":"b","type":{"type":"int","logicalType":"date"}}`)}, false, false},
		{Schema{Text: `{"type":"record","name":"R","namespace":"x","aliases":["Q"],"fields":[{"name":"r","type":["null","R"]},{"name":"e","type":{"type":"enum","name":"E","symbols":["A"]}},{"name":"f","type":"E"}]}`},
			Schema{Text: `{"type":"record","name":"x.R","namespace":"y","aliases":["x.Q"],"fields":[{"name":"r","type":["null","x.R"]},{"name":"e","type":{"type":"enum","name":"E","namespace":"x","symbols":["A"]}},{"name":"f","type":"x.E"}]}`}, false, true},
		{Schema{Text: `{"type":"record","name":"R","namespace":"x","fields":[]}`}, Schema{Text: `{"type":"record","name":"R","namespace":"y","fields":[]}`}, false, false},
		{Schema{Text: `{"type":"array","items":{"type":"map","values":{"type":"long"}}}`}, Schema{Text: `{"type":"array","items":{"type":"map","values":"long"}}`}, false, true},
		{Schema{Text: record(fieldA)}, Schema{Text: record(fieldA), Metadata: []byte(`{"properties":{"owner":"x"}}`)}, false, false},
		{Schema{Text: record(fieldA)}, Schema{Text: record(fieldA), Metadata: []byte(`{"properties":null}`), RuleSet: []byte(`null`)}, false, true},
		{Schema{Type: Protobuf, Text: `syntax = "proto3"; message M { int32 b = 2; int32 a = 1; }`}, Schema{Type: Protobuf, Text: `syntax = "proto3"; message M { int32 a = 1; int32 b = 2; }`}, true, true},
		{Schema{Type: Protobuf, Text: `syntax = "proto3"; message M { int32 b = 2; int32 a = 1; }`}, Schema{Type: Protobuf, Text: `syntax = "proto3"; message M { int32 a = 1; int32 b = 2; }`}, false, false},
		{Schema{Type: Protobuf, Text: "message M {}\n"}, Schema{Type: Protobuf, Text: "message M {}"}, false, true},
		{Schema{Type: Protobuf, Text: "message M {}"}, Schema{Type: Protobuf, Text: "message M {}", References: []Reference{{"a", "b", 1}}}, false, false},
	} {
		a, err := parse(c.a, nil, c.normalize)
		if err != nil {
			t.Fatal(err)
		}
		b, err := parse(c.b, nil, c.normalize)
		if err != nil {
			t.Fatal(err)
		}
		if (a.key == b.key) != c.same {
			t.Errorf("%+v and %+v: keys %s and %s", c.a, c.b, a.key, b.key)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(record(fieldA+","+fieldBDefault), `{"type":"enum","name":"e","symbols":["A"],"default":"A"}`)
	f.Add(`["null",{"type":"fixed","name":"f","size":4}]`, `{"type":"map","values":{"type":"array","items":"int"}}`)
	f.Add(`{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}`, `{"type":"record","name":"r","aliases":["q"],"fields":[{"name":"n","type":["null","r"],"default":null}]}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		one, err := parse(Schema{Text: a}, nil, false)
		if err != nil {
			return
		}
		again, err := parse(one.Schema, nil, false)
		if err != nil || again.key != one.key || again.Text != one.Text {
			t.Fatalf("%q is kept as %q, which reads as %+v, %v", a, one.Text, again, err)
		}
		two, err := parse(Schema{Text: b}, nil, false)
		if err != nil {
			return
		}
		two.Version = 1
		check(Full, one, []*parsed{two}, false)
	})
}
