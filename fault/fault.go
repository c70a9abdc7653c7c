// Package fault keeps a panic to what it happened in: one query, one connector, one request.
package fault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"
)

// Error is a panic that was caught: a mistake of Weir's, and of nobody who uses it.
type Error struct {
	In    string // what it happened in
	Value any    // that the panic came with
	At    string // the function and the line that it came from
	Stack string // of the goroutine
}

func (e *Error) Error() string {
	return fmt.Sprintf("a fault in %s, which is a bug of Weir: %v, at %s", e.In, e.Value, e.At)
}

// Caught makes a panic the error of the function that defers it.
func Caught(err *error, in string) {
	if v := recover(); v != nil {
		*err = &Error{In: in, Value: v, At: origin(), Stack: string(debug.Stack())}
	}
}

// Log tells of an error, and of where it came from if that is a fault.
func Log(log *slog.Logger, level slog.Level, msg string, err error, args ...any) {
	args = append(args, "error", err)
	if f, ok := errors.AsType[*Error](err); ok {
		args = append(args, "stack", f.Stack)
	}
	log.Log(context.Background(), level, msg, args...)
}

// origin is where the panic came from whose deferred functions run.
func origin() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	panicking := false
	for {
		f, more := frames.Next()
		ofRuntime := strings.HasPrefix(f.Function, "runtime.")
		if panicking && !ofRuntime {
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
		panicking = panicking || f.Function == "runtime.gopanic"
		if !more {
			return "an unknown place"
		}
	}
}
