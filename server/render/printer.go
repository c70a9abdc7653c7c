package render

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"weir/answer"
	"weir/server/wire"
)

// Printer writes answers. Its methods may be called from one goroutine; what waits is written from another one where Pace is set.
type Printer struct {
	Out    io.Writer
	Format Format
	// Columns and Lines are the size of the terminal; nil or 0 where there is none, and nothing is clipped or laid out.
	Columns, Lines func() int
	Color          bool
	// Expanded writes a line per column, for a statement that ends with \G.
	Expanded bool
	// Wrap lets long texts take several lines, in place of being cut. ColumnWidth is the most that a column of texts takes; 0 for all that there is.
	Wrap        bool
	ColumnWidth int
	// Live takes a line that changes, where there is a terminal; nil for none.
	Live io.Writer
	// Pace is how long rows may wait, so that those which come together are laid out together. 0 leaves that to Flush.
	Pace time.Duration

	mu      sync.Mutex
	rows    rowLayout // of the query that runs
	text    strings.Builder
	waiting int // bytes of rows and lines that have not been written
	count   int64
	began   time.Time
	timer   *time.Timer
	err     error
}

func (p *Printer) columns() int {
	if p.Columns == nil {
		return 0
	}
	return p.Columns()
}

func (p *Printer) lines() int {
	if p.Lines == nil {
		return 0
	}
	return p.Lines()
}

func (p *Printer) style() style { return style(p.Color && p.columns() > 0) }

// maxWaiting is how many bytes may wait.
const maxWaiting = 64 << 10

// Flush writes what waits.
func (p *Printer) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flush()
}

// Waiting is how many bytes of rows and lines wait.
func (p *Printer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting
}

func (p *Printer) flush() error {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	p.lay()
	p.waiting = 0
	if p.text.Len() > 0 && p.err == nil {
		_, p.err = io.WriteString(p.Out, drain(&p.text))
	}
	return p.err
}

// lay lays out the rows that wait.
func (p *Printer) lay() {
	if p.rows != nil {
		p.text.WriteString(p.rows.take())
	}
}

// paced flushes when enough waits, or has waited long enough. The lock is held.
func (p *Printer) paced(n int) error {
	p.waiting += n
	switch {
	case p.err != nil, p.Pace == 0 && p.waiting <= maxWaiting:
		return p.err
	case p.waiting > maxWaiting || p.columns() == 0:
		return p.flush()
	case p.timer == nil:
		p.timer = time.AfterFunc(p.Pace, func() { _ = p.Flush() }) // the next call tells
	}
	return nil
}

func (p *Printer) print(s string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lay()
	p.text.WriteString(s)
	return p.flush()
}

// Entity writes what a statement answered.
func (p *Printer) Entity(e answer.Entity) error {
	switch p.Format {
	case JSON, JSONL:
		return p.print(jsonText(e) + "\n")
	case CSV:
		return p.print(csvEntity(e))
	default: // those for people
	}
	return p.print(Entity(e, p.columns()))
}

// csvEntity is the tables of an answer.
func csvEntity(e answer.Entity) string {
	c := new(csvRows)
	for _, block := range e.Layout() {
		if t, ok := block.(answer.Table); ok {
			for _, row := range append([][]string{t.Headers}, t.Rows...) {
				for i := range row {
					row[i] = csvQuoted(row[i])
				}
				c.line(row)
			}
		}
	}
	return c.take()
}

// Message writes an answer that has no entity. Formats for programs have none either.
func (p *Printer) Message(text string) error {
	if p.Format.Data() || text == "" {
		return nil
	}
	return p.print(text + "\n")
}

// Header begins the rows of a query.
func (p *Printer) Header(meta wire.QueryMeta) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rows, p.count, p.began = p.newLayout(meta), 0, time.Now()
	return p.paced(0)
}

// Row writes one row: a JSON array.
func (p *Printer) Row(columns json.RawMessage, tombstone bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rows == nil {
		return fmt.Errorf("a row came before the names of its columns")
	}
	if err := p.rows.add(columns, tombstone); err != nil {
		return err
	}
	p.count++
	return p.paced(len(columns))
}

// End ends the rows of a query, or the lines of PRINT. On a terminal it says how many rows there were.
func (p *Printer) End() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rows == nil {
		return p.flush()
	}
	p.lay()
	p.rows = nil
	if p.columns() > 0 && !p.Format.Data() {
		p.text.WriteString(p.style().dim(fmt.Sprintf("(%s, %s)", Counted(p.count, "row"), took(time.Since(p.began)))) + "\n")
	}
	return p.flush()
}

// Counted is a number of things: 1 row, 2 rows.
func Counted(n int64, thing string) string { return answer.Counted(n, thing) }

// took is a time for people.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// Progress shows how far something has come, on a terminal, in place of what it showed before; an empty text takes that away.
func (p *Printer) Progress(text string) {
	if p.Live == nil || p.columns() == 0 || p.Format.Data() {
		return
	}
	_, _ = io.WriteString(p.Live, "\r\x1b[K"+Clip(text, p.columns()-1)) // a terminal that is gone ends the prompt
}

// Again has the names of the columns told again, because others have been shown meanwhile.
func (p *Printer) Again() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g, ok := p.rows.(*grid); ok {
		g.widths = nil
	}
}

// Line writes a line of PRINT.
func (p *Printer) Line(text string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.WriteString(Clean(text) + "\n")
	return p.paced(len(text))
}
