package render

import (
	"encoding/json"
	"strings"

	"weir/server/wire"
)

// grid lays rows out on a terminal: columns as wide as what is in them, numbers at the right, the names again on each screen.
type grid struct {
	columns []column
	room    int // columns of the terminal
	lines   int // of the terminal; 0 where that is not known
	style   style
	wrap    bool // what is too long takes several lines
	most    int  // columns of the terminal for a column of texts; 0 for no bound
	waiting [][]cell
	content []int // the widest value of each column by now
	widths  []int // of the last header
	typed   bool  // there is room for the types
	since   int   // lines since then
}

func newGrid(meta wire.QueryMeta, room, lines int, s style) *grid {
	return &grid{columns: columnsOf(meta), room: room, lines: lines, style: s, content: make([]int, len(meta.ColumnNames))}
}

func (g *grid) add(columns json.RawMessage, gone bool) error {
	row, err := cells(columns)
	if err != nil {
		return err
	}
	row = row[:min(len(row), len(g.columns))]
	told := false
	for i := range row {
		null := row[i].null
		row[i] = g.columns[i].text(row[i])
		if gone && null {
			row[i].text = ""
			if !told {
				row[i].text, told = deleted, true
			}
		}
		g.content[i] = max(g.content[i], Width(row[i].text))
	}
	g.waiting = append(g.waiting, row)
	return nil
}

func (g *grid) take() string {
	var b strings.Builder
	widths, ok := g.fit()
	if !ok {
		// Too narrow for a line per row.
		v := vertical{columns: g.columns, room: g.room, style: g.style, number: g.since}
		for _, row := range g.waiting {
			v.row(row)
		}
		g.waiting, g.since = g.waiting[:0], v.number
		return v.take()
	}
	if !equal(widths, g.widths) {
		g.widths = widths
		g.header(&b)
	}
	for _, row := range g.waiting {
		if g.lines > headerLines && g.since >= g.lines-1 {
			g.header(&b)
		}
		g.line(&b, row)
	}
	g.waiting = g.waiting[:0]
	return b.String()
}

// fit gives the columns their widths. They only grow.
func (g *grid) fit() (widths []int, ok bool) {
	want, whole := make([]int, len(g.columns)), make([]bool, len(g.columns))
	for i, c := range g.columns {
		want[i], whole[i] = max(Width(c.name), g.content[i]), c.whole
		if g.most > 0 && !c.whole {
			want[i] = min(want[i], max(g.most, minColumn))
		}
	}
	room := g.room - len(between)*(len(want)-1) - 2
	widths, ok = share(want, whole, room)
	// Types stand where there is room for them.
	typed, wide := make([]int, len(widths)), 0
	for i, c := range g.columns {
		typed[i] = max(widths[i], Width(c.typ))
		wide += typed[i]
	}
	if g.typed = ok && wide <= room; g.typed {
		return typed, true
	}
	return widths, ok
}

const headerLines = 3

// header writes names, types where there is room, and a rule.
func (g *grid) header(b *strings.Builder) {
	names, kinds, rules := make([]string, len(g.columns)), make([]string, len(g.columns)), make([]string, len(g.columns))
	for i, c := range g.columns {
		names[i] = g.place(c, Clip(c.name, g.widths[i]), g.widths[i], style.bold)
		kinds[i] = g.place(c, Clip(c.typ, g.widths[i]), g.widths[i], style.dim)
		rules[i] = strings.Repeat("-", g.widths[i])
	}
	b.WriteString(trimmed(" " + strings.Join(names, between)))
	if g.typed {
		b.WriteString(trimmed(" " + strings.Join(kinds, between)))
	}
	b.WriteString("-" + strings.Join(rules, "-+-") + "-\n")
	g.since = headerLines
}

func (g *grid) line(b *strings.Builder, row []cell) {
	parts, most := make([][]string, len(row)), 1
	for i, v := range row {
		if parts[i] = []string{Clip(v.text, g.widths[i])}; g.wrap {
			parts[i] = strings.Split(wrap(v.text, g.widths[i], 0), "\n")
		}
		most = max(most, len(parts[i]))
	}
	for n := range most {
		texts := make([]string, len(row))
		for i, v := range row {
			text, paint := "", func(_ style, s string) string { return s }
			if n < len(parts[i]) {
				text = parts[i][n]
			}
			if v.null {
				paint = style.dim
			}
			texts[i] = g.place(g.columns[i], text, g.widths[i], paint)
		}
		b.WriteString(trimmed(" " + strings.Join(texts, between)))
		g.since++
	}
}

// place fills a text up to a width, at the side where its column stands.
func (g *grid) place(c column, text string, width int, paint func(style, string) string) string {
	blanks := strings.Repeat(" ", max(width-Width(text), 0))
	if c.right {
		return blanks + paint(g.style, text)
	}
	return paint(g.style, text) + blanks
}

func trimmed(line string) string { return strings.TrimRight(line, " ") + "\n" }

func equal(a, b []int) bool {
	if len(a) != len(b) || b == nil {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
