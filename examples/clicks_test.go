package examples

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"
)

// clicksPerMinute computes what the example counts, with plain Go over the file.
func clicksPerMinute(t *testing.T, path string) map[string]int {
	t.Helper()
	line := regexp.MustCompile(`^\S+ \S+ \S+ \[([^\]]+)\] "(\S+) (\S+)[^"]*" (\d+) \S+ "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"$`)
	page := regexp.MustCompile(`\.(html|xhtml|php)$|/[^/.]*$`)
	out := map[string]int{}
	for _, l := range linesOf(t, path) {
		m := line.FindStringSubmatch(l)
		if m == nil || m[2] != "GET" || m[4] != "200" || strings.Contains(m[3], "flav=") || strings.Contains(m[3], "/feed") {
			continue
		}
		article := m[3]
		if i := strings.IndexAny(article, "?#"); i >= 0 {
			article = article[:i]
		}
		if !page.MatchString(article) {
			continue
		}
		at, err := time.Parse("02/Jan/2006:15:04:05 -0700", m[1])
		if err != nil {
			t.Fatal(err)
		}
		out[article+" "+at.UTC().Truncate(time.Minute).Format("2006-01-02 15:04")]++
	}
	return out
}

func TestClicksPerMinute(t *testing.T) {
	t.Parallel()
	const dir = "clicks-per-minute"
	n := startNode(t, dir)
	setup, _, ok := strings.Cut(readFile(t, dir+"/clicks.sql"), "-- 5.")
	if !ok {
		t.Fatal("the script has no part 5")
	}
	n.run(t, strings.Replace(setup, "  'speed'  = '600',\n", "", 1)) // which is for eyes
	n.drain(t)
	got := map[string]int{}
	for _, r := range n.records(t, "clicks_per_minute") {
		var value struct{ CLICKS int }
		if err := json.Unmarshal(r.Value, &value); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		// The key ends with the start of the window.
		article, start := r.Key[:len(r.Key)-8], r.Key[len(r.Key)-8:]
		minute := time.UnixMilli(int64(binary.BigEndian.Uint64(start))).UTC().Format("2006-01-02 15:04")
		key := string(article) + " " + minute
		if value.CLICKS <= got[key] {
			t.Errorf("%s: %d after %d", key, value.CLICKS, got[key])
		}
		got[key] = value.CLICKS
	}
	if want := clicksPerMinute(t, dir+"/access.log.gz"); !maps.Equal(got, want) {
		t.Errorf("%d windows, want %d: %v", len(got), len(want), got)
	}
	bad := n.run(t, `SELECT source_topic, source_offset FROM KSQL_PROCESSING_LOG;`)
	if len(bad) != 1 || bad[0][0] != "access_log" || bad[0][1] != "8898" {
		t.Errorf("the processing log should hold the malformed line alone: %q", bad)
	}
}
