package repl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/answer"
	"weir/parser"
	"weir/parser/ast"
	"weir/server/render"
	"weir/server/wire"
)

// isWatch says whether a statement is the prompt's own WATCH, and gives what is watched.
func isWatch(text string) (query string, ok bool) {
	word, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	return rest, strings.EqualFold(word, "WATCH")
}

// watch shows the rows of a query where they stand, until the user ends it: WATCH [BAR column] SELECT ... [ORDER BY ...] [LIMIT n].
// The order and the limit are those of the screen.
func (r *REPL) watch(ctx context.Context, text string) error {
	if r.Printer.Columns == nil || r.Printer.Columns() == 0 {
		return errors.New("WATCH needs a terminal: SELECT ... EMIT CHANGES gives the changes one by one")
	}
	bar := ""
	if words := strings.Fields(text); len(words) > 2 && strings.EqualFold(words[0], "BAR") {
		bar = words[1]
		text = text[strings.Index(text, words[1])+len(words[1]):]
	}
	list, err := parser.Parse(text, parser.Options{})
	if err != nil {
		return err
	}
	q, ok := (*ast.Query)(nil), len(list) == 1
	if ok {
		q, ok = list[0].Node.(*ast.Query)
	}
	if !ok {
		return errors.New("WATCH takes a query: WATCH SELECT * FROM hits ORDER BY n DESC LIMIT 10;")
	}
	changes := *q
	changes.OrderBy, changes.Limit, changes.Emit = nil, nil, &ast.Emit{}
	w := &watcher{repl: r, query: q, bar: bar, aside: r.Backend.Aside(nil), lag: -1}
	stop := w.keepDrawing(ctx)
	err = r.Backend.Aside(map[string]string{"auto.offset.reset": "earliest"}).Execute(ctx, Script{Text: ast.Format(&changes) + ";"}, w)
	stop()
	if errors.Is(err, ErrInterrupted) && ctx.Err() != nil {
		return nil // which is how it ends
	}
	return err
}

// watcher draws a board.
type watcher struct {
	repl  *REPL
	query *ast.Query
	bar   string
	aside Backend

	mu     sync.Mutex
	board  *render.Board
	source string // whose lag is told
	lag    int64  // -1 where it is not known
	drawn  int    // lines on the screen
	seen   int64
	at     time.Time // of seen
	rate   float64
}

const (
	drawEvery = 200 * time.Millisecond
	askEvery  = 2 * time.Second
)

func (w *watcher) keepDrawing(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick, asked := time.NewTicker(drawEvery), time.Time{}
		defer tick.Stop()
		for ctx.Err() == nil {
			if time.Since(asked) > askEvery {
				asked = time.Now()
				w.askLag()
			}
			w.draw()
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
	return func() { cancel(); wg.Wait(); w.draw() }
}

// askLag finds out how much of its source the query behind the table has still to read.
func (w *watcher) askLag() {
	w.mu.Lock()
	source := w.source
	w.mu.Unlock()
	if source == "" {
		return
	}
	c := catalog{backend: w.aside}
	lag := int64(-1)
	for _, e := range c.ask("DESCRIBE " + ast.Quote(source) + " EXTENDED;") {
		d, ok := e.(*wire.SourceDescriptionEntity)
		if !ok {
			continue
		}
		if _, behind, ok := strings.Cut(d.Source.Statistics, ", lag: "); ok { // other servers than ours don't say
			if _, err := fmt.Sscan(strings.SplitN(behind, ",", 2)[0], &lag); err != nil {
				lag = -1
			}
		}
	}
	w.mu.Lock()
	w.lag = lag
	w.mu.Unlock()
}

func (w *watcher) draw() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.board == nil {
		return
	}
	if now := time.Now(); now.Sub(w.at) >= time.Second {
		if n := w.board.Changes(); !w.at.IsZero() {
			w.rate = float64(n-w.seen) / now.Sub(w.at).Seconds()
		}
		w.at, w.seen = now, w.board.Changes()
	}
	p := w.repl.Printer
	columns, lines := p.Columns(), 24
	if p.Lines != nil {
		lines = p.Lines()
	}
	status := fmt.Sprintf("%s, %s changes, %.0f/s", render.Counted(int64(w.board.Rows()), "row"), render.Count(w.board.Changes()), w.rate)
	if w.lag >= 0 {
		status += ", lag " + render.Count(w.lag)
	}
	status += ". Ctrl-C ends."
	text := w.board.Text(columns, lines-2) + render.Clip(status, columns-1) + "\n"
	if w.drawn > 0 {
		text = fmt.Sprintf("\x1b[%dA\x1b[J", w.drawn) + text
	}
	w.drawn = strings.Count(text, "\n")
	_ = w.repl.say(text) // a terminal that is gone ends the prompt
}

