package render

import (
	"encoding/json"
	"fmt"
	"strings"

	"weir/server/wire"
)

// Rows lays out the rows of a query one by one: their columns are as wide as the terminal allows, whatever the content.
type Rows struct {
	names  []string
	column int // 0 where nothing is clipped
}

// NewRows prepares for the columns of a query; columns is the terminal's width, 0 for none.
func NewRows(meta wire.QueryMeta, columns int) *Rows {
	r := &Rows{names: meta.ColumnNames}
	if columns > 0 && len(r.names) > 0 {
		r.column = max((columns-1)/len(r.names)-2, minColumn)
	}
	return r
}

// Header is the box with the names of the columns.
func (r *Rows) Header() string {
	if r.column == 0 {
		return r.line(r.names)
	}
	rule := "+" + strings.Repeat(strings.Repeat("-", r.column+1)+"+", len(r.names)) + "\n"
	return rule + r.line(r.names) + rule
}

// Row is a line for a JSON array of values.
func (r *Rows) Row(columns json.RawMessage, tombstone bool) (string, error) {
	var raws []json.RawMessage
	if err := json.Unmarshal(columns, &raws); err != nil {
		return "", fmt.Errorf("a row is not an array: %w", err)
	}
	cells := make([]string, len(raws))
	for i, raw := range raws {
		cells[i] = Cell(raw)
		if tombstone && cells[i] == "null" {
			cells[i] = "<deleted>"
		}
	}
	return r.line(cells), nil
}

func (r *Rows) line(cells []string) string {
	var b strings.Builder
	b.WriteByte('|')
	for _, c := range cells {
		if r.column == 0 {
			b.WriteString(c + "|")
			continue
		}
		pad(&b, Clip(c, r.column), r.column+1)
		b.WriteByte('|')
	}
	b.WriteByte('\n')
	return b.String()
}
