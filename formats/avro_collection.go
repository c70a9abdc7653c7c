package formats

import (
	"math"
	"unicode/utf8"

	"weir/types"
)

// collection reads the blocks of an array or map.
func (d *avroDecoder) collection(n *avroNode, data []byte, i int) (types.Value, int, error) {
	mark := len(d.stack)
	for {
		count, _, end, err := d.block(n, data, i)
		if err != nil {
			return types.NullValue, 0, err
		}
		i = end
		if count == 0 {
			break
		}
		for range count {
			before := i
			if i, err = d.item(n, data, i); err != nil {
				return types.NullValue, 0, err
			}
			if err := d.paid(n, data, before, i); err != nil {
				return types.NullValue, 0, err
			}
		}
	}
	if n.code == avroArray {
		return types.ArrayValue(d.pop(mark)), i, nil
	}
	return types.MapValue(d.popPairs(mark)), i, nil
}

// paid bounds the items that cost the writer no byte.
func (d *avroDecoder) paid(n *avroNode, data []byte, before, after int) error {
	if after == before {
		if d.zeros++; d.zeros > maxEmptyItems {
			return n.fail(data, before, "fewer empty items")
		}
	}
	return nil
}

// block reads the head of a block: the number of items, and their bytes where the writer says so.
func (d *avroDecoder) block(n *avroNode, data []byte, i int) (count int64, size int, end int, err error) {
	count, end = varint(data, i)
	if end == 0 || count == math.MinInt64 {
		return 0, 0, 0, n.fail(data, i, "the number of items")
	}
	size = -1
	if count < 0 {
		from, to, err := n.span(data, end)
		if err != nil {
			return 0, 0, 0, err
		}
		count, size, end = -count, to-from, from
	}
	return count, size, end, nil
}

func (d *avroDecoder) item(n *avroNode, data []byte, i int) (int, error) {
	switch n.code {
	case avroMap:
		from, to, err := n.span(data, i)
		if err != nil {
			return 0, err
		}
		if !utf8.Valid(data[from:to]) {
			return 0, n.fail(data, from, "text in UTF-8")
		}
		d.push(types.StringOf(data[from:to]))
		i = to
	case avroEntries:
		if n.nulls != nil {
			at, end := varint(data, i)
			if end == 0 || at < 0 || at >= int64(len(n.nulls)) {
				return 0, n.fail(data, i, "the number of a branch of a union")
			}
			if i = end; n.nulls[at] {
				return i, nil
			}
		}
		key, end, err := d.value(n.key, data, i)
		if err != nil {
			return 0, err
		}
		d.push(key)
		i = end
	}
	v, i, err := d.value(n.elem, data, i)
	d.push(v)
	return i, err
}
