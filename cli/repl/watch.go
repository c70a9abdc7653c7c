package repl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"weir/answer"
	"weir/parser"
	"weir/parser/ast"
	"weir/server/render"
	"weir/server/wire"
)

// watched takes the words of WATCH [BAR column] off a statement, whose query keeps its place; false where it is another one.
func watched(text string) (query, bar string, ok bool) {
	word, rest := firstWord(text)
	if !strings.EqualFold(word, "WATCH") {
		return text, "", false
	}
	if word, behind := firstWord(rest); strings.EqualFold(word, "BAR") {
		bar, rest = firstWord(behind)
	}
	gone := text[:len(text)-len(rest)]
	return strings.Repeat("\n", strings.Count(gone, "\n")) + strings.Repeat(" ", len(gone)-strings.LastIndexByte(gone, '\n')-1) + rest, bar, true
}

func firstWord(text string) (word, rest string) {
	text = strings.TrimLeft(text, " \t\r\n")
	end := strings.IndexAny(text, " \t\r\n")
	if end < 0 {
		end = len(text)
	}
	return text[:end], text[end:]
}

// IsWatch says whether a statement is WATCH, which is the prompt's own and that of scripts.
func IsWatch(text string) bool {
	_, _, ok := watched(text)
	return ok
}

// Watch shows the rows of a query where they stand: WATCH [BAR column] SELECT ... [ORDER BY ...] [LIMIT n]. The order and the limit are those of the
// screen. It takes what the query answers, as a Display.
type Watch struct {
	backend Backend
	query   *ast.Query
	bar     string
	color   bool

	mu     sync.Mutex
	board  *render.Board
	source string // whose figures are told
	lag    int64  // -1 where it is not known
	time   string // stream time; empty where it is not known
	seen   int64
	at     time.Time // of seen
	rate   float64
}

// NewWatch reads a WATCH, whose query a backend is to run.
func NewWatch(b Backend, text string, color bool) (*Watch, error) {
	text, bar, _ := watched(text)
	list, err := parser.Parse(text, parser.Options{})
	if err != nil {
		return nil, err
	}
	q, ok := (*ast.Query)(nil), len(list) == 1
	if ok {
		q, ok = list[0].Node.(*ast.Query)
	}
	if !ok {
		return nil, errors.New("WATCH takes a query: WATCH SELECT * FROM hits ORDER BY n DESC LIMIT 10;")
	}
	return &Watch{backend: b, query: q, bar: bar, color: color, lag: -1}, nil
}

// Query is the query whose rows it shows, in the line where it stands.
func (w *Watch) Query() string {
	changes := *w.query
	changes.OrderBy, changes.Limit, changes.Emit = nil, nil, &ast.Emit{}
	return strings.Repeat("\n", max(w.query.Pos().Line-1, 0)) + ast.Format(&changes) + ";"
}

const (
	drawEvery = 200 * time.Millisecond
	askEvery  = 2 * time.Second
)

// Run runs the query until it or the context ends, from the first row on, and says what of it goes to whom.
func (w *Watch) Run(ctx context.Context, to Display) error {
	asking, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for again := drawEvery; asking.Err() == nil; { // at once where there is something to ask about
			if w.ask() {
				again = askEvery
			}
			select {
			case <-time.After(again):
			case <-asking.Done():
			}
		}
	})
	defer wg.Wait()
	defer stop()
	return w.backend.Aside(map[string]string{"auto.offset.reset": "earliest"}).Execute(ctx, Script{Text: w.Query()}, to)
}

