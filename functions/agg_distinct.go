package functions

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/cespare/xxhash/v2"

	"weir/types"
)

var distinctAggregates = []Aggregate{
	{Doc{"COUNT_DISTINCT", AggregateFn, "The number of different values; NULLs are left out. Exact up to 1024 values, with an error of about 1 per cent beyond.",
		[]Example{{"COUNT_DISTINCT({'a', 'b', 'a', NULL})", "2"}}},
		[]AggregateOverload{{Sig: "(x T) BIGINT", Bind: func([]*types.Type, []types.Value) (*BoundAggregate, error) {
			return &BoundAggregate{Exact: true, Object: func(*Env) Object { return &distinct{} }}, nil
		}}}},
}

const (
	maxSparse = 1024
	hllBits   = 14 // 16384 registers: a standard error of 0.8 %
)

// distinct counts different values: as a set of hashes while there are few, as a HyperLogLog of them afterwards. What it
// becomes depends on the set of values only, not on their order.
type distinct struct {
	sparse    []uint64 // sorted hashes, while registers is nil
	registers []uint8
	key       []byte
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
	if d.registers != nil {
		d.register(h)
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
	d.registers = make([]uint8, 1<<hllBits)
	for _, h := range d.sparse {
		d.register(h)
	}
	d.sparse = nil
}

func (d *distinct) register(h uint64) {
	rank := uint8(bits.LeadingZeros64(h<<hllBits|1<<(hllBits-1)) + 1)
	at := h >> (64 - hllBits)
	d.registers[at] = max(d.registers[at], rank)
}

func (d *distinct) Undo([]types.Value) error { return errNoUndo }

func (d *distinct) Merge(other Object) error {
	o := other.(*distinct)
	if o.registers != nil && d.registers == nil {
		d.densify()
	}
	for i, r := range o.registers {
		d.registers[i] = max(d.registers[i], r)
	}
	for _, h := range o.sparse {
		d.add(h)
	}
	return nil
}

func (d *distinct) Result() types.Value {
	if d.registers == nil {
		return types.BigintValue(int64(len(d.sparse)))
	}
	const m = 1 << hllBits
	sum, zeros := 0.0, 0
	for _, r := range d.registers {
		sum += math.Ldexp(1, -int(r))
		if r == 0 {
			zeros++
		}
	}
	estimate := 0.7213 / (1 + 1.079/m) * m * m / sum
	if estimate <= 2.5*m && zeros > 0 {
		estimate = m * math.Log(m/float64(zeros))
	}
	return types.BigintValue(int64(math.Round(estimate)))
}

func (d *distinct) Append(dst []byte) []byte {
	if d.registers != nil {
		return append(append(dst, 1), d.registers...)
	}
	dst = append(dst, 0)
	for _, h := range d.sparse {
		dst = binary.LittleEndian.AppendUint64(dst, h)
	}
	return dst
}

func (d *distinct) Decode(src []byte) error {
	switch {
	case len(src) == 1+1<<hllBits && src[0] == 1:
		d.registers = slices.Clone(src[1:])
		for _, r := range d.registers {
			if r > 64-hllBits+1 {
				return types.ErrCorrupt
			}
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
