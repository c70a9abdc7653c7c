package registry

import (
	"strings"
	"testing"
	"time"
)

func TestIncompatibleJSON(t *testing.T) {
	object := func(properties string, more ...string) string {
		return `{"type":"object","properties":{` + properties + `}` + strings.Join(append([]string{""}, more...), ",") + `}`
	}
	const (
		open, closed = `"additionalProperties":true`, `"additionalProperties":false`
		a, b         = `"a":{"type":"integer"}`, `"b":{"type":"string"}`
		orNullA      = `"a":{"oneOf":[{"type":"null"},{"type":"integer"}]}`
		list         = `{"definitions":{"l":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"type":"null"},{"$ref":"#/definitions/l"}]}}}},"$ref":"#/definitions/l"}`
	)
	for _, c := range []struct{ reader, writer, want string }{
		{`{}`, `{"type":"string"}`, ""},
		{`true`, object(a), ""},
		{`false`, `{"type":"string"}`, "#: nothing is allowed here, the data may be string"},
		{`{"type":"string"}`, `false`, ""},
		{`{"type":"string"}`, `{}`, "#: the data may be of any type, expected string"},
		{`{"type":"string"}`, `{"type":"integer"}`, "#: the data may be integer, expected string"},
		{`{"type":"number"}`, `{"type":"integer"}`, ""},
		{`{"type":"integer"}`, `{"type":"number"}`, "#: the data may be number, expected integer"},
		{`{"type":["null","number"]}`, `{"type":"integer"}`, ""},
		{`{"type":"number"}`, `{"type":["null","integer"]}`, "#: the data may be null or integer, expected number"},
		{`{"title":"new","type":"string","format":"date","x":1}`, `{"title":"old","type":"string"}`, ""},

		// properties of open, closed and partly open objects
		{object(a + "," + b), object(a), ""},
		{object(a), object(a + "," + b), ""},
		{object(a+","+b, closed), object(a, closed), ""},
		{object(a, closed), object(a+","+b, closed), "#/properties/b: the data may have this property, and additionalProperties is false"},
		{object(a, closed), object(a+`,"b":false`, closed), ""},
		{object(a, open), object(a, closed), ""},
		{object(a, closed), object(a, open), "#/additionalProperties: additionalProperties is false, the data may have properties without a name in the schema"},
		{object(a, `"additionalProperties":{"type":"string"}`), object(a), "#/additionalProperties: the data may be of any type, expected string"},
		{object(a+","+b, `"additionalProperties":{"type":"string"}`), object(a, `"additionalProperties":{"type":"string"}`), ""},
		{object(a+","+b, closed), object(a, `"additionalProperties":{"type":"integer"}`), "#/properties/b: the data may be integer, expected string; " +
			"#/additionalProperties: additionalProperties is false, the data may have properties without a name in the schema"},
		{object(a, `"additionalProperties":{"type":"integer"}`), object(a+","+b, closed), "#/properties/b: the data may be string, expected integer"},
		{object(a, `"patternProperties":{"^b":{"type":"string"}}`, closed), object(a+","+b, closed), ""},
		{object(a+","+b, `"patternProperties":{"^x":{"type":"string"}}`), object(a, `"patternProperties":{"^b":{"type":"null"}}`, closed),
			"#/properties/b: the data may be null, expected string"},
		{object(a, `"propertyNames":{"maxLength":3}`), object(a), "#/propertyNames: maxLength is 3, the data has none"},
		{object(a, `"minProperties":1`), object(a), "#: minProperties is 1, the data has none"},

		// required
		{object(a, `"required":["a"]`), object(a), "#/properties/a: the property is required, the data may lack it"},
		{object(a), object(a, `"required":["a"]`), ""},
		{object(`"a":{"type":"integer","default":1}`, `"required":["a"]`), object(``), ""},
		{object(a+","+b, `"required":["a","b"]`), object(a, `"required":["a"]`), "#/properties/b: the property is required, the data may lack it"},

		// null
		{object(orNullA), object(a), ""},
		{object(a), object(orNullA), "#/properties/a/oneOf/0: the data may be null, expected integer"},
		{object(orNullA), object(`"a":{"anyOf":[{"type":"string"},{"type":"null"}]}`), "#/properties/a: no branch of oneOf takes every string of the data"},
		{object(orNullA), object(`"a":{"type":["null","integer"]}`), ""},
		{object(`"a":{"type":["null","integer"]}`), object(orNullA), ""},
		{`{"oneOf":[{"type":"null"},{"type":"object","properties":{"a":{"type":"integer"}}}]}`, `{"oneOf":[{"type":"null"},{"type":"object","properties":{"a":{"type":"string"}}}]}`,
			"#/oneOf/1/properties/a: the data may be string, expected integer"},
		{`{"oneOf":[{"const":"a"},{"const":"b"}]}`, `{"enum":["a","b"]}`, ""},
		{`{"oneOf":[{"const":"a"},{"const":"b"}]}`, `{"enum":["a","c"]}`, `#: no branch of oneOf takes the value "c" of the data`},

		// allOf
		{`{"allOf":[` + object(a) + `,` + object(b) + `]}`, object(a + "," + b), ""},
		{object(a + "," + b), `{"allOf":[` + object(a) + `,` + object(b) + `]}`, ""},
		{object(`"a":{"type":"string"}`), `{"allOf":[` + object(a) + `,` + object(b) + `]}`, "#/properties/a: the data may be integer, expected string"},
		{`{"allOf":[{"type":"string"},{"maxLength":3}]}`, `{"type":"string","maxLength":4}`, "#/allOf/1: maxLength is 3, that of the data is 4"},

		// values
		{`{"enum":["a","b","c"]}`, `{"enum":["a","b"]}`, ""},
		{`{"enum":["a"]}`, `{"enum":["a","b"]}`, `#: the data may be "b", expected one of "a"`},
		{`{"enum":["a"]}`, `{"type":"string"}`, `#: the data may be every string, expected one of "a"`},
		{`{"type":"string","pattern":"^a"}`, `{"enum":["ab","b"]}`, `#: the data may be "b", expected a match of "^a"`},
		{`{"enum":[true,false]}`, `{"type":"boolean"}`, ""},
		{`{"const":1}`, `{"const":2}`, "#: the data may be 2, expected one of 1"},
		{`{"type":"integer","maximum":5}`, `{"enum":[5,6]}`, "#: the data may be 6, a number within other bounds is expected"},

		// bounds
		{`{"type":"string","minLength":1,"maxLength":9}`, `{"type":"string","minLength":2,"maxLength":9}`, ""},
		{`{"type":"string","minLength":3}`, `{"type":"string","minLength":2}`, "#: minLength is 3, that of the data is 2"},
		{`{"type":"string","pattern":"x"}`, `{"type":"string","pattern":"y"}`, `#: pattern is "x", which the data need not match`},
		{`{"type":"number","minimum":0}`, `{"type":"number","minimum":1}`, ""},
		{`{"type":"number","minimum":0,"maximum":5}`, `{"type":"number","maximum":6.5}`, "#: minimum is 0, the data has none; #: maximum is 5, that of the data is 6.5"},
		{`{"type":"number","exclusiveMinimum":0}`, `{"type":"number","minimum":0}`, "#: exclusiveMinimum is 0, that of the data is 0"},
		{`{"type":"number","minimum":0}`, `{"type":"number","minimum":0,"exclusiveMinimum":true}`, ""},
		{`{"type":"number","multipleOf":0.1}`, `{"type":"number","multipleOf":0.3}`, ""},
		{`{"type":"number","multipleOf":2}`, `{"type":"integer"}`, "#: multipleOf is 2, which the data need not be"},
		{`{"type":"number","maximum":1e999999999}`, `{"type":"number","multipleOf":1e-999999999}`, "#: maximum"},

		// arrays
		{`{"type":"array","items":{"type":"number"}}`, `{"type":"array","items":{"type":"integer"}}`, ""},
		{`{"type":"array","items":{"type":"integer"}}`, `{"type":"array","items":{"type":"string"}}`, "#/items: the data may be string, expected integer"},
		{`{"type":"array","items":{"type":"integer"}}`, `{"type":"array"}`, "#/items: the data may be of any type, expected integer"},
		{`{"type":"array","items":[{"type":"integer"}],"additionalItems":false}`, `{"type":"array","items":[{"type":"integer"},{"type":"string"}],"additionalItems":false}`,
			"#/items/1: nothing is allowed here, the data may be string"},
		{`{"type":"array","maxItems":3,"uniqueItems":true}`, `{"type":"array"}`, "#: uniqueItems is true, the data may have an item twice; #: maxItems is 3, the data has none"},

		// references, and schemas that come back to themselves
		{list, strings.ReplaceAll(list, "definitions", "$defs"), ""},
		{strings.ReplaceAll(list, `"v":{"type":"integer"}`, `"v":{"type":"number"}`), list, ""},
		{strings.ReplaceAll(list, `"v":{"type":"integer"}`, `"v":{"type":"string"}`), list, "#/properties/v: the data may be integer, expected string"},
		{object(`"a":{"$ref":"#/definitions/no"}`), object(a), `#/properties/a: $ref "#/definitions/no" leads nowhere`},
		{object(a), object(`"a":{"$ref":"#/properties/a"}`), "#/properties/a: the schema of the data can't be compared: its $ref, allOf, anyOf and oneOf lead more than 32 deep, or in a circle"},
		{`{"$ref":"other.json#/definitions/x"}`, `{"type":"string","maxLength":1}`, ""},
		{`{"type":"integer"}`, `{"$ref":"other.json"}`, "#: the data may be string, expected integer"},
		{`{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"other.json","maxLength":3}`, `{"type":"string"}`, "#: maxLength is 3, the data has none"},

		// what can't be looked into
		{`{"type":"string","not":{"enum":["a"]}}`, `{"type":"string"}`, `#: the data may be what "not" excludes`},
		{`{"not":{"enum":["a"]}}`, `{"type":"string","not":{"enum":["a","b"]}}`, ""},
		{`{"not":{"type":"null"}}`, `{"type":"string"}`, ""},
		{`{"if":{"const":1},"then":false}`, `{"type":"integer"}`, `#: "if" is not the same for the data; #: "then" is not the same for the data`},
		{`{"type":5,"properties":[],"required":"a","items":3,"minimum":"x","oneOf":{},"enum":1,"$ref":2}`, `{"type":"string"}`, ""},
	} {
		deps := []Dependency{{Schema: Schema{Type: JSON, Text: `{"definitions":{"x":{"type":"string"}},"$ref":"#/definitions/x"}`}, Name: "other.json"}}
		r, err := parse(Schema{Type: JSON, Text: c.reader}, deps, false)
		if err != nil {
			t.Fatalf("%s: %v", c.reader, err)
		}
		w, err := parse(Schema{Type: JSON, Text: c.writer}, deps, false)
		if err != nil {
			t.Fatalf("%s: %v", c.writer, err)
		}
		got := strings.Join(unreadable(r, w, true), "; ")
		if got != c.want && !(strings.HasSuffix(c.want, ": maximum") && strings.HasPrefix(got, c.want)) {
			t.Errorf("%s\nof %s\ngot  %s\nwant %s", c.reader, c.writer, got, c.want)
		}
	}
}

