package chains

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// result is a record of a result as it was read. Columns are by their names.
type result struct {
	key  string // with its window
	at   int64
	gone bool
	cols map[string]string
}

// read takes a record of a query's topic apart.
func (q *query) read(rec *kgo.Record) (result, error) {
	out := result{at: rec.Timestamp.UnixMilli(), gone: rec.Value == nil, cols: map[string]string{}}
	key := rec.Key
	if q.windowed() {
		n := 8
		if q.kind == session {
			n = 16
		}
		if len(key) < n {
			return out, fmt.Errorf("the key %q has no window", key)
		}
		begin := int64(binary.BigEndian.Uint64(key[len(key)-8:]))
		end := begin + q.size
		if q.kind == session {
			end = int64(binary.BigEndian.Uint64(key[len(key)-16:]))
		}
		key, err := q.out.readKey(key[:len(key)-n])
		if err != nil {
			return out, err
		}
		out.key = windowKey(key, begin, end)
	} else {
		var err error
		if out.key, err = q.out.readKey(key); err != nil {
			return out, err
		}
	}
	if out.gone {
		return out, nil
	}
	d := json.NewDecoder(bytes.NewReader(rec.Value))
	d.UseNumber()
	var cols map[string]any
	if err := d.Decode(&cols); err != nil {
		return out, fmt.Errorf("%s: %w", rec.Value, err)
	}
	for name, v := range cols {
		out.cols[name] = fmt.Sprint(v)
	}
	return out, nil
}

// text is columns as fixed has them.
func (r *result) text(but ...string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(r.cols)) {
		if !slices.Contains(but, name) {
			out = append(out, name+"="+r.cols[name])
		}
	}
	return strings.Join(out, " ")
}

// text is the columns of a row of the model that are told exactly.
func (r *row) text() string {
	cols := append(strings.Fields(r.fixed), "G="+r.g, fmt.Sprintf("V=%d", r.v))
	sort.Strings(cols)
	return strings.Join(cols, " ")
}

// check compares what a query's topic holds with what the model says; it gives the first differences.
func (m *model) check(q *query, got []result) []string {
	var diffs []string
	switch {
	case !q.out.table:
		diffs = checkStream(m.stream(q.out), got)
	case q.windowed():
		diffs = checkTable(q, m.windows(q), got)
	default:
		diffs = checkTable(q, m.table(q.out, atEnd), got)
	}
	for i := range diffs {
		diffs[i] = q.out.name + ": " + diffs[i]
	}
	return diffs
}

// checkStream compares rows as sets in which rows may be several times.
func checkStream(want []row, got []result) []string {
	type bucket struct {
		want  []*row
		found []string
	}
	all := map[string]*bucket{}
	at := func(id string) *bucket {
		if all[id] == nil {
			all[id] = &bucket{}
		}
		return all[id]
	}
	open := slices.ContainsFunc(want, func(r row) bool { return r.loose != nil })
	for i := range want {
		r := &want[i]
		b := at(fmt.Sprintf("@%d %s {%s}", r.at, r.key, r.text()))
		b.want = append(b.want, r)
	}
	for i := range got {
		r, but := &got[i], ""
		if open {
			but = "W"
		}
		id := fmt.Sprintf("@%d %s {%s}", r.at, r.key, r.text(but))
		b := at(id)
		b.found = append(b.found, r.cols["W"])
	}
	var diffs []string
	for _, id := range slices.Sorted(maps.Keys(all)) {
		b := all[id]
		least, most := 0, len(b.want)
		for _, r := range b.want {
			if r.loose == nil || !r.loose.missing {
				least++
			}
		}
		if n := len(b.found); n < least || n > most {
			diffs = append(diffs, fmt.Sprintf("%s is there %d times, want %d", id, n, most))
			continue
		}
		for _, w := range b.found {
			may := func(r *row) bool { return r.loose == nil || slices.Contains(r.loose.looked, w) }
			if !slices.ContainsFunc(b.want, may) {
				diffs = append(diffs, fmt.Sprintf("%s has W=%s, want one of %v", id, w, b.want[0].loose.looked))
			}
		}
	}
	return diffs
}

// checkTable compares the last record of each key.
func checkTable(q *query, want map[string]row, got []result) []string {
	var diffs []string
	last, times := map[string]result{}, map[string]int{}
	for _, r := range got {
		times[r.key]++
		if last[r.key] = r; r.gone {
			delete(last, r.key)
		}
	}
	all := map[string]bool{}
	for key := range want {
		all[key] = true
	}
	for key := range last {
		all[key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		w, wanted := want[key]
		g, is := last[key]
		switch {
		case !wanted:
			diffs = append(diffs, fmt.Sprintf("%s @%d {%s} is there, want none", key, g.at, g.text()))
			continue
		case !is:
			diffs = append(diffs, fmt.Sprintf("%s is not there, want @%d {%s}", key, w.at, w.text()))
			continue
		}
		if a, b := g.text("E", "L", "C"), w.text(); a != b {
			diffs = append(diffs, fmt.Sprintf("%s is {%s}, want {%s}", key, a, b))
		} else if w.at != 0 && g.at != w.at {
			diffs = append(diffs, fmt.Sprintf("%s {%s} has the time %d, want %d", key, a, g.at, w.at))
		}
		if q.ordered {
			if why := w.loose.order(g.cols["E"], g.cols["L"], g.cols["C"]); why != "" {
				diffs = append(diffs, fmt.Sprintf("%s @%d: %s", key, g.at, why))
			}
		}
		if q.final && times[key] != 1 {
			diffs = append(diffs, fmt.Sprintf("%s was put out %d times", key, times[key]))
		}
	}
	return diffs
}

// order says what is wrong with the first, the last and the list of a group's values.
func (l *loose) order(first, last, list string) string {
	text := func(vs []int64) []string {
		out := make([]string, len(vs))
		for i := range vs {
			out[i] = fmt.Sprint(vs[i])
		}
		return out
	}
	got := strings.Fields(strings.Trim(list, "[]"))
	at := 0
	for i, tied := range l.ties {
		want := text(tied)
		if i == 0 && !slices.Contains(want, first) {
			return fmt.Sprintf("EARLIEST_BY_OFFSET is %s, want one of %v", first, want)
		}
		if i == len(l.ties)-1 && !slices.Contains(want, last) {
			return fmt.Sprintf("LATEST_BY_OFFSET is %s, want one of %v", last, want)
		}
		if at+len(want) > len(got) || !slices.Equal(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got[at:at+len(want)]))) {
			return fmt.Sprintf("COLLECT_LIST is %v, want %v", got, l.ties)
		}
		at += len(want)
	}
	if at != len(got) {
		return fmt.Sprintf("COLLECT_LIST is %v, want %v", got, l.ties)
	}
	return ""
}
