package cli

import (
	"bytes"
	"strings"
	"testing"
)

func TestParseScript(t *testing.T) {
	text := "-- c\nCREATE STREAM s (v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');\nDEFINE n='s'; create table t as\n select v, count(*) from ${n} group by v;\n" +
		"INSERT INTO s VALUES (1);\nSELECT * FROM t;\nSELECT v FROM s WHERE v > 1000 AND v < 2000 AND v <> 1500 EMIT CHANGES;\nSET 'a'='b';"
	steps, err := parseScript(text, map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"CREATE STREAM s", "DEFINE n='s'", "create table t", "INSERT INTO s", "SELECT * FROM t pulls",
		"SELECT v FROM s WHERE v > 1000 AND v < 2000 AND v <> 1500...", "SET 'a'='b'"}
	for i, s := range steps {
		got := s.title()
		if s.pulls() {
			got += " pulls"
		}
		if got != want[i] {
			t.Errorf("got %q, want %q", got, want[i])
		}
		if i == 2 && (s.stmt.Pos.Line != 3 || s.stmt.Pos.Col != 15) {
			t.Errorf("the place of %q is %v", got, s.stmt.Pos)
		}
	}
	for in, want := range map[string]string{"SHOW STREAMS": "missing ';'", "SHOW STREAMS;\nSHOW FOO;": "line 2:6", "SELECT * FROM ${x};": "${x} has no value", "SELECT 'a": "'"} {
		if _, err := parseScript(in, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", in, err)
		}
	}
}

func TestScreen(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out, func() int { return 10 }, func() { t.Error("the buffer failed") })
	step := func(f func()) {
		f()
		s.mu.Lock()
		s.flush()
		s.mu.Unlock()
	}
	step(func() { s.setLive("loading 1234567") })
	step(func() { s.setLive("loading 1234567") }) // nothing new: nothing written
	step(func() { s.Write([]byte("row\n")) })
	step(func() { s.setLive("") })
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if want := "loadin..." + clearLine + "row\nloadin..." + clearLine; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
