package render

import (
	"encoding/json"
	"fmt"
	"strings"

	"weir/server/wire"
)

// rowLayout lays out the rows of one query.
type rowLayout interface {
	// add takes a row: a JSON array with a value for each column. gone says that it is the row that left a table.
	add(columns json.RawMessage, gone bool) error
	// take returns what was added since it was last called, below the names of the columns where they have to be told.
	take() string
}

// newLayout is the layout for a query's rows; columns is the terminal's width, 0 where there is none.
func (p *Printer) newLayout(meta wire.QueryMeta) rowLayout {
	switch columns := p.columns(); {
	case p.Format == JSON:
		return newJSONRows(meta)
	case p.Format == JSONL:
		return &jsonObjects{names: jsonNames(meta.ColumnNames)}
	case p.Format == CSV:
		return newCSVRows(meta.ColumnNames)
	case p.Format == Vertical || p.Expanded:
		return newVertical(meta, columns, p.style())
	case columns == 0:
		return newPlain(meta.ColumnNames)
	default:
		g := newGrid(meta, columns, p.lines(), p.style())
		g.wrap, g.most = p.Wrap, p.ColumnWidth
		return g
	}
}

// cell is a value as text.
type cell struct {
	text string
	null bool
}

// cells are the values of a row.
func cells(columns json.RawMessage) ([]cell, error) {
	raws, err := values(columns)
	if err != nil {
		return nil, err
	}
	out := make([]cell, len(raws))
	for i, raw := range raws {
		out[i] = cell{text: Cell(raw), null: string(raw) == "null"}
	}
	return out, nil
}

func values(columns json.RawMessage) (raws []json.RawMessage, err error) {
	if err := json.Unmarshal(columns, &raws); err != nil {
		return nil, fmt.Errorf("a row is not an array: %w", err)
	}
	return raws, nil
}

// deleted stands for the values of a row that left.
const deleted = "<deleted>"

// plain writes cells between bars: for pipes and files.
type plain struct{ b strings.Builder }

func newPlain(names []string) *plain {
	p := new(plain)
	p.line(names)
	return p
}

func (p *plain) line(cells []string) {
	p.b.WriteString("|" + strings.Join(cells, "|") + "|\n")
}

func (p *plain) add(columns json.RawMessage, gone bool) error {
	row, err := cells(columns)
	if err != nil {
		return err
	}
	texts := make([]string, len(row))
	for i, c := range row {
		if texts[i] = c.text; gone && c.null {
			texts[i] = deleted
		}
	}
	p.line(texts)
	return nil
}

func (p *plain) take() string { return drain(&p.b) }

func drain(b *strings.Builder) string {
	text := b.String()
	b.Reset()
	return text
}

// jsonRows writes the names of the columns, and rows as they came.
type jsonRows struct{ b strings.Builder }

// jsonText is a value in JSON, with < and > as they are.
func jsonText(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "null" // nothing that is given here can't be written
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func newJSONRows(meta wire.QueryMeta) *jsonRows {
	j := new(jsonRows)
	j.b.WriteString(jsonText(meta) + "\n")
	return j
}

func (j *jsonRows) add(columns json.RawMessage, _ bool) error {
	j.b.WriteString(string(columns) + "\n")
	return nil
}

func (j *jsonRows) take() string { return drain(&j.b) }

// jsonObjects writes an object per row. Of a row that left, all columns that are not of its key are null.
type jsonObjects struct {
	names []string
	b     strings.Builder
}

func jsonNames(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = jsonText(n)
	}
	return out
}

func (j *jsonObjects) add(columns json.RawMessage, _ bool) error {
	raws, err := values(columns)
	if err != nil {
		return err
	}
	j.b.WriteByte('{')
	for i, raw := range raws[:min(len(raws), len(j.names))] {
		if i > 0 {
			j.b.WriteByte(',')
		}
		j.b.WriteString(j.names[i] + ":")
		j.b.Write(raw)
	}
	j.b.WriteString("}\n")
	return nil
}

func (j *jsonObjects) take() string { return drain(&j.b) }

// csvRows writes rows as RFC 4180 has them, with one thing more: NULL is an empty field, and an empty text one in quotes.
type csvRows struct{ b strings.Builder }

func newCSVRows(names []string) *csvRows {
	c := new(csvRows)
	fields := make([]string, len(names))
	for i, n := range names {
		fields[i] = csvQuoted(n)
	}
	c.line(fields)
	return c
}

func (c *csvRows) line(fields []string) { c.b.WriteString(strings.Join(fields, ",") + "\n") }

func (c *csvRows) add(columns json.RawMessage, _ bool) error {
	raws, err := values(columns)
	if err != nil {
		return err
	}
	fields := make([]string, len(raws))
	for i, raw := range raws {
		var s string
		switch {
		case string(raw) == "null":
		case raw[0] == '"' && json.Unmarshal(raw, &s) == nil:
			fields[i] = csvQuoted(s)
		default:
			fields[i] = csvQuoted(string(raw))
		}
	}
	c.line(fields)
	return nil
}

func csvQuoted(s string) string {
	if s != "" && !strings.ContainsAny(s, ",\"\r\n") && strings.TrimSpace(s) == s {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func (c *csvRows) take() string { return drain(&c.b) }
