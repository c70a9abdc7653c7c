package parser

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"weir/parser/ast"
)

// Place is where something stands, in the words of all that people are told of files and of what they type. Lines and columns are those of
// the whole text; file is its name, empty where it has none.
func Place(file string, pos ast.Pos) string {
	where := fmt.Sprintf("line %d, column %d", pos.Line, pos.Col)
	if file != "" {
		where = file + ", " + where
	}
	return where
}

// ownPlace is how ksqlDB begins some of its messages.
var ownPlace = regexp.MustCompile(`^(Exception while preparing statement: )?Line: \d+, Col: \d+: `)

// Told is a message with its place, the line, and a mark below the place. A place that the message itself begins with is left out.
func Told(file string, pos ast.Pos, msg, line string) string {
	msg = ownPlace.ReplaceAllString(msg, "")
	if !pos.IsValid() {
		if file != "" {
			msg = file + ": " + msg
		}
		return msg
	}
	msg = Place(file, pos) + ": " + msg
	if line == "" {
		return msg
	}
	shown, mark := marked(line, pos.Col)
	return msg + "\n  " + shown + "\n  " + mark
}

// Told is the error for people.
func (e *Error) Told(file string) string {
	msg := e.Msg
	switch e.Kind {
	case Syntax:
		msg = "Syntax error: " + msg
	case Bug:
		msg = "internal error: " + msg + "; please report it together with the statement"
	case Literal, Value, Column, TooBig: // say it all
	}
	text := Told(file, e.Pos, msg, e.Line)
	if e.Hint != "" {
		text += "\n" + e.Hint
	}
	return text
}

// ToldMasked is the same without anything that may be a value.
func (e *Error) ToldMasked(file string) string {
	msg := "Syntax error"
	if e.Kind == Syntax && e.namesNoValue() {
		msg += ": " + e.Msg
	}
	return Told(file, e.Pos, msg, "")
}

// marked is a line, or the part of it around a column, and what puts a mark below that column. Tabs stay tabs; other control characters, which a
// terminal would obey, are not shown.
func marked(text string, column int) (shown, mark string) {
	line := []rune(text)
	for i, r := range line {
		if unicode.IsControl(r) && r != '\t' {
			line[i] = '\ufffd'
		}
	}
	col := min(max(column-1, 0), len(line))
	if last := col + shownAfter; last < len(line) {
		line = append(line[:last:last], '…')
	}
	if first := col - shownBefore; first > 0 {
		line = append([]rune{'…'}, line[first:]...)
		col -= first - 1
	}
	pad := make([]rune, col)
	for i := range pad {
		pad[i] = ' '
		if line[i] == '\t' {
			pad[i] = '\t'
		}
	}
	return string(line), string(pad) + "^"
}

// Short is the beginning of a statement, which tells it from the others: of what asks all that fits, of others what they name.
func (s Stmt) Short(most int) string {
	text := strings.TrimRight(strings.Join(strings.Fields(s.Text), " "), "; ")
	switch s.Node.(type) {
	case *ast.Query, *ast.Copy:
	default:
		if i := strings.IndexByte(text, '('); i > 0 {
			text = strings.TrimSpace(text[:i])
		}
		for _, word := range []string{" WITH", " AS ", " VALUES", " SELECT "} {
			if i := strings.Index(strings.ToUpper(text), word); i > 0 {
				text = text[:i]
			}
		}
	}
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:max(most-3, 0)]) + "..."
	}
	return text
}
