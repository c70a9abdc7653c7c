package jsontext

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSkipValue(t *testing.T) {
	for _, s := range []string{`null`, `true`, `false`, `0`, `-0.5e+10`, `""`, `"a\"b\\"`, `[]`, `[1, [2,{}]]`, `{}`, `{ "a" : {"b":[null]}, "c":1}`, `"a long string with \u00e9 and more of it"`} {
		if end, ok := SkipValue([]byte(s+" rest"), 0); !ok || end != len(s) {
			t.Errorf("%s: end %d, %t", s, end, ok)
		}
	}
	for _, s := range []string{``, `nul`, `tru`, `01`, `1.`, `.5`, `+1`, `1e`, `-`, `"a`, `"a\`, "\"a\nb\"", `[1,]`, `[1 2]`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1,}`, `}`, strings.Repeat("[", MaxDepth+2)} {
		if end, ok := SkipValue([]byte(s), 0); ok && end == len(s) {
			t.Errorf("%.20s is taken", s)
		}
	}
}

func TestStringEnd(t *testing.T) {
	for n := range 40 {
		body := strings.Repeat("a", n)
		for _, c := range []struct {
			text          string
			escaped, high bool
		}{{body, false, false}, {body + `\"`, true, false}, {body + "é", false, true}} {
			end, escaped, high, ok := StringEnd([]byte(c.text+`" x`), 0)
			if !ok || end != len(c.text) || escaped != c.escaped || high != c.high {
				t.Errorf("%s: %d, %t, %t, %t", c.text, end, escaped, high, ok)
			}
		}
		if _, _, _, ok := StringEnd([]byte(body), 0); ok {
			t.Errorf("%s has no end", body)
		}
	}
}

func TestCompactAndUnescape(t *testing.T) {
	if got := string(Compact(nil, []byte("{ \"a b\" :\n[1,\t\"\\\" \"] }"))); got != `{"a b":[1,"\" "]}` {
		t.Errorf("got %s", got)
	}
	got, ok := Unescape(nil, []byte(`\b\f\n\r\t\/\\\"\u0041\ud83d\ude00\ud83d\u0041\udc00`))
	if want := "\b\f\n\r\t/\\\"A😀\ufffdA\ufffd"; !ok || string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, s := range []string{`\x`, `\u12`, `\u12g4`, `\`} {
		if _, ok := Unescape(nil, []byte(s)); ok {
			t.Errorf("%s is an escape", s)
		}
	}
}

func FuzzSkipValue(f *testing.F) {
	f.Add(`{"a":[1,2,{"b":null}],"c":"\u00e9"}`)
	f.Fuzz(func(t *testing.T, s string) {
		from := SkipSpace([]byte(s), 0)
		end, ok := SkipValue([]byte(s), from)
		ok = ok && SkipSpace([]byte(s), end) == len(s)
		if valid := json.Valid([]byte(s)); valid && !ok && strings.Count(s, "[")+strings.Count(s, "{") < MaxDepth || !valid && ok && !strings.Contains(s, `\`) {
			t.Fatalf("%q: valid %t, taken %t", s, valid, ok)
		}
		if out := AppendString(nil, s); !json.Valid(out) {
			t.Fatalf("%q is written as %s", s, out)
		} else if back := (""); utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0 && (json.Unmarshal(out, &back) != nil || back != s) {
			t.Fatalf("%q is written as %s", s, out)
		}
	})
}
