package examples

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A view is a line of the clickstream.
type view struct {
	visitor, url string
	ms           int64
}

// A span is a window of a key.
type span struct {
	key        string
	start, end int64
}

func parseView(line string) (view, bool) {
	f := strings.Split(line, "\t")
	if len(f) != 3 {
		return view{}, false
	}
	ms, err := strconv.ParseInt(f[2], 10, 64)
	return view{f[0], f[1], ms}, err == nil
}

// onTime counts the views of each key in windows of size that begin every advance, without those that come to their partition when a window has been over for
// the grace period; it tells how many missed a window.
func onTime(partitions [][]view, key func(view) string, size, advance, grace int64) (counts map[span]int, late int) {
	counts = map[span]int{}
	for _, views := range partitions {
		var now int64
		for _, v := range views {
			now = max(now, v.ms)
			for start := v.ms - v.ms%advance; start > v.ms-size; start -= advance {
				if start+size+grace <= now {
					late++
				} else {
					counts[span{key(v), start, start + size}]++
				}
			}
		}
	}
	return counts, late
}

// best are the first n of each window: most views first, then by name.
func best(counts map[span]int, n int) map[int64][]span {
	out := map[int64][]span{}
	for s := range counts {
		out[s.start] = append(out[s.start], s)
	}
	for start, list := range out {
		slices.SortFunc(list, func(a, b span) int {
			return cmp.Or(counts[b]-counts[a], strings.Compare(a.key, b.key))
		})
		out[start] = list[:min(n, len(list))]
	}
	return out
}

// A visit is the session that a visitor is in.
type visit struct {
	Sessions, Views int
	Began, Last     int64
	Path            []string
}

const pause = 5 * 60 * 1000

func visitsOf(views []view) map[string]visit {
	out := map[string]visit{}
	for _, v := range views {
		s, known := out[v.visitor]
		if !known || v.ms-s.Last > pause {
			s = visit{Sessions: s.Sessions + 1, Began: v.ms, Last: v.ms}
		}
		s.Views++
		s.Began, s.Last = min(s.Began, v.ms), max(s.Last, v.ms)
		s.Path = append([]string{v.url}, s.Path[:min(2, len(s.Path))]...)
		out[v.visitor] = s
	}
	return out
}

func sessionsOf(views []view) map[span]int {
	times := map[string][]int64{}
	for _, v := range views {
		times[v.visitor] = append(times[v.visitor], v.ms)
	}
	out := map[span]int{}
	for visitor, all := range times {
		slices.Sort(all)
		s, n := span{visitor, all[0], all[0]}, 0
		for _, ms := range all {
			if ms-s.end > pause {
				out[s] = n
				s, n = span{visitor, ms, ms}, 0
			}
			s.end = ms
			n++
		}
		out[s] = n
	}
	return out
}

// windows are the last values of a table's topic, by key and window: behind the key is the start of the window or, of a session, its end and its start.
func windows[V any](t *testing.T, records []*kgo.Record, size int64) map[span]V {
	t.Helper()
	out := map[span]V{}
	for _, r := range records {
		at := func(back int) int64 { return int64(binary.BigEndian.Uint64(r.Key[len(r.Key)-back:])) }
		s := span{string(r.Key[:len(r.Key)-8]), at(8), at(8) + size}
		if size == 0 { // a session
			s = span{string(r.Key[:len(r.Key)-16]), at(8), at(16)}
		}
		if r.Value == nil {
			delete(out, s)
			continue
		}
		var v V
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		out[s] = v
	}
	return out
}

type (
	counted struct{ Views int }
	ranked  struct {
		URL   string
		Views int
	}
	topList struct {
		Slide string
		Top   []ranked
	}
)

func numbers(counts map[span]counted) map[span]int {
	out := map[span]int{}
	for s, c := range counts {
		out[s] = c.Views
	}
	return out
}

// same compares maps, and tells a few of the differences.
func same[K comparable, V any](t *testing.T, what string, got, want map[K]V) {
	t.Helper()
	told := 0
	for k := range want {
		if g, ok := got[k]; (!ok || !reflect.DeepEqual(g, want[k])) && told < 3 {
			told++
			t.Errorf("%s: %v: %v (is there: %v), want %v", what, k, g, ok, want[k])
		}
	}
	if len(got) != len(want) || len(want) == 0 {
		t.Errorf("%s: %d, want %d", what, len(got), len(want))
	}
}

// TestClickstream runs the example at once and at a rate, and compares all that it makes with plain computations.
func TestClickstream(t *testing.T) {
	t.Parallel()
	for name, speed := range map[string]string{"replayed": "max", "live": "2500"} {
		t.Run(name, func(t *testing.T) { testClickstream(t, speed) })
	}
}

