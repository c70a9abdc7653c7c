package chains

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// give makes records of lines such as "s 1 @1000 g=a v=5", in the order of the lines; v=- is a row that goes, and p=1 another partition than 0.
func give(t *testing.T, sources map[string]*source, text string) []*record {
	t.Helper()
	var out []*record
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		r := &record{source: sources[fields[0]], key: fields[1], g: "0"}
		for _, f := range fields[2:] {
			name, v, _ := strings.Cut(f, "=")
			var err error
			switch {
			case f[0] == '@':
				_, err = fmt.Sscan(f[1:], &r.at)
			case name == "g":
				r.g = v
			case name == "p":
				_, err = fmt.Sscan(v, &r.partition)
			case v == "-":
				r.gone = true
			default:
				_, err = fmt.Sscan(v, &r.v)
			}
			if err != nil || r.source == nil {
				t.Fatal(line, err)
			}
		}
		out = append(out, r)
	}
	number(out)
	return out
}

func (r *row) line(key string) string {
	out := fmt.Sprintf("%s @%d %s", key, r.at, r.text())
	if r.loose != nil {
		out += fmt.Sprint(" ", r.loose.ties, r.loose.looked, r.loose.missing)
	}
	return out
}

// Answers of the model, worked out by hand.
func TestModel(t *testing.T) {
	rows := `
		a 1 @1000 v=1
		a 1 @2000 v=2
		a 2 @2000 v=3
		b 1 @1500 v=10
		b 1 @2600 v=20
		b 3 @4000 v=30
		a 1 @9000 v=4`
	tables := `
		x 1 @1000 g=7 v=1
		y 7 @1100 v=50
		x 2 @1200 g=8 v=2
		y 1 @1300 v=60
		x 1 @1500 g=8 v=3
		s 1 @1500 v=9
		s 1 @1501 v=9
		y 7 @1600 v=-
		x 2 @1700 v=-
		s 2 @1800 v=9
		s 9 @1900 v=9`
	for _, c := range []struct {
		name  string
		in    []string
		q     query
		given string
		want  []string
	}{
		{"a filter", []string{"a"}, query{kind: filter, mod: 2, plus: 5}, rows, []string{"1 @1000 G=0 V=6", "2 @2000 G=0 V=8"}},
		{"another key", []string{"b"}, query{kind: rekey}, rows, []string{"0 @1500 G=1 V=10", "0 @2600 G=1 V=20", "0 @4000 G=3 V=30"}},
		{"one stream of two", []string{"a", "b"}, query{kind: union}, rows,
			[]string{"1 @1000 G=0 V=1", "1 @1500 G=0 V=10", "1 @2000 G=0 V=2", "1 @2600 G=0 V=20", "1 @9000 G=0 V=4", "2 @2000 G=0 V=3", "3 @4000 G=0 V=30"}},
		{"streams, inner", []string{"a", "b"}, query{kind: streamJoin, join: "INNER", before: 500, after: 600}, rows,
			[]string{"1 @1500 G=0 V=13", "1 @2000 G=0 V=16", "1 @2600 G=0 V=26"}},
		{"streams, left", []string{"a", "b"}, query{kind: streamJoin, join: "LEFT", before: 500, after: 599}, rows,
			[]string{"1 @1500 G=0 V=13", "1 @2000 G=0 V=16", "1 @9000 G=0 V=14", "2 @2000 G=0 V=11"}},
		{"streams, full", []string{"a", "b"}, query{kind: streamJoin, join: "FULL", before: 500, after: 599}, rows,
			[]string{"1 @1500 G=0 V=13", "1 @2000 G=0 V=16", "1 @2600 G=0 V=23", "1 @9000 G=0 V=14", "2 @2000 G=0 V=11", "3 @4000 G=0 V=33"}},
		// A row of the table's own time comes before the change.
		{"a look-up", []string{"s", "x"}, query{kind: lookup, join: "LEFT"}, tables,
			[]string{"1 @1500 G=0 V=28 W=1", "1 @1501 G=0 V=30 W=3", "2 @1800 G=0 V=26 W=-1", "9 @1900 G=0 V=26 W=-1"}},
		{"a look-up, inner", []string{"s", "x"}, query{kind: lookup, join: "INNER"}, tables, []string{"1 @1500 G=0 V=28 W=1", "1 @1501 G=0 V=30 W=3"}},
		{"windows", []string{"a"}, query{kind: tumbling, size: 2000}, rows,
			[]string{"1 [0,2000] @1000 G=1 MA=1 MI=1 N=1 V=1", "1 [2000,4000] @2000 G=2 MA=2 MI=2 N=1 V=2", "1 [8000,10000] @9000 G=4 MA=4 MI=4 N=1 V=4", "2 [2000,4000] @2000 G=3 MA=3 MI=3 N=1 V=3"}},
		{"windows that overlap", []string{"b"}, query{kind: hopping, size: 2000, advance: 1000}, rows,
			[]string{"1 [0,2000] @1500 G=3 MA=10 MI=10 N=1 V=10", "1 [1000,3000] @2600 G=2 MA=20 MI=10 N=2 V=30", "1 [2000,4000] @2600 G=6 MA=20 MI=20 N=1 V=20",
				"3 [3000,5000] @4000 G=2 MA=30 MI=30 N=1 V=30", "3 [4000,6000] @4000 G=2 MA=30 MI=30 N=1 V=30"}},
		{"sessions", []string{"a"}, query{kind: session, size: 1000}, rows,
			[]string{"1 [1000,2000] @2000 G=3 MA=2 MI=1 N=2 V=3", "1 [9000,9000] @9000 G=4 MA=4 MI=4 N=1 V=4", "2 [2000,2000] @2000 G=3 MA=3 MI=3 N=1 V=3"}},
		{"windows over a join", []string{"a", "b"}, query{kind: tumbling, size: 2000, inner: streamJoin, join: "INNER", before: 500, after: 600}, rows,
			[]string{"1 [0,2000] @1500 G=6 MA=13 MI=13 N=1 V=13", "1 [2000,4000] @2600 G=0 MA=26 MI=16 N=2 V=42"}},
		{"lists, of equal times by partition", []string{"a"}, query{kind: aggregate, by: "g", ordered: true}, "a 1 @5 p=1 v=1\na 2 @5 v=2\na 3 @4 p=1 v=3",
			[]string{"0 @5 G=6 MA=3 MI=1 N=3 V=6 [[3] [2] [1]] [] false"}},
		{"tables, left", []string{"x", "y"}, query{kind: tableJoin, join: "LEFT"}, tables, []string{"1 @0 G=8 V=69"}},
		{"tables, full", []string{"x", "y"}, query{kind: tableJoin, join: "FULL"}, tables + "\ny 5 @2000 v=7", []string{"1 @0 G=8 V=69", "5 @0 G=0 V=10"}},
		{"by a foreign key", []string{"x", "y"}, query{kind: foreignJoin, join: "LEFT", on: [2]string{"g", "k"}}, tables + "\ny 8 @2000 v=7", []string{"1 @0 G=8 V=16"}},
		{"groups of a table", []string{"x"}, query{kind: regroup, by: "g"}, "x 1 @1 g=5 v=4\nx 2 @2 g=5 v=5\nx 3 @3 g=6 v=1\nx 3 @4 g=5 v=1", []string{"5 @0 G=3 N=3 V=10"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sources := map[string]*source{"a": {name: "a"}, "b": {name: "b"}, "s": {name: "s"}, "x": {name: "x", table: true}, "y": {name: "y", table: true}}
			q := c.q
			for _, name := range c.in {
				q.in = append(q.in, sources[name])
			}
			if q.on[0] == "" {
				q.on = [2]string{"k", "k"}
			}
			q.out = &source{name: "q", made: &q}
			m := newModel(&pipeline{}, give(t, sources, c.given), nil)
			var got []string
			switch {
			case q.windowed():
				for key, r := range m.windows(&q) {
					got = append(got, r.line(key))
				}
			case q.kind == aggregate || c.in[0] == "x":
				for key, r := range m.table(q.out, atEnd) {
					got = append(got, r.line(key))
				}
			default:
				for _, r := range m.stream(q.out) {
					got = append(got, r.line(r.key))
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// Where a query's table holds its changes back, a row may find a newer version than that of its time, but nothing only where there was
// nothing, or will be.
func TestModelOfHeldBack(t *testing.T) {
	sources := map[string]*source{"s": {name: "s"}, "x": {name: "x", table: true}}
	f := &query{kind: tableFilter, mod: 100, in: []*source{sources["x"]}}
	f.out = &source{name: "f", table: true, made: f}
	for _, join := range []string{"LEFT", "INNER"} {
		q := &query{kind: lookup, join: join, on: [2]string{"k", "k"}, in: []*source{sources["s"], f.out}}
		q.out = &source{name: "q", made: q}
		m := newModel(&pipeline{}, give(t, sources, `
			x 1 @10 v=1
			x 2 @10 v=5
			s 1 @15
			x 1 @20 v=2
			x 1 @30 v=3
			s 2 @31
			s 1 @32
			s 3 @33
			x 2 @40 v=-
			s 2 @50`), nil)
		var got []string
		for _, r := range m.stream(q.out) {
			slices.Sort(r.loose.looked)
			got = append(got, fmt.Sprint(r.key, " @", r.at, r.loose.looked, r.loose.missing))
		}
		want := []string{"1 @15 [1 2 3] false", "2 @31 [-1 5] false", "1 @32 [3] false", "3 @33 [-1] false", "2 @50 [-1] false"}
		if join == "INNER" {
			want = []string{"1 @15 [1 2 3] false", "2 @31 [5] true", "1 @32 [3] false"}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", join, got, want)
		}
	}
}

// A table may be put out between two rows of one time: then a row finds what stood there, in the order of partitions and offsets.
func TestModelBetweenTwoRowsOfOneTime(t *testing.T) {
	given := `
		x 1 @10 g=5 v=10
		x 2 @10 g=5 v=20
		a 1 @10 v=100
		a 1 @20 p=1 v=1
		a 1 @20 v=2
		a 1 @20 p=2 v=4
		x 1 @20 g=6 v=1
		x 2 @20 g=5 v=2
		y 1 @20 v=3
		s 1 @15
		s 5 @15`
	for _, c := range []struct {
		name string
		q    query
		in   []string
		key  string
		want []string
	}{
		{"a group of a source", query{kind: aggregate, by: "k"}, []string{"a"}, "1", []string{"100", "102", "103", "107"}},
		{"a group of a query's rows", query{kind: aggregate, by: "k"}, []string{"f"}, "1", []string{"100", "101", "102", "103", "104", "105", "106", "107"}},
		{"a group of a table", query{kind: regroup, by: "g"}, []string{"x"}, "5", []string{"12", "2", "20", "30"}},
		{"a filter over groups", query{kind: tableFilter, mod: 2}, []string{"g"}, "1", []string{"-1", "103", "107"}},
		{"a join", query{kind: tableJoin, join: "LEFT"}, []string{"x", "y"}, "1", []string{"32", "5", "6"}},
		{"a join by a foreign key", query{kind: foreignJoin, join: "LEFT", on: [2]string{"k", "k"}}, []string{"x", "y"}, "1", []string{"32", "33", "5", "6"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sources := map[string]*source{"a": {name: "a"}, "s": {name: "s"}, "x": {name: "x", table: true}, "y": {name: "y", table: true}}
			f := &query{kind: filter, mod: 1000, in: []*source{sources["a"]}}
			g := &query{kind: aggregate, by: "k", in: []*source{sources["a"]}}
			f.out, g.out = &source{name: "f", made: f}, &source{name: "g", table: true, made: g}
			named := maps.Clone(sources)
			named["f"], named["g"] = f.out, g.out
			if c.q.on[0] == "" {
				c.q.on = [2]string{"k", "k"}
			}
			for _, name := range c.in {
				c.q.in = append(c.q.in, named[name])
			}
			c.q.out = &source{name: "q", table: true, made: &c.q}
			m := newModel(&pipeline{}, give(t, sources, given), nil)
			if got := m.found(c.q.out, c.key, 15).looked; !slices.Equal(slices.Sorted(slices.Values(got)), c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What is missing, twice there, of another time or otherwise is told.
func TestCheck(t *testing.T) {
	sources := map[string]*source{"a": {name: "a"}}
	recs := "a 1 @1000 v=1\na 1 @1000 v=1\na 2 @2000 v=2\na 2 @2500 v=4"
	cols := func(text string) map[string]string {
		out := map[string]string{}
		for _, f := range strings.Fields(text) {
			name, v, _ := strings.Cut(f, "=")
			out[name] = v
		}
		return out
	}
	f := &query{kind: filter, mod: 100, on: [2]string{"k", "k"}, in: []*source{sources["a"]}}
	f.out = &source{name: "f", made: f}
	w := &query{kind: tumbling, size: 1000, final: true, by: "k", ordered: true, in: f.in}
	w.out = &source{name: "w", table: true, made: w}
	m := newModel(&pipeline{}, give(t, sources, recs), nil)
	stream := []result{{"1", 1000, false, cols("G=0 V=1")}, {"1", 1000, false, cols("G=0 V=1")}, {"2", 2500, false, cols("G=0 V=4")}, {"2", 2000, false, cols("G=0 V=2")}}
	table := []result{{"1 [1000,2000]", 1000, false, cols("E=1 G=2 L=1 MA=1 MI=1 N=2 V=2")}, {"2 [2000,3000]", 2500, false, cols("E=2 G=6 L=4 MA=4 MI=2 N=2 V=6")}}
	table[0].cols["C"], table[1].cols["C"] = "[1 1]", "[2 4]"
	for _, c := range []struct {
		name  string
		q     *query
		good  []result
		spoil func(r []result) []result
		want  int
	}{
		{"a stream as it is to be", f, stream, func(r []result) []result { return r }, 0},
		{"a row is missing", f, stream, func(r []result) []result { return r[1:] }, 1},
		{"a row is there twice", f, stream, func(r []result) []result { return append(r, r[3]) }, 1},
		{"another time", f, stream, func(r []result) []result { r[3].at++; return r }, 2},
		{"another key", f, stream, func(r []result) []result { r[3].key = "1"; return r }, 2},
		{"a table as it is to be", w, table, func(r []result) []result { return r }, 0},
		{"a window is missing", w, table, func(r []result) []result { return r[1:] }, 1},
		{"a window goes out twice", w, table, func(r []result) []result { return append(r, r[0]) }, 1},
		{"a window of another time", w, table, func(r []result) []result { r[1].at--; return r }, 1},
		{"another value", w, table, func(r []result) []result { r[1].cols["MI"] = "3"; return r }, 1},
		{"another order", w, table, func(r []result) []result { r[1].cols["C"] = "[4 2]"; return r }, 1},
		{"the first is another", w, table, func(r []result) []result { r[1].cols["E"] = "4"; return r }, 1},
		{"a window is gone", w, table, func(r []result) []result { return append(r, result{key: r[1].key, gone: true}) }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			given := make([]result, len(c.good))
			for i, r := range c.good {
				given[i] = result{r.key, r.at, r.gone, map[string]string{}}
				for k, v := range r.cols {
					given[i].cols[k] = v
				}
			}
			if diffs := m.check(c.q, c.spoil(given)); len(diffs) != c.want {
				t.Errorf("got %q, want %d differences", diffs, c.want)
			}
		})
	}
}
