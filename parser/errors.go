package parser

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"weir/parser/ast"
)

// Kind says what sort of mistake an Error is about.
type Kind uint8

// The kinds of errors. Their texts begin as ksqlDB's do, since its users and its clients look for them.
const (
	Syntax  Kind = iota // the text does not follow the grammar
	Literal             // a literal has no value: a number out of range
	Value               // a clause needs another sort of literal
	Column              // a column definition contradicts its statement
	TooBig              // a limit of Options was passed
	Bug                 // the parser contradicts itself; not the user's mistake
)

// Error is a mistake in a text.
type Error struct {
	Pos  ast.Pos
	Kind Kind
	Msg  string // what was expected and what was found
	Hint string // what could be done about it, or empty
	Line string // the line that Pos is in
}

const (
	shownBefore = 160 // runes of a long line shown before the place
	shownAfter  = 80  // and behind it
)

// Error shows the place, the mistake, the line with a caret below the place, and the hint.
func (e *Error) Error() string {
	text := e.brief() + "\nStatement: " + e.caret()
	if e.Hint != "" {
		text += "\n" + e.Hint
	}
	return text
}

// Masked shows the place and the mistake, without anything that may be a value.
func (e *Error) Masked() string {
	if e.Kind == Syntax && e.namesNoValue() {
		return e.brief()
	}
	out := *e
	out.Msg = ""
	return strings.TrimSpace(out.brief())
}

// namesNoValue says whether what the mistake is about can't be a value.
func (e *Error) namesNoValue() bool {
	line := []rune(e.Line)
	l := newLexer(string(line[min(max(e.Pos.Col-1, 0), len(line)):]))
	t := l.next()
	return t.kind != kString && t.kind != kBad && !t.isNumber()
}

func (e *Error) brief() string {
	var b strings.Builder
	switch e.Kind {
	case Syntax:
		fmt.Fprintf(&b, "line %s: Syntax Error\n%s", e.Pos, e.Msg)
	case Literal:
		// ksqlDB is one column off here. Whoever looks for its text finds it; the caret is right.
		fmt.Fprintf(&b, "Failed to prepare statement: line %d:%d: %s", e.Pos.Line, e.Pos.Col+1, e.Msg)
	case Value:
		fmt.Fprintf(&b, "Failed to prepare statement: %s (line %s)", e.Msg, e.Pos)
	case Column:
		fmt.Fprintf(&b, "Line: %d, Col: %d: %s", e.Pos.Line, e.Pos.Col, e.Msg)
	case TooBig:
		fmt.Fprintf(&b, "line %s: %s", e.Pos, e.Msg)
	case Bug:
		fmt.Fprintf(&b, "line %s: internal error: %s; please report it together with the statement", e.Pos, e.Msg)
	}
	return b.String()
}

// caret is the line, or the part of it around the place, with a caret below the place.
func (e *Error) caret() string {
	line, mark := marked(e.Line, e.Pos.Col)
	return line + "\n" + strings.Repeat(" ", len("Statement: ")) + mark
}

// lineAt is the line of src around an offset.
func lineAt(src string, off int) string {
	off = min(off, len(src))
	start := strings.LastIndexByte(src[:off], '\n') + 1
	line := src[start:]
	if n := strings.IndexByte(line, '\n'); n >= 0 {
		line = line[:n]
	}
	line = strings.TrimSuffix(line, "\r")
	if !utf8.ValidString(line) {
		line = strings.ToValidUTF8(line, "\ufffd")
	}
	return line
}

func describe(t *token) string {
	text, quote := t.text, "'"
	if t.kind == kString || t.kind == kQuoted {
		text, quote = t.text[1:len(t.text)-1], t.text[:1]
	}
	switch {
	case t.kind == kEnd && text == "":
		return "the end of the text"
	case len(text) > 40:
		cut := 40
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	return quote + text + quote
}
