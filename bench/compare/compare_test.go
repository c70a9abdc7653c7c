package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/bench/compare/query"
	"weir/bench/compare/results"
)

func TestFlags(t *testing.T) {
	f, err := parse([]string{"-queries", "b,c", "-engines", "weir,bare", "-n", "300000"}, io.Discard)
	if err != nil || len(f.queries) != 2 || f.roundsOf(f.queries[0]) != 3 || f.recordsOf(f.queries[1]) != 100_000 {
		t.Error(f, err)
	}
	if f, err = parse([]string{"-rounds", "2"}, io.Discard); err != nil || len(f.queries) != len(query.All) || f.roundsOf(f.queries[0]) != 2 {
		t.Error(f, err)
	}
	for args, want := range map[string]string{
		"-n 100":       "-n is 100: 10,000 records are the least with which each query has some",
		"-queries b c": `"c" is no flag: lists have commas and no blanks`,
		"-queries q":   `there is no query "q": they are ` + query.Names(),
		"-engines x":   `there is no engine "x": they are bare, flink, flinkrocks, streams, streams64, weir`,
		"-round 3":     "flag provided but not defined: -round",
	} {
		if _, err := parse(strings.Fields(args), io.Discard); err == nil || err.Error() != want {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestPending(t *testing.T) {
	f, err := parse([]string{"-queries", "a,b", "-engines", "weir,bare"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	file := &results.File{}
	list := func() (names []string) {
		for _, p := range pending(f, file) {
			names = append(names, fmt.Sprint(p.key.Round, p.query.Name, p.engine.Name))
		}
		return names
	}
	want := []string{"0aweir", "0abare", "0bweir", "0bbare", "1bbare", "1bweir", "2bweir", "2bbare"}
	if got := list(); !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	file.Runs = append(file.Runs, results.Run{Key: key(f, f.queries[1], f.engines[0], 1), Verdict: results.Right}, results.Run{Key: key(f, f.queries[0], f.engines[0], 0), Verdict: "WRONG"})
	if got := list(); !slices.Equal(got, slices.Delete(slices.Clone(want), 5, 6)) {
		t.Errorf("%q are left: what was right is not made again, and what was wrong is", got)
	}
}

// sampled makes a course of samples a second apart, in which the engine uses half a processor and the broker a quarter.
func sampled(read, out []int64, end int64) *course {
	c := &course{}
	for i := range read {
		s := time.Duration(i) * time.Second
		c.add(sample{at: time.Unix(100, 0).Add(s), cpu: s / 2, broker: s / 4, read: read[i], all: read[i] >= end, out: out[i]})
	}
	return c
}

func TestCourse(t *testing.T) {
	c := sampled([]int64{0, 20, 40, 100, 100, 100, 100}, []int64{0, 5, 9, 15, 15, 16, 16}, 100)
	if took, cpu, broker := c.figures(); took != 5*time.Second || cpu != 2500*time.Millisecond || broker != 1250*time.Millisecond {
		t.Error(took, cpu, broker)
	}
	if c.quiet() != time.Second {
		t.Error(c.quiet())
	}
	if left, took, cpu := c.warm(100); left != 60 || took != 3*time.Second || cpu != 1500*time.Millisecond {
		t.Error(left, took, cpu)
	}
	c = sampled([]int64{0, 20, 90, 100}, []int64{0, 5, 9, 9}, 100) // the end counts though nothing is put out; too little is left behind the warm-up
	if took, _, _ := c.figures(); took != 3*time.Second {
		t.Error(took)
	}
	if left, _, _ := c.warm(100); left != 0 {
		t.Error(left)
	}
	if c := sampled([]int64{0, 20, 90}, []int64{0, 5, 9}, 100); c.quiet() != 0 {
		t.Errorf("quiet for %s before the input is read", c.quiet())
	}
}

func TestCourseWithANudge(t *testing.T) {
	nudged := func(out ...int64) *course {
		c := sampled([]int64{0, 50, 100, 100}, out[:4], 100)
		c.nudge()
		for i, o := range out[4:] {
			s := time.Duration(4+i) * time.Second
			c.add(sample{at: time.Unix(100, 0).Add(s), cpu: s / 2, broker: s / 4, read: 100, all: true, out: o})
		}
		return c
	}
	if took, cpu, _ := nudged(0, 5, 9, 9, 9, 12).figures(); took != 4*time.Second || cpu != 2*time.Second { // of 5 s, one was waiting
		t.Error(took, cpu)
	}
	if took, _, _ := nudged(0, 5, 9, 9, 9, 9).figures(); took != 2*time.Second { // all had come before
		t.Error(took)
	}
}

// Heaps are tried from the greatest down, until one costs speed or does not do; then the one before is the engine's.
func TestHeapOf(t *testing.T) {
	f, err := parse([]string{"-queries", "a", "-engines", "weir,streams", "-rounds", "1"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		tooks []float64 // of the runs that were made; 0: it failed
		want  string
		found bool
	}{
		{"none", nil, "4g", false},
		{"the greatest fails", []float64{0}, "4g", true},
		{"no cost", []float64{10, 10.4}, "1g", false},
		{"it costs", []float64{10, 10.4, 10.6}, "2g", true},
		{"little by little", []float64{10, 9, 9.4, 9.5}, "1g", true},
		{"it does not do", []float64{10, 10, 10, 0}, "1g", true},
		{"the least does", []float64{10, 10, 10, 10, 10, 10}, "128m", true},
	} {
		file := &results.File{}
		for i, took := range c.tooks {
			r := results.Run{Key: key(f, f.queries[0], with(f.engines[1], heaps[i]), fitting), Took: took, CPU: 1, Verdict: results.Right}
			if took == 0 {
				r.Verdict = "it has ended"
			}
			file.Runs = append(file.Runs, r)
		}
		if heap, found := heapOf(f, f.queries[0], f.engines[1], file); heap != c.want || found != c.found {
			t.Errorf("%s: %s, %v", c.name, heap, found)
		}
		if runs := pending(f, file); c.found && (len(runs) != 2 || runs[1].String() != "round 1, a, streams -Xmx"+c.want) ||
			!c.found && (len(runs) != 2 || runs[0].String() != "looking for a heap, a, streams -Xmx"+c.want || runs[1].String() != "round 1, a, weir") {
			t.Errorf("%s: %s", c.name, runs)
		}
	}
	f.engines[1].Heap = "512m"
	if heap, found := heapOf(f, f.queries[0], f.engines[1], &results.File{}); heap != "512m" || !found {
		t.Error(heap, found)
	}
}
