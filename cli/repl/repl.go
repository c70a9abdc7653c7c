package repl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/chzyer/readline"

	"weir/cli/render"
	"weir/parser"
)

const (
	prompt       = "weir> "
	continuation = "    > "
)

// REPL reads statements and shows what they answer.
type REPL struct {
	Backend Backend
	Printer *render.Printer
	Err     io.Writer // takes error messages
	Version string
	// HistoryFile keeps what was entered; none where empty.
	HistoryFile string

	history []string
	spooled *os.File
	screen  io.Writer // Printer's own while spooling
}

// Execute runs the statements of a text. A statement without its semicolon at the end is given one.
func (r *REPL) Execute(ctx context.Context, text string) error {
	if parser.Split(text).Open == parser.InStatement {
		text += "\n;" // on a line of its own: the last one may end in a comment
	}
	return r.Backend.Execute(ctx, Script{Text: text}, r.Printer)
}

// Pipe reads statements and commands from a file or a pipe until it ends, or one fails.
func (r *REPL) Pipe(ctx context.Context, in io.Reader) error {
	defer r.closeSpool()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	e := entry{}
	for lines.Scan() {
		if err := r.feed(ctx, &e, lines.Text()); err != nil {
			if errors.Is(err, errLeave) {
				return nil
			}
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("cannot read the statements: %w", err)
	}
	if strings.TrimSpace(e.text) == "" {
		return nil
	}
	return r.Execute(ctx, e.text)
}

// maxLine bounds a line of a pipe: the parser takes no longer text either.
const maxLine = 10 << 20

// entry is what has been entered of statements that are not complete.
type entry struct{ text string }

// feed takes a line; whole statements are carried out.
func (r *REPL) feed(ctx context.Context, e *entry, line string) error {
	if e.text == "" {
		if done, err := r.command(ctx, line); done {
			return err
		}
	}
	e.text += line + "\n"
	p := parser.Split(e.text)
	if p.Open != parser.Complete {
		return nil
	}
	text := e.text
	e.text = ""
	if len(p.Statements) == 0 {
		return nil
	}
	return r.Backend.Execute(ctx, Script{Text: text}, r.Printer)
}

// Interactive reads from the terminal until the user leaves or the context ends.
func (r *REPL) Interactive(ctx context.Context, stdin io.ReadCloser, stdout io.Writer) error {
	defer r.closeSpool()
	rl, err := readline.NewEx(&readline.Config{
		Prompt: prompt, HistoryFile: r.HistoryFile, HistoryLimit: 1000, HistorySearchFold: true, DisableAutoSaveHistory: true,
		AutoComplete: &completer{backend: r.Backend}, InterruptPrompt: "^C", Stdin: stdin, Stdout: stdout, Stderr: r.Err,
	})
	if err != nil {
		return fmt.Errorf("cannot use the terminal: %w", err)
	}
	defer rl.Close()
	defer context.AfterFunc(ctx, func() { rl.Close() })()
	// From here on Ctrl-C is the prompt's alone: it ends a query, and neither the context nor the process.
	signal.Reset(os.Interrupt)
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	e := entry{}
	for {
		rl.SetPrompt(prompt)
		if e.text != "" {
			rl.SetPrompt(continuation)
		}
		line, err := rl.Readline()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			if e.text == "" && line == "" {
				fmt.Fprintln(r.Err, "Ctrl-D or exit leaves.")
			}
			e.text = ""
			continue
		case err != nil: // the end of the input, or the context's
			return nil
		}
		begun := e.text
		err = r.interruptible(ctx, func(ctx context.Context) error { return r.feed(ctx, &e, line) })
		if e.text == "" && strings.TrimSpace(begun+line) != "" {
			r.remember(rl, begun+line)
		}
		switch {
		case errors.Is(err, errLeave):
			return nil
		case err != nil && !errors.Is(err, ErrInterrupted):
			fmt.Fprintln(r.Err, err)
		}
	}
}

// interruptible ends what runs at Ctrl-C, without ending the prompt.
func (r *REPL) interruptible(ctx context.Context, run func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	return run(ctx)
}

// remember keeps an entry as one line of history, unless a comment would swallow the rest of it.
func (r *REPL) remember(rl *readline.Instance, text string) {
	text = strings.TrimSpace(text)
	lines := []string{text}
	if strings.Contains(text, "\n") {
		lines = strings.Split(text, "\n")
		if !strings.Contains(text, "--") {
			lines = []string{strings.Join(lines, " ")}
		}
	}
	for _, l := range lines {
		r.history = append(r.history, l)
		// A history that can't be written is no reason to stop.
		_ = rl.SaveHistory(l)
	}
}

func (r *REPL) closeSpool() {
	if r.spooled != nil {
		r.Printer.Out = r.screen
		r.spooled.Close()
		r.spooled = nil
	}
}