// Header implements Display.
func (w *watcher) Header(meta wire.QueryMeta) error {
	b := render.NewBoard(meta)
	b.Color = w.repl.Printer.Color
	names, source, order := w.keyOf()
	var missing []string
	for _, k := range names {
		i := slices.IndexFunc(meta.ColumnNames, func(c string) bool { return strings.EqualFold(c, k) })
		if i < 0 {
			missing = append(missing, k)
			continue
		}
		b.Key = append(b.Key, i)
	}
	if len(missing) > 0 {
		return fmt.Errorf("WATCH has to know which row a change is of: add %s to the SELECT", strings.Join(missing, ", "))
	}
	if w.query.Limit != nil {
		b.Limit = int(w.query.Limit.N)
	}
	for _, o := range order {
		i := slices.IndexFunc(meta.ColumnNames, func(c string) bool { return strings.EqualFold(c, unquoteName(ast.Format(o.X))) })
		if i < 0 {
			return fmt.Errorf("WATCH orders by columns of the SELECT, and %s is none", ast.Format(o.X))
		}
		b.Order = append(b.Order, render.Order{Column: i, Desc: o.Desc})
	}
	if w.bar != "" {
		if b.Bar = slices.IndexFunc(meta.ColumnNames, func(c string) bool { return strings.EqualFold(c, unquoteName(w.bar)) }); b.Bar < 0 {
			return fmt.Errorf("there is no column %s for the bars", w.bar)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.board, w.source = b, source
	return nil
}

// keyOf finds the columns that tell the rows of the query apart, none for a stream's, and the order of the table that it reads.
func (w *watcher) keyOf() (key []string, source string, order []ast.OrderItem) {
	order = w.query.OrderBy
	if g := w.query.GroupBy; g != nil {
		for _, x := range g.Items {
			key = append(key, unquoteName(ast.Format(x)))
		}
		if w.query.Window != nil {
			key = append(key, "WINDOWSTART")
		}
		return key, "", order
	}
	from, ok := w.query.From.(*ast.Table)
	if !ok {
		return nil, "", order
	}
	c := catalog{backend: w.aside}
	for _, e := range c.ask("DESCRIBE " + ast.Quote(from.Name) + " EXTENDED;") {
		d, ok := e.(*wire.SourceDescriptionEntity)
		if !ok || d.Source.Type != "TABLE" {
			continue
		}
		for _, f := range d.Source.Fields {
			if f.Type == "KEY" {
				key = append(key, f.Name)
			}
		}
		if d.Source.WindowType != nil {
			key = append(key, "WINDOWSTART")
		}
		source = d.Source.Name
		if len(order) == 0 {
			order = orderOf(d.Source)
		}
	}
	return key, source, order
}

// orderOf is the order of a table's list, that of the latest window first.
func orderOf(d wire.SourceDescription) (order []ast.OrderItem) {
	if d.WindowType != nil {
		order = append(order, ast.OrderItem{X: &ast.ColumnRef{Name: "WINDOWSTART"}, Desc: true})
	}
	if made, err := parser.Parse(d.Statement, parser.Options{}); err == nil && len(made) == 1 {
		if as, ok := made[0].Node.(*ast.CreateAs); ok {
			order = append(order, as.Query.OrderBy...)
		}
	}
	return order
}

// Row implements Display.
func (w *watcher) Row(columns json.RawMessage, tombstone bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.board == nil {
		return errors.New("a row came before the names of its columns")
	}
	return w.board.Put(columns, tombstone)
}

// End implements Display.
func (*watcher) End() error { return nil }

// Line implements Display.
func (*watcher) Line(string) error { return nil }

// Entity implements Display.
func (*watcher) Entity(answer.Entity) error { return nil }

// Message implements Display: that the query has ended goes without saying.
func (*watcher) Message(string) error { return nil }
