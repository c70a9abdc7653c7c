package functions

import (
	"encoding/binary"
	"slices"

	"github.com/axiomhq/hyperloglog"
	"github.com/cespare/xxhash/v2"

	"weir/types"
)

var distinctAggregates = []Aggregate{
	{Doc{"COUNT_DISTINCT", AggregateFn, "The number of different values; NULLs are left out. Exact up to 1024 values, with an error of about 1 per cent beyond.",
		[]Example{{"COUNT_DISTINCT({'a', 'b', 'a', NULL})", "2"}}}, distinctOverloads},
	{Doc{"APPROX_COUNT_DISTINCT", AggregateFn, "The number of different values, as COUNT_DISTINCT has it: in at most 16 KB per group, with an error of about 1 per cent above 1024 values.",
		[]Example{{"APPROX_COUNT_DISTINCT({1, 2, 1, NULL})", "2"}}}, distinctOverloads},
}

var distinctOverloads = []AggregateOverload{{Sig: "(x T) BIGINT", Bind: func([]*types.Type, []types.Value) (*BoundAggregate, error) {
	return &BoundAggregate{Exact: true, Object: func(*Site) Object { return &distinct{} }}, nil
}}}

const maxSparse = 1024

// sketchBytes is what a HyperLogLog takes.
const sketchBytes = 16 << 10

// distinct counts different values: as a set of hashes while there are few, as a HyperLogLog of them afterwards. What it
// becomes depends on the set of values only, not on their order.
type distinct struct {
	sparse []uint64 // sorted hashes, while sketch is nil
	sketch *hyperloglog.Sketch
	key    []byte
}

func (d *distinct) Add(args []types.Value, _ int64) error {
	if args[0].IsNull() {
		return nil
	}
	d.key = types.AppendKey(d.key[:0], []types.Value{canonical(args[0])})
	d.add(xxhash.Sum64(d.key))
	return nil
}

func (d *distinct) add(h uint64) {
	if d.sketch != nil {
		d.sketch.InsertHash(h)
		return
	}
	at, found := slices.BinarySearch(d.sparse, h)
	if found {
		return
	}
	if d.sparse = slices.Insert(d.sparse, at, h); len(d.sparse) > maxSparse {
		d.densify()
	}
}

func (d *distinct) densify() {
	d.sketch = hyperloglog.NewNoSparse()
	for _, h := range d.sparse {
		d.sketch.InsertHash(h)
	}
	d.sparse = nil
}

func (d *distinct) Undo([]types.Value) error { return errNoUndo }

func (d *distinct) Merge(other Object) error {
	o := other.(*distinct)
	if o.sketch != nil {
		if d.sketch == nil {
			d.densify()
		}
		return d.sketch.Merge(o.sketch)
	}
	for _, h := range o.sparse {
		d.add(h)
	}
	return nil
}

// Bytes is what the hashes, or the sketch of them, take.
func (d *distinct) Bytes() int {
	if d.sketch != nil {
		return sketchBytes
	}
	return 8 * cap(d.sparse)
}

func (d *distinct) Result() types.Value {
	if d.sketch == nil {
		return types.BigintValue(int64(len(d.sparse)))
	}
	return types.BigintValue(int64(d.sketch.Estimate()))
}

func (d *distinct) Append(dst []byte) []byte {
	if d.sketch != nil {
		out, err := d.sketch.AppendBinary(append(dst, 1))
		if err != nil {
			panic("functions: a sketch can't be encoded: " + err.Error())
		}
		return out
	}
	dst = append(dst, 0)
	for _, h := range d.sparse {
		dst = binary.LittleEndian.AppendUint64(dst, h)
	}
	return dst
}

func (d *distinct) Decode(src []byte) error {
	switch {
	case len(src) > 1 && src[0] == 1:
		d.sketch = hyperloglog.NewNoSparse()
		if d.sketch.UnmarshalBinary(src[1:]) != nil {
			return types.ErrCorrupt
		}
	case len(src)%8 == 1 && src[0] == 0 && len(src) <= 1+8*maxSparse:
		for i := 1; i < len(src); i += 8 {
			d.sparse = append(d.sparse, binary.LittleEndian.Uint64(src[i:]))
		}
		slices.Sort(d.sparse)
	default:
		return types.ErrCorrupt
	}
	return nil
}
