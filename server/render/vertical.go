package render

import (
	"encoding/json"
	"fmt"
	"strings"

	"weir/server/wire"
)

// vertical writes a line for each column of a row, for rows that are wider than the terminal.
type vertical struct {
	columns []column
	room    int // 0 where nothing is cut
	style   style
	number  int // of the last row
	b       strings.Builder
}

func newVertical(meta wire.QueryMeta, room int, s style) *vertical {
	return &vertical{columns: columnsOf(meta), room: room, style: s}
}

func (v *vertical) add(columns json.RawMessage, gone bool) error {
	row, err := cells(columns)
	if err != nil {
		return err
	}
	row = row[:min(len(row), len(v.columns))]
	for i := range row {
		null := row[i].null
		if row[i] = v.columns[i].text(row[i]); gone && null {
			row[i].text = deleted
		}
	}
	v.row(row)
	return nil
}

// row writes a row whose values are texts already.
func (v *vertical) row(row []cell) {
	v.number++
	width := 0
	for _, c := range v.columns {
		width = max(width, Width(c.name))
	}
	title := fmt.Sprintf("-[ %d ]", v.number)
	v.b.WriteString(v.style.dim(title+strings.Repeat("-", max(min(v.room, 40)-len(title), 4))) + "\n")
	for i, c := range row {
		name := v.columns[i].name
		text := c.text
		if v.room > 0 && !v.columns[i].whole {
			text = wrap(text, max(v.room-width-len(between), minColumn), width+len(between))
		}
		if c.null {
			text = v.style.dim(text)
		}
		v.b.WriteString(v.style.bold(name) + strings.Repeat(" ", width-Width(name)) + between + text + "\n")
	}
}

// wrap breaks a text into lines of a width; those behind the first are indented.
func wrap(s string, width, indent int) string {
	if Width(s) <= width {
		return s
	}
	var b strings.Builder
	used := 0
	for _, r := range s {
		if w := runeWidth(r); used+w > width {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			used = w
		} else {
			used += w
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (v *vertical) take() string { return drain(&v.b) }
