package formats

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"weir/formats/jsontext"
	"weir/types"
)

// jsonDecoder reads JSON documents straight into the slots of the wanted columns. The form of the whole document is
// checked; UTF-8 and control characters only in what is wanted.
//
// Names match exactly or, failing that, when the document's name in upper case is the column's; an exact name wins. A
// name that comes twice counts the last time. What a document lacks is NULL.
type jsonDecoder struct {
	arena
	root   jsonFields
	bare   *jsonNode // an unwrapped single column; nil otherwise
	unwrap bool
	slot   int // of bare; -1 where it is not wanted
}

// jsonNode is where a value goes: its type, with what lies below it prepared.
type jsonNode struct {
	typ    *types.Type
	path   string // for errors
	elem   *jsonNode
	fields *jsonFields
}

func newJSONDecoder(spec Spec, cols types.Schema, wanted []int) *jsonDecoder {
	d := &jsonDecoder{unwrap: spec.unwrapped(cols), slot: -1}
	if d.unwrap {
		d.bare, d.slot = newJSONNode(cols[0].Type, cols[0].Name), wanted[0]
		return d
	}
	for i, c := range cols {
		if wanted[i] >= 0 {
			d.root.add(c.Name, newJSONNode(c.Type, c.Name), wanted[i])
		}
	}
	return d
}

func newJSONNode(t *types.Type, path string) *jsonNode {
	n := &jsonNode{typ: t, path: path}
	switch t.Kind {
	case types.Array, types.Map:
		n.elem = newJSONNode(t.Elem, path+"[]")
	case types.Struct:
		n.fields = &jsonFields{}
		for i, f := range t.Fields {
			n.fields.add(f.Name, newJSONNode(f.Type, path+"->"+f.Name), i)
		}
	}
	return n
}

// Reset takes back the text and values given out so far.
func (d *jsonDecoder) Reset() { d.reset() }

// Decode reads one document.
func (d *jsonDecoder) Decode(data []byte, dst []types.Value) error {
	d.begin(len(data))
	i := jsontext.SkipSpace(data, 0)
	if jsontext.HasWord(data, i, "null") {
		d.clear(dst)
		if end := jsontext.SkipSpace(data, i+4); end < len(data) {
			return jsonError("", data, end, "the end of the document")
		}
		return ErrNullRecord
	}
	var err error
	if d.unwrap {
		i, err = d.decodeBare(data, i, dst)
	} else {
		d.clear(dst)
		if i >= len(data) || data[i] != '{' {
			return jsonError("", data, i, "a JSON object")
		}
		i, err = d.object(data, i+1, &d.root, dst, "")
	}
	if err != nil {
		return err
	}
	if i = jsontext.SkipSpace(data, i); i < len(data) {
		return jsonError("", data, i, "the end of the document")
	}
	return nil
}

func (d *jsonDecoder) clear(dst []types.Value) {
	for _, slot := range d.root.slots {
		dst[slot] = types.NullValue
	}
	if d.slot >= 0 {
		dst[d.slot] = types.NullValue
	}
}

func (d *jsonDecoder) decodeBare(data []byte, i int, dst []types.Value) (int, error) {
	v, i, err := d.value(data, i, d.bare)
	if err == nil && d.slot >= 0 {
		dst[d.slot] = v
	}
	return i, err
}

// object reads the fields of an object, whose content starts at i, into the slots of out.
func (d *jsonDecoder) object(data []byte, i int, f *jsonFields, out []types.Value, path string) (int, error) {
	if i = jsontext.SkipSpace(data, i); i < len(data) && data[i] == '}' {
		return i + 1, nil
	}
	f.round++
	for n := 0; ; n++ {
		if i >= len(data) || data[i] != '"' {
			return 0, jsonError(path, data, i, "a field name in double quotes")
		}
		i++
		var field int
		var exact bool
		if k := f.recall(n, data, i); k != nil {
			field, exact, i = int(k.field), k.exact, i+len(k.name)+1
		} else {
			end, escaped, _, ok := jsontext.StringEnd(data, i)
			if !ok {
				return 0, jsonError(path, data, end, "a double quote that ends the field name")
			}
			name := data[i:end]
			if escaped {
				if name, ok = jsontext.Unescape(d.room(len(name)), name); !ok {
					return 0, jsonError(path, data, i, "a field name with JSON's escapes")
				}
			}
			field, exact = f.lookup(n, name, escaped)
			i = end + 1
		}
		if i < len(data) && data[i] != ':' {
			i = jsontext.SkipSpace(data, i)
		}
		if i >= len(data) || data[i] != ':' {
			return 0, jsonError(path, data, i, "a colon")
		}
		i = jsontext.SkipSpace(data, i+1)
		if !f.takes(field, exact) {
			var end int
			var ok bool
			if i < len(data) && data[i] == '"' {
				end, ok = skipString(data, i+1)
			} else {
				end, ok = jsontext.SkipValue(data, i)
			}
			if !ok {
				return 0, jsonError(path, data, end, "a JSON value, nested at most "+strconv.Itoa(jsontext.MaxDepth)+" deep")
			}
			i = end
		} else {
			v, end, err := d.value(data, i, f.nodes[field])
			if err != nil {
				return 0, err
			}
			out[f.slots[field]], i = v, end
		}
		if i < len(data) && data[i] != ',' {
			i = jsontext.SkipSpace(data, i)
		}
		if i >= len(data) || data[i] != ',' {
			if i < len(data) && data[i] == '}' {
				return i + 1, nil
			}
			return 0, jsonError(path, data, i, "a comma or }")
		}
		i = jsontext.SkipSpace(data, i+1)
	}
}

