package formats

import (
	"google.golang.org/protobuf/encoding/protowire"

	"weir/types"
)

// repeated reads the values of a repeated field that stand together, from the tag at i on, behind those that dst holds.
func (d *protoDecoder) repeated(f *protoField, data []byte, i, end int, dst *types.Value) (int, error) {
	n, mark := f.node, len(d.stack)
	first, _ := uvarint(data, i, end)
	for i < end {
		tag, next := uvarint(data, i, end)
		if next == 0 || tag>>3 != first>>3 {
			break
		}
		var err error
		if i, err = d.item(n, protowire.Type(tag&7), data, next, end); err != nil {
			return 0, err
		}
	}
	switch {
	case dst.Len() > 0:
		d.extend(dst, mark, n.code == protoEntry)
	case n.code == protoEntry:
		*dst = types.MapValue(d.popPairs(mark))
	default:
		*dst = types.ArrayValue(d.pop(mark))
	}
	return i, nil
}

// item pushes one value, those of a packed list, or the key and value of an entry.
func (d *protoDecoder) item(n *protoNode, wire protowire.Type, data []byte, i, end int) (int, error) {
	if wire == protowire.BytesType && n.wire != protowire.BytesType {
		from, to := span(data, i, end)
		if from == 0 {
			return 0, d.fail(n.path, data, i, "a length within the record")
		}
		for from < to {
			v, next, err := d.value(n, data, from, to)
			if err != nil {
				return 0, err
			}
			d.push(v)
			from = next
		}
		return to, nil
	}
	if n.code != protoEntry {
		var v types.Value
		next, err := d.single(n, wire, data, i, end, &v)
		d.push(v)
		return next, err
	}
	from, to := span(data, i, end)
	if wire != protowire.BytesType || from == 0 {
		return 0, d.fail(n.path, data, i, "the entry of a map")
	}
	entry := d.values(2)
	n.message.defaults(entry)
	if err := d.message(n.message, data, from, to, entry); err != nil {
		return 0, err
	}
	d.push(entry[0])
	d.push(entry[1])
	return to, nil
}

// grownList is a list whose values do not stand together: it is copied only as often as it doubles.
type grownList struct {
	vals  []types.Value
	isMap bool
}

// extend puts the values pushed since the mark behind those of a list that is there.
func (d *protoDecoder) extend(dst *types.Value, mark int, isMap bool) {
	if d.grown == nil {
		d.grown = map[*types.Value]grownList{}
	}
	g, ok := d.grown[dst]
	if !ok {
		if isMap {
			g = grownList{dst.Pairs(), true}
		} else {
			g = grownList{dst.Items(), false}
		}
	}
	more := d.stack[mark:]
	if n := len(g.vals); cap(g.vals)-n < len(more) || !ok {
		vals := d.values(2 * (n + len(more)))
		copy(vals, g.vals)
		g.vals = vals[:n]
	}
	g.vals = append(g.vals, more...)
	d.stack = d.stack[:mark]
	d.grown[dst] = g
	if isMap {
		*dst = types.MapValue(g.vals)
	} else {
		*dst = types.ArrayValue(g.vals)
	}
}

// settle leaves of the entries with one key, in maps that were extended, only the last.
func (d *protoDecoder) settle() {
	for dst, g := range d.grown {
		if g.isMap {
			mark := len(d.stack)
			d.stack = append(d.stack, g.vals...)
			*dst = types.MapValue(d.popPairs(mark))
		}
	}
}
