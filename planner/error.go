package planner

import (
	"fmt"

	"weir/parser/ast"
)

// Error is a statement that can't be planned: what is wrong, and where in the user's text.
type Error struct {
	Pos ast.Pos
	Msg string
}

func (e *Error) Error() string { return e.Msg }

// at makes an Error for a place in the text.
func at(pos ast.Pos, format string, args ...any) error {
	return &Error{pos, fmt.Sprintf(format, args...)}
}
