package functions

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"weir/types"
)

// accessFields is a line taken apart, a field a cell, as text; NULL for NULL.
func accessFields(t testing.TB, line string) string {
	t.Helper()
	v, err := accessLog(&Call{Args: []types.Value{types.StringValue(line)}})
	if err != nil {
		t.Fatal(err)
	}
	if v.IsNull() {
		return "NULL"
	}
	var cells []string
	for i, x := range v.Items() {
		switch {
		case x.IsNull():
			cells = append(cells, "NULL")
		case i == logTime:
			cells = append(cells, time.UnixMilli(x.Int()).UTC().Format(time.RFC3339))
		default:
			cells = append(cells, types.Text(x, accessLogType.Fields[i].Type))
		}
	}
	return strings.Join(cells, "|")
}

func TestAccessLog(t *testing.T) {
	const at = "2000-10-10T20:55:36Z"
	for _, c := range [][2]string{
		{`h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326`, `h|NULL|NULL|` + at + `|GET|/|HTTP/1.0|200|2326|NULL|NULL|NULL`},
		{`h id frank [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 -` + "\r\n", `h|id|frank|` + at + `|GET|/|HTTP/1.0|200|NULL|NULL|NULL|NULL`},
		// What follows the agent, or the bytes, is not read.
		{`::1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/2.0" 304 0 "-" "" "10.0.0.1" 0.003`, `::1|NULL|NULL|` + at + `|GET|/|HTTP/2.0|304|0|NULL||NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 1234`, `h|NULL|NULL|` + at + `|GET|/|HTTP/1.1|200|5|NULL|NULL|NULL`},
		// Virtual hosts: with a port, or in front of an address.
		{`www.example.org:443 h.example - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "r" "a"`, `h.example|NULL|NULL|` + at + `|GET|/|HTTP/1.1|200|5|r|a|www.example.org:443`},
		{`www.example.org 2001:db8::1 - al bo [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5`, `2001:db8::1|NULL|al bo|` + at + `|GET|/|HTTP/1.1|200|5|NULL|NULL|www.example.org`},
		{`[2001:db8::2]:80 192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5`, `192.0.2.1|NULL|NULL|` + at + `|GET|/|HTTP/1.1|200|5|NULL|NULL|[2001:db8::2]:80`},
		// Users: empty, with blanks, with brackets, with what looks like a time.
		{`192.0.2.1 - "" [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 401 5`, `192.0.2.1|NULL||` + at + `|GET|/|HTTP/1.1|401|5|NULL|NULL|NULL`},
		{`192.0.2.1 - al ice [admin] [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 401 5`, `192.0.2.1|NULL|al ice [admin]|` + at + `|GET|/|HTTP/1.1|401|5|NULL|NULL|NULL`},
		{`192.0.2.1 - [01/Jan/1999:00:00:00 +0000] \"x [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 401 5`, `192.0.2.1|NULL|[01/Jan/1999:00:00:00 +0000] "x|` + at + `|GET|/|HTTP/1.1|401|5|NULL|NULL|NULL`},
		{`192.0.2.1 -  [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 401 5`, `192.0.2.1|NULL||` + at + `|GET|/|HTTP/1.1|401|5|NULL|NULL|NULL`},
		// Escapes: of nginx, of Apache; not where they stand for what cannot be shown.
		{`h - - [10/Oct/2000:13:55:36 -0700] "GET /\xC3\xBC HTTP/1.1" 200 5 "\x22\x5C" "q\"\\\xe2\x82\xac"`, `h|NULL|NULL|` + at + `|GET|/ü|HTTP/1.1|200|5|"\|q"\€|NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "GET /\xfc HTTP/1.1" 200 5 "\t" "a\x00\"b\x"`, `h|NULL|NULL|` + at + `|GET|/\xfc|HTTP/1.1|200|5|\t|a\x00\"b\x|NULL`},
		// What is no request.
		{`h - - [10/Oct/2000:13:55:36 -0700] "-" 408 - "-" "-"`, `h|NULL|NULL|` + at + `|NULL|-|NULL|408|NULL|NULL|NULL|NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "" 400 0 "-" "-"`, `h|NULL|NULL|` + at + `|NULL||NULL|400|0|NULL|NULL|NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "\x16\x03\x01\x02\x00 \x01/" 400 157 "-" "-"`, `h|NULL|NULL|` + at + `|NULL|\x16\x03\x01\x02\x00 \x01/|NULL|400|157|NULL|NULL|NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "GARBAGE" 400 157`, `h|NULL|NULL|` + at + `|NULL|GARBAGE|NULL|400|157|NULL|NULL|NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "t3 12.2.1" 400 157`, `h|NULL|NULL|` + at + `|NULL|t3 12.2.1|NULL|400|157|NULL|NULL|NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "<BADREQ>" -1 +3`, `NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "<BADREQ>" -1 0 "" ""`, `h|NULL|NULL|` + at + `|NULL|<BADREQ>|NULL|NULL|0|||NULL`},
		// Requests that are odd.
		{`h - - [10/Oct/2000:13:55:36 -0700] "GET /a b" 200 5`, `h|NULL|NULL|` + at + `|GET|/a b|NULL|200|5|NULL|NULL|NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "GET /a b HTTP/3.7" 200 5`, `h|NULL|NULL|` + at + `|GET|/a b|HTTP/3.7|200|5|NULL|NULL|NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "CONNECT a:443 HTTP/1.1" 405 5`, `h|NULL|NULL|` + at + `|CONNECT|a:443|HTTP/1.1|405|5|NULL|NULL|NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "GET /"q" HTTP/1.1" 200 5 "-" "a "q"b"`, `NULL`}, // a quote and a blank end a text
		{`h - - [10/Oct/2000:13:55:36 -0700] "GET /q"q HTTP/1.1" 200 5 "-" "a"b"`, `h|NULL|NULL|` + at + `|GET|/q"q|HTTP/1.1|200|5|NULL|a"b|NULL`},
		{`h - - [29/Feb/2024:23:59:60 +0530] "GET / HTTP/1.1" 200 5`, `h|NULL|NULL|2024-02-29T18:30:00Z|GET|/|HTTP/1.1|200|5|NULL|NULL|NULL`},
		// Lines that are none.
		{``, `NULL`}, {`{"status": 200}`, `NULL`}, {` [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5`, `NULL`},
		{`h - - [30/Feb/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 5`, `NULL`}, {`h - - [10/Okt/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5`, `NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 2000 5`, `NULL`}, {`h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 x`, `NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 1234567890123456789`, `NULL`}, {`h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1"`, `NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-"`, `NULL`}, {`h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "cut`, `NULL`},
		{`h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "cut\"`, `NULL`},
	} {
		if got := accessFields(t, c[0]); got != c[1] {
			t.Errorf("%s\ngives %s\nwant  %s", c[0], got, c[1])
		}
	}
}

