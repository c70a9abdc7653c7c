package functions

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"weir/formats/jsontext"
	"weir/types"
)

var jsonFunctions = []Scalar{
	{Doc: Doc{"EXTRACTJSONFIELD", JSONFn, "The value at a path such as $.a.b[0] in a JSON document, as text; NULL where there is none. A JSON null is the text null.",
		[]Example{{`EXTRACTJSONFIELD('{"a": {"b": [1, "x"]}}', '$.a.b[1]')`, "'x'"}, {`EXTRACTJSONFIELD('{"a": [1, 2]}', '$.a')`, "'[1,2]'"}}},
		Overloads: []Overload{{Sig: "(json STRING, path STRING) STRING", Make: extractField}}},
	{Doc: Doc{"IS_JSON_STRING", JSONFn, "Whether the text is a JSON document.", []Example{{`IS_JSON_STRING('[1, 2]')`, "TRUE"}, {"IS_JSON_STRING('abc')", "FALSE"}, {"IS_JSON_STRING(NULL)", "FALSE"}}},
		Overloads: []Overload{{Sig: "(s STRING) BOOLEAN", NullIn: Pass, Eval: func(c *Call) (types.Value, error) {
			_, err := document(c.Args[0].Bytes())
			return types.BoolValue(err == nil), nil
		}}}},
	{Doc: Doc{"JSON_ARRAY_CONTAINS", JSONFn, "Whether a JSON array holds the value. Whole numbers equal INTEGER and BIGINT, numbers with a point or an exponent equal DOUBLE.", []Example{{"JSON_ARRAY_CONTAINS('[1, 2, 3]', 2)", "TRUE"}, {`JSON_ARRAY_CONTAINS('["a"]', 'b')`, "FALSE"}, {"JSON_ARRAY_CONTAINS('[null]', NULL)", "TRUE"}}},
		Overloads: []Overload{{Sig: "(json STRING, x T) BOOLEAN", NullIn: Pass, Eval: jsonContains}}},
	{Doc: Doc{"JSON_ARRAY_LENGTH", JSONFn, "The number of items of a JSON array; NULL for anything else.", []Example{{"JSON_ARRAY_LENGTH('[1, [2, 3]]')", "2"}, {"JSON_ARRAY_LENGTH('{}')", "NULL"}}},
		Overloads: []Overload{{Sig: "(json STRING) INTEGER", Eval: func(c *Call) (types.Value, error) {
			items, ok, err := jsonArray(c.Meter, c.Args[0])
			if !ok || err != nil {
				return types.NullValue, err
			}
			return types.IntValue(int32(len(items))), nil
		}}}},
	{Doc: Doc{"JSON_CONCAT", JSONFn, "JSON objects made to one, of equal fields the last counting; or anything else made to one array, the items of arrays singly. A document alone stays as it is.",
		[]Example{{`JSON_CONCAT('{"a": 1}', '{"b": 2}')`, `'{"a":1,"b":2}'`}, {`JSON_CONCAT('[1]', '[2]', '{}')`, "'[1,2,{}]'"}}},
		Overloads: []Overload{{Sig: "(json STRING, more STRING...) STRING", Eval: jsonConcat}}},
	{Doc: Doc{"JSON_ITEMS", JSONFn, "The items of a JSON array, each as JSON.", []Example{{`JSON_ITEMS('[{"a": 1}, 2]')`, `ARRAY['{"a":1}', '2']`}}},
		Overloads: []Overload{{Sig: "(json STRING) ARRAY<STRING>", Eval: func(c *Call) (types.Value, error) {
			items, ok, err := jsonArray(c.Meter, c.Args[0])
			if !ok || err != nil {
				return types.NullValue, err
			}
			out := make([]types.Value, len(items))
			for i, item := range items {
				out[i] = types.StringOf(appendJSON(make([]byte, 0, len(item)), item, false))
			}
			return types.ArrayValue(out), nil
		}}}},
	{Doc: Doc{"JSON_KEYS", JSONFn, "The field names of a JSON object; NULL for anything else.", []Example{{`JSON_KEYS('{"a": 1, "b": {}}')`, "ARRAY['a', 'b']"}}},
		Overloads: []Overload{{Sig: "(json STRING) ARRAY<STRING>", Eval: func(c *Call) (types.Value, error) {
			fields, ok, err := jsonObject(c.Meter, c.Args[0])
			if !ok || err != nil {
				return types.NullValue, err
			}
			var out []types.Value
			for _, f := range fields {
				out = append(out, types.StringValue(f.name))
			}
			return types.ArrayValue(out), nil
		}}}},
	{Doc: Doc{"JSON_RECORDS", JSONFn, "The fields of a JSON object as a map, the values as text, null as the text null; NULL for anything else.", []Example{{`JSON_RECORDS('{"a": 1, "b": "x"}')`, "MAP('a' := '1', 'b' := 'x')"}}},
		Overloads: []Overload{{Sig: "(json STRING) MAP<STRING, STRING>", Eval: func(c *Call) (types.Value, error) {
			fields, ok, err := jsonObject(c.Meter, c.Args[0])
			if !ok || err != nil {
				return types.NullValue, err
			}
			var pairs []types.Value
			for _, f := range fields {
				pairs = append(pairs, types.StringValue(f.name), jsonText(f.val))
			}
			return types.MapValue(pairs), nil
		}}}},
	{Doc: Doc{"TO_JSON_STRING", JSONFn, "The value as JSON: dates and times as text, bytes in base64, fields and keys in the order of their names.", []Example{{"TO_JSON_STRING(ARRAY[1, NULL])", "'[1,null]'"}, {"TO_JSON_STRING('a')", `'"a"'`}, {"TO_JSON_STRING(STRUCT(A := 1.50))", `'{"A":1.50}'`}}},
		Overloads: []Overload{{Sig: "(x T) STRING", NullIn: Pass, Make: func(b *Binding) Eval {
			sorted, t := byName(b.Params[0])
			return func(c *Call) (types.Value, error) {
				return types.StringOf(jsontext.AppendValue(nil, sorted(c.Args[0]), t, jsontext.Text)), nil
			}
		}}}},
}

