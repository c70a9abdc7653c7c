package chains

import (
	"fmt"
	"slices"
	"strconv"
)

// lookUp joins a stream's row with the table as of its time: the stream comes first, so that changes of that very time come after it.
func (m *model) lookUp(q *query, r row) (row, bool) {
	key, out := r.by(q.on[0]), row{at: r.at, late: r.late, g: r.g, v: r.v}
	out.key = key
	if q.open() {
		out.loose = m.found(q.in[1], key, r.order())
		out.loose.missing = q.join == "INNER" && slices.Contains(out.loose.looked, "-1")
		if q.join == "INNER" {
			out.loose.looked = slices.DeleteFunc(out.loose.looked, func(w string) bool { return w == "-1" })
		}
		return out, len(out.loose.looked) > 0
	}
	w := int64(-1)
	if t, ok := m.table(q.in[1], r.order()-1)[key]; ok {
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
			before = v.row // the last of a tick is the one that stands
		} else {
			add(v.row)
		}
	}
	add(before)
	return out
}

// history is the versions of each key of a table, those that stood between two rows of one time among them.
func (m *model) history(s *source) map[string][]version {
	if h, ok := m.past[s]; ok {
		return h
	}
	h := map[string][]version{}
	for _, at := range m.ticks {
		for key, versions := range m.steps(s, at) {
			for _, r := range versions[1:] {
				h[key] = append(h[key], version{at, r})
			}
		}
	}
	m.past[s] = h
	return h
}
