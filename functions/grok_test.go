package functions

import (
	"bufio"
	"compress/gzip"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"weir/types"
)

// What the patterns match as a whole, and what they don't.
var grokTexts = map[string][2][]string{
	"NUMBER":            {{"1", "-2.5", "+.5", "007"}, {"", "a", "1.2.3", "."}},
	"INT":               {{"0", "-12"}, {"1.5", "x"}},
	"POSINT":            {{"10"}, {"0", "-1"}},
	"BASE16NUM":         {{"0xFf", "12"}, {"0xg"}},
	"WORD":              {{"abc_1"}, {"a b", ""}},
	"NOTSPACE":          {{"a:b"}, {"a b"}},
	"QS":                {{`"a \" b"`, `'x'`}, {`"a`, `a"`}},
	"UUID":              {{"123e4567-e89b-12d3-a456-426614174000"}, {"123e4567"}},
	"MAC":               {{"00:1A:2b:3C:4d:5E", "00-1A-2B-3C-4D-5E", "001A.2B3C.4D5E"}, {"00:1A"}},
	"IPV4":              {{"192.0.2.1", "255.255.255.255"}, {"256.1.1.1", "1.2.3"}},
	"IP":                {{"::1", "2001:db8::1", "fe80::1%eth0", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8", "10.0.0.1"}, {"host", "12:30"}},
	"HOSTNAME":          {{"example.org", "a-b.c"}, {"-a", "a b"}},
	"HOSTPORT":          {{"example.org:80", "10.0.0.1:443"}, {"example.org"}},
	"EMAILADDRESS":      {{"a.b+c@example.org"}, {"a@", "@b"}},
	"UNIXPATH":          {{"/var/log/x.log"}, {"var"}},
	"WINPATH":           {{`C:\Users\x y`}, {"/x"}},
	"URI":               {{"https://u:p@example.org:8080/a/b?c=d&e#f", "ftp://10.0.0.1/"}, {"example.org/a"}},
	"URIPATHPARAM":      {{"/a/b?c=d"}, {"?c=d"}},
	"TIMESTAMP_ISO8601": {{"2025-10-10T13:55:36Z", "2025-10-10 13:55:36,123", "2025-10-10T13:55:36.5+02:00", "2025-10-10T13:55"}, {"2025-13-10T13:55:36Z", "13:55:36"}},
	"HTTPDATE":          {{"10/Oct/2025:13:55:36 -0700"}, {"10/Okt/2025:13:55:36 -0700"}},
	"SYSLOGTIMESTAMP":   {{"Oct  1 13:55:36", "Oct 11 13:55:36"}, {"Oct 13:55:36"}},
	"DATE":              {{"10/31/2025", "31.10.2025"}, {"2025"}},
	"DATESTAMP_RFC2822": {{"Mon, 10 Oct 2025 13:55:36 +0200"}, {"10 Oct 2025"}},
	"DATESTAMP_RFC822":  {{"Mon Oct 10 2025 13:55:36 UTC"}, {"10 Oct 2025"}},
	"TIME":              {{"23:59:60", "7:05"}, {"24:60"}},
	"LOGLEVEL":          {{"ERROR", "warning", "Info"}, {"loud"}},
	"JAVACLASS":         {{"org.example.Main$1"}, {"1a"}},
}

func TestGrokPatterns(t *testing.T) {
	for name := range grokPatterns {
		p, err := compileGrok(nil, "^%{"+name+"}$")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// Only named groups are captured: what else there is would be counted in vain.
		if p.re.re.NumSubexp() > 0 && slices.Contains(p.names[1:], "") {
			t.Errorf("%s has a group without a name: %s", name, p.re.text)
		}
		for i, texts := range grokTexts[name] {
			for _, s := range texts {
				if got := p.re.find(s) != nil; got != (i == 0) {
					t.Errorf("%s matches %q: %v", name, s, got)
				}
			}
		}
	}
	for name := range grokTexts {
		if grokPatterns[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
}

// TestGrokAccessLog compares COMBINEDAPACHELOG with PARSE_ACCESS_LOG on the log of the example.
func TestGrokAccessLog(t *testing.T) {
	f, err := os.Open("../examples/clicks-per-minute/access.log.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	p, err := compileGrok(nil, "%{COMBINEDAPACHELOG}")
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(z)
	for n := 1; in.Scan(); n++ {
		line := in.Text()
		m := p.re.find(line)
		v, err := accessLog(&Call{Args: []types.Value{types.StringValue(line)}})
		if err != nil {
			t.Fatal(err)
		}
		if (m == nil) != v.IsNull() {
			t.Fatalf("line %d: the two don't agree: %s", n, line)
		}
		if m == nil || strings.Contains(line, `\`) {
			continue
		}
		x := v.Items()
		text := func(at int) string { return types.Text(x[at], accessLogType.Fields[at].Type) }
		for name, want := range map[string]string{"clientip": text(logClient), "verb": text(logMethod), "request": text(logPath), "response": text(logStatus)} {
			if got := p.one(line, m, name); got.Str() != want {
				t.Fatalf("line %d: %s is %q, not %q", n, name, got.Str(), want)
			}
		}
		if got := p.one(line, m, "agent"); !x[logAgent].IsNull() && got.Str() != `"`+text(logAgent)+`"` {
			t.Fatalf("line %d: the agent is %q", n, got.Str())
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
}

// TestGrokIsBounded takes patterns that grow: by names, and by repetitions, which count as the memory that they take.
func TestGrokIsBounded(t *testing.T) {
	pattern := strings.Repeat("%{COMBINEDAPACHELOG}", 1000)
	if _, err := compileGrok(nil, pattern); err == nil || !strings.Contains(err.Error(), "longer than 65536 bytes") {
		t.Errorf("%v", err)
	}
	env := &Env{Config: map[string]string{"weir.max.row.bytes": "100000"}}
	_, err := compileGrok(NewMeter(env), "%{WORD}{900}")
	var limit *LimitError
	if !errors.As(err, &limit) {
		t.Errorf("%v", err)
	}
}

func BenchmarkGrok(b *testing.B) {
	line := `83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /presentations/logstash-monitorama-2013/images/kibana-search.png HTTP/1.1" 200 203023 "http://semicomplete.com/presentations/" "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36"`
	for _, pattern := range []string{"%{COMBINEDAPACHELOG}", `%{NOTSPACE:client} .* "%{WORD:method} %{NOTSPACE:path}`} {
		b.Run(pattern, func(b *testing.B) {
			benchScalar(b, "GROK", args(types.TString, types.TString), types.StringValue(line), types.StringValue(pattern))
		})
	}
}
