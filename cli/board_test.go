package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/cli/repl"
	"weir/server/render"
	"weir/server/wire"
)

// counting is a backend whose query has two rows and goes on.
type counting struct{ failed error }

func (c counting) Execute(ctx context.Context, s repl.Script, d repl.Display) error {
	if strings.HasPrefix(s.Text, "DESCRIBE") {
		return nil
	}
	if err := d.Header(wire.QueryMeta{ColumnNames: []string{"N"}, ColumnTypes: []string{"INTEGER"}}); err != nil || c.failed != nil {
		return errors.Join(err, c.failed)
	}
	for _, row := range []string{"[1]", "[2]"} {
		if err := d.Row(json.RawMessage(row), false); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return repl.ErrInterrupted
}

func (c counting) Aside(map[string]string) repl.Backend { return c }
func (c counting) About(context.Context) string         { return "" }

// Boards stand below what is written, are drawn over, and stay as they stand in the end.
func TestBoards(t *testing.T) {
	var out bytes.Buffer
	size := func() int { return 60 }
	l := liveQueries{screen: newScreen(&out, size, func() {}), format: render.Tabular, columns: size, height: size}
	start := func(failed error) {
		w, err := repl.NewWatch(counting{failed}, "WATCH SELECT n FROM s;", false)
		if err != nil {
			t.Fatal(err)
		}
		l.board(t.Context(), step{}, w)
	}
	start(nil)
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if rows, queries := l.shown(); rows == 2 && queries == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the rows do not come")
		}
	}
	stop := l.drawn(t.Context())
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		l.screen.mu.Lock()
		drawn := l.screen.shown
		l.screen.mu.Unlock()
		if strings.Contains(drawn, "2 rows, 2 changes") {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the board is not drawn")
		}
	}
	stop()
	l.end()
	start(errors.New("it broke"))
	l.wg.Wait()
	if err := l.failure(); err == nil || !strings.Contains(err.Error(), "it broke") {
		t.Errorf("got %v", err)
	}
	if err := l.screen.close(); err != nil {
		t.Fatal(err)
	}
	drawn := strings.Split(out.String(), "\r\x1b[6A\x1b[J")
	if last := drawn[len(drawn)-1]; len(drawn) < 2 || !strings.HasPrefix(last, "       N\n INTEGER\n---------\n       1\n       2\n2 rows, 2 changes, ") || !strings.HasSuffix(last, "/s. Ctrl-C ends.\n") {
		t.Errorf("got %q", drawn)
	}
}

// Where rows can't stand, a script shows changes as they come.
func TestRunWatch(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	name := writeFile(t, filepath.Join(t.TempDir(), "watch.sql"), `DEFINE what = 'counts';
CREATE STREAM s (name STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE counts AS SELECT name, COUNT(*) AS n FROM s GROUP BY name;
INSERT INTO s VALUES ('a');
WATCH BAR n SELECT * FROM ${what} ORDER BY n LIMIT 1;
INSERT INTO s VALUES ('b');
`)
	status, out, errs := call(t.Context(), "", "run", name)
	if status != 0 || errs != "" {
		t.Fatalf("%d\n%s\n%s", status, out, errs)
	}
	for _, want := range []string{"\nSELECT * FROM COUNTS EMIT CHANGES\n", "|NAME|N|\n", "|a|1|\n", "|b|1|\n", "2 shown, 0 late"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	writeFile(t, name, "SHOW TABLES;\nWATCH SELECT FROM s;\n")
	if status, _, errs := call(t.Context(), "", "run", name); status != 1 || !strings.Contains(errs, "watch.sql, line 2, column 14: Syntax error: expected an expression") {
		t.Errorf("%d %s", status, errs)
	}
}
