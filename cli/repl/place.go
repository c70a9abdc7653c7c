package repl

import (
	"strings"
	"unicode"
)

// place is where the cursor stands in a statement that is being written.
type place struct {
	word   string   // what has been written of the word at the cursor
	quoted bool     // it stands within single quotes
	before []string // the words of the statement before it, in capitals, texts in their quotes, and signs one by one
}

// placeAt reads a text up to the cursor at its end.
func placeAt(text string) place {
	var p place
	r := []rune(text)
	for i := 0; i < len(r); {
		switch c := r[i]; {
		case unicode.IsSpace(c):
			i++
		case c == ';':
			p.before = nil
			i++
		case c == '-' && i+1 < len(r) && r[i+1] == '-':
			for i < len(r) && r[i] != '\n' {
				i++
			}
		case c == '/' && i+1 < len(r) && r[i+1] == '*':
			end := strings.Index(string(r[i+2:]), "*/")
			if end < 0 {
				return place{before: []string{"/*"}} // within a comment
			}
			i += 2 + len([]rune(string(r[i+2:])[:end])) + 2
		case c == '\'':
			start := i + 1
			for i++; i < len(r) && r[i] != '\''; i++ {
			}
			if i == len(r) {
				p.word, p.quoted = string(r[start:]), true
				return p
			}
			i++
			p.before = append(p.before, string(r[start-1:i]))
		case isWord(c):
			start := i
			for i < len(r) && isWord(r[i]) {
				i++
			}
			if i == len(r) {
				p.word = string(r[start:])
				return p
			}
			p.before = append(p.before, strings.ToUpper(string(r[start:i])))
		default:
			p.before = append(p.before, string(c))
			i++
		}
	}
	return p
}

func isWord(c rune) bool {
	return unicode.IsLetter(c) || unicode.IsDigit(c) || c == '_' || c == '"' || c == '`' || c == '$'
}

// back is the word so many words before the cursor, 1 the last one; empty where there is none.
func (p *place) back(n int) string {
	if n > len(p.before) {
		return ""
	}
	return p.before[len(p.before)-n]
}

// first is one of the first words of the statement.
func (p *place) first(n int) string {
	if n >= len(p.before) {
		return ""
	}
	return p.before[n]
}

// with says whether the cursor stands in the brackets of a WITH, and where they begin.
func (p *place) with() (at int, ok bool) {
	depth := 0
	for i := len(p.before) - 1; i > 0; i-- {
		switch p.before[i] {
		case ")":
			depth++
		case "(":
			if depth--; depth < 0 {
				return i, p.before[i-1] == "WITH"
			}
		}
	}
	return 0, false
}

// sources are the streams and tables that the statement reads, by the names that its columns can be told apart with.
func (p *place) sources() map[string]string {
	out := map[string]string{}
	for i, w := range p.before[:max(len(p.before)-1, 0)] {
		if w != "FROM" && w != "JOIN" {
			continue
		}
		name := unquoteName(p.before[i+1])
		out[name] = name
		if i+2 >= len(p.before) {
			continue
		}
		alias := p.before[i+2]
		if alias == "AS" && i+3 < len(p.before) {
			alias = p.before[i+3]
		}
		if isWord([]rune(alias)[0]) {
			out[unquoteName(alias)] = name
		}
	}
	return out
}

func unquoteName(s string) string { return strings.Trim(s, "`\"") }
