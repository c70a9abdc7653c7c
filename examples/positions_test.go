package examples

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// link is from where a click comes, where it goes to, its minute, and where its link stood: -1 for unknown.
type link struct {
	source, target string
	minute         int64
	position       int
}

// pingsIn are the pings of a file, decoded by a library that Weir does not use for it.
func pingsIn(t *testing.T, name string) (out []map[string]any) {
	t.Helper()
	dec := msgpack.NewDecoder(opened(t, name))
	dec.UseLooseInterfaceDecoding(true)
	for {
		p, err := dec.DecodeMap()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
}

// clicksByPosition computes what the example counts, with plain Go over all exits for each click.
func clicksByPosition(pings, exits []map[string]any) (clicks map[link]int, shares map[link]float64) {
	clicks, shares = map[link]int{}, map[link]float64{}
	left := map[[2]any][]map[string]any{}
	for _, e := range exits {
		pair := [2]any{e["path"], e["href"]}
		left[pair] = append(left[pair], e)
	}
	for _, p := range pings {
		if p["time-on-page"].(int64) != 0 {
			continue
		}
		at := p["ts"].(int64)
		l := link{p["http-refer"].(string), p["path"].(string), at - at%60, -1}
		clicks[l]++
		counts, n := map[int]int{}, 0
		for _, e := range left[[2]any{l.source, l.target}] {
			if ts := e["ts"].(int64); ts >= at-600 && ts <= at {
				position := -1
				if v, ok := e["position"].(int64); ok {
					position = int(v)
				}
				counts[position]++
				n++
			}
		}
		if n == 0 {
			shares[l]++
		}
		for l.position = range counts {
			shares[l] += float64(counts[l.position]) / float64(n)
		}
	}
	return clicks, shares
}

// TestClicks runs the example at once and at a rate: both write the same final rows, and a plain computation agrees.
func TestClicks(t *testing.T) {
	t.Parallel()
	setup, _, ok := strings.Cut(readFile(t, "clicks/clicks.sql"), "-- 5.")
	if !ok {
		t.Fatal("the script has no part 5")
	}
	clicks, shares := clicksByPosition(pingsIn(t, "clicks/data/pings.msgpack.gz"), pingsIn(t, "clicks/data/exits.msgpack.gz"))
	total := 0
	for _, n := range clicks {
		total += n
	}
	if total < 5000 || len(shares) < 4000 {
		t.Fatalf("only %d clicks, and %d places", total, len(shares))
	}
	results := map[string]map[string]string{}
	t.Run("runs", func(t *testing.T) {
		for name, speed := range map[string]string{"replayed": "max", "live": "4000"} {
			result := map[string]string{}
			results[name] = result
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				n := startNode(t, "clicks")
				n.run(t, strings.ReplaceAll(setup, "'format'      = 'msgpack',", "'format' = 'msgpack', 'speed' = '"+speed+"',"))
				n.drain(t)
				sameClicks(t, n, clicks)
				sameShares(t, n, shares, result)
				series(t, n, clicks)
			})
		}
	})
	if !maps.Equal(results["live"], results["replayed"]) {
		t.Errorf("live and replayed differ: %d and %d rows", len(results["live"]), len(results["replayed"]))
	}
}

// windowed takes the start of the window, in seconds, off a key.
func windowed(key []byte) (fields []byte, minute int64) {
	at := len(key) - 8
	return key[:at], int64(binary.BigEndian.Uint64(key[at:])) / 1000
}

func sameClicks(t *testing.T, n *node, want map[link]int) {
	t.Helper()
	got := map[link]int{}
	for _, r := range n.records(t, "clicks_per_minute") {
		var key struct{ SOURCE, TARGET string }
		var value struct{ CLICKS int }
		fields, minute := windowed(r.Key)
		if err := errors.Join(json.Unmarshal(fields, &key), json.Unmarshal(r.Value, &value)); err != nil {
			t.Fatal(err)
		}
		got[link{key.SOURCE, key.TARGET, minute, -1}] = value.CLICKS
	}
	if !maps.Equal(got, want) {
		t.Errorf("%d minutes of links, want %d", len(got), len(want))
	}
}

