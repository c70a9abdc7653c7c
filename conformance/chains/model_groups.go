package chains

import (
	"cmp"
	"fmt"
	"slices"
)

// windows is the rows of a query with windows, by key and window.
func (m *model) windows(q *query) map[string]row {
	out := map[string]row{}
	for key, rows := range m.grouped(q, atEnd) {
		if q.kind == session {
			m.sessions(q, key, rows, out)
			continue
		}
		advance := q.size
		if q.kind == hopping {
			advance = q.advance
		}
		in := map[int64][]row{}
		for _, r := range rows {
			for begin := r.at / advance * advance; begin > r.at-q.size && begin >= 0; begin -= advance {
				in[begin] = append(in[begin], r)
			}
		}
		for begin, list := range in {
			m.put(q, key, windowKey(key, begin, begin+q.size), begin+q.size+q.grace, list, out)
		}
	}
	return out
}

// sessions cuts rows where the pause is longer than the gap.
func (m *model) sessions(q *query, key string, rows []row, out map[string]row) {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.at, b.at) })
	from := 0
	for i := range rows {
		if i+1 < len(rows) && rows[i+1].at-rows[i].at <= q.size {
			continue
		}
		m.put(q, key, windowKey(key, rows[from].at, rows[i].at), rows[i].at+q.size+q.grace+1, ordered(slices.Clone(rows[from:i+1])), out)
		from = i + 1
	}
}

// put adds the row of a group, of a window that closes at a time or of none.
func (m *model) put(q *query, key, id string, closes int64, rows []row, out map[string]row) {
	if !q.having || len(rows) > 1 {
		r := m.folded(q, key, rows)
		if q.final {
			r.late = closes
		}
		out[id] = r
	}
}

func windowKey(key string, begin, end int64) string {
	return fmt.Sprintf("%s [%d,%d]", key, begin, end)
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
		if r.order() <= upTo {
			out[r.by(q.by)] = append(out[r.by(q.by)], r)
		}
	}
	return out
}

// folded is the aggregates of rows, which are in order.
func (m *model) folded(q *query, key string, rows []row) row {
	out := row{key: key}
	least, most := rows[0].v, rows[0].v
	var ties [][]int64
	for i, r := range rows {
		out.v += r.v
		out.at = max(out.at, r.at)
		least, most = min(least, r.v), max(most, r.v)
		if i == 0 || r.order() != rows[i-1].order() || q.known() {
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

// known says whether the order of the rows of one time is known that a query aggregates: of what comes from sources, by partition and offset.
func (q *query) known() bool { return q.in[0].made == nil && q.inner == "" }
