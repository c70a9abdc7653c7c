package functions

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// javaPattern is a pattern that means what it means in Java, as far as RE2 can.
type javaPattern struct {
	text string
	re   *regexp.Regexp
	// dollar says that $ stands in it, which in Java also matches before the line terminator that ends the text.
	dollar bool
	lazy   bool // of two matches with one beginning the shorter one is meant
}

// compileJava compiles a pattern.
func compileJava(text string) (*javaPattern, error) {
	tree, err := syntax.Parse(javaSpaces(text), syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("not a regular expression (of RE2's syntax): %w", err)
	}
	p := &javaPattern{text: strings.Clone(text)}
	p.adapt(tree)
	p.re, err = regexp.Compile(tree.String())
	return p, err
}

// notTerminators are all characters that . matches in Java.
var notTerminators = []rune{0, '\n' - 1, '\n' + 1, '\r' - 1, '\r' + 1, '\u0085' - 1, '\u0085' + 1, '\u2028' - 1, '\u2029' + 1, 0x10FFFF}

func (p *javaPattern) adapt(t *syntax.Regexp) {
	switch t.Op {
	case syntax.OpAnyCharNotNL:
		t.Op, t.Rune = syntax.OpCharClass, slices.Clone(notTerminators)
	case syntax.OpEndText:
		p.dollar = p.dollar || t.Flags&syntax.WasDollar != 0
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		p.lazy = p.lazy || t.Flags&syntax.NonGreedy != 0
	default: // the same in both
	}
	for _, sub := range t.Sub {
		p.adapt(sub)
	}
}

// javaSpaces writes out \s and \S: Java's have the vertical tab.
func javaSpaces(text string) string {
	if !strings.ContainsAny(text, "sS") {
		return text
	}
	var b strings.Builder
	inClass := false
	for i := 0; i < len(text); i++ {
		switch rest := text[i:]; {
		case strings.HasPrefix(rest, `\Q`):
			end := strings.Index(rest, `\E`)
			if end < 0 {
				return b.String() + rest
			}
			b.WriteString(rest[:end+2])
			i += end + 1
		case inClass && strings.HasPrefix(rest, "[:") && strings.Contains(rest, ":]"):
			end := strings.Index(rest, ":]")
			b.WriteString(rest[:end+2])
			i += end + 1
		case rest[0] == '\\' && len(rest) > 1:
			i++
			switch {
			case rest[1] == 's' && inClass:
				b.WriteString(`\t-\r `)
			case rest[1] == 's':
				b.WriteString(`[\t-\r ]`)
			case rest[1] == 'S' && !inClass:
				b.WriteString(`[^\t-\r ]`)
			default:
				b.WriteString(rest[:2])
			}
		default:
			if rest[0] == '[' && !inClass {
				inClass = true
				// A ] that comes first is a character.
				for _, first := range []string{"[^]", "[]", "[^"} {
					if strings.HasPrefix(rest, first) {
						b.WriteString(first)
						i += len(first) - 1
						rest = ""
						break
					}
				}
			} else if rest[0] == ']' {
				inClass = false
			}
			if rest != "" {
				b.WriteByte(rest[0])
			}
		}
	}
	return b.String()
}

// withoutTerminator cuts off the line terminator that ends a text.
func withoutTerminator(s string) (string, bool) {
	for _, end := range []string{"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029"} {
		if short, ok := strings.CutSuffix(s, end); ok {
			return short, true
		}
	}
	return s, false
}

// find is the first match: where it and its groups begin and end; nil for none.
func (p *javaPattern) find(s string) []int {
	m := p.re.FindStringSubmatchIndex(s)
	if !p.dollar {
		return m
	}
	short, ok := withoutTerminator(s)
	if !ok {
		return m
	}
	return p.first(m, p.re.FindStringSubmatchIndex(short))
}

// first is the one of two matches that Java finds: in the whole text, and in the text without the line terminator at its end.
func (p *javaPattern) first(whole, short []int) []int {
	switch {
	case short == nil || whole != nil && whole[0] < short[0]:
		return whole
	case whole == nil || short[0] < whole[0] || p.lazy && short[1] < whole[1]:
		return short
	case short[1] > whole[1]:
		return short
	}
	return whole
}

// all are the matches one after the other.
func (p *javaPattern) all(m *Meter, s string) ([][]int, error) {
	whole, err := allMatches(m, p.re, s)
	short, ok := withoutTerminator(s)
	if !p.dollar || !ok || err != nil {
		return whole, err
	}
	shorter, err := allMatches(m, p.re, short)
	if err != nil {
		return nil, err
	}
	var out [][]int
	for {
		if last := len(out) - 1; last >= 0 {
			gone := func(m []int) bool { return m[0] < out[last][1] || m[0] == out[last][0] && m[1] == out[last][1] }
			whole, shorter = dropWhile(whole, gone), dropWhile(shorter, gone)
		}
		next := p.first(head(whole), head(shorter))
		if next == nil {
			return out, nil
		}
		out = append(out, next)
	}
}

func head(list [][]int) []int {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

func dropWhile(list [][]int, gone func([]int) bool) [][]int {
	for len(list) > 0 && gone(list[0]) {
		list = list[1:]
	}
	return list
}
