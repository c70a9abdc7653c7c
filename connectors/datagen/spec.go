package datagen

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// call is a generator as it is written: name(arg, key=arg, ...).
type call struct {
	name string
	args []arg
}

// arg is one argument. It is a nested call if call isn't nil, else the text.
type arg struct {
	key    string // of key=value
	text   string
	quoted bool
	weight string // of text:weight
	call   *call
}

// part is a piece of a template: text, or a generator.
type part struct {
	text string
	call *call
}

const (
	maxSpecBytes = 64 << 10
	maxDepth     = 20
)

// parseSpec reads a field's value: a generator, or else a template with generators in braces. {{ and }} are braces.
func parseSpec(text string) (*call, []part, error) {
	if len(text) > maxSpecBytes {
		return nil, nil, fmt.Errorf("the generator is longer than %d bytes", maxSpecBytes)
	}
	p := &parser{s: text}
	c, err := p.call(0)
	if err == nil && p.space() < len(text) {
		err = p.expected("the end")
	}
	if err == nil || !strings.ContainsAny(text, "{}") {
		return c, nil, err
	}
	p.at = 0
	var parts []part
	var plain strings.Builder
	for p.at < len(text) {
		c := text[p.at]
		if (c == '{' || c == '}') && p.at+1 < len(text) && text[p.at+1] == c {
			plain.WriteByte(c)
			p.at += 2
			continue
		}
		if c == '}' {
			return nil, nil, p.expected("a { before the }, or }} for the character itself")
		}
		if c != '{' {
			plain.WriteByte(c)
			p.at++
			continue
		}
		if plain.Len() > 0 {
			parts = append(parts, part{text: plain.String()})
			plain.Reset()
		}
		p.at++
		inner, err := p.call(0)
		if err != nil {
			return nil, nil, err
		}
		if !p.take('}') {
			return nil, nil, p.expected("a }")
		}
		parts = append(parts, part{call: inner})
	}
	if plain.Len() > 0 {
		parts = append(parts, part{text: plain.String()})
	}
	return nil, parts, nil
}

// parser reads generators. at is a byte offset; errors count characters from 1.
type parser struct {
	s  string
	at int
}

func (p *parser) expected(what string) error {
	near := p.s[p.at:]
	if r := []rune(near); len(r) > 20 {
		near = string(r[:20]) + "..."
	}
	if near == "" {
		near = "the end"
	} else {
		near = "'" + near + "'"
	}
	return fmt.Errorf("expected %s at character %d of '%s', found %s", what, utf8.RuneCountInString(p.s[:p.at])+1, p.s, near)
}

func (p *parser) space() int {
	for p.at < len(p.s) && (p.s[p.at] == ' ' || p.s[p.at] == '\t' || p.s[p.at] == '\n' || p.s[p.at] == '\r') {
		p.at++
	}
	return p.at
}

func (p *parser) take(c byte) bool {
	if p.space() < len(p.s) && p.s[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) call(depth int) (*call, error) {
	start := p.space()
	for p.at < len(p.s) && isLetter(p.s[p.at]) {
		p.at++
	}
	if p.at == start {
		return nil, p.expected("a generator such as uniform(1, 6), or a text with generators in braces")
	}
	c := &call{name: strings.ToLower(p.s[start:p.at])}
	if !p.take('(') {
		return c, nil
	}
	if p.take(')') {
		return c, nil
	}
	for {
		a, err := p.arg(depth)
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, a)
		if p.take(')') {
			return c, nil
		}
		if !p.take(',') {
			return nil, p.expected("a comma or )")
		}
	}
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

// arg reads an argument: a quoted text, a nested generator, or bare text up to the next comma or bracket.
func (p *parser) arg(depth int) (arg, error) {
	if depth > maxDepth {
		return arg{}, p.expected(fmt.Sprintf("generators nested at most %d deep", maxDepth))
	}
	var a arg
	p.space()
	if key, ok := p.key(); ok {
		a.key = key
		p.space()
	}
	if p.at < len(p.s) && p.s[p.at] == '\'' || p.at < len(p.s) && p.s[p.at] == '"' {
		text, err := p.quoted()
		if err != nil {
			return a, err
		}
		a.text, a.quoted = text, true
		if p.take(':') {
			a.weight = p.bare(",()")
		}
		return a, nil
	}
	start := p.at
	word := p.bare(",()")
	if p.at < len(p.s) && p.s[p.at] == '(' {
		p.at = start
		c, err := p.call(depth + 1)
		a.call = c
		return a, err
	}
	if word == "" {
		return a, p.expected("an argument")
	}
	a.text = word
	return a, nil
}

// key takes name= .
func (p *parser) key() (string, bool) {
	i := p.at
	for i < len(p.s) && isLetter(p.s[i]) {
		i++
	}
	end := i
	for i < len(p.s) && p.s[i] == ' ' {
		i++
	}
	if end == p.at || i >= len(p.s) || p.s[i] != '=' {
		return "", false
	}
	key := strings.ToLower(p.s[p.at:end])
	p.at = i + 1
	return key, true
}

// bare takes text up to one of the bytes in stop, without the space around it.
func (p *parser) bare(stop string) string {
	rest := p.s[p.at:]
	if i := strings.IndexAny(rest, stop+"{}"); i >= 0 {
		rest = rest[:i]
	}
	p.at += len(rest)
	return strings.TrimSpace(rest)
}

// quoted takes a text in quotes; two quotes within are one.
func (p *parser) quoted() (string, error) {
	quote := p.s[p.at]
	start := p.at
	var out strings.Builder
	for i := p.at + 1; i < len(p.s); i++ {
		if p.s[i] != quote {
			out.WriteByte(p.s[i])
			continue
		}
		if i+1 < len(p.s) && p.s[i+1] == quote {
			out.WriteByte(quote)
			i++
			continue
		}
		p.at = i + 1
		return out.String(), nil
	}
	p.at = start
	return "", p.expected("a text with a closing quote")
}
