package engine

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// clicksPerMinute computes what examples/clicks-per-minute counts, with plain Go over the file.
func clicksPerMinute(t *testing.T, path string) map[string]int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^\S+ \S+ \S+ \[([^\]]+)\] "(\S+) (\S+)[^"]*" (\d+) \S+ "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"$`)
	page := regexp.MustCompile(`\.(html|xhtml|php)$|/[^/.]*$`)
	out := map[string]int{}
	in := bufio.NewScanner(z)
	for in.Scan() {
		m := line.FindStringSubmatch(in.Text())
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
	const dir = "../examples/clicks-per-minute/"
	sql, err := os.ReadFile(dir + "clicks.sql")
	if err != nil {
		t.Fatal(err)
	}
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	s := NewSession()
	s.BaseDir = dir
	setup, _, _ := strings.Cut(string(sql), "-- 4.")
	n.run(t, s, setup)
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := clicksPerMinute(t, dir+"access.log.gz")
	got := map[string]int{}
	for _, l := range n.changes(t, s, `SELECT article, FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWSTART), 'yyyy-MM-dd HH:mm') AS minute, clicks FROM clicks_per_minute EMIT CHANGES;`) {
		var clicks int
		parts := strings.Split(l, " | ")
		fmt.Sscan(parts[2], &clicks)
		if key := parts[0] + " " + parts[1]; clicks <= got[key] {
			t.Errorf("%s: %d after %d", key, clicks, got[key])
		} else {
			got[key] = clicks
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%d windows, want %d: %v", len(got), len(want), got)
	}
	problems := n.run(t, s, `SELECT source_topic, source_offset, reason, record FROM KSQL_PROCESSING_LOG;`)
	if strings.Count(problems, "\n") != 1 || !strings.HasPrefix(problems, "access_log | 8898 | ") {
		t.Errorf("the processing log should hold the malformed line alone:\n%s", problems)
	}
}
