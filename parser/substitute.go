package parser

import (
	"maps"
	"slices"
	"strings"

	"weir/parser/ast"
	"weir/parser/suggest"
)

// Substitute puts the values of variables for ${name} in a text of statements. A reference of its own has to become one
// name or one literal, so that a value can never change what a statement does. Inside of quotes a value becomes part of
// the text there, its quotes doubled; $${name} stays as ${name}. Case does not count in the names of variables. A variable
// without a value is an error.
func Substitute(text string, vars map[string]string) (string, error) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	s := substitution{src: text, vars: vars}
	l := newLexer(text)
	for done := 0; ; {
		t := l.next()
		s.out.WriteString(text[done:t.pos.Offset])
		done = t.end()
		switch {
		case t.kind == kEnd && t.text == "":
			return s.result()
		case t.kind == kVariable:
			s.reference(&t)
		case (t.kind == kString || t.kind == kQuoted) && strings.Contains(t.text, "${"):
			s.quoted(&t)
		default:
			s.out.WriteString(t.text)
		}
	}
}

type substitution struct {
	src  string
	vars map[string]string
	out  strings.Builder
	err  *Error
}

func (s *substitution) result() (string, error) {
	if s.err != nil {
		return "", s.err
	}
	return s.out.String(), nil
}

func (s *substitution) fail(pos ast.Pos, msg, hint string) {
	if s.err == nil {
		s.err = &Error{Pos: pos, Kind: Syntax, Msg: msg, Hint: hint, Line: lineAt(s.src, pos.Offset)}
	}
}

// lookup finds a value by the name as it is, or else by the first name that differs in case only.
func (s *substitution) lookup(name string, pos ast.Pos) string {
	if v, ok := s.vars[name]; ok {
		return v
	}
	names := slices.Sorted(maps.Keys(s.vars))
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return s.vars[n]
		}
	}
	hint := "Give it one: DEFINE " + name + " = '...';"
	if n, ok := suggest.Suggest(name, names); ok {
		hint = "Did you mean ${" + n + "}?"
	}
	s.fail(pos, "the variable ${"+name+"} has no value", hint)
	return ""
}

func (s *substitution) reference(t *token) {
	v := s.lookup(t.value, t.pos)
	if s.err == nil && !isNameOrLiteral(v) {
		s.fail(t.pos, "the value of "+t.text+" is neither a name nor a literal: "+ast.QuoteString(v),
			"A value with blanks or signs has to be quoted: as a text in single quotes, as a name in back-quotes.")
	}
	s.out.WriteString(v)
}

func isNameOrLiteral(v string) bool {
	number, negative := strings.CutPrefix(v, "-")
	l := newLexer(number)
	t := l.next()
	switch {
	case t.kind == kEnd || t.text != number:
		return false
	case negative:
		return t.isNumber()
	}
	return t.isName() || t.isNumber() || t.kind == kString || t.isWord("NULL") || t.isWord("TRUE") || t.isWord("FALSE")
}

// quoted replaces the references inside of a string or a quoted name.
func (s *substitution) quoted(t *token) {
	quote := t.text[:1]
	rest := t.text
	for {
		i := strings.Index(rest, "${")
		if i < 0 {
			break
		}
		end := i + 2
		for end < len(rest) && (isLetter(rest[end]) || rest[end] == '_' || end > i+2 && (isDigit(rest[end]) || rest[end] == '@')) {
			end++
		}
		if end == i+2 || rest[end] != '}' {
			s.out.WriteString(rest[:end])
			rest = rest[end:]
			continue
		}
		if i > 0 && rest[i-1] == '$' {
			s.out.WriteString(rest[:i-1] + rest[i:end+1])
		} else {
			v := s.lookup(rest[i+2:end], t.pos)
			s.out.WriteString(rest[:i] + strings.ReplaceAll(v, quote, quote+quote))
		}
		rest = rest[end+1:]
	}
	s.out.WriteString(rest)
}
