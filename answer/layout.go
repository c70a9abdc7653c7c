package answer

import (
	"strconv"
	"strings"
)

// Layout is a message as a person reads it: blocks, one below the other. Who prints it knows how wide a line may be.
type Layout []Block

// Block is a part of a Layout.
//
//sumtype:decl
type Block interface{ block() }

type (
	// Lines stand as they are.
	Lines string
	// Pairs are names with values. Those without a value are left out.
	Pairs [][2]string
	// Table has a title, or none, and rows of as many cells as there are headers.
	Table struct {
		Title   string
		Headers []string
		Rows    [][]string
	}
)

func (Lines) block() {}
func (Pairs) block() {}
func (Table) block() {}

// TableOf lays out a list line by line.
func TableOf[T any](list []T, line func(T) []string, headers ...string) Layout {
	t := Table{Headers: headers}
	for _, x := range list {
		t.Rows = append(t.Rows, line(x))
	}
	return Layout{t}
}

// OneByOne puts the layouts of a list below each other, with an empty line between two.
func OneByOne[T any](list []T, each func(T) Layout) Layout {
	var out Layout
	for i, x := range list {
		if i > 0 {
			out = append(out, Lines("\n"))
		}
		out = append(out, each(x)...)
	}
	if len(list) == 0 {
		return Layout{Lines("(none)")}
	}
	return out
}

// Counted is so many things, of which one is named: 1 row, 2 rows, 3 queries.
func Counted(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if stem, ok := strings.CutSuffix(thing, "y"); ok {
		thing = stem + "ie"
	}
	return Count(n) + " " + thing + "s"
}

// Count writes a number with commas between thousands.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