var errNotJSON = errors.New("not a JSON document")

// document is the first value of a JSON text; what follows is not read, as long as the value ends there.
func document(b []byte) ([]byte, error) {
	from := jsontext.SkipSpace(b, 0)
	end, ok := jsontext.SkipValue(b, from)
	if !ok {
		return nil, errNotJSON
	}
	if end < len(b) && strings.IndexByte("{[\"", b[from]) < 0 && jsontext.SkipSpace(b, end) == end {
		return nil, errNotJSON
	}
	return b[from:end], nil
}

// jsonArray are the items of a JSON array; ok is false for another value and for an empty text.
func jsonArray(m *Meter, v types.Value) (items [][]byte, ok bool, err error) {
	b, ok, err := container(v, '[')
	if !ok {
		return nil, false, err
	}
	eachItemOf(b, func(item []byte) bool {
		items = append(items, item)
		err = m.Hold(2 * valueBytes)
		return err == nil
	})
	return items, err == nil, err
}

// container is the document, if it begins with a bracket.
func container(v types.Value, bracket byte) (b []byte, ok bool, err error) {
	if v.Len() == 0 {
		return nil, false, nil
	}
	b, err = document(v.Bytes())
	return b, err == nil && b[0] == bracket, err
}

// eachItemOf walks the items of a JSON array as far as it is well formed.
func eachItemOf(b []byte, visit func(item []byte) bool) {
	i := jsontext.SkipSpace(b, 1)
	for i < len(b) && b[i] != ']' {
		end, ok := jsontext.SkipValue(b, i)
		if !ok || !visit(b[i:end]) {
			return
		}
		if i = jsontext.SkipSpace(b, end); i >= len(b) || b[i] != ',' {
			return
		}
		i = jsontext.SkipSpace(b, i+1)
	}
}

type jsonField struct {
	name string
	val  []byte
}

// jsonObject are the fields of a JSON object, of equal names the last; ok is false for another value and for an empty text.
func jsonObject(m *Meter, v types.Value) (fields []jsonField, ok bool, err error) {
	b, ok, err := container(v, '{')
	if !ok {
		return nil, false, err
	}
	at := map[string]int{}
	eachFieldOf(b, func(name string, val []byte) bool {
		if i, ok := at[name]; ok {
			fields[i].val = val
			return true
		}
		at[name] = len(fields)
		fields = append(fields, jsonField{name, val})
		err = m.Hold(entryBytes + 2*valueBytes + len(name))
		return err == nil
	})
	return fields, err == nil, err
}

