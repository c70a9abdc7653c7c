package render

import (
	"strings"

	"weir/answer"
)

// Table is a listing: all of it is there before it is shown.
type Table answer.Table

const (
	between   = " | "
	minColumn = 5 // no column is clipped to less
)

// Text lays a table out: columns as wide as their content, the widest ones clipped where the table would be wider than columns. 0 clips
// nothing.
func (t Table) Text(columns int) string {
	var b strings.Builder
	if t.Title != "" {
		b.WriteString(t.Title + "\n")
	}
	if len(t.Rows) == 0 && len(t.Headers) > 0 {
		b.WriteString("(none)\n")
		return b.String()
	}
	rows := make([][]string, len(t.Rows))
	for i, row := range t.Rows {
		rows[i] = make([]string, len(row))
		for j := range row {
			rows[i][j] = Clean(row[j])
		}
	}
	widths := t.widths(rows, columns)
	if len(t.Headers) > 0 {
		line(&b, t.Headers, widths)
		total := 0
		for _, w := range widths {
			total += w
		}
		b.WriteString(strings.Repeat("-", total+len(between)*(len(widths)-1)+2) + "\n")
	}
	for _, row := range rows {
		line(&b, row, widths)
	}
	return b.String()
}

func line(b *strings.Builder, row []string, widths []int) {
	var l strings.Builder
	l.WriteByte(' ')
	for i, cell := range row {
		if i > 0 {
			l.WriteString(between)
		}
		pad(&l, Clip(cell, widths[i]), widths[i])
	}
	b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
}

func (t Table) widths(rows [][]string, columns int) []int {
	n := len(t.Headers)
	for _, row := range rows {
		n = max(n, len(row))
	}
	widths := make([]int, n)
	for i, h := range t.Headers {
		widths[i] = Width(h)
	}
	total := len(between)*(n-1) + 2
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], Width(cell))
		}
	}
	for _, w := range widths {
		total += w
	}
	for columns > 0 && total > columns {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= minColumn {
			break
		}
		widths[widest]--
		total--
	}
	return widths
}
