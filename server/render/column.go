package render

import (
	"strconv"
	"strings"
	"time"

	"weir/server/wire"
)

// column is what is known of a column before its values come.
type column struct {
	name, typ string
	right     bool // numbers stand at the right
	whole     bool // its values are not cut: a cut number or time is a wrong one
	instant   bool // milliseconds since the epoch, which nobody reads
}

func columnsOf(meta wire.QueryMeta) []column {
	out := make([]column, len(meta.ColumnNames))
	for i, name := range meta.ColumnNames {
		c := column{name: Clean(name)}
		if i < len(meta.ColumnTypes) {
			c.typ = shortType(meta.ColumnTypes[i])
		}
		switch kind, _, _ := strings.Cut(c.typ, "("); kind {
		case "INTEGER", "BIGINT", "DOUBLE", "DECIMAL":
			c.right, c.whole = true, true
		case "BOOLEAN", "DATE", "TIME", "TIMESTAMP":
			c.whole = true
		}
		if c.instant = c.typ == "BIGINT" && isInstant(name); c.instant {
			c.typ, c.right = "TIMESTAMP", false
		}
		out[i] = c
	}
	return out
}

// isInstant says whether a column has milliseconds under a name that the language gives.
func isInstant(name string) bool {
	switch strings.ToUpper(name) {
	case "ROWTIME", "WINDOWSTART", "WINDOWEND":
		return true
	}
	return false
}

// shortType leaves out what is within a type: ARRAY<STRING> is an ARRAY.
func shortType(t string) string {
	t = strings.TrimSuffix(t, " KEY")
	if i := strings.IndexByte(t, '<'); i > 0 {
		return t[:i]
	}
	return t
}

// text is a value as it is shown, NULL told apart from a text that reads so.
func (c *column) text(v cell) cell {
	switch {
	case v.null:
		v.text = "NULL"
	case c.instant:
		if ms, err := strconv.ParseInt(v.text, 10, 64); err == nil {
			v.text = time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000")
		}
	case v.text == "NULL":
		v.text = "'NULL'"
	}
	return v
}

// share gives columns their widths: what they want, and where that is more than the room, the widest that may be cut are cut.
// ok is false where the room is too small even so.
func share(want []int, whole []bool, room int) (widths []int, ok bool) {
	widths = append(widths, want...)
	total := 0
	for _, w := range widths {
		total += w
	}
	for total > room {
		widest := -1
		for i, w := range widths {
			if !whole[i] && w > minColumn && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return widths, false
		}
		widths[widest]--
		total--
	}
	return widths, true
}