// eachFieldOf walks the fields of a JSON object as eachItemOf does the items of an array.
func eachFieldOf(b []byte, visit func(name string, val []byte) bool) {
	i := jsontext.SkipSpace(b, 1)
	for i < len(b) && b[i] == '"' {
		end, escaped, _, ok := jsontext.StringEnd(b, i+1)
		if !ok {
			return
		}
		name := b[i+1 : end]
		if escaped {
			name, _ = jsontext.Unescape(nil, name)
		}
		if i = jsontext.SkipSpace(b, end+1); i >= len(b) || b[i] != ':' {
			return
		}
		i = jsontext.SkipSpace(b, i+1)
		if end, ok = jsontext.SkipValue(b, i); !ok || !visit(types.StringOf(name).Str(), b[i:end]) {
			return
		}
		if i = jsontext.SkipSpace(b, end); i < len(b) && b[i] == ',' {
			i = jsontext.SkipSpace(b, i+1)
		}
	}
}

// jsonText is a JSON value as text: strings without their quotes.
func jsonText(val []byte) types.Value {
	if val[0] != '"' {
		return types.StringOf(appendJSON(make([]byte, 0, len(val)), val, false))
	}
	s := val[1 : len(val)-1]
	if !slices.Contains(s, '\\') {
		return types.StringOf(s)
	}
	s, _ = jsontext.Unescape(make([]byte, 0, len(s)), s)
	return types.StringOf(s)
}

func jsonContains(c *Call) (types.Value, error) {
	if c.Args[0].IsNull() {
		return types.NullValue, nil
	}
	b := c.Args[0].Bytes()
	found := false
	if b = b[jsontext.SkipSpace(b, 0):]; len(b) > 0 && b[0] == '[' {
		eachItemOf(b, func(item []byte) bool {
			found = jsonEqual(item, c.Args[1])
			return !found
		})
	}
	return types.BoolValue(found), nil
}

func jsonEqual(item []byte, v types.Value) bool {
	switch v.Kind() {
	case types.Null:
		return string(item) == "null"
	case types.Boolean:
		return string(item) == "true" && v.Bool() || string(item) == "false" && !v.Bool()
	case types.String:
		return item[0] == '"' && types.Equal(jsonText(item), v)
	case types.Integer, types.Bigint:
		n, err := strconv.ParseInt(string(item), 10, 64)
		return err == nil && n == v.Int()
	case types.Double:
		if item[0] != '-' && item[0]-'0' > 9 || !bytes.ContainsAny(item, ".eE") {
			return false
		}
		f, err := strconv.ParseFloat(string(item), 64)
		return err == nil && f == v.Double()
	}
	return false
}

func jsonConcat(c *Call) (types.Value, error) {
	docs := make([][]byte, len(c.Args))
	objects := true
	for i, v := range c.Args {
		if v.Len() == 0 {
			return types.NullValue, nil
		}
		b, err := document(v.Bytes())
		if err != nil {
			return types.NullValue, err
		}
		docs[i] = b
		objects = objects && b[0] == '{'
	}
	if objects {
		return concatObjects(c.Meter, c.Args)
	}
	if len(docs) == 1 {
		return types.StringOf(appendJSON(nil, docs[0], true)), nil
	}
	out := []byte{'['}
	add := func(item []byte) bool {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = appendJSON(out, item, true)
		return true
	}
	for _, b := range docs {
		if b[0] == '[' {
			eachItemOf(b, add)
		} else {
			add(b)
		}
	}
	return types.StringOf(append(out, ']')), nil
}

func concatObjects(m *Meter, args []types.Value) (types.Value, error) {
	var names []string
	vals := map[string][]byte{}
	for _, v := range args {
		fields, _, err := jsonObject(m, v)
		if err != nil {
			return types.NullValue, err
		}
		for _, f := range fields {
			if _, ok := vals[f.name]; !ok {
				names = append(names, f.name)
			}
			vals[f.name] = f.val
		}
	}
	out := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(jsontext.AppendString(out, name), ':')
		out = appendJSON(out, vals[name], true)
	}
	return types.StringOf(append(out, '}')), nil
}
