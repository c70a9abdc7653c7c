package repl

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"weir/server/render"
	"weir/server/wire"
)

// listed is a backend with a table that is a list, and changes of it.
type listed struct {
	recorder
	ran string
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
			Statistics: "rows read: 1, lag: 12, last commit: x"}})
	case strings.HasPrefix(s.Text, "SELECT"):
		l.ran = s.Text
		if err := d.Header(wire.QueryMeta{ColumnNames: []string{"PAGE", "N"}, ColumnTypes: []string{"STRING", "BIGINT"}}); err != nil {
			return err
		}
		for _, row := range []string{`["/a",1]`, `["/b",2]`, `["/a",3]`} {
			if err := d.Row(json.RawMessage(row), false); err != nil {
				return err
			}
		}
		return d.Row(json.RawMessage(`["/b",null]`), true)
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
		{"WATCH SELECT FROM;", "", "", "Syntax Error"},
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
	r := &REPL{Backend: new(listed), Printer: &render.Printer{Out: new(bytes.Buffer)}}
	if err := r.execute(t.Context(), "WATCH SELECT * FROM top;"); err == nil || !strings.Contains(err.Error(), "needs a terminal") {
		t.Errorf("got %v", err)
	}
}