// sameShares compares the final rows, each of which is there once, and keeps them as they are written.
func sameShares(t *testing.T, n *node, want map[link]float64, result map[string]string) {
	t.Helper()
	got := map[link]float64{}
	for _, r := range n.records(t, "clicks_by_position") {
		var key struct {
			SOURCE, TARGET string
			PLACE          struct{ POSITION *int }
		}
		var value struct {
			POSITION *int
			CLICKS   float64
		}
		fields, minute := windowed(r.Key)
		if err := errors.Join(json.Unmarshal(fields, &key), json.Unmarshal(r.Value, &value)); err != nil {
			t.Fatal(err)
		}
		l := link{key.SOURCE, key.TARGET, minute, -1}
		if key.PLACE.POSITION != nil {
			l.position = *key.PLACE.POSITION
		}
		if (value.POSITION == nil) != (l.position == -1) || value.POSITION != nil && *value.POSITION != l.position {
			t.Errorf("%s: %s", r.Key, r.Value)
		}
		if _, twice := got[l]; twice {
			t.Errorf("%s is there twice", r.Key)
		}
		got[l] = value.CLICKS
		result[string(r.Key)] = string(r.Value)
	}
	if len(got) != len(want) {
		t.Errorf("%d places, want %d", len(got), len(want))
	}
	for l, w := range want {
		if math.Abs(got[l]-w) > 1e-9 {
			t.Fatalf("%+v: %v, want %v", l, got[l], w)
		}
	}
}

// series asks for the minutes of the link that is clicked most, the oldest first.
func series(t *testing.T, n *node, clicks map[link]int) {
	t.Helper()
	sums, most := map[link]int{}, link{}
	for l, c := range clicks {
		if l.minute = 0; l.source == "/" {
			if sums[l] += c; sums[l] > sums[most] {
				most = l
			}
		}
	}
	rows := n.run(t, "SELECT WINDOWSTART / 60000 AS minute, clicks FROM clicks_per_minute WHERE source = '/' AND target = '"+most.target+"';")
	if len(rows) < 20 || !slices.IsSortedFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) }) {
		t.Errorf("%s has the series %v", most.target, rows)
	}
	rows = n.run(t, "SELECT position, clicks FROM clicks_by_position WHERE source = '/' AND target = '"+most.target+"' AND place = STRUCT(position := CAST(NULL AS INT));")
	if len(rows) == 0 {
		t.Errorf("%s was never clicked where no exit tells of it", most.target)
	}
}

// The ten rows of the README come to what it says.
func TestClicksOfReadme(t *testing.T) {
	t.Parallel()
	n := startNode(t, "clicks")
	setup, _, _ := strings.Cut(readFile(t, "clicks/clicks.sql"), "-- 5.")
	before, connectors, _ := strings.Cut(setup, "CREATE SOURCE CONNECTOR")
	_, queries, _ := strings.Cut(connectors, "-- 2.")
	n.run(t, before)
	_, text, _ := strings.Cut(readFile(t, "clicks/README.md"), "## Ten rows")
	text, _, _ = strings.Cut(text, "\n## ")
	rows := tableRows(text)
	var want []string
	for _, r := range rows {
		at := func(text string) int64 {
			clock, err := time.Parse("15:04:05", text)
			if err != nil {
				t.Fatal(err)
			}
			return int64(clock.Sub(clock.Truncate(24*time.Hour)).Seconds()) + 1362355200
		}
		switch {
		case len(r) == 5 && r[1] == "exit":
			n.run(t, fmt.Sprintf("INSERT INTO exits (ROWTIME, `path`, `href`, `position`, `ts`) VALUES (%[1]d000, '%s', '%s', %s, %[1]d);", at(r[0]), r[2], r[3], r[4]))
		case len(r) == 5 && r[1] == "click":
			n.run(t, fmt.Sprintf("INSERT INTO pings (ROWTIME, `http-refer`, `path`, `time-on-page`, `ts`) VALUES (%[1]d000, '%s', '%s', 0, %[1]d);", at(r[0]), r[2], r[3]))
		case len(r) == 4 && r[0][0] == '1':
			want = append(want, strings.Join(r, " "))
		}
	}
	n.run(t, "-- 2."+queries)
	n.drain(t)
	var got []string
	for _, r := range n.run(t, `SELECT FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWSTART), 'HH:mm') AS minute, target, COALESCE(CAST(position AS STRING), 'NULL'), ROUND(clicks, 3)
		FROM clicks_by_position;`) {
		got = append(got, strings.Join(r, " "))
	}
	slices.Sort(got)
	if len(rows) < 12 || !slices.Equal(got, want) {
		t.Errorf("comes to %q, the README says %q", got, want)
	}
}

// tableRows are the rows of the tables of a text, cell by cell.
func tableRows(text string) (out [][]string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| ---") {
			cells := strings.Split(strings.Trim(line, "|\n"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			out = append(out, cells)
		}
	}
	return out
}
