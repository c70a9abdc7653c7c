package chains

import "slices"

// A table whose changes are put together is put out at a commit, and that may come between two rows of one time. So a version that stood
// there may be found by whoever joins the table, although no time has it.

// between is the versions of keys that stood while the rows of a tick came in, after those of earlier times and before the last of them.
// Some may be the same as before or after. The order of rows of one tick is followed as far as it is told: of the inputs of a join the left
// one comes first, and rows of one partition by offset.
func (m *model) between(s *source, at int64) map[string][]*row {
	if s.made == nil {
		return m.overwritten(s, at)
	}
	q := s.made
	switch q.kind {
	case aggregate:
		return m.subsets(q, at)
	case tableFilter:
		out := map[string][]*row{}
		for key, all := range m.between(q.in[0], at) {
			for _, r := range all {
				if r = q.passed(r); r != nil || len(out[key]) > 0 {
					out[key] = append(out[key], r)
				}
			}
		}
		return out
	case regroup:
		return m.regrouped(q, at)
	case tableJoin, foreignJoin:
		return m.halfJoined(q, at)
	}
	return nil
}

// overwritten is the rows of a declared table behind which others of their key and time lie.
func (m *model) overwritten(s *source, at int64) map[string][]*row {
	out := map[string][]*row{}
	for _, r := range m.recs[s] {
		if r.at == at {
			out[r.key] = append(out[r.key], r.row())
		}
	}
	return out
}

// steps is all versions of the keys of a table from before a tick to behind it.
func (m *model) steps(s *source, at int64) map[string][]*row {
	before, after, between := m.table(s, at-1), m.table(s, at), m.between(s, at)
	out := map[string][]*row{}
	add := func(key string) {
		if out[key] != nil {
			return
		}
		list := append([]*row{found(before, key)}, between[key]...)
		out[key] = slices.CompactFunc(append(list, found(after, key)), same)
	}
	for key := range before {
		add(key)
	}
	for key := range after {
		add(key)
	}
	for key := range between {
		add(key)
	}
	return out
}

func found(t map[string]row, key string) *row {
	if r, ok := t[key]; ok {
		return &r
	}
	return nil
}

// same says whether two versions are the same.
func same(a, b *row) bool {
	return a == b || a != nil && b != nil && a.g == b.g && a.v == b.v
}

// tally is what a group's row is made of.
type tally struct {
	n   int
	sum int64
}

// sums adds one of the tallies of each of the options, in all ways.
func sums(options [][]tally) []tally {
	all := map[tally]bool{{}: true}
	for _, of := range options {
		next := map[tally]bool{}
		for a := range all {
			for _, b := range of {
				next[tally{a.n + b.n, a.sum + b.sum}] = true
			}
		}
		all = next
	}
	var out []tally
	for t := range all {
		out = append(out, t)
	}
	return out
}

// subsets is the groups with some of the rows of a tick: the first ones where their order is known, and else any.
func (m *model) subsets(q *query, at int64) map[string][]*row {
	out := map[string][]*row{}
	for key, rows := range m.grouped(q, at) {
		first := slices.IndexFunc(rows, func(r row) bool { return r.order() == at })
		if first < 0 || len(rows)-first < 2 {
			continue
		}
		var options [][]tally
		base := tally{n: first}
		for _, r := range rows[:first] {
			base.sum += r.v
		}
		options = append(options, []tally{base})
		for _, r := range rows[first:] {
			if q.known() {
				base = tally{base.n + 1, base.sum + r.v}
				options[0] = append(options[0], base)
			} else {
				options = append(options, []tally{{}, {1, r.v}})
			}
		}
		for _, t := range sums(options) {
			if t.n > first && t.n < len(rows) && (!q.having || t.n > 1) {
				out[key] = append(out[key], grouped(key, t))
			}
		}
	}
	return out
}

// regrouped is the groups of a table of which some rows are from before a tick, and some from behind it.
func (m *model) regrouped(q *query, at int64) map[string][]*row {
	steps := m.steps(q.in[0], at)
	groups := map[string]bool{}
	for _, list := range steps {
		for _, r := range list {
			if r != nil && len(list) > 1 {
				groups[r.g] = true
			}
		}
	}
	out := map[string][]*row{}
	for g := range groups {
		var options [][]tally
		for _, list := range steps {
			var of []tally
			for _, r := range list {
				if r != nil && r.g == g {
					of = append(of, tally{1, r.v})
				} else {
					of = append(of, tally{})
				}
			}
			options = append(options, of)
		}
		for _, t := range sums(options) {
			if t.n == 0 {
				out[g] = append(out[g], nil)
			} else {
				out[g] = append(out[g], grouped(g, t))
			}
		}
	}
	return out
}

// halfJoined is rows of a join of tables into which changes of one of them have come. The left one's come first; but those of a foreign key go another
// way than the others, and either may be ahead.
func (m *model) halfJoined(q *query, at int64) map[string][]*row {
	left, right := m.steps(q.in[0], at), m.steps(q.in[1], at)
	out := map[string][]*row{}
	add := func(key string, a, b *row) {
		out[key] = append(out[key], q.matched(key, a, b))
	}
	none := []*row{nil}
	for key, as := range left {
		if q.kind == tableJoin {
			bs := right[key]
			if bs == nil {
				bs = none
			}
			for _, a := range as {
				add(key, a, bs[0])
			}
			for _, b := range bs {
				add(key, as[len(as)-1], b)
			}
			continue
		}
		for _, a := range as {
			if a == nil {
				add(key, nil, nil)
				continue
			}
			bs := right[a.by(q.on[0])]
			if bs == nil {
				bs = none
			}
			for _, b := range bs {
				add(key, a, b)
			}
		}
	}
	if q.kind == tableJoin {
		for key, bs := range right {
			if left[key] != nil {
				continue
			}
			for _, b := range bs {
				add(key, nil, b)
			}
		}
	}
	return out
}
