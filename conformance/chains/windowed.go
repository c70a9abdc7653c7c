package chains

import "fmt"

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
			name := windowKey(key, begin, begin+q.size)
			out[name] = m.folded(q, name, list)
		}
	}
	return out
}

// sessions cuts rows where the pause is longer than the gap.
func (m *model) sessions(q *query, key string, rows []row, out map[string]row) {
	from := 0
	for i := range rows {
		if i+1 < len(rows) && rows[i+1].at-rows[i].at <= q.size {
			continue
		}
		name := windowKey(key, rows[from].at, rows[i].at)
		out[name] = m.folded(q, name, rows[from:i+1])
		from = i + 1
	}
}

func windowKey(key string, begin, end int64) string {
	return fmt.Sprintf("%s [%d,%d]", key, begin, end)
}