func TestJSONLevels(t *testing.T) {
	text := func(typ string) Schema { return Schema{Type: JSON, Text: `{"type":"` + typ + `"}`} }
	for _, c := range []struct {
		level         Level
		first, second string
		want          string
	}{
		{Backward, "integer", "number", ""},
		{Backward, "number", "integer", "the new schema cannot read data of version 1: #: the data may be number, expected integer (compatibility is BACKWARD)"},
		{Forward, "number", "integer", ""},
		{Forward, "integer", "number", "version 1 cannot read data of the new schema: #: the data may be number, expected integer"},
		{Full, "integer", "number", "version 1 cannot read"},
		{FullTransitive, "integer", "string", "the new schema cannot read data of version 1"},
		{None, "integer", "string", ""},
	} {
		l := NewLocal(NewStore())
		if err := l.SetCompatibility(t.Context(), "s", c.level); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Register(t.Context(), "s", text(c.first)); err != nil {
			t.Fatal(err)
		}
		_, err := l.Register(t.Context(), "s", text(c.second))
		if (err == nil) != (c.want == "") || err != nil && (!IsIncompatible(err) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, %s after %s: got %v, want %q", c.level, c.second, c.first, err, c.want)
		}
	}
}

func FuzzIncompatibleJSON(f *testing.F) {
	f.Add(`{"$ref":"#/definitions/a","definitions":{"a":{"allOf":[{"properties":{"n":{"$ref":"#/definitions/a"}}},{"properties":{"n":{"oneOf":[{"type":"null"},{"$ref":"#"}]}}}]}}}`,
		`{"type":["null","object"],"properties":{"n":{"not":{"enum":[1,"a"]}}},"additionalProperties":{"items":[{"$ref":"#"}]},"required":["n"]}`)
	f.Add(`{"a":{"anyOf":[{"$ref":"#/b"},{"$ref":"#/b"}]},"b":{"allOf":[{"$ref":"#/a"},{"$ref":"#/a"}]},"$ref":"#/a"}`, `{"multipleOf":0.1,"minimum":1e9,"maxLength":2,"pattern":"^a","const":{"a":[]}}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		x, err := newJSONDocument(a, nil)
		if err != nil {
			return
		}
		y, err := newJSONDocument(b, nil)
		if err != nil {
			return
		}
		start := time.Now()
		incompatibleJSON(x, y, false)
		incompatibleJSON(y, x, true)
		x2, _ := newJSONDocument(a, nil)
		x2.roots["other.json"] = true // else they are not looked at
		if reasons := incompatibleJSON(x, x2, false); len(reasons) > 0 {
			t.Fatalf("%q does not fit itself: %v", a, reasons)
		}
		if took := time.Since(start); took > time.Minute {
			t.Fatalf("%q and %q take %s", a, b, took)
		}
	})
}
