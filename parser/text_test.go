package parser

import (
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		src        string
		statements string // joined by |
		rest       string
		open       Open
	}{
		{"", "", "", Complete},
		{" \n-- nothing\n/* here */", "", "", Complete},
		{"a; b ;", "a;|b ;", "", Complete},
		{"a;;b", "a;", "b", InStatement},
		{"a ';' b; -- c;\nd /* ; */ e; f -- g", "a ';' b;|d /* ; */ e;", "f", InStatement},
		{"a 'it''s", "", "a 'it''s", InString},
		{"a 'it''", "", "a 'it''", InString},
		{"a; `b", "a;", "`b", InName},
		{"a; \"b", "a;", "\"b", InName},
		{"a; /* b", "a;", "/* b", InComment},
		{"a /* b; */ c /*", "", "a /* b; */ c /*", InComment},
		{"é #$%; \xff;", "é #$%;|\xff;", "", Complete},
	}
	for _, tt := range tests {
		p := Split(tt.src)
		var list []string
		for _, s := range p.Statements {
			list = append(list, s.Text)
		}
		if got := strings.Join(list, "|"); got != tt.statements || p.Rest.Text != tt.rest || p.Open != tt.open {
			t.Errorf("%q: got %q, %q, %d", tt.src, got, p.Rest.Text, p.Open)
		}
	}
}

func TestSubstitute(t *testing.T) {
	vars := map[string]string{
		"name": "foo", "topic": "it's", "n": "-5", "text": "'x''y'", "quoted": "`a b`", "bad": "a; DROP STREAM s",
		"two": "a b", "empty": "", "key": "SELECT", "t": "true", "comment": "a -- b", "Case": "exact", "CASE": "other",
	}
	tests := []struct{ src, want, err string }{
		{"SELECT 1;", "SELECT 1;", ""},
		{"CREATE STREAM ${name} WITH (a='${topic}', b=${n}, c=${text}, d=${t});",
			"CREATE STREAM foo WITH (a='it''s', b=-5, c='x''y', d=true);", ""},
		{"${NAME} ${quoted} `${topic}` \"x${name}y${name}\"", "foo `a b` `it's` \"xfooyfoo\"", ""},
		{"${Case}${CASE}", "exactother", ""},
		{"'$${name} ${name}' '${' '${}' '${1}' '$' '${na me}' '${name'", "'${name} foo' '${' '${}' '${1}' '$' '${na me}' '${name'", ""},
		{"-- ${nothing}\n/* ${nothing} */ a", "-- ${nothing}\n/* ${nothing} */ a", ""},
		{"a\n  ${nme}", "", "line 2:3: Syntax Error\nthe variable ${nme} has no value\nStatement:   ${nme}\n             ^\nDid you mean ${name}?"},
		{"'${zzzzzz}'", "", "DEFINE zzzzzz = '...'"},
		{"${bad}", "", "neither a name nor a literal"},
		{"${two}", "", "neither a name nor a literal"},
		{"${empty}", "", "neither a name nor a literal"},
		{"${key}", "", "neither a name nor a literal"},
		{"${comment}", "", "neither a name nor a literal"},
		{"'${bad}'", "'a; DROP STREAM s'", ""},
	}
	for _, tt := range tests {
		got, err := Substitute(tt.src, vars)
		switch {
		case tt.err == "" && (err != nil || got != tt.want):
			t.Errorf("%s: got %s, %v", tt.src, got, err)
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s: got %s, %v, want %s", tt.src, got, err, tt.err)
		}
	}
}

// TestCaret shows where the caret stands under tabs, wide lines and lines that end with a carriage return.
func TestCaret(t *testing.T) {
	long := "SELECT " + strings.Repeat("a, ", 200) + "; " + strings.Repeat("b, ", 200)
	tests := []struct{ src, want string }{
		{"SELECT *\r\n\tFROM\tx y z;\r\n", "Statement: \tFROM\tx y z;\n           \t    \t    ^"},
		{"SELECT 'é' 日;", "Statement: SELECT 'é' 日;\n                      ^"},
		{long, "…" + long[447:607] + "; " + long[609:687] + "…\n" + strings.Repeat(" ", 11+161) + "^"},
	}
	for _, tt := range tests {
		if _, err := Parse(tt.src, Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got\n%v\nwant\n%s", err, tt.want)
		}
	}
}

func TestBadText(t *testing.T) {
	for src, want := range map[string]string{
		"SELECT '\xff' FROM s;":      "not valid UTF-8",
		"SELECT `\xff` FROM s;":      "not valid UTF-8",
		"SELECT \xff FROM s;":        "not valid UTF-8",
		"SELECT /* a":                "close it with */",
		"SELECT `a":                  "close it with `",
		"SELECT ${ FROM s;":          "a variable is written ${name}",
		"SELECT 'a\x00b' FROM;":      "expected a stream or table",
		"SELECT a ? b FROM s;":       "begins with '?'",
		"SELECT `a` `b` `c` FROM;":   "expected FROM",
		"SELECT ROW(a, b).c FROM s;": "expected FROM, found '.'",
	} {
		if _, err := Parse(src, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", src, err, want)
		}
	}
	if list, err := Parse("\ufeffSHOW TOPICS;", Options{}); err != nil || len(list) != 1 {
		t.Error("a byte order mark is in the way:", err)
	}
}
