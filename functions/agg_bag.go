package functions

import (
	"encoding/binary"
	"math"
	"slices"

	"weir/types"
)

// bag counts different values, in the order in which they first came.
type bag struct {
	growing
	limit    int // of different values; more are ignored
	skipNull bool
	result   func(*bag) types.Value
	vals     []types.Value
	counts   []int64
	at       map[string]int // place of a value, by its encoding
	key      []byte
}

func (b *bag) find(v types.Value) int {
	b.key = types.AppendKey(b.key[:0], []types.Value{canonical(v)})
	if at, ok := b.at[string(b.key)]; ok {
		return at
	}
	return -1
}

// canonical orders the entries of maps, so that equal ones are encoded alike.
func canonical(v types.Value) types.Value {
	switch v.Kind() {
	case types.Array, types.Struct:
		items := slices.Clone(v.Items())
		for i := range items {
			items[i] = canonical(items[i])
		}
		if v.Kind() == types.Array {
			return types.ArrayValue(items)
		}
		return types.StructValue(items)
	case types.Map:
		out := sortedPairs(v)
		for i := range out {
			out[i] = canonical(out[i])
		}
		return types.MapValue(out)
	}
	return v
}

// sortedPairs are the entries of a map in the order of its keys, in a slice of their own.
func sortedPairs(v types.Value) []types.Value {
	pairs := v.Pairs()
	order := make([]int, 0, v.Len())
	for i := 0; i < len(pairs); i += 2 {
		order = append(order, i)
	}
	slices.SortFunc(order, func(i, j int) int { return types.Compare(pairs[i], pairs[j]) })
	out := make([]types.Value, 0, len(pairs))
	for _, i := range order {
		out = append(out, pairs[i], pairs[i+1])
	}
	return out
}

// add counts a value n times; v is kept where own is set, cloned otherwise.
func (b *bag) add(v types.Value, n int64, own bool) error {
	if at := b.find(v); at >= 0 {
		b.counts[at] += n
		return nil
	}
	if len(b.vals) >= b.limit {
		return nil
	}
	if err := b.grow(v); err != nil {
		return err
	}
	if !own {
		v = v.Clone()
	}
	if b.at == nil {
		b.at = map[string]int{}
	}
	b.at[string(b.key)] = len(b.vals)
	b.vals, b.counts = append(b.vals, v), append(b.counts, n)
	return nil
}

func (b *bag) Add(args []types.Value, _ int64) error {
	if args[0].IsNull() && b.skipNull {
		return nil
	}
	return b.add(args[0], 1, false)
}

func (b *bag) Undo(args []types.Value) error {
	at := b.find(args[0])
	if at < 0 {
		return nil
	}
	if b.counts[at]--; b.counts[at] > 0 {
		return nil
	}
	delete(b.at, string(b.key))
	b.shrink(b.vals[at])
	b.vals, b.counts = slices.Delete(b.vals, at, at+1), slices.Delete(b.counts, at, at+1)
	for k, i := range b.at {
		if i > at {
			b.at[k] = i - 1
		}
	}
	return nil
}

func (b *bag) Merge(other Object) error {
	o := other.(*bag)
	for i := range o.vals {
		if err := b.add(o.vals[i], o.counts[i], true); err != nil {
			return err
		}
	}
	return nil
}

func (b *bag) Result() types.Value { return b.result(b) }

func bagKeys(b *bag) types.Value { return types.ArrayValue(b.vals) }

func bagCounts(b *bag) types.Value {
	pairs := make([]types.Value, 0, 2*len(b.vals))
	for i := range b.vals {
		pairs = append(pairs, b.vals[i], types.BigintValue(b.counts[i]))
	}
	return types.MapValue(pairs)
}

func bagOnly(b *bag) types.Value {
	if len(b.vals) == 1 {
		return b.vals[0]
	}
	return types.NullValue
}

func (b *bag) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b.vals)))
	for _, n := range b.counts {
		dst = binary.AppendVarint(dst, n)
	}
	return types.AppendRow(dst, b.vals)
}

func (b *bag) Decode(src []byte) error {
	vals, counts, err := decodeCounts(src)
	if err != nil {
		return err
	}
	b.most = max(b.most, valueBytes*len(vals)+types.SizeOf(vals, math.MaxInt)) // it was taken once
	for i := range vals {
		if err := b.add(vals[i], counts[i], true); err != nil {
			return err
		}
	}
	return nil
}

// decodeCounts reads values and how often each came.
func decodeCounts(src []byte) ([]types.Value, []int64, error) {
	count, used := binary.Uvarint(src)
	if used <= 0 || count > uint64(len(src)) {
		return nil, nil, types.ErrCorrupt
	}
	src = src[used:]
	counts := make([]int64, count)
	for i := range counts {
		n, used := binary.Varint(src)
		if used <= 0 || n < 1 {
			return nil, nil, types.ErrCorrupt
		}
		counts[i], src = n, src[used:]
	}
	vals, err := decodeValues(src, int(count))
	return vals, counts, err
}
