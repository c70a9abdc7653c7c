package functions

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/caio/go-tdigest/v4"

	"weir/types"
)

var percentileAggregates = []Aggregate{
	{Doc{"PERCENTILE", AggregateFn, "The value below which a share p, from 0 to 1, of the numbers lies: PERCENTILE(ms, 0.95). NULLs are left out. " +
		"Exact, and interpolated between neighbours, up to 128 numbers; by a t-digest beyond, which is most exact at the ends.",
		[]Example{{"PERCENTILE({10, 20, NULL, 30}, 0.75)", "2.5E1"}, {"PERCENTILE({NULL}, 0.5)", "NULL"}}},
		[]AggregateOverload{{Sig: "(x DOUBLE; p DOUBLE) DOUBLE", Bind: func(_ []*types.Type, initial []types.Value) (*BoundAggregate, error) {
			p := initial[0].Double()
			if initial[0].IsNull() || !(p >= 0 && p <= 1) {
				return nil, fmt.Errorf("the share has to be a number from 0 to 1, such as 0.95")
			}
			return percentiles(p), nil
		}}}},
	{Doc{"MEDIAN", AggregateFn, "The number in the middle: PERCENTILE(x, 0.5).",
		[]Example{{"MEDIAN({1, 100, 3})", "3E0"}, {"MEDIAN({1, 2})", "1.5E0"}}},
		[]AggregateOverload{{Sig: "(x DOUBLE) DOUBLE", Bind: func([]*types.Type, []types.Value) (*BoundAggregate, error) {
			return percentiles(0.5), nil
		}}}},
}

func percentiles(p float64) *BoundAggregate {
	return &BoundAggregate{Object: func(*Site) Object { return &percentile{p: p} }}
}

// maxExact is how many numbers are kept as they are.
const maxExact = 128

// digestBytes is about what a t-digest takes.
const digestBytes = 8 << 10

// percentile keeps the numbers while there are few, and a t-digest of them afterwards.
type percentile struct {
	p      float64
	few    []float64 // sorted, while digest is nil
	digest *tdigest.TDigest
}

// newDigest makes a digest that comes out alike whenever the same numbers come in the same order.
func newDigest() *tdigest.TDigest {
	d, err := tdigest.New(tdigest.LocalRandomNumberGenerator(1))
	if err != nil {
		panic("functions: " + err.Error())
	}
	return d
}

func (p *percentile) Add(args []types.Value, _ int64) error {
	if args[0].IsNull() || math.IsNaN(args[0].Double()) {
		return nil
	}
	return p.add(args[0].Double())
}

func (p *percentile) add(x float64) error {
	if p.digest != nil {
		return p.digest.Add(x)
	}
	at, _ := slices.BinarySearch(p.few, x)
	if p.few = slices.Insert(p.few, at, x); len(p.few) > maxExact {
		return p.condense()
	}
	return nil
}

func (p *percentile) condense() error {
	p.digest = newDigest()
	for _, x := range p.few {
		if err := p.digest.Add(x); err != nil {
			return err
		}
	}
	p.few = nil
	return nil
}

func (p *percentile) Undo([]types.Value) error { return errNoUndo }

func (p *percentile) Merge(other Object) error {
	o := other.(*percentile)
	if o.digest != nil {
		if p.digest == nil {
			if err := p.condense(); err != nil {
				return err
			}
		}
		return p.digest.MergeDestructive(o.digest)
	}
	for _, x := range o.few {
		if err := p.add(x); err != nil {
			return err
		}
	}
	return nil
}

// Bytes is what the numbers, or the digest of them, take.
func (p *percentile) Bytes() int {
	if p.digest != nil {
		return digestBytes
	}
	return 8 * cap(p.few)
}

func (p *percentile) Result() types.Value {
	switch {
	case p.digest != nil:
		return types.DoubleValue(p.digest.Quantile(p.p))
	case len(p.few) == 0:
		return types.NullValue
	}
	at := p.p * float64(len(p.few)-1)
	below := int(at)
	x := p.few[below]
	if below+1 < len(p.few) && at > float64(below) {
		x += (p.few[below+1] - x) * (at - float64(below))
	}
	return types.DoubleValue(x)
}

func (p *percentile) Append(dst []byte) []byte {
	if p.digest != nil {
		out, err := p.digest.AsBytes()
		if err != nil {
			panic("functions: a t-digest can't be encoded: " + err.Error())
		}
		return append(append(dst, 1), out...)
	}
	dst = append(dst, 0)
	for _, x := range p.few {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
	}
	return dst
}

func (p *percentile) Decode(src []byte) error {
	switch {
	case len(src) > 1 && src[0] == 1:
		p.digest = newDigest()
		if p.digest.FromBytes(src[1:]) != nil {
			return types.ErrCorrupt
		}
	case len(src)%8 == 1 && src[0] == 0 && len(src) <= 1+8*maxExact:
		for i := 1; i < len(src); i += 8 {
			p.few = append(p.few, math.Float64frombits(binary.LittleEndian.Uint64(src[i:])))
		}
		slices.Sort(p.few)
	default:
		return types.ErrCorrupt
	}
	return nil
}
