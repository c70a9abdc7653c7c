package formats

import (
	"unicode/utf8"

	"weir/types"
)

// msgDecoder reads MessagePack straight into the slots of the wanted columns. Names match as in JSON.
type msgDecoder struct {
	arena
	root   msgFields
	bare   *msgNode // an unwrapped single column; nil otherwise
	unwrap bool
	slot   int // of bare; -1 where it is not wanted
}

// msgNode is where a value goes: its type, with what lies below it prepared.
type msgNode struct {
	typ    *types.Type
	path   string // for errors
	elem   *msgNode
	fields *msgFields
}

// msgFields are the fields of a map that is a row or a STRUCT.
type msgFields struct {
	fieldNames
	nodes []*msgNode
	slots []int
}

func (f *msgFields) add(name string, n *msgNode, slot int) {
	f.fieldNames.add(name)
	f.nodes, f.slots = append(f.nodes, n), append(f.slots, slot)
}

func newMsgPackDecoder(spec Spec, cols types.Schema, wanted []int) (Decoder, error) {
	d := &msgDecoder{unwrap: spec.unwrapped(cols), slot: -1}
	if d.unwrap {
		d.bare, d.slot = newMsgNode(cols[0].Type, cols[0].Name), wanted[0]
		return d, nil
	}
	for i, c := range cols {
		if wanted[i] >= 0 {
			d.root.add(c.Name, newMsgNode(c.Type, c.Name), wanted[i])
		}
	}
	return d, nil
}

func newMsgNode(t *types.Type, path string) *msgNode {
	n := &msgNode{typ: t, path: path}
	switch t.Kind {
	case types.Array, types.Map:
		n.elem = newMsgNode(t.Elem, path+"[]")
	case types.Struct:
		n.fields = &msgFields{}
		for i, f := range t.Fields {
			n.fields.add(f.Name, newMsgNode(f.Type, path+"->"+f.Name), i)
		}
	}
	return n
}

func msgError(path string, data []byte, at int, want string) error {
	at = min(at, len(data))
	return &Error{Format: MsgPack, Column: path, Offset: at, Want: want, Got: excerpt(data[at:])}
}

// Reset takes back the text and values given out so far.
func (d *msgDecoder) Reset() { d.reset() }

// Decode reads one value.
func (d *msgDecoder) Decode(data []byte, dst []types.Value) error {
	d.begin(len(data))
	for _, slot := range d.root.slots {
		dst[slot] = types.NullValue
	}
	if d.slot >= 0 {
		dst[d.slot] = types.NullValue
	}
	t := msgHead(data, 0)
	end := t.at
	var err error
	switch {
	case t.kind == msgNil:
		err = ErrNullRecord
	case d.unwrap:
		var v types.Value
		if v, end, err = d.value(data, 0, d.bare); err == nil && d.slot >= 0 {
			dst[d.slot] = v
		}
	case t.kind != msgMap:
		return msgError("", data, 0, "a map")
	default:
		end, err = d.object(data, t, &d.root, dst, "")
	}
	if (err == nil || t.kind == msgNil) && end < len(data) {
		return msgError("", data, end, "the end of the record")
	}
	return err
}

// object reads the entries of a map into the slots of out.
func (d *msgDecoder) object(data []byte, t msgToken, f *msgFields, out []types.Value, path string) (int, error) {
	i := t.at
	f.round++
	for n := range t.size {
		name, end := shortText(data, i)
		if end == 0 {
			key := msgHead(data, i)
			if key.kind != msgStr && key.kind != msgBin {
				return 0, msgError(path, data, i, "a name as the key of a map")
			}
			end = key.at + key.size
			name = data[key.at:end]
		}
		i = end
		var field int
		var exact bool
		if n < len(f.learned) && f.learned[n].name == string(name) {
			field, exact = int(f.learned[n].field), f.learned[n].exact
		} else {
			field, exact = f.lookup(n, name, false)
		}
		if !f.takes(field, exact) {
			if end = skipMsg(data, i); end == 0 {
				return 0, msgError(path, data, i, "a whole value")
			}
			i = end
			continue
		}
		v, end, err := d.value(data, i, f.nodes[field])
		if err != nil {
			return 0, err
		}
		out[f.slots[field]], i = v, end
	}
	return i, nil
}

// value reads the value at i.
func (d *msgDecoder) value(data []byte, i int, n *msgNode) (types.Value, int, error) {
	kind := n.typ.Kind
	if kind == types.String {
		if text, end := shortText(data, i); end > 0 {
			v, ok := textOf(text)
			if !ok {
				return types.NullValue, 0, msgError(n.path, data, i, "text in UTF-8")
			}
			return v, end, nil
		}
	}
	t := msgHead(data, i)
	switch t.kind {
	case msgNil:
		return types.NullValue, t.at, nil
	case msgMap:
		if kind == types.Struct {
			fields, ok := d.structure(len(n.typ.Fields))
			if !ok {
				return types.NullValue, 0, msgError(n.path, data, i, wantFewer)
			}
			end, err := d.object(data, t, n.fields, fields, n.path)
			return types.StructValue(fields), end, err
		}
		if kind == types.Map {
			return d.mapping(data, t, n)
		}
	case msgArray:
		if kind == types.Array {
			return d.array(data, t, n)
		}
	case msgBool, msgInt, msgUint, msgFloat, msgStr, msgBin, msgExt:
		if v, ok := d.scalar(data, t, n.typ); ok {
			return v, t.at + t.size, nil
		}
	}
	if t.kind == msgStr && kind == types.String {
		return types.NullValue, 0, msgError(n.path, data, t.at, "text in UTF-8")
	}
	return types.NullValue, 0, msgError(n.path, data, i, wants(n.typ))
}

func (d *msgDecoder) array(data []byte, t msgToken, n *msgNode) (types.Value, int, error) {
	mark, i := len(d.stack), t.at
	for range t.size {
		v, end, err := d.value(data, i, n.elem)
		if err != nil {
			return types.NullValue, 0, err
		}
		d.push(v)
		i = end
	}
	return types.ArrayValue(d.pop(mark)), i, nil
}

func (d *msgDecoder) mapping(data []byte, t msgToken, n *msgNode) (types.Value, int, error) {
	mark, i := len(d.stack), t.at
	for range t.size {
		key := msgHead(data, i)
		text, ok := d.scalar(data, key, types.TString)
		if !ok {
			return types.NullValue, 0, msgError(n.path, data, i, "text, a number or a boolean as the key of a map")
		}
		d.push(text)
		v, end, err := d.value(data, key.at+key.size, n.elem)
		if err != nil {
			return types.NullValue, 0, err
		}
		d.push(v)
		i = end
	}
	return types.MapValue(d.popPairs(mark)), i, nil
}

// textOf is bytes as a STRING.
func textOf(b []byte) (types.Value, bool) {
	if !utf8.Valid(b) {
		return types.NullValue, false
	}
	return types.StringOf(b), true
}
