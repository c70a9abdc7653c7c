package chains

import (
	"fmt"
	"slices"
)

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
			if r.at > upTo {
				continue
			}
			if v := r.row(); v != nil {
				out[r.key] = *v
			} else {
				delete(out, r.key)
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
			m.put(q, key, key, 0, list, out)
		}
	case tableFilter:
		for key, r := range m.table(q.in[0], upTo) {
			if v := q.passed(&r); v != nil {
				out[key] = *v
			}
		}
	case regroup:
		all := map[string]tally{}
		for _, r := range m.table(q.in[0], upTo) {
			all[r.g] = tally{all[r.g].n + 1, all[r.g].sum + r.v}
		}
		for key, t := range all {
			out[key] = *grouped(key, t)
		}
	case tableJoin, foreignJoin:
		left, right := m.table(q.in[0], upTo), m.table(q.in[1], upTo)
		match := func(key string, a, b *row) {
			if r := q.matched(key, a, b); r != nil {
				out[key] = *r
			}
		}
		for key, a := range left {
			match(key, &a, found(right, a.by(q.on[0])))
		}
		for key, b := range right {
			if _, ok := left[key]; !ok && q.kind == tableJoin {
				match(key, nil, &b)
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

// row is the version of a table's key that a record makes; nil where it goes.
func (r *record) row() *row {
	if r.gone {
		return nil
	}
	return &row{at: r.at, key: r.key, g: r.g, v: r.v}
}

// passed is what a filter makes of a version; nil where it keeps it out.
func (q *query) passed(r *row) *row {
	if r == nil || r.v%q.mod == 0 {
		return nil
	}
	return &row{key: r.key, g: r.g, v: r.v + q.plus}
}

// grouped is the row of a group.
func grouped(key string, t tally) *row {
	return &row{key: key, g: fmt.Sprint(t.sum % 7), v: t.sum, fixed: fmt.Sprintf("N=%d", t.n)}
}

// matched is the row of a key that tables are joined by, or of the left one's where it is a foreign key; nil where there is none.
func (q *query) matched(key string, a, b *row) *row {
	if a == nil && b == nil || b == nil && q.join != "LEFT" && q.join != "FULL" || a == nil && q.join != "RIGHT" && q.join != "FULL" {
		return nil
	}
	r := combined(key, a, b)
	return &r
}
