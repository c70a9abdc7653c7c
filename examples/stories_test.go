package examples

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A ping is a line of what the pages of the sites send.
type ping struct {
	ms                      int64
	visitor, kind, url, ref string
	seconds                 int
}

func parsePing(line string) (p ping, ok bool) {
	f := strings.Split(line, "\t")
	if len(f) != 6 {
		return ping{}, false
	}
	ms, err := strconv.ParseInt(f[0], 10, 64)
	seconds, bad := strconv.Atoi(f[5])
	return ping{ms, f[1], f[2], f[3], f[4], seconds}, err == nil && bad == nil
}

func (p ping) network() string {
	u, err := url.Parse(p.ref)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// An audience is how often something was seen, and by whom.
type audience struct {
	views    int
	visitors map[string]bool
}

// audiences are those of each key, in windows of size that begin every advance.
func audiences(pings []ping, key func(ping) string, size, advance int64) map[span]*audience {
	out := map[span]*audience{}
	for _, p := range pings {
		k := key(p)
		if k == "" {
			continue
		}
		for start := p.ms - p.ms%advance; start > p.ms-size; start -= advance {
			s := span{k, start, start + size}
			if out[s] == nil {
				out[s] = &audience{visitors: map[string]bool{}}
			}
			out[s].views++
			out[s].visitors[p.visitor] = true
		}
	}
	return out
}

func viewsOf(all map[span]*audience) map[span]int {
	out := map[span]int{}
	for s, a := range all {
		out[s] = a.views
	}
	return out
}

type (
	seen  struct{ Views, Visitors int }
	story struct {
		Site                           string
		Views, Visitors, Spent, Shares int
	}
	site struct {
		Stories int
		Views   float64
		Sharing float64 `json:"SHARING_WITH_READING"`
	}
	rated struct {
		Site  string
		Views int
		Times float64 `json:"TIMES_AVERAGE"`
	}
	clicked struct {
		Clicks int
		URL    string
	}
)

// table is what a table's topic has come to.
func table[V any](t *testing.T, records []*kgo.Record) map[string]V {
	t.Helper()
	last, out := map[string][]byte{}, map[string]V{}
	for _, r := range records {
		last[string(r.Key)] = r.Value
	}
	for k, value := range last {
		if value == nil {
			continue
		}
		var v V
		if err := json.Unmarshal(value, &v); err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		out[k] = v
	}
	return out
}

// near says whether two numbers are the same but for how they were rounded on the way.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*math.Max(1, math.Abs(b)) }

// correlation is Pearson's.
func correlation(x, y []float64) float64 {
	mean := func(v []float64) float64 {
		sum := 0.0
		for _, f := range v {
			sum += f
		}
		return sum / float64(len(v))
	}
	mx, my := mean(x), mean(y)
	var xy, xx, yy float64
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

// TestStories runs the example at once and at a rate, and compares all that it makes with plain computations.
func TestStories(t *testing.T) {
	t.Parallel()
	for name, speed := range map[string]string{"replayed": "max", "live": "3000"} {
		t.Run(name, func(t *testing.T) { testStories(t, speed) })
	}
}

func testStories(t *testing.T, speed string) {
	n := startNode(t, "stories")
	setup, _, ok := strings.Cut(readFile(t, "stories/stories.sql"), "-- 10.")
	if !ok {
		t.Fatal("the script has no part 10")
	}
	n.run(t, strings.Replace(setup, "'key.regex'", "'speed' = '"+speed+"', 'key.regex'", 1))
	n.drain(t)

	var pings, views []ping
	for _, line := range linesOf(t, "stories/events.tsv.gz") {
		p, ok := parsePing(line)
		if !ok {
			continue
		}
		if pings = append(pings, p); p.kind == "view" {
			views = append(views, p)
		}
	}
	if len(pings) < 10000 {
		t.Fatalf("only %d pings", len(pings))
	}
	sites, authors := map[string]string{}, map[string]string{}
	for _, line := range linesOf(t, "stories/articles.csv.gz")[1:] {
		f := strings.Split(line, ",")
		sites[f[0]], authors[f[0]] = f[1], f[2]
	}

	topStories(t, n.records(t, "top_stories"), audiences(views, func(p ping) string { return p.url }, 4*60*60*1000, 30*60*1000))

	const day = 24 * 60 * 60 * 1000
	onChirp := viewsOf(audiences(views, func(p ping) string {
		if p.network() != "chirp.example" {
			return ""
		}
		return authors[p.url]
	}, day, day))
	first := map[span]int{}
	for _, list := range best(onChirp, 5) {
		for _, s := range list {
			first[s] = onChirp[s]
		}
	}
	same(t, "authors", numbers(windows[counted](t, n.records(t, "authors_on_chirp"), day)), first)

	links := map[string]clicked{}
	for _, p := range views {
		if net := p.network(); net == "chirp.example" || net == "faces.example" {
			links[p.ref] = clicked{links[p.ref].Clicks + 1, p.url}
		}
	}
	same(t, "clicks per link", table[clicked](t, n.records(t, "clicks_per_link")), links)

	stories := storiesOf(pings, sites)
	same(t, "stories", table[story](t, n.records(t, "stories")), stories)
	compareSites(t, n, stories)

	bySite := func(p ping) string { return sites[p.url] }
	for topic, size := range map[string]int64{"per_minute": 60_000, "per_hour": 3_600_000, "per_day": day} {
		want := audiences(views, bySite, size, size)
		got := windows[seen](t, n.records(t, topic), size)
		told := map[span]int{}
		for s, v := range got {
			told[s] = v.Views
			if w := want[s]; w != nil && !distinct(v.Visitors, len(w.visitors)) {
				t.Errorf("%s: %v: %d visitors, want %d", topic, s, v.Visitors, len(w.visitors))
			}
		}
		same(t, topic, told, viewsOf(want))
	}
	kept(t, n, views)
}

// distinct says whether COUNT_DISTINCT may tell a number: exactly up to 1,024, and near it beyond.
func distinct(got, want int) bool {
	return got == want || want > 1024 && math.Abs(float64(got-want)) < 0.05*float64(want)
}

// topStories compares the lists, record for record, in their order.
func topStories(t *testing.T, records []*kgo.Record, all map[span]*audience) {
	t.Helper()
	lists := best(viewsOf(all), 5)
	var want, got []string
	for _, start := range sortedStarts(lists) {
		for _, s := range lists[start] {
			want = append(want, fmt.Sprintf("%d %s %d %d", start, s.key, all[s].views, len(all[s].visitors)))
		}
	}
	for _, r := range records {
		var v seen
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		at := len(r.Key) - 8
		got = append(got, fmt.Sprintf("%d %s %d %d", binary.BigEndian.Uint64(r.Key[at:]), r.Key[:at], v.Views, v.Visitors))
	}
	if !slices.Equal(got, want) || len(lists) < 50 {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		t.Errorf("%d rows of %d lists, want %d; the first that differ:\n got %v\nwant %v", len(got), len(lists), len(want),
			got[at:min(at+3, len(got))], want[at:min(at+3, len(want))])
	}
}

func sortedStarts[V any](m map[int64]V) []int64 {
	var out []int64
	for start := range m {
		out = append(out, start)
	}
	slices.Sort(out)
	return out
}

func storiesOf(pings []ping, sites map[string]string) map[string]story {
	out, visitors := map[string]story{}, map[string]map[string]bool{}
	for _, p := range pings {
		s := out[p.url]
		s.Site = sites[p.url]
		s.Spent += p.seconds
		switch p.kind {
		case "view":
			s.Views++
		case "share":
			s.Shares++
		}
		if visitors[p.url] == nil {
			visitors[p.url] = map[string]bool{}
		}
		visitors[p.url][p.visitor] = true
		s.Visitors = len(visitors[p.url])
		out[p.url] = s
	}
	return out
}

// compareSites compares the sites, and each article against its own.
func compareSites(t *testing.T, n *node, stories map[string]story) {
	t.Helper()
	shares, seconds, views := map[string][]float64{}, map[string][]float64{}, map[string]float64{}
	for _, s := range stories {
		shares[s.Site] = append(shares[s.Site], float64(s.Shares))
		seconds[s.Site] = append(seconds[s.Site], float64(s.Spent))
		views[s.Site] += float64(s.Views)
	}
	got := table[site](t, n.records(t, "sites"))
	for name := range shares {
		g, want := got[name], site{len(shares[name]), views[name] / float64(len(shares[name])), correlation(shares[name], seconds[name])}
		if g.Stories != want.Stories || !near(g.Views, want.Views) || !near(g.Sharing, want.Sharing) {
			t.Errorf("%s: %v, want %v", name, g, want)
		}
	}
	if len(got) != len(shares) || len(got) < 3 {
		t.Errorf("%d sites, want %d", len(got), len(shares))
	}
	rates := table[rated](t, n.records(t, "against_site"))
	for article, s := range stories {
		g, want := rates[article], float64(s.Views)/(views[s.Site]/float64(len(shares[s.Site])))
		if g.Site != s.Site || g.Views != s.Views || !near(g.Times, want) {
			t.Errorf("%s: %v, want %v times the average", article, g, want)
		}
	}
	if len(rates) != len(stories) {
		t.Errorf("%d articles against their site, want %d", len(rates), len(stories))
	}
}

// kept sees how far back each grain can be asked for.
func kept(t *testing.T, n *node, views []ping) {
	t.Helper()
	const hour = 60 * 60 * 1000
	first, last := views[0].ms, views[0].ms
	for _, p := range views {
		first, last = min(first, p.ms), max(last, p.ms)
	}
	for _, grain := range []struct {
		table    string
		from, to int64 // where its oldest window begins
	}{{"per_minute", last - 25*hour, last - 22*hour}, {"per_hour", first - hour, first}, {"per_day", first - 24*hour, first}} {
		oldest := int64(math.MaxInt64)
		for _, row := range n.run(t, "SELECT WINDOWSTART, site, views FROM "+grain.table+";") {
			start, err := strconv.ParseInt(row[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			oldest = min(oldest, start)
		}
		if oldest < grain.from || oldest > grain.to {
			t.Errorf("%s can be asked from %d on, want one of %d to %d", grain.table, oldest, grain.from, grain.to)
		}
	}
}
