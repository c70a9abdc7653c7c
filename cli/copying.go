package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"weir/answer"
	"weir/cli/repl"
	"weir/server/wire"
)

// copying is the screen of a script that writes a query's rows to a file: a line tells that it is there.
type copying struct {
	title string
	notes io.Writer
}

// copy writes a file while the script goes on: what comes until its input is used up.
func (l *liveQueries) copy(ctx context.Context, title string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(ctx)
	l.cancels = append(l.cancels, cancel)
	l.copies.Go(func() {
		err := run(ctx)
		l.mu.Lock()
		defer l.mu.Unlock()
		if err != nil && !errors.Is(err, repl.ErrInterrupted) {
			l.errs = append(l.errs, fmt.Errorf("%s: %w", title, err))
		}
	})
}

// Message implements repl.Display: it tells that the file is there.
func (c *copying) Message(text string) error {
	_, err := fmt.Fprintf(c.notes, "%-40s %s\n", c.title, text)
	return err
}

// Header implements repl.Display: rows go to the file.
func (*copying) Header(wire.QueryMeta) error { return nil }

// Row implements repl.Display.
func (*copying) Row(json.RawMessage, bool) error { return nil }

// End implements repl.Display.
func (*copying) End() error { return nil }

// Line implements repl.Display.
func (*copying) Line(string) error { return nil }

// Entity implements repl.Display.
func (*copying) Entity(answer.Entity) error { return nil }
