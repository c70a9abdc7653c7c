package chains

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"weir/kafka"
)

// record is a row of a declared stream or table.
type record struct {
	source    *source
	partition int
	offset    int // in its partition
	at        int64
	key, g    string
	v         int64
	gone      bool // of a table: the row is deleted
}

const (
	keys   = 11 // of k
	groups = 7  // of g
	start  = 100_000
	length = 30_000 // of event time, but for gaps
)

// value is the value as its topic has it; nil for a row that goes.
func (r *record) value() []byte {
	if r.gone {
		return nil
	}
	return fmt.Appendf(nil, `{"G":%q,"V":%d}`, r.g, r.v)
}

// drawData draws the records of all sources, in the order of the times at which they are made: that is the order of their
// timestamps within each partition, but for the disorder. apart says that rows of two sources have no time in common.
func drawData(r *rand.Rand, p *pipeline, disorder int64, apart bool) []*record {
	var all []*record
	grain := []int64{1, 50, 100, 400}[r.IntN(4)] // of times: the coarser, the more are equal, and lie where windows end
	first := int64(start) - r.Int64N(2)          // or just before
	type drawn struct {
		*record
		made int64
	}
	var list []drawn
	for at, s := range p.sources {
		n := 40 + r.IntN(400)
		if s.table {
			n = 20 + r.IntN(150)
		}
		skew := func(t int64) int64 { return t }
		bend := make([]func(int64) int64, s.partitions)
		for i := range bend {
			switch r.IntN(6) {
			case 0:
				bend[i] = func(t int64) int64 { return t / 4 }
			case 1:
				bend[i] = func(t int64) int64 { return length*3/4 + t/4 }
			default:
				bend[i] = skew
			}
		}
		empty := -1
		if s.partitions > 1 && r.IntN(4) == 0 {
			empty = r.IntN(s.partitions)
		}
		gap := r.Int64N(2) * r.Int64N(40_000)
		for i := range n {
			rec := &record{source: s, key: fmt.Sprint(r.IntN(1 + r.IntN(keys))), g: fmt.Sprint(r.IntN(groups)), v: r.Int64N(100), gone: s.table && r.IntN(8) == 0}
			if s.two {
				rec.key += "|" + fmt.Sprint(r.IntN(groups))
			}
			rec.partition = int(kafka.Partition(rec.keyBytes(), int32(s.partitions)))
			if rec.partition == empty {
				continue
			}
			t := bend[rec.partition](int64(i) * length / int64(n))
			if t > length/2 {
				t += gap
			}
			made := first + t/grain*grain
			if apart { // a remainder of its own for each source
				made = made/4*4 + int64(at)
			}
			rec.at = made
			if disorder > 0 {
				rec.at -= r.Int64N(disorder + 1)
			}
			list = append(list, drawn{rec, made})
		}
	}
	slices.SortStableFunc(list, func(a, b drawn) int {
		return cmp.Or(cmp.Compare(a.made, b.made), cmp.Compare(a.source.name, b.source.name), cmp.Compare(a.partition, b.partition))
	})
	for _, d := range list {
		all = append(all, d.record)
	}
	number(all)
	return all
}

// number gives the records their offsets.
func number(all []*record) {
	type place struct {
		s *source
		p int
	}
	next := map[place]int{}
	for _, r := range all {
		at := place{r.source, r.partition}
		r.offset = next[at]
		next[at]++
	}
}