// skipString steps over the string whose content starts at i, looking no closer than it takes to find the end.
func skipString(data []byte, i int) (end int, ok bool) {
	if q := bytes.IndexByte(data[i:], '"'); q == 0 || q > 0 && data[i+q-1] != '\\' {
		return i + q + 1, true
	}
	end, _, _, ok = jsontext.StringEnd(data, i)
	return end + 1, ok
}

// value reads the value at i.
func (d *jsonDecoder) value(data []byte, i int, n *jsonNode) (types.Value, int, error) {
	if i >= len(data) {
		return types.NullValue, 0, otherType(n, data, i)
	}
	switch c := data[i]; {
	case c == '"':
		return d.quoted(data, i+1, n)
	case c == '-' || c-'0' <= 9:
		return d.number(data, i, n)
	case c == 'n' && jsontext.HasWord(data, i, "null"):
		return types.NullValue, i + 4, nil
	case n.typ.Kind == types.Boolean && jsontext.HasWord(data, i, "true"):
		return types.BoolValue(true), i + 4, nil
	case n.typ.Kind == types.Boolean && jsontext.HasWord(data, i, "false"):
		return types.BoolValue(false), i + 5, nil
	case c == '[' && n.typ.Kind == types.Array:
		return d.array(data, i+1, n)
	case c == '{' && n.typ.Kind == types.Map:
		return d.mapping(data, i+1, n)
	case c == '{' && n.typ.Kind == types.Struct:
		fields, ok := d.structure(len(n.typ.Fields))
		if !ok {
			return types.NullValue, 0, jsonError(n.path, data, i, wantFewer)
		}
		end, err := d.object(data, i+1, n.fields, fields, n.path)
		return types.StructValue(fields), end, err
	}
	if n.typ.Kind == types.String {
		return d.rawText(data, i, n)
	}
	return types.NullValue, 0, otherType(n, data, i)
}

// rawText is any value as the text of a STRING: objects and arrays without white space between tokens.
func (d *jsonDecoder) rawText(data []byte, i int, n *jsonNode) (types.Value, int, error) {
	end, ok := jsontext.SkipValue(data, i)
	if !ok {
		return types.NullValue, 0, jsonError(n.path, data, end, "a JSON value, nested at most "+strconv.Itoa(jsontext.MaxDepth)+" deep")
	}
	text := data[i:end]
	if !utf8.Valid(text) {
		return types.NullValue, 0, jsonError(n.path, data, i, "text in UTF-8")
	}
	if bytes.ContainsAny(text, " \n\t\r") {
		text = jsontext.Compact(d.room(len(text)), text)
	}
	return types.StringOf(text), end, nil
}

func (d *jsonDecoder) quoted(data []byte, i int, n *jsonNode) (types.Value, int, error) {
	end, escaped, high, ok := jsontext.StringEnd(data, i)
	if !ok {
		return types.NullValue, 0, jsonError(n.path, data, end, "a double quote that ends the string")
	}
	text := data[i:end]
	if high && !utf8.Valid(text) {
		return types.NullValue, 0, jsonError(n.path, data, i, "text in UTF-8")
	}
	if escaped {
		if text, ok = jsontext.Unescape(d.room(len(text)), text); !ok {
			return types.NullValue, 0, jsonError(n.path, data, i, "a string with JSON's escapes")
		}
	}
	if n.typ.Kind == types.String {
		return types.StringOf(text), end + 1, nil
	}
	if n.typ.Kind == types.Boolean || n.typ.Kind.Nested() {
		return types.NullValue, 0, otherType(n, data, i-1)
	}
	v, err := d.scalarOfText(text, n.typ)
	if err != nil {
		return types.NullValue, 0, otherType(n, data, i-1)
	}
	return v, end + 1, nil
}

