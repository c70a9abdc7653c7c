package chains

import (
	"math"
	"slices"
)

// The model computes what stands at the end from all records at once. A stream is the list of its rows; a table is a function of
// time: what it holds when all that has come up to a time, and nothing else, has been taken in.

// row is a row of a stream or table.
type row struct {
	at     int64
	key, g string
	v      int64
	late   int64  // where it is put in order with others, where that is behind its time: the row of a window that goes out once does so when it closes
	place  [2]int // partition and offset, which order rows of one time; of declared streams alone
	loose  *loose // what is not told exactly, of the result of a query
	fixed  string // the other columns of a result, beside v and g
}

// loose is columns of which several values are right.
type loose struct {
	ties    [][]int64 // v of the rows of a group, by time: the order within is open
	looked  []string  // what a look-up may have found
	missing bool      // there may be no row at all
}

const atEnd = math.MaxInt64

type model struct {
	p       *pipeline
	recs    map[*source][]*record
	streams map[*source][]row
	tables  map[*source]map[int64]map[string]row
	ticks   []int64 // all times at which something happens, or a window closes
	past    map[*source]map[string][]version
	inner   map[*query][]row // what a query joins before it aggregates
	kept    map[*query][]row // what a query had written by the time that it was dropped, where its topic was kept
}

// version is a table's row of a key from a time on; nil where there is none.
type version struct {
	at  int64
	row *row
}

func newModel(p *pipeline, recs []*record, kept map[*query][]row) *model {
	m := &model{p: p, kept: kept, recs: map[*source][]*record{}, streams: map[*source][]row{}, tables: map[*source]map[int64]map[string]row{},
		past: map[*source]map[string][]version{}, inner: map[*query][]row{}}
	for _, r := range recs {
		m.recs[r.source] = append(m.recs[r.source], r)
		m.ticks = append(m.ticks, r.at)
	}
	slices.Sort(m.ticks)
	m.ticks = slices.Compact(m.ticks)
	for _, q := range p.queries {
		if !q.final || q.view == nil {
			continue
		}
		for _, r := range m.windows(q) {
			if i, is := slices.BinarySearch(m.ticks, r.late); !is {
				m.ticks = slices.Insert(m.ticks, i, r.late)
			}
		}
	}
	return m
}

// order is the time by which a row is put in order with others.
func (r *row) order() int64 { return max(r.at, r.late) }