// writers are how servers write what they were sent into quotes.
var writers = map[string]func(b *strings.Builder, c byte){
	"nginx": func(b *strings.Builder, c byte) {
		if c < 32 || c > 126 || c == '"' || c == '\\' {
			fmt.Fprintf(b, `\x%02X`, c)
		} else {
			b.WriteByte(c)
		}
	},
	"apache": func(b *strings.Builder, c byte) {
		switch short := strings.IndexByte("\b\n\r\t\v", c); {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case short >= 0:
			b.WriteString([]string{`\b`, `\n`, `\r`, `\t`, `\v`}[short])
		case c < 32 || c > 126:
			fmt.Fprintf(b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	},
}

// TestAccessLogGenerated writes texts of all kinds as servers do, and expects them back.
func TestAccessLogGenerated(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 37))
	pieces := []string{"a", "Z", "0", "/", "%20", "?", "=", `"`, `\`, `\x41`, "[", "]", "ü", "€", "😀", " ", ":", ".", "-", "\t", "\x00", "\xff", "\n", "\u0085", `" 200 5 "`}
	text := func(most int, without string) string {
		var b strings.Builder
		for range r.IntN(most + 1) {
			if p := pieces[r.IntN(len(pieces))]; !strings.ContainsAny(p, without) {
				b.WriteString(p)
			}
		}
		return b.String()
	}
	for i := range 20_000 {
		server := []string{"nginx", "apache"}[r.IntN(2)]
		write := func(s string) (written, shown string) {
			var b strings.Builder
			for _, c := range []byte(s) {
				writers[server](&b, c)
			}
			if written = b.String(); utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) {
				return written, s
			}
			return written, written
		}
		client := []string{fmt.Sprintf("%d.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256)), fmt.Sprintf("2001:db8::%x", r.IntN(65536)), fmt.Sprintf("host-%d.example", r.IntN(99))}[r.IntN(3)]
		userWritten, user := write("u" + text(6, ""))
		pathWritten, path := write("/" + text(12, ""))
		referrerWritten, referrer := write("r" + text(12, ""))
		agentWritten, agent := write("m" + text(20, ""))
		method := []string{"GET", "POST", "HEAD", "M-SEARCH"}[r.IntN(4)]
		at := time.Unix(r.Int64N(4e9), 0).In(time.FixedZone("", (r.IntN(27)-12)*1800))
		status, size := 100+r.IntN(500), r.Int64N(1<<40)
		vhost, front := "NULL", ""
		if r.IntN(2) == 0 {
			vhost = "www.example.org:80"
			front = vhost + " "
		}
		line := fmt.Sprintf(`%s%s - %s [%s] "%s %s HTTP/1.1" %d %d "%s" "%s"`, front, client, userWritten, at.Format("02/Jan/2006:15:04:05 -0700"),
			method, pathWritten, status, size, referrerWritten, agentWritten)
		want := fmt.Sprintf(`%s|NULL|%s|%s|%s|%s|HTTP/1.1|%d|%d|%s|%s|%s`, client, user, at.UTC().Format(time.RFC3339), method, path, status, size, referrer, agent, vhost)
		if got := accessFields(t, line); got != want {
			t.Fatalf("line %d, of %s: %s\ngives %s\nwant  %s", i, server, line, got, want)
		}
	}
}

// TestAccessLogReal reads the log of the example: all lines but the one without its last quote.
func TestAccessLogReal(t *testing.T) {
	f, err := os.Open("../examples/clicks-per-minute/access.log.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(z)
	for n := 1; in.Scan(); n++ {
		got := accessFields(t, in.Text())
		if (got == "NULL") != (n == 8899) {
			t.Fatalf("line %d gives %s: %s", n, got, in.Text())
		}
		if got == "NULL" {
			continue
		}
		// Put together again it is the line, up to what escapes and time zones lose.
		v, _ := accessLog(&Call{Args: []types.Value{types.StringValue(in.Text())}})
		x := v.Items()
		text := func(i int) string {
			if x[i].IsNull() {
				return "-"
			}
			return types.Text(x[i], accessLogType.Fields[i].Type)
		}
		again := fmt.Sprintf(`%s %s %s [%s] "%s %s %s" %s %s "%s" "%s"`, text(logClient), text(logIdent), text(logUser),
			time.UnixMilli(x[logTime].Int()).UTC().Format("02/Jan/2006:15:04:05 -0700"), text(logMethod), text(logPath), text(logProtocol), text(logStatus), text(logBytes), text(logReferrer), text(logAgent))
		if again != in.Text() {
			t.Errorf("line %d:\n%s\ncomes back as\n%s", n, in.Text(), again)
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
}

func FuzzAccessLog(f *testing.F) {
	f.Add(`192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "a\x22"`)
	f.Fuzz(func(t *testing.T, line string) { accessFields(t, line) })
}

func BenchmarkAccessLog(b *testing.B) {
	line := `83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /presentations/logstash-monitorama-2013/images/kibana-search.png HTTP/1.1" 200 203023 "http://semicomplete.com/presentations/" "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36"`
	b.SetBytes(int64(len(line)))
	benchScalar(b, "PARSE_ACCESS_LOG", args(types.TString), types.StringValue(line))
}
