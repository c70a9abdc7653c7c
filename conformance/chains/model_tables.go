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
			m.put(q, key, list, out)
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
