package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"weir/server/wire"
)

var meta = wire.QueryMeta{
	ColumnNames: []string{"ID", "PAGE", "N", "WINDOWSTART"},
	ColumnTypes: []string{"STRING", "STRING", "BIGINT", "BIGINT"},
}

// shown is what a printer writes of rows; those that begin with ! have left.
func shown(t *testing.T, p *Printer, meta wire.QueryMeta, rows ...string) string {
	t.Helper()
	var out bytes.Buffer
	p.Out = &out
	if err := p.Header(meta); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		raw, gone := strings.CutPrefix(r, "!")
		if raw == "flush" {
			if err := p.Flush(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := p.Row(json.RawMessage(raw), gone); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.End(); err != nil {
		t.Fatal(err)
	}
	// How long it took is not compared.
	lines := strings.SplitAfter(out.String(), "\n")
	if n := len(lines); n > 1 && strings.HasPrefix(lines[n-2], "(") {
		before, _, _ := strings.Cut(lines[n-2], ",")
		lines[n-2] = before + ")\n"
	}
	return strings.Join(lines, "")
}

func terminal(columns, lines int) *Printer {
	return &Printer{Format: Tabular, Columns: func() int { return columns }, Lines: func() int { return lines }}
}

func TestGrid(t *testing.T) {
	row := `["u1","/home",1234567,1764374400000]`
	cases := []struct {
		name          string
		columns, high int
		rows          []string
		want          string
	}{
		{"as wide as the content, with types, numbers at the right", 80, 0, []string{row, `["user 2","/",7,1764374460000]`}, `
 ID     | PAGE   |       N | WINDOWSTART
 STRING | STRING |  BIGINT | TIMESTAMP
--------+--------+---------+-------------------------
 u1     | /home  | 1234567 | 2025-11-29T00:00:00.000
 user 2 | /      |       7 | 2025-11-29T00:01:00.000
(2 rows)
`},
		{"NULL is no text", 80, 0, []string{`[null,"null",null,0]`, `["NULL","x",1,0]`}, `
 ID     | PAGE   |      N | WINDOWSTART
 STRING | STRING | BIGINT | TIMESTAMP
--------+--------+--------+-------------------------
 NULL   | null   |   NULL | 1970-01-01T00:00:00.000
 'NULL' | x      |      1 | 1970-01-01T00:00:00.000
(2 rows)
`},
		{"short of room texts are cut, numbers and times are not", 56, 0, []string{`["u1","/a/very/long/path/of/a/page",1234567,1764374400000]`}, `
 ID | PAGE          |       N | WINDOWSTART
----+---------------+---------+-------------------------
 u1 | /a/very/lo... | 1234567 | 2025-11-29T00:00:00.000
(1 row)
`},
		{"what leaves keeps its key", 80, 0, []string{`!["u1",null,null,1764374400000]`}, `
 ID     | PAGE      |      N | WINDOWSTART
 STRING | STRING    | BIGINT | TIMESTAMP
--------+-----------+--------+-------------------------
 u1     | <deleted> |        | 2025-11-29T00:00:00.000
(1 row)
`},
		{"no row", 80, 0, nil, `
 ID     | PAGE   |      N | WINDOWSTART
 STRING | STRING | BIGINT | TIMESTAMP
--------+--------+--------+-------------
(0 rows)
`},
		{"the names again on each screen", 80, 5, []string{row, row, row}, `
 ID     | PAGE   |       N | WINDOWSTART
 STRING | STRING |  BIGINT | TIMESTAMP
--------+--------+---------+-------------------------
 u1     | /home  | 1234567 | 2025-11-29T00:00:00.000
 ID     | PAGE   |       N | WINDOWSTART
 STRING | STRING |  BIGINT | TIMESTAMP
--------+--------+---------+-------------------------
 u1     | /home  | 1234567 | 2025-11-29T00:00:00.000
 ID     | PAGE   |       N | WINDOWSTART
 STRING | STRING |  BIGINT | TIMESTAMP
--------+--------+---------+-------------------------
 u1     | /home  | 1234567 | 2025-11-29T00:00:00.000
(3 rows)
`},
		{"columns grow, and are told again", 80, 0, []string{row, "!flush", `["u2","/longer",1,1764374400000]`}, `
 ID     | PAGE   |       N | WINDOWSTART
 STRING | STRING |  BIGINT | TIMESTAMP
--------+--------+---------+-------------------------
 u1     | /home  | 1234567 | 2025-11-29T00:00:00.000
 ID     | PAGE    |       N | WINDOWSTART
 STRING | STRING  |  BIGINT | TIMESTAMP
--------+---------+---------+-------------------------
 u2     | /longer |       1 | 2025-11-29T00:00:00.000
(2 rows)
`},
		{"too narrow for a line", 24, 0, []string{row}, `
-[ 1 ]------------------
ID          | u1
PAGE        | /home
N           | 1234567
WINDOWSTART | 2025-11-29T00:00:00.000
(1 row)
`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := shown(t, terminal(c.columns, c.high), meta, c.rows...); got != c.want[1:] {
				t.Errorf("got\n%swant%s", got, c.want)
			}
		})
	}
}

func TestVertical(t *testing.T) {
	p := terminal(30, 0)
	p.Expanded = true
	want := `
-[ 1 ]------------------------
ID          | u1
PAGE        | /a/path/that/is/
              wrapped
N           | NULL
WINDOWSTART | 1970-01-01T00:00:00.001
-[ 2 ]------------------------
ID          | u2
PAGE        | <deleted>
N           | <deleted>
WINDOWSTART | 1970-01-01T00:00:00.001
(2 rows)
`
	if got := shown(t, p, meta, `["u1","/a/path/that/is/wrapped",null,1]`, `!["u2",null,null,1]`); got != want[1:] {
		t.Errorf("got\n%s", got)
	}
}

// Without a terminal, and for programs, nothing is laid out and nothing is added.
func TestPlainFormats(t *testing.T) {
	odd := wire.QueryMeta{ColumnNames: []string{"K", "A,B"}, ColumnTypes: []string{"STRING", "ARRAY<STRING>"}}
	rows := []string{`["x",null]`, `["",["a","b"]]`, `["say \"hi\"\n",["<"]]`}
	for f, want := range map[Format]string{
		Tabular: "|K|A,B|\n|x|null|\n||[\"a\",\"b\"]|\n|say \"hi\"\\n|[\"<\"]|\n",
		JSON:    "{\"queryId\":null,\"columnNames\":[\"K\",\"A,B\"],\"columnTypes\":[\"STRING\",\"ARRAY<STRING>\"]}\n" + strings.Join(rows, "\n") + "\n",
		JSONL:   "{\"K\":\"x\",\"A,B\":null}\n{\"K\":\"\",\"A,B\":[\"a\",\"b\"]}\n{\"K\":\"say \\\"hi\\\"\\n\",\"A,B\":[\"<\"]}\n",
		CSV:     "K,\"A,B\"\nx,\n\"\",\"[\"\"a\"\",\"\"b\"\"]\"\n\"say \"\"hi\"\"\n\",\"[\"\"<\"\"]\"\n",
	} {
		if got := shown(t, &Printer{Format: f}, odd, rows...); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", f, got, want)
		}
	}
	if got := shown(t, &Printer{Format: Tabular}, odd, `!["x",null]`); got != "|K|A,B|\n|x|<deleted>|\n" {
		t.Errorf("got %q", got)
	}
	if err := (&Printer{Format: Tabular}).Row(json.RawMessage(`[]`), false); err == nil {
		t.Error("there are no columns yet")
	}
	p := &Printer{Format: Tabular}
	if p.Header(odd); p.Row(json.RawMessage(`{}`), false) == nil {
		t.Error("an object is no row")
	}
}

// Rows that come together are written together, and none waits for the next one.
func TestPace(t *testing.T) {
	in, out := io.Pipe()
	p := terminal(80, 0)
	p.Out, p.Pace = out, time.Millisecond
	if err := p.Header(meta); err != nil {
		t.Fatal(err)
	}
	if err := p.Row(json.RawMessage(`["u1","/",1,0]`), false); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), " u1") {
			return
		}
	}
	t.Error("the row was not written")
}

func FuzzGrid(f *testing.F) {
	f.Add(`["a",null,1,0]`, 20, 5)
	f.Add(`["日本",{"x":[1]},1e9,-1]`, 60, 0)
	f.Fuzz(func(t *testing.T, row string, columns, lines int) {
		p := terminal(columns%300, lines%100)
		p.Out = io.Discard
		p.Header(meta)
		_ = p.Row(json.RawMessage(row), len(row)%2 == 0)
		if err := p.End(); err != nil {
			t.Fatal(err)
		}
	})
}