// ask finds out how far the query behind the table has come; false where it is not known yet which one that is.
func (w *Watch) ask() bool {
	w.mu.Lock()
	source := w.source
	w.mu.Unlock()
	if source == "" {
		return false
	}
	c := catalog{backend: w.backend.Aside(nil)}
	lag, at := int64(-1), ""
	for _, e := range c.ask("DESCRIBE " + ast.Quote(source) + " EXTENDED;") {
		d, ok := e.(*wire.SourceDescriptionEntity)
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(figure(d.Source.Statistics, "lag"), 10, 64); err == nil { // other servers than ours don't say
			lag = n
		}
		at = figure(d.Source.Statistics, "stream time")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lag, w.time = lag, at
	return true
}

// figure is one of the statistics of DESCRIBE ... EXTENDED; empty where it is not told.
func figure(statistics, name string) string {
	_, value, _ := strings.Cut(statistics, ", "+name+": ")
	if end := strings.IndexAny(value, ",\n"); end >= 0 {
		value = value[:end]
	}
	return value
}

// Changes is how many rows have come.
func (w *Watch) Changes() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.board == nil {
		return 0
	}
	return w.board.Changes()
}

// Text is how the rows stand, for a terminal of so many columns and lines, and a line that tells of them; empty before it is known what they are.
func (w *Watch) Text(columns, lines int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.board == nil {
		return ""
	}
	if now := time.Now(); now.Sub(w.at) >= time.Second {
		if n := w.board.Changes(); !w.at.IsZero() {
			w.rate = float64(n-w.seen) / now.Sub(w.at).Seconds()
		}
		w.at, w.seen = now, w.board.Changes()
	}
	status := fmt.Sprintf("%s, %s, %.0f/s", render.Counted(int64(w.board.Rows()), "row"), render.Counted(w.board.Changes(), "change"), w.rate)
	if w.lag >= 0 {
		status += ", lag " + render.Count(w.lag)
	}
	if w.time != "" {
		status += ", stream time " + w.time
	}
	status += ". Ctrl-C ends."
	return w.board.Text(columns, lines-2) + render.Clip(status, columns-1) + "\n"
}

// watch carries out a WATCH of a script, until the user ends it. Where rows can't stand, changes are shown as they come.
func (r *REPL) watch(ctx context.Context, s Script) error {
	w, err := NewWatch(r.Backend, s.Text, r.Printer.Color)
	if err != nil {
		return Told(err, s.File)
	}
	if r.Printer.Columns == nil || r.Printer.Columns() == 0 || r.Printer.Format.Data() && !r.terminal {
		return w.Run(ctx, r.Printer)
	}
	stop := r.keepDrawing(ctx, w)
	err = w.Run(ctx, w)
	stop()
	if errors.Is(err, ErrInterrupted) && ctx.Err() != nil {
		return nil // which is how it ends
	}
	return Told(err, s.File)
}

// keepDrawing draws again and again over what was drawn before.
func (r *REPL) keepDrawing(ctx context.Context, w *Watch) (stop func()) {
	drawn := 0
	draw := func() {
		lines := 24
		if r.Printer.Lines != nil {
			lines = r.Printer.Lines()
		}
		text := w.Text(r.Printer.Columns(), lines)
		if text == "" {
			return
		}
		above := drawn
		drawn = strings.Count(text, "\n")
		if above > 0 {
			text = fmt.Sprintf("\x1b[%dA\x1b[J", above) + text
		}
		_ = r.say(text) // a terminal that is gone ends the prompt
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(drawEvery)
		defer tick.Stop()
		for ctx.Err() == nil {
			draw()
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
	return func() { cancel(); wg.Wait(); draw() }
}

// Header implements Display.
func (w *Watch) Header(meta wire.QueryMeta) error {
	b := render.NewBoard(meta)
	b.Color = w.color
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
func (w *Watch) keyOf() (key []string, source string, order []ast.OrderItem) {
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
	c := catalog{backend: w.backend.Aside(nil)}
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
func (w *Watch) Row(columns json.RawMessage, tombstone bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.board == nil {
		return errors.New("a row came before the names of its columns")
	}
	return w.board.Put(columns, tombstone)
}

// End implements Display.
func (*Watch) End() error { return nil }

// Line implements Display.
func (*Watch) Line(string) error { return nil }

// Entity implements Display.
func (*Watch) Entity(answer.Entity) error { return nil }

// Message implements Display: that the query has ended goes without saying.
func (*Watch) Message(string) error { return nil }
