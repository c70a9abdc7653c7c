package chains

import (
	"cmp"
	"fmt"
	"slices"
)

// stream is all rows of a stream, by time.
func (m *model) stream(s *source) []row {
	if rows, ok := m.streams[s]; ok {
		return rows
	}
	var out []row
	switch {
	case s.made == nil:
		for _, r := range m.recs[s] {
			out = append(out, row{at: r.at, key: r.key, g: r.g, v: r.v, place: [2]int{r.partition, r.offset}})
		}
	case s.made.windowed(): // of which each goes out once
		for _, r := range m.windows(s.made) {
			out = append(out, row{at: r.at, late: r.late, key: r.key, g: r.g, v: r.v})
		}
	default:
		out = append(out, m.kept[s.made]...)
		out = append(out, m.streamOf(s.made)...)
	}
	m.streams[s] = ordered(out)
	return out
}

func ordered(rows []row) []row {
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.order(), b.order()), cmp.Compare(a.place[0], b.place[0]), cmp.Compare(a.place[1], b.place[1]))
	})
	return rows
}

func (m *model) streamOf(q *query) []row {
	left := m.stream(q.in[0])
	var out []row
	switch k := cmp.Or(q.inner, q.kind); k {
	case union:
		for _, r := range append(slices.Clone(left), m.stream(q.in[1])...) {
			out = append(out, row{at: r.at, late: r.late, key: r.key, g: r.g, v: r.v})
		}
	case filter:
		for _, r := range left {
			if r.v%q.mod != 0 {
				r.v += q.plus
				out = append(out, row{at: r.at, late: r.late, key: r.key, g: r.g, v: r.v, place: r.place})
			}
		}
	case rekey:
		for _, r := range left {
			next := row{at: r.at, late: r.late, key: r.g, g: parts(r.key)[0], v: r.v}
			switch {
			case q.out.two:
				next.key, next.g = r.by("kg"), fmt.Sprint(r.v%7)
			case q.in[0].keyless:
				next.g = fmt.Sprint(r.v % 5)
			}
			out = append(out, next)
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
		t, ok := m.table(q.more, r.order()-1)[key]
		if !ok {
			t.v = -1
		}
		if r.key, r.v = key, r.v*3+t.v; ok || q.moreJoin == "LEFT" {
			third = append(third, r)
		}
	}
	return third
}

// by is what joins or groups: see source.cols.
func (r *row) by(columns string) string {
	switch columns {
	case "g":
		return r.g
	case "1":
		return parts(r.key)[0]
	case "kg":
		return r.key + "|" + r.g
	default:
		return r.key
	}
}

// combined is the joined row of two, either of which may not be there.
func combined(key string, a, b *row) row {
	out := row{key: key, v: 1*3 + 2}
	switch {
	case a != nil && b != nil:
		out.at, out.late, out.g, out.v = max(a.at, b.at), max(a.late, b.late), a.g, a.v*3+b.v
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
