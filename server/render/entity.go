package render

import (
	"fmt"
	"strings"

	"weir/answer"
)

// Entity is what a statement answered, as text.
func Entity(e answer.Entity, columns int) string {
	var b strings.Builder
	for _, w := range e.Head().Warnings {
		b.WriteString("Warning: " + w.Message + "\n")
	}
	body := layout(e.Layout(), columns)
	b.WriteString(body)
	if body != "" && !strings.HasSuffix(body, "\n") {
		b.WriteByte('\n')
	}
	return b.String()
}

func layout(list answer.Layout, columns int) string {
	var b strings.Builder
	for _, x := range list {
		switch x := x.(type) {
		case answer.Lines:
			b.WriteString(string(x))
		case answer.Pairs:
			for _, p := range x {
				if p[1] != "" {
					fmt.Fprintf(&b, "%-16s: %s\n", p[0], p[1])
				}
			}
		case answer.Table:
			b.WriteString(Table(x).Text(columns))
		}
	}
	return b.String()
}
