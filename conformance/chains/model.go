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
	ticks   []int64 // all times at which something happens
	past    map[*source]map[string][]version
	inner   map[*query][]row // what a query joins before it aggregates
}

// version is a table's row of a key from a time on; nil where there is none.
type version struct {
	at  int64
	row *row
}

func newModel(p *pipeline, recs []*record) *model {
	m := &model{p: p, recs: map[*source][]*record{}, streams: map[*source][]row{}, tables: map[*source]map[int64]map[string]row{},
		past: map[*source]map[string][]version{}, inner: map[*query][]row{}}
	for _, r := range recs {
		m.recs[r.source] = append(m.recs[r.source], r)
		m.ticks = append(m.ticks, r.at)
	}
	slices.Sort(m.ticks)
	m.ticks = slices.Compact(m.ticks)
	return m
}
