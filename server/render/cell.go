// Package render turns answers into text for a terminal.
package render

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

const ellipsis = "..."

// Cell is the text of a JSON value: a string without its quotes, anything else as it is.
func Cell(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return Clean(s)
		}
	}
	return Clean(string(raw))
}

// Clean writes line breaks and other control characters visibly, so that data can't steer the terminal.
func Clean(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if !hidden(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// Width is the number of columns that a text takes on a terminal.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Clip shortens a text to so many columns; the cut is shown by dots.
func Clip(s string, columns int) string {
	if Width(s) <= columns {
		return s
	}
	dots := ellipsis[:min(len(ellipsis), max(columns, 0))]
	used := len(dots)
	for i, r := range s {
		if used += runeWidth(r); used > columns {
			return s[:i] + dots
		}
	}
	return s
}

// pad fills a text up with blanks.
func pad(b *strings.Builder, s string, columns int) {
	b.WriteString(s)
	for n := columns - Width(s); n > 0; n-- {
		b.WriteByte(' ')
	}
}
