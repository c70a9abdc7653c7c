package examples

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var anyLine = regexp.MustCompile(`^(\S+) \S+ .*? \[[^\]]+\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$`)

// answersOf are the answers of one status, as the example tells of them.
type answersOf struct {
	n      int
	sizes  []float64
	digits map[string]int
}

// errorsOf are the errors of one path: the fields of each.
type errorsOf []map[string]*string

// whatWentWrong computes what the example tells of, with plain Go over the lines.
func whatWentWrong(lines []string) (map[string]*answersOf, map[string]errorsOf) {
	answers, errors := map[string]*answersOf{}, map[string]errorsOf{}
	orNull := func(s string) *string {
		if s = unescapeLog(s); s == "-" {
			return nil
		}
		return &s
	}
	for _, line := range lines {
		m := anyLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		status := m[3]
		a := answers[status]
		if a == nil {
			a = &answersOf{digits: map[string]int{}}
			answers[status] = a
		}
		if a.n++; m[4] != "-" {
			size, _ := strconv.ParseFloat(m[4], 64)
			a.sizes = append(a.sizes, size)
			a.digits[strconv.Itoa(len(m[4]))]++
		}
		if status < "400" {
			continue
		}
		method, rest, _ := strings.Cut(m[2], " ")
		path, _, found := strings.Cut(rest, " HTTP/")
		if !found {
			method, path = "-", m[2]
		}
		path = unescapeLog(path)
		errors[path] = append(errors[path], map[string]*string{"method": orNull(method), "status": &status, "client": &m[1], "agent": orNull(m[6]), "referrer": orNull(m[5])})
	}
	return answers, errors
}

// differing are the fields of the last 50 errors that are not the same in all, each with its values in the order in which they came.
func (e errorsOf) differing() map[string][]any {
	out := map[string][]any{}
	for _, one := range e[max(0, len(e)-50):] {
		for field, v := range one {
			var value any
			if v != nil {
				value = *v
			}
			if !slices.Contains(out[field], value) {
				out[field] = append(out[field], value)
			}
		}
	}
	maps.DeleteFunc(out, func(_ string, list []any) bool { return len(list) == 1 })
	return out
}

// TestVisitorsErrors runs the example and compares its two tables with a plain computation.
func TestVisitorsErrors(t *testing.T) {
	t.Parallel()
	answers, errors := whatWentWrong(linesOf(t, "clicks-per-minute/access.log.gz"))
	if len(answers) < 5 || len(errors) < 50 || !slices.ContainsFunc(slices.Collect(maps.Values(errors)), func(e errorsOf) bool { return len(e) > 50 }) {
		t.Fatalf("%d kinds of answers, %d paths with errors", len(answers), len(errors))
	}
	n := startNode(t, "visitors")
	setup, _, ok := strings.Cut(readFile(t, "visitors/visitors-errors.sql"), "-- 5.")
	if !ok {
		t.Fatal("the script has no part 5")
	}
	n.run(t, setup)
	n.drain(t)
	type answer struct {
		ANSWERS     int
		MEDIAN, P95 float64
		DIGITS      map[string]int
	}
	gotAnswers := map[string]answer{}
	for _, r := range n.records(t, "answers") {
		var v answer
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		gotAnswers[string(r.Key)] = v
	}
	if len(gotAnswers) != len(answers) {
		t.Errorf("%d kinds of answers, want %d", len(gotAnswers), len(answers))
	}
	for status, want := range answers {
		got := gotAnswers[status]
		slices.Sort(want.sizes)
		if got.ANSWERS != want.n || !maps.Equal(got.DIGITS, want.digits) {
			t.Errorf("%s: %+v, want %d answers, %v", status, got, want.n, want.digits)
		}
		for p, v := range map[float64]float64{0.5: got.MEDIAN, 0.95: got.P95} {
			if !atPercentile(want.sizes, p, v) {
				t.Errorf("%s: percentile %v is %v, of %d sizes", status, p, v, len(want.sizes))
			}
		}
	}
	gotErrors := map[string]map[string][]any{}
	counts := map[string]int{}
	for _, r := range n.records(t, "differences") {
		var v struct {
			ERRORS  int
			DIFFERS map[string][]any
		}
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		gotErrors[string(r.Key)], counts[string(r.Key)] = v.DIFFERS, v.ERRORS
	}
	if len(gotErrors) != len(errors) {
		t.Errorf("%d paths with errors, want %d", len(gotErrors), len(errors))
	}
	for path, want := range errors {
		if counts[path] != len(want) || !reflect.DeepEqual(gotErrors[path], want.differing()) {
			t.Errorf("%s: %d errors, which differ by %v; want %d, %v", path, counts[path], gotErrors[path], len(want), want.differing())
		}
	}
}

// atPercentile says whether a value lies where so large a part of the sorted numbers are below it, give or take one in a hundred.
func atPercentile(sorted []float64, part, v float64) bool {
	if len(sorted) == 0 {
		return v == 0
	}
	last := float64(len(sorted) - 1)
	low, high := sorted[int(max(0, part-0.01)*last)], sorted[int(math.Ceil(min(1, part+0.01)*last))]
	return v >= math.Floor(low) && v <= math.Ceil(high)
}