// shortInt reads a whole number of few digits; end is 0 where it is something else.
func shortInt(data []byte, i int) (num int64, end int) {
	negative := data[i] == '-'
	if negative {
		i++
	}
	from := i
	for i < len(data) && data[i]-'0' <= 9 {
		num = num*10 + int64(data[i]-'0')
		i++
	}
	if i == from || i-from > 18 || i-from > 1 && data[from] == '0' || i < len(data) && (data[i] == '.' || data[i]|0x20 == 'e') {
		return 0, 0
	}
	if negative {
		num = -num
	}
	return num, i
}

func (d *jsonDecoder) number(data []byte, i int, n *jsonNode) (types.Value, int, error) {
	if n.typ.Kind == types.Bigint || n.typ.Kind == types.Integer {
		if num, end := shortInt(data, i); end > 0 && (n.typ.Kind == types.Bigint || fits32(num)) {
			return types.NumberValue(n.typ.Kind, num), end, nil
		}
	}
	end, whole := jsontext.NumberEnd(data, i)
	if end == i {
		return types.NullValue, 0, jsonError(n.path, data, i, "a JSON number")
	}
	text := data[i:end]
	var v types.Value
	var err error
	switch n.typ.Kind {
	case types.String:
		v = types.StringOf(text)
	case types.Double, types.Decimal:
		v, err = numberOfText(text, n.typ)
	case types.Integer, types.Bigint, types.Time, types.Date, types.Timestamp:
		var num int64
		if whole {
			num, err = parseInt(text)
		} else {
			num, err = truncInt(text)
		}
		if !n.typ.Kind.Holds(num) {
			err = errRange
		}
		v = types.NumberValue(n.typ.Kind, num)
	default:
		err = errNotNumber
	}
	if err != nil {
		return types.NullValue, 0, otherType(n, data, i)
	}
	return v, end, nil
}

func (d *jsonDecoder) array(data []byte, i int, n *jsonNode) (types.Value, int, error) {
	mark := len(d.stack)
	if i = jsontext.SkipSpace(data, i); i < len(data) && data[i] == ']' {
		return types.ArrayValue(nil), i + 1, nil
	}
	for {
		v, end, err := d.value(data, jsontext.SkipSpace(data, i), n.elem)
		if err != nil {
			return types.NullValue, 0, err
		}
		d.push(v)
		if i = jsontext.SkipSpace(data, end); i >= len(data) || data[i] != ',' {
			if i < len(data) && data[i] == ']' {
				return types.ArrayValue(d.pop(mark)), i + 1, nil
			}
			return types.NullValue, 0, jsonError(n.path, data, i, "a comma or ]")
		}
		i++
	}
}

func (d *jsonDecoder) mapping(data []byte, i int, n *jsonNode) (types.Value, int, error) {
	mark := len(d.stack)
	if i = jsontext.SkipSpace(data, i); i < len(data) && data[i] == '}' {
		return types.MapValue(nil), i + 1, nil
	}
	key := jsonNode{typ: types.TString, path: n.path}
	for {
		if i = jsontext.SkipSpace(data, i); i >= len(data) || data[i] != '"' {
			return types.NullValue, 0, jsonError(n.path, data, i, "a key in double quotes")
		}
		k, end, err := d.quoted(data, i+1, &key)
		if err != nil {
			return types.NullValue, 0, err
		}
		if i = jsontext.SkipSpace(data, end); i >= len(data) || data[i] != ':' {
			return types.NullValue, 0, jsonError(n.path, data, i, "a colon")
		}
		d.push(k)
		v, end, err := d.value(data, jsontext.SkipSpace(data, i+1), n.elem)
		if err != nil {
			return types.NullValue, 0, err
		}
		d.push(v)
		if i = jsontext.SkipSpace(data, end); i >= len(data) || data[i] != ',' {
			if i < len(data) && data[i] == '}' {
				return types.MapValue(d.popPairs(mark)), i + 1, nil
			}
			return types.NullValue, 0, jsonError(n.path, data, i, "a comma or }")
		}
		i++
	}
}

// otherType shows the value alone that is of another type; where it is none, what stands in its place.
func otherType(n *jsonNode, data []byte, at int) error {
	if end, ok := jsontext.SkipValue(data, at); ok {
		data = data[:end]
	}
	return jsonError(n.path, data, at, wants(n.typ))
}

func jsonError(path string, data []byte, at int, want string) error {
	at = min(at, len(data))
	return &Error{Format: JSON, Column: path, Offset: at, Want: want, Got: excerpt(data[at:])}
}
