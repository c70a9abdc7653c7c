package sample

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"weir/parser/ast"
)

// bare says whether a name needs no quotes.
func bare(name string) bool { return ast.Quote(name) == name }

// pseudo are names that every row has of itself.
var pseudo = []string{"ROWTIME", "ROWPARTITION", "ROWOFFSET", "WINDOWSTART", "WINDOWEND"}

// headNames makes names of columns of those in the head of a CSV file: letters, digits and underscores, each of them once. What was changed is told.
func headNames(head []string, notice func(string, ...any)) []string {
	var out []string
	for i, h := range head {
		name := plainName(h)
		if name == "" {
			name = fmt.Sprintf("COL_%d", i+1)
		}
		if slices.Contains(pseudo, name) {
			name += "_1"
		}
		for base, n := name, 2; slices.Contains(out, name); n++ {
			name = fmt.Sprintf("%s_%d", base, n)
		}
		switch {
		case strings.TrimSpace(h) == "":
			notice("column %d has no name in the head: it is %s", i+1, name)
		case !strings.EqualFold(name, strings.TrimSpace(h)):
			notice("column %d, %q, is %s", i+1, clip(h), name)
		}
		out = append(out, name)
	}
	return out
}

// plainName is a name in capitals without signs; empty where nothing is left.
func plainName(s string) string {
	var b strings.Builder
	gap := false
	for _, c := range strings.ToUpper(strings.TrimSpace(s)) {
		switch {
		case c < unicode.MaxASCII && (c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'):
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			gap = false
			b.WriteRune(c)
		default:
			gap = true
		}
	}
	name := b.String()
	if strings.Trim(name, "_") == "" {
		return ""
	}
	if name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

const shown = 40

func clip(s string) string {
	if r := []rune(s); len(r) > shown {
		return string(r[:shown-3]) + "..."
	}
	return s
}
