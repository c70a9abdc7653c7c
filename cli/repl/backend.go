// Package repl is the prompt: it reads statements, hands them to an engine in the process or to a server, and shows what comes back.
package repl

import (
	"context"
	"encoding/json"
	"errors"

	"weir/answer"
	"weir/server/wire"
)

// Script is SQL text and the folder that relative paths in it start from.
type Script struct {
	Text    string
	File    string // that has the text, as messages name it; empty for what was typed
	BaseDir string
}

// Display takes what statements answer. render.Printer is one.
type Display interface {
	Entity(answer.Entity) error
	Message(text string) error
	Header(wire.QueryMeta) error
	Row(columns json.RawMessage, tombstone bool) error
	// End is called behind the last row or line, of an interrupted query too.
	End() error
	Line(text string) error
}

// Backend carries statements out.
type Backend interface {
	// Execute runs the statements of a script in order until one fails. When the context ends, a running query is ended and
	// ErrInterrupted returned.
	Execute(ctx context.Context, s Script, d Display) error
	// Aside is a backend for what is asked beside the statement that runs, with these properties on top of those that are set.
	Aside(properties map[string]string) Backend
	// About says in a line what this talks to.
	About(ctx context.Context) string
}

// ErrInterrupted says that the user ended a query.
var ErrInterrupted = errors.New("interrupted")

// What is said when a query ends before its last row.
const (
	queryEnded = "Query terminated"
	printEnded = "Topic printing ceased"
)