func testClickstream(t *testing.T, speed string) {
	n := startNode(t, "clickstream")
	setup, _, ok := strings.Cut(readFile(t, "clickstream/clickstream.sql"), "-- 11.")
	if !ok {
		t.Fatal("the script has no part 11")
	}
	out := t.TempDir()
	setup = strings.ReplaceAll(setup, "'out/", "'"+out+"/")
	setup = strings.Replace(setup, "'key.regex'", "'speed' = '"+speed+"', 'key.regex'", 1)
	n.run(t, setup)
	n.drain(t)

	// What came, in each partition in its order.
	var views []view
	partitions := make([][]view, 3)
	for _, r := range n.records(t, "lines") {
		if v, ok := parseView(string(r.Value)); ok {
			views = append(views, v)
			partitions[r.Partition] = append(partitions[r.Partition], v)
		}
	}
	var in []string
	for _, v := range views {
		in = append(in, v.visitor+"\t"+v.url+"\t"+strconv.FormatInt(v.ms, 10))
	}
	all := slices.DeleteFunc(linesOf(t, "clickstream/clicks.tsv.gz"), func(line string) bool { _, ok := parseView(line); return !ok })
	if slices.Sort(in); !slices.Equal(in, slices.Sorted(slices.Values(all))) || len(in) < 5000 {
		t.Fatalf("%d views in the topic are not the %d of the file", len(in), len(all))
	}
	byURL := func(v view) string { return v.url }

	batches, late := onTime(partitions, func(view) string { return "all" }, 5000, 5000, 10000)
	same(t, "views per batch", numbers(windows[counted](t, n.records(t, "views_per_batch"), 5000)), batches)
	if got := len(n.records(t, "LATE_CLICKS")); got != late || late == 0 {
		t.Errorf("%d views are late, want %d", got, late)
	}

	perURL, _ := onTime(partitions, byURL, 30000, 5000, 10000)
	same(t, "views per URL", numbers(windows[counted](t, n.records(t, "views_per_url"), 30000)), perURL)

	lists := map[span]topList{}
	for start, list := range best(perURL, 5) {
		l := topList{Slide: time.UnixMilli(start + 30000).UTC().Format("15:04:05")}
		for _, s := range list {
			l.Top = append(l.Top, ranked{s.key, perURL[s]})
		}
		lists[span{"all", start, start + 30000}] = l
	}
	records := n.records(t, "top_per_slide")
	if len(records) != len(lists) {
		t.Errorf("%d messages for %d lists", len(records), len(lists))
	}
	same(t, "lists", windows[topList](t, records, 30000), lists)
	var file []string
	for line := range strings.Lines(readFile(t, filepath.Join(out, "top.json"))) {
		var l topList
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		file = append(file, l.Slide)
	}
	if len(file) != len(lists) || !slices.IsSorted(file) {
		t.Errorf("the file has %d lists, want %d in order", len(file), len(lists))
	}

	everything, _ := onTime(partitions, byURL, 30000, 5000, 24*60*60*1000)
	live := map[span]int{}
	for _, list := range best(everything, 10) {
		for _, s := range list {
			live[s] = everything[s]
		}
	}
	same(t, "live lists", numbers(windows[counted](t, n.records(t, "top_urls"), 30000)), live)
	same(t, "sessions", numbers(windows[counted](t, n.records(t, "sessions"), 0)), sessionsOf(views))

	visits := map[string]visit{}
	for _, r := range n.records(t, "visits") {
		var v struct{ Session visit }
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatal(err)
		}
		visits[string(r.Key)] = v.Session
	}
	want := visitsOf(views)
	same(t, "visits", visits, want)

	with := map[string]string{}
	for visitor, v := range want {
		with[visitor] = strings.Join([]string{visitor, strconv.Itoa(v.Views), strings.Join(v.Path, " < "), strconv.Itoa(v.Sessions), ""}, ",")
	}
	for _, line := range linesOf(t, "clickstream/history.csv.gz")[1:] {
		h := strings.Split(line, ",")
		if v, ok := want[h[0]]; ok {
			sessions, err := strconv.Atoi(h[1])
			last, err2 := strconv.ParseInt(h[3], 10, 64)
			if err != nil || err2 != nil {
				t.Fatal(line)
			}
			with[h[0]] = strings.Join([]string{h[0], strconv.Itoa(v.Views), strings.Join(v.Path, " < "), strconv.Itoa(v.Sessions + sessions),
				strconv.FormatInt((v.Began-last)/3600000, 10)}, ",")
		}
	}
	got := map[string]string{}
	rows := strings.Split(strings.TrimSuffix(readFile(t, filepath.Join(out, "visits.csv")), "\n"), "\n")
	for _, row := range rows[1:] {
		visitor, _, _ := strings.Cut(row, ",")
		got[visitor] = row
	}
	same(t, "visits with history", got, with)
	t.Logf("%d views, %d late, %d batches, %d lists, %d sessions of %d visitors", len(views), late, len(batches), len(lists), len(sessionsOf(views)), len(want))
}
