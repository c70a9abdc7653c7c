package chains

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
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

// stream is all rows of a stream, by time.
func (m *model) stream(s *source) []row {
	if rows, ok := m.streams[s]; ok {
		return rows
	}
	var out []row
	if s.made == nil {
		for _, r := range m.recs[s] {
			out = append(out, row{at: r.at, key: r.key, g: r.g, v: r.v, place: [2]int{r.partition, r.offset}})
		}
	} else {
		out = m.streamOf(s.made)
	}
	m.streams[s] = ordered(out)
	return out
}

func ordered(rows []row) []row {
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.place[0], b.place[0]), cmp.Compare(a.place[1], b.place[1]))
	})
	return rows
}

func (m *model) streamOf(q *query) []row {
	left := m.stream(q.in[0])
	var out []row
	switch k := cmp.Or(q.inner, q.kind); k {
	case union:
		for _, r := range append(slices.Clone(left), m.stream(q.in[1])...) {
			out = append(out, row{at: r.at, key: r.key, g: r.g, v: r.v})
		}
	case filter:
		for _, r := range left {
			if r.v%q.mod != 0 {
				r.v += q.plus
				out = append(out, row{at: r.at, key: r.key, g: r.g, v: r.v, place: r.place})
			}
		}
	case rekey:
		for _, r := range left {
			out = append(out, row{at: r.at, key: r.g, g: r.key, v: r.v})
		}
	case streamJoin:
		out = m.joinStreams(q, left, m.stream(q.in[1]))
	case lookup:
		for _, r := range left {
			if j, ok := m.lookUp(q, r); ok {
				out = append(out, j)
			}
		}
	}
	if q.more == nil {
		return out
	}
	var third []row
	for _, r := range out {
		key := r.by(q.moreOn)
		t, ok := m.table(q.more, r.at-1)[key]
		if !ok {
			t.v = -1
		}
		if r.key, r.v = key, r.v*3+t.v; ok || q.moreJoin == "LEFT" {
			third = append(third, r)
		}
	}
	return third
}

// by is the column that joins or groups.
func (r *row) by(column string) string {
	if column == "g" {
		return r.g
	}
	return r.key
}

// combined is the joined row of two, either of which may not be there.
func combined(key string, a, b *row) row {
	out := row{key: key, v: 1*3 + 2}
	switch {
	case a != nil && b != nil:
		out.at, out.g, out.v = max(a.at, b.at), a.g, a.v*3+b.v
	case a != nil:
		out.at, out.g, out.v = a.at, a.g, a.v*3+2
	case b != nil:
		out.at, out.g, out.v = b.at, b.g, 1*3+b.v
	}
	return out
}

func (m *model) joinStreams(q *query, left, right []row) []row {
	var out []row
	met := make([]bool, len(right))
	for i := range left {
		a, alone := &left[i], true
		for k := range right {
			b := &right[k]
			if b.at >= a.at-q.before && b.at <= a.at+q.after && a.by(q.on[0]) == b.by(q.on[1]) {
				out = append(out, combined(a.by(q.on[0]), a, b))
				alone, met[k] = false, true
			}
		}
		if alone && (q.join == "LEFT" || q.join == "FULL") {
			out = append(out, combined(a.by(q.on[0]), a, nil))
		}
	}
	for k := range right {
		if !met[k] && (q.join == "RIGHT" || q.join == "FULL") {
			out = append(out, combined(right[k].by(q.on[1]), nil, &right[k]))
		}
	}
	return out
}

// lookUp joins a stream's row with the table as of its time: the stream comes first, so that changes of that very time come after it.
func (m *model) lookUp(q *query, r row) (row, bool) {
	key, out := r.by(q.on[0]), row{at: r.at, g: r.g, v: r.v}
	out.key = key
	if !q.in[1].exact() {
		out.loose = m.found(q.in[1], key, r.at)
		out.loose.missing = q.join == "INNER" && slices.Contains(out.loose.looked, "-1")
		if q.join == "INNER" {
			out.loose.looked = slices.DeleteFunc(out.loose.looked, func(w string) bool { return w == "-1" })
		}
		return out, len(out.loose.looked) > 0
	}
	w := int64(-1)
	if t, ok := m.table(q.in[1], r.at-1)[key]; ok {
		w = t.v
	} else if q.join == "INNER" {
		return out, false
	}
	out.v, out.fixed = r.v*3+w, fmt.Sprintf("W=%d", w)
	return out, true
}

// found is what a look-up at a time may find in a table whose changes were put together: the row of that time, or a newer one; nothing
// only where there was nothing, or where the row went later.
func (m *model) found(s *source, key string, at int64) *loose {
	out := &loose{}
	add := func(r *row) {
		w := "-1"
		if r != nil {
			w = strconv.FormatInt(r.v, 10)
		}
		if !slices.Contains(out.looked, w) {
			out.looked = append(out.looked, w)
		}
	}
	var before *row
	for _, v := range m.history(s)[key] {
		if v.at < at {
			before = v.row
		} else {
			add(v.row)
		}
	}
	add(before)
	return out
}

