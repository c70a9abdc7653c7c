package render

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"weir/answer"
	"weir/server/wire"
)

// Format is how answers are written.
type Format string

// The formats.
const (
	Tabular Format = "TABULAR"
	JSON    Format = "JSON"
)

// ParseFormat reads a format's name in any case.
func ParseFormat(s string) (Format, error) {
	for _, f := range []Format{Tabular, JSON} {
		if strings.EqualFold(s, string(f)) {
			return f, nil
		}
	}
	return "", fmt.Errorf("unknown output format %q: expected TABULAR or JSON", s)
}

// Printer writes answers. It is for one goroutine.
type Printer struct {
	Out    io.Writer
	Format Format
	// Columns is the terminal's width; nil or 0 where there is none, and nothing is clipped.
	Columns func() int
	rows    *Rows
}

func (p *Printer) columns() int {
	if p.Columns == nil {
		return 0
	}
	return p.Columns()
}

func (p *Printer) print(s string) error {
	_, err := io.WriteString(p.Out, s)
	return err
}

func (p *Printer) json(v any) error {
	enc := json.NewEncoder(p.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// Entity writes what a statement answered.
func (p *Printer) Entity(e answer.Entity) error {
	if p.Format == JSON {
		return p.json(e)
	}
	return p.print(Entity(e, p.columns()))
}

// Message writes an answer that has no entity. JSON has none either.
func (p *Printer) Message(text string) error {
	if p.Format == JSON || text == "" {
		return nil
	}
	return p.print(text + "\n")
}

// Header begins the rows of a query.
func (p *Printer) Header(meta wire.QueryMeta) error {
	if p.Format == JSON {
		return p.json(meta)
	}
	p.rows = NewRows(meta, p.columns())
	return p.print(p.rows.Header())
}

// Row writes one row: a JSON array.
func (p *Printer) Row(columns json.RawMessage, tombstone bool) error {
	if p.Format == JSON {
		return p.print(string(columns) + "\n")
	}
	text, err := p.rows.Row(columns, tombstone)
	if err != nil {
		return err
	}
	return p.print(text)
}

// Line writes a line of PRINT.
func (p *Printer) Line(text string) error { return p.print(Clean(text) + "\n") }
