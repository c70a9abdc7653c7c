package render

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/server/wire"
)

// Order is a column by which a Board's rows stand in order.
type Order struct {
	Column int
	Desc   bool
}

// Board has the rows of a table as they stand: a change takes the place of the row that it changes.
type Board struct {
	// Key are the columns that tell rows apart. Without any, the last rows are shown, as they come.
	Key   []int
	Order []Order
	Limit int // rows; 0 for as many as there is room for
	Bar   int // the column whose numbers have a bar each; -1 for none
	Color bool

	columns []column
	rows    map[string]boardRow
	last    []boardRow // without a key
	grid    *grid
	changes int64
}

type boardRow struct {
	raw  []json.RawMessage
	text []cell
}

// NewBoard is a board for the columns of a query.
func NewBoard(meta wire.QueryMeta) *Board {
	return &Board{Bar: -1, columns: columnsOf(meta), rows: map[string]boardRow{}, grid: newGrid(meta, 0, 0, false)}
}

// Changes is how many rows have come.
func (b *Board) Changes() int64 { return b.changes }

// Rows is how many rows stand on the board.
func (b *Board) Rows() int { return len(b.rows) + len(b.last) }

// keptRows bounds the rows of a board without a key: more than a screen has.
const keptRows = 500

// Put takes a row, or takes away the one that has left.
func (b *Board) Put(columns json.RawMessage, gone bool) error {
	raw, err := values(slices.Clone(columns))
	if err != nil {
		return err
	}
	if len(raw) != len(b.columns) {
		return fmt.Errorf("a row has %d columns, want %d", len(raw), len(b.columns))
	}
	b.changes++
	texts, err := cells(columns)
	if err != nil {
		return err
	}
	for i := range texts {
		texts[i] = b.columns[i].text(texts[i])
	}
	if len(b.Key) == 0 {
		if b.last = append(b.last, boardRow{raw, texts}); len(b.last) > keptRows {
			b.last = slices.Delete(b.last, 0, len(b.last)-keptRows)
		}
		return nil
	}
	var key strings.Builder
	for _, k := range b.Key {
		key.Write(raw[k])
		key.WriteByte(0)
	}
	if gone {
		delete(b.rows, key.String())
		return nil
	}
	b.rows[key.String()] = boardRow{raw, texts}
	return nil
}

// sorted are the rows in their order, the first ones of it, or the last ones where there is none.
func (b *Board) sorted(most int) []boardRow {
	if len(b.Key) == 0 {
		return b.last[max(len(b.last)-most, 0):]
	}
	order := b.Order
	if len(order) == 0 {
		for _, k := range b.Key {
			order = append(order, Order{Column: k})
		}
	}
	out := make([]boardRow, 0, len(b.rows))
	for _, r := range b.rows {
		out = append(out, r)
	}
	slices.SortFunc(out, func(x, y boardRow) int {
		for _, o := range order {
			if c := compareRaw(x.raw[o.Column], y.raw[o.Column], o.Desc); c != 0 {
				return c
			}
		}
		for _, k := range b.Key { // equal ones keep their places
			if c := compareRaw(x.raw[k], y.raw[k], false); c != 0 {
				return c
			}
		}
		return 0
	})
	if b.Limit > 0 {
		most = min(most, b.Limit)
	}
	return out[:min(len(out), most)]
}

// compareRaw compares numbers as numbers and all else as text. NULLs come last.
func compareRaw(x, y json.RawMessage, desc bool) int {
	switch xn, yn := string(x) == "null", string(y) == "null"; {
	case xn && yn:
		return 0
	case xn:
		return 1
	case yn:
		return -1
	}
	c := strings.Compare(Cell(x), Cell(y))
	a, errA := strconv.ParseFloat(string(x), 64)
	b, errB := strconv.ParseFloat(string(y), 64)
	if errA == nil && errB == nil && a != b {
		if c = -1; a > b {
			c = 1
		}
	}
	if desc {
		return -c
	}
	return c
}

// Text is the board for a terminal of so many columns and lines.
func (b *Board) Text(columns, lines int) string {
	const heads = headerLines
	rows := b.sorted(max(lines-heads, 1))
	bars := 0
	if b.Bar >= 0 {
		bars = max(min(columns/3, 40), minColumn)
	}
	g := b.grid
	g.room, g.style, g.widths = columns-bars, style(b.Color), nil
	for _, r := range rows {
		for i, v := range r.text {
			g.content[i] = max(g.content[i], Width(v.text))
		}
		g.waiting = append(g.waiting, r.text)
	}
	text := g.take()
	if bars == 0 || g.widths == nil {
		return text
	}
	most := 0.0
	for _, r := range rows {
		most = max(most, number(r.raw[b.Bar]))
	}
	all := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	first := len(all) - len(rows)
	width := len(between)*(len(g.widths)-1) + 2
	for _, w := range g.widths {
		width += w
	}
	for i, r := range rows {
		line := all[first+i]
		n := 0
		if most > 0 {
			n = int(number(r.raw[b.Bar]) / most * float64(bars-1))
		}
		all[first+i] = line + strings.Repeat(" ", max(width-visible(line), 0)) + strings.Repeat("█", max(n, 0))
	}
	return strings.Join(all, "\n") + "\n"
}

func number(raw json.RawMessage) float64 {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil {
		return 0
	}
	return n
}

// visible is the width of a line without its colours.
func visible(line string) int {
	for {
		from := strings.Index(line, "\x1b[")
		if from < 0 {
			return Width(line)
		}
		to := strings.IndexByte(line[from:], 'm')
		if to < 0 {
			return Width(line)
		}
		line = line[:from] + line[from+to+1:]
	}
}
