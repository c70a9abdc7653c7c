package repl

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"weir/parser"
)

// keywords are those of the language, and what is written often beside them.
var keywords = slices.Concat(parser.Keywords(), strings.Fields(`COUNT SUM AVG MIN MAX KAFKA_TOPIC VALUE_FORMAT KEY_FORMAT
help exit history clear version output run script spool`))

// completer offers keywords and the names of streams and tables.
type completer struct {
	backend Backend
	names   []string
	asked   time.Time
}

// namesFor is how long names are kept: a second Tab should not ask the server again.
const namesFor = 3 * time.Second

// Do implements readline.AutoCompleter: what could follow the word before the cursor.
func (c *completer) Do(line []rune, pos int) (suffixes [][]rune, length int) {
	start := pos
	for start > 0 && (unicode.IsLetter(line[start-1]) || unicode.IsDigit(line[start-1]) || line[start-1] == '_') {
		start--
	}
	word := string(line[start:pos])
	if word == "" {
		return nil, 0
	}
	if time.Since(c.asked) > namesFor {
		c.names, c.asked = c.backend.Names(context.Background()), time.Now()
	}
	for _, w := range candidates(word, keywords, c.names) {
		suffixes = append(suffixes, []rune(w))
	}
	return suffixes, pos - start
}

// candidates are the ends of the words that begin with word, in the case in which word was begun.
func candidates(word string, lists ...[]string) []string {
	lower := word == strings.ToLower(word)
	var out []string
	for _, w := range slices.Concat(lists...) {
		if len(w) < len(word) || !strings.EqualFold(w[:len(word)], word) {
			continue
		}
		rest := w[len(word):]
		if lower {
			rest = strings.ToLower(rest)
		}
		out = append(out, rest+" ")
	}
	slices.Sort(out)
	return slices.Compact(out)
}
