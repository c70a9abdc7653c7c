package repl

import (
	"slices"
	"strings"
)

// completer offers what may follow at the cursor.
type completer struct {
	catalog catalog
	// begun is what was entered of the statement in the lines above.
	begun func() string
	// hint shows a line above the prompt.
	hint func(line string)
}

// Do implements readline.AutoCompleter: what could follow the word before the cursor.
func (c *completer) Do(line []rune, pos int) (suffixes [][]rune, length int) {
	begun := ""
	if c.begun != nil {
		begun = c.begun()
	}
	p := placeAt(begun + string(line[:pos]))
	if p.word == "" && !p.quoted && p.back(1) == "(" && c.hint != nil && isName(p.back(2)) {
		for _, s := range c.catalog.signatures(p.back(2)) {
			c.hint(s)
		}
	}
	for _, w := range candidates(p.word, c.catalog.offers(p)) {
		suffixes = append(suffixes, []rune(w))
	}
	return suffixes, len([]rune(p.word))
}

// isName says whether a word before a bracket can be that of a function.
func isName(w string) bool {
	return w != "" && isWord([]rune(w)[0]) && !slices.Contains(keywords, w)
}

// candidates are the ends of the words that begin with word, in the case in which word was begun.
func candidates(word string, offers []offer) []string {
	lower := word != "" && word == strings.ToLower(word)
	var out []string
	for _, o := range offers {
		if len(o.word) < len(word) || !strings.EqualFold(o.word[:len(word)], word) {
			continue
		}
		rest := o.word[len(word):]
		if lower && !strings.ContainsAny(o.word, "`\"") && o.word == strings.ToUpper(o.word) {
			rest = strings.ToLower(rest)
		}
		end := o.end
		if strings.HasSuffix(o.word, "/") {
			end = "" // of a folder something follows
		}
		out = append(out, rest+end)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
