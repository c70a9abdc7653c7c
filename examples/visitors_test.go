package examples

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"net/netip"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/mileusna/useragent"
	"github.com/phuslu/iploc"
)

var (
	accessLine = regexp.MustCompile(`^(?:[\w.-]+:\d+ )?(\S+) \S+ .* \[[^\]]+\] "GET (\S+) HTTP/[0-9.]+" 200 (?:\d+|-) "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)"$`)
	logEscape  = regexp.MustCompile(`\\(x[0-9A-Fa-f]{2}|.)`)
	programs   = regexp.MustCompile(`(?i)^(curl|wget|python|java|ruby|php|lwp|nutch|go-http-client|libwww-perl|fetch libfetch)([^a-z]|$)|spider|crawl`)
	pages      = regexp.MustCompile(`\.(html|xhtml|php)$|/[^/.]*$`)
)

// visitsPerCountry computes what the example counts, with plain Go over the lines.
func visitsPerCountry(lines []string) map[string]int {
	out := map[string]int{}
	for _, line := range lines {
		m := accessLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		path, _, _ := strings.Cut(unescapeLog(m[2]), "?")
		path, _, _ = strings.Cut(path, "#")
		agent := unescapeLog(m[3])
		if !pages.MatchString(path) || agent != "-" && (useragent.Parse(agent).Bot || programs.MatchString(agent)) {
			continue
		}
		country := "??"
		if a, err := netip.ParseAddr(m[1]); err == nil && iploc.IPCountry(a) != "ZZ" {
			country = iploc.IPCountry(a)
		}
		out[country]++
	}
	return out
}

func unescapeLog(s string) string {
	out := logEscape.ReplaceAllStringFunc(s, func(e string) string {
		if e[1] != 'x' {
			return e[1:]
		}
		n, err := strconv.ParseUint(e[2:], 16, 8)
		if err != nil {
			return e
		}
		return string([]byte{byte(n)})
	})
	if !utf8.ValidString(out) || strings.ContainsFunc(out, unicode.IsControl) {
		return s
	}
	return out
}

// visitorsLines are the lines of the example's files.
func visitorsLines(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("visitors/logs/*")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	return linesOf(t, append(files, "clicks-per-minute/access.log.gz")...)
}

// TestVisitors runs the example at once and at a rate, and compares the topic and the file with a plain computation.
func TestVisitors(t *testing.T) {
	t.Parallel()
	want := visitsPerCountry(visitorsLines(t))
	if len(want) < 30 {
		t.Fatalf("only %d countries", len(want))
	}
	for name, speed := range map[string]string{"replayed": "max", "live": "4000"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := startNode(t, "visitors")
			setup, _, ok := strings.Cut(readFile(t, "visitors/visitors.sql"), "-- 6.")
			if !ok {
				t.Fatal("the script has no part 6")
			}
			file := filepath.Join(t.TempDir(), "visits.csv")
			setup = strings.ReplaceAll(setup, "out/visits.csv", file)
			setup = strings.ReplaceAll(setup, "'topic' = 'raw_page_views'", "'topic' = 'raw_page_views', 'speed' = '"+speed+"'")
			n.run(t, setup)
			n.drain(t)
			got := map[string]int{}
			for _, r := range n.records(t, "visits_per_country") {
				var value struct{ VISITS int }
				if err := json.Unmarshal(r.Value, &value); err != nil {
					t.Fatalf("%s: %v", r.Value, err)
				}
				if value.VISITS <= got[string(r.Key)] {
					t.Errorf("%s: %d after %d", r.Key, value.VISITS, got[string(r.Key)])
				}
				got[string(r.Key)] = value.VISITS
			}
			if !maps.Equal(got, want) {
				t.Errorf("the topic has %v\nwant %v", got, want)
			}
			if got := visitsInFile(t, file); !maps.Equal(got, want) {
				t.Errorf("the file has %v\nwant %v", got, want)
			}
		})
	}
}

// visitsInFile are the last counts in the file that the example writes.
func visitsInFile(t *testing.T, name string) map[string]int {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(readFile(t, name))).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatal(rows, err)
	}
	out := map[string]int{}
	for _, row := range rows[1:] {
		if out[row[0]], err = strconv.Atoi(row[2]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
