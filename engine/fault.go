package engine

import (
	"errors"
	"fmt"
	"strings"

	"weir/kafka"
	"weir/parser"
	"weir/parser/ast"
	"weir/parser/suggest"
	"weir/planner"
)

// ErrorKind says whose fault an error is.
type ErrorKind uint8

// The kinds of errors.
const (
	BadStatement  ErrorKind = iota // the statement can't be carried out as it is
	Syntax                         // the statement can't be parsed
	WrongEndpoint                  // a query was sent where only statements are taken, or the reverse
	NotFound
	AssertFailed
	TooMany // of what a limit allows
	Limited // a principal has as much as it may have
	System  // the broker is away, the disk is full
)

// Error is why a statement failed, and where in the text that was given.
type Error struct {
	Kind ErrorKind
	Stmt string  // the statement
	From ast.Pos // where it begins
	Pos  ast.Pos
	Line string // the line of the text in which Pos lies
	Msg  string
	Err  error

	masked bool // by Masked
}

func (e *Error) Unwrap() error { return e.Err }

// Error prints the message, and the line with a caret under the place.
func (e *Error) Error() string {
	if e.masked && e.Kind != Syntax && e.Pos.IsValid() {
		return fmt.Sprintf("line %d:%d: %s", e.Pos.Line, e.Pos.Col, e.Msg)
	}
	if e.Kind == Syntax || !e.Pos.IsValid() || e.Line == "" {
		return e.Msg
	}
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string([]rune(e.Line)[:min(e.Pos.Col-1, len([]rune(e.Line)))]))
	where := ""
	if !strings.HasPrefix(e.Msg, "Line: ") {
		where = fmt.Sprintf("line %d:%d: ", e.Pos.Line, e.Pos.Col)
	}
	return fmt.Sprintf("%s%s\n  %s\n  %s^", where, e.Msg, e.Line, pad)
}

// Told is the error for people: where it is in a file, which may have no name, and the line with a mark below the place.
func (e *Error) Told(file string) string {
	syntax, ok := errors.AsType[*parser.Error](e.Err)
	switch {
	case ok && e.Kind == Syntax && e.masked:
		return syntax.ToldMasked(file)
	case ok && e.Kind == Syntax:
		return syntax.Told(file)
	}
	if !e.Pos.IsValid() {
		return parser.Told(file, e.From, e.Msg, "")
	}
	return parser.Told(file, e.Pos, e.Msg, e.Line)
}

// fault makes an Error of whatever went wrong with a statement.
func (e *Engine) fault(text string, stmt parser.Stmt, err error) error {
	var done *Error
	if errors.As(err, &done) {
		if done.Stmt == "" {
			told := *done
			told.Stmt, told.From = stmt.Text, stmt.Pos
			return &told
		}
		return done
	}
	out := &Error{Stmt: stmt.Text, From: stmt.Pos, Msg: err.Error(), Err: err}
	var syntax *parser.Error
	var plan *planner.Error
	switch {
	case errors.As(err, &syntax):
		out.Kind, out.Pos, out.Line = Syntax, syntax.Pos, syntax.Line
	case errors.As(err, &plan):
		out.Pos = plan.Pos
		if out.Pos.IsValid() {
			lines := strings.Split(text, "\n")
			if n := out.Pos.Line - 1; n < len(lines) {
				out.Line = strings.TrimRight(lines[n], "\r")
			}
		}
	case errors.Is(err, kafka.ErrUnreachable):
		out.Kind = System
	}
	return out
}

// Masked is the error as it may be told to whoever keeps errors: without what parser.Masked leaves out, and without the line, which has it too.
func (e *Error) Masked() *Error {
	out := *e
	if out.Stmt = parser.Masked(e.Stmt); out.Stmt == e.Stmt {
		return &out
	}
	out.Line, out.masked = "", true
	var syntax *parser.Error
	if errors.As(e.Err, &syntax) {
		out.Msg = syntax.Masked()
	}
	return &out
}

func refuse(kind ErrorKind, format string, args ...any) error {
	return &Error{Kind: kind, Msg: fmt.Sprintf(format, args...)}
}

// suggestion asks whether another name was meant; empty where none is near.
func suggestion(word string, names []string) string {
	if near, ok := suggest.Suggest(word, names); ok {
		return "\nDid you mean " + near + "?"
	}
	return ""
}