// history is the versions of each key of a table.
func (m *model) history(s *source) map[string][]version {
	if h, ok := m.past[s]; ok {
		return h
	}
	h := map[string][]version{}
	last := map[string]row{}
	for _, at := range m.ticks {
		now := m.table(s, at)
		for key, r := range now {
			if was, ok := last[key]; !ok || was.v != r.v {
				h[key] = append(h[key], version{at, &r})
			}
		}
		for key := range last {
			if _, ok := now[key]; !ok {
				h[key] = append(h[key], version{at, nil})
			}
		}
		last = now
	}
	m.past[s] = h
	return h
}

// table is what a table without windows holds when all up to a time is in it.
func (m *model) table(s *source, upTo int64) map[string]row {
	if len(m.ticks) > 0 { // what no tick divides is the same
		i, is := slices.BinarySearch(m.ticks, upTo)
		switch {
		case i == len(m.ticks):
			upTo = atEnd
		case !is && i == 0:
			return nil
		case !is:
			upTo = m.ticks[i-1]
		case i == len(m.ticks)-1:
			upTo = atEnd
		}
	}
	if m.tables[s] == nil {
		m.tables[s] = map[int64]map[string]row{}
	}
	if t, ok := m.tables[s][upTo]; ok {
		return t
	}
	var out map[string]row
	if s.made == nil {
		out = map[string]row{}
		for _, r := range m.recs[s] { // of one key in one partition, by offset
			if r.at <= upTo {
				if out[r.key] = (row{at: r.at, key: r.key, g: r.g, v: r.v}); r.gone {
					delete(out, r.key)
				}
			}
		}
	} else {
		out = m.tableOf(s.made, upTo)
	}
	m.tables[s][upTo] = out
	return out
}

func (m *model) tableOf(q *query, upTo int64) map[string]row {
	out := map[string]row{}
	switch q.kind {
	case aggregate:
		for key, list := range m.grouped(q, upTo) {
			out[key] = m.folded(q, key, list)
		}
	case tableFilter:
		for key, r := range m.table(q.in[0], upTo) {
			if r.v%q.mod != 0 {
				r.v += q.plus
				out[key] = row{key: key, g: r.g, v: r.v}
			}
		}
	case regroup:
		sums, counts := map[string]int64{}, map[string]int{}
		for _, r := range m.table(q.in[0], upTo) {
			sums[r.g] += r.v
			counts[r.g]++
		}
		for key, n := range counts {
			out[key] = row{key: key, g: fmt.Sprint(sums[key] % 7), v: sums[key], fixed: fmt.Sprintf("N=%d", n)}
		}
	case tableJoin, foreignJoin:
		left, right := m.table(q.in[0], upTo), m.table(q.in[1], upTo)
		for key, a := range left {
			b, ok := right[a.by(q.on[0])]
			switch {
			case ok:
				out[key] = combined(key, &a, &b)
			case q.join == "LEFT" || q.join == "FULL":
				out[key] = combined(key, &a, nil)
			}
		}
		if q.join == "RIGHT" || q.join == "FULL" {
			for key, b := range right {
				if _, ok := left[key]; !ok {
					out[key] = combined(key, nil, &b)
				}
			}
		}
	}
	for key, r := range out {
		if q.kind != aggregate {
			r.at = 0 // of tables over tables the rule says no times
			out[key] = r
		}
	}
	return out
}

// grouped is the rows that a query aggregates, up to a time, in their order.
func (m *model) grouped(q *query, upTo int64) map[string][]row {
	rows := m.stream(q.in[0])
	if q.inner != "" {
		if m.inner[q] == nil {
			m.inner[q] = ordered(m.streamOf(q))
		}
		rows = m.inner[q]
	}
	out := map[string][]row{}
	for _, r := range rows {
		if r.at <= upTo {
			out[r.by(q.by)] = append(out[r.by(q.by)], r)
		}
	}
	return out
}

// folded is the aggregates of rows, which are in order.
func (m *model) folded(q *query, key string, rows []row) row {
	out := row{key: key, at: rows[len(rows)-1].at}
	least, most := rows[0].v, rows[0].v
	var ties [][]int64
	for i, r := range rows {
		out.v += r.v
		least, most = min(least, r.v), max(most, r.v)
		if i == 0 || r.at != rows[i-1].at || q.in[0].made == nil && q.inner == "" { // the order of what comes from sources is known
			ties = append(ties, nil)
		}
		ties[len(ties)-1] = append(ties[len(ties)-1], r.v)
	}
	out.g = fmt.Sprint(out.v % 7)
	out.fixed = fmt.Sprintf("MA=%d MI=%d N=%d", most, least, len(rows))
	if q.ordered {
		out.loose = &loose{ties: ties}
	}
	return out
}
