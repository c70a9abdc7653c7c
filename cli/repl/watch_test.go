package repl

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/server/render"
	"weir/server/wire"
)

// listed is a backend with a table that is a list, and changes of it.
type listed struct {
	recorder
	ran       string
	all       []string
	interrupt func()
}

func (l *listed) Aside(properties map[string]string) Backend {
	if properties != nil && properties["auto.offset.reset"] != "earliest" {
		panic("a board begins with what is there")
	}
	return l
}

func (l *listed) Execute(_ context.Context, s Script, d Display) error {
	key := wire.Field{Name: "PAGE", Type: "KEY"}
	switch {
	case s.Text == "DESCRIBE TOP EXTENDED;":
		return d.Entity(&wire.SourceDescriptionEntity{Source: wire.SourceDescription{Name: "TOP", Type: "TABLE", Fields: []wire.Field{key, {Name: "N"}},
			Statement:  "CREATE TABLE top AS SELECT page, COUNT(*) AS n FROM s GROUP BY page ORDER BY n DESC LIMIT 3;",
			Statistics: "rows read: 1, lag: 12, last commit: x, stream time: 2026-03-01T10:00:00.000Z"}})
	case strings.HasPrefix(strings.TrimSpace(s.Text), "SELECT"):
		l.ran = s.Text
		l.all = append(l.all, s.Text)
		if err := d.Header(wire.QueryMeta{ColumnNames: []string{"PAGE", "N"}, ColumnTypes: []string{"STRING", "BIGINT"}}); err != nil {
			return err
		}
		for _, row := range []string{`["/a",1]`, `["/b",2]`, `["/a",3]`} {
			if err := d.Row(json.RawMessage(row), false); err != nil {
				return err
			}
		}
		err := d.Row(json.RawMessage(`["/b",null]`), true)
		if l.interrupt != nil {
			l.interrupt()
			return ErrInterrupted
		}
		return errors.Join(err, d.End())
	default:
		l.all = append(l.all, s.Text)
	}
	return nil
}

func TestWatch(t *testing.T) {
	cases := []struct{ sql, ran, screen, err string }{
		{"WATCH SELECT * FROM top;", "SELECT * FROM TOP EMIT CHANGES;", " /a     |      3\n1 row, 4 changes, 0/s", ""},
		{"watch bar n select page, n from top order by page limit 1;", "SELECT PAGE, N FROM TOP EMIT CHANGES;", " /a     |      3 █", ""},
		{"WATCH SELECT page FROM top ORDER BY x;", "", "", "X is none"},
		{"WATCH BAR z SELECT * FROM top;", "", "", "no column z"},
		{"WATCH SHOW STREAMS;", "", "", "WATCH takes a query"},
		{"WATCH SELECT FROM;", "", "", "line 1, column 14: Syntax error: expected an expression"},
	}
	for _, c := range cases {
		b := new(listed)
		r, out := newTest(b)
		r.Printer = &render.Printer{Out: out, Format: render.Tabular, Columns: func() int { return 60 }, Lines: func() int { return 20 }}
		err := r.execute(t.Context(), c.sql)
		if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", c.sql, err, c.err)
		}
		if !strings.Contains(out.String(), c.screen) || !strings.Contains(b.ran, c.ran) {
			t.Errorf("%s: ran %q, shows\n%s", c.sql, b.ran, out)
		}
	}
}

// Where there is no terminal, changes come as they do from a push query, and statements stand before and behind.
func TestWatchInScripts(t *testing.T) {
	const script = "SHOW TABLES;\nWATCH BAR n\n  SELECT * FROM top ORDER BY n LIMIT 1;\nSHOW STREAMS;"
	b := new(listed)
	r, out := newTest(b)
	r.Printer.Format = render.CSV
	name := filepath.Join(t.TempDir(), "s.sql")
	if err := os.WriteFile(name, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.RunFile(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if want := "PAGE,N\n/a,1\n/b,2\n/a,3\n"; !strings.HasPrefix(out.String(), want) {
		t.Errorf("got %q, want %q", out, want)
	}
	want := []string{"SHOW TABLES;", "\n\nSELECT * FROM TOP EMIT CHANGES;", "\n\n\nSHOW STREAMS;"}
	if !slices.Equal(b.all, want) {
		t.Errorf("got %q, want %q", b.all, want)
	}
	// Ctrl-C ends the board, and what stands behind it is left.
	for _, c := range []struct {
		sql  string
		want error
	}{{script, ErrInterrupted}, {"WATCH SELECT * FROM top;", nil}} {
		ctx, cancel := context.WithCancel(t.Context())
		b := &listed{interrupt: cancel}
		r, out := newTest(b)
		r.Printer = &render.Printer{Out: out, Format: render.Tabular, Columns: func() int { return 60 }, Lines: func() int { return 20 }}
		if err := r.Execute(ctx, c.sql); !errors.Is(err, c.want) || slices.Contains(b.all, want[2]) {
			t.Errorf("%q: %v, ran %q", c.sql, err, b.all)
		}
		if !strings.Contains(out.String(), " /a     |      3") {
			t.Errorf("%q shows\n%s", c.sql, out)
		}
		cancel()
	}
}

func TestWatched(t *testing.T) {
	for text, want := range map[string][2]string{
		"WATCH SELECT 1;":             {"      SELECT 1;", ""},
		"\n watch\tBAR n\n SELECT 1;": {"\n            \n SELECT 1;", "n"},
		"WATCH BAR":                   {"         ", ""},
		"WATCHED SELECT":              {"-", ""},
	} {
		query, bar, ok := watched(text)
		if !ok {
			query = "-"
		}
		if query != want[0] || bar != want[1] {
			t.Errorf("%q: got %q and %q", text, query, bar)
		}
	}
}

// The line below the rows tells what the query behind them has still to read, and the time that it has come to.
func TestWatchTells(t *testing.T) {
	w, err := NewWatch(new(listed), "WATCH SELECT * FROM top;", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	w.ask()
	if text := w.Text(100, 20); !strings.Contains(text, "1 row, 4 changes, 0/s, lag 12, stream time 2026-03-01T10:00:00.000Z. Ctrl-C ends.\n") {
		t.Error(text)
	}
}
