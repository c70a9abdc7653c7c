package repl

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/chzyer/readline"

	"weir/parser"
	"weir/server/render"
)

// promptFor says what is awaited: another statement, the rest of one, or the end of a text or a comment.
func promptFor(begun string) string {
	if begun == "" {
		return "weir> "
	}
	switch p := placeAt(begun); {
	case p.quoted:
		return "   '> "
	case p.back(1) == "/*":
		return "   *> "
	}
	return "    > "
}

// REPL reads statements and shows what they answer.
type REPL struct {
	Backend Backend
	Printer *render.Printer
	Err     io.Writer // takes error messages
	Version string
	// HistoryFile keeps what was entered; none where empty.
	HistoryFile string
	// NoPager shows long answers at once.
	NoPager bool

	terminal bool // statements come from a person, not from a file
	history  []string
	edited   string                                // what \e has run
	ask      func(question string) (string, error) // reads a line of the person at the terminal
	spooled  *os.File
	screen   io.Writer // Printer's own while spooling
}

// Execute runs the statements of a text. A statement without its semicolon at the end is given one.
func (r *REPL) Execute(ctx context.Context, text string) error {
	if parser.Split(text).Open == parser.InStatement {
		text += "\n;" // on a line of its own: the last one may end in a comment
	}
	return r.execute(ctx, text)
}

// Pipe reads statements and commands from a file or a pipe until it ends, or one fails.
func (r *REPL) Pipe(ctx context.Context, in io.Reader) error {
	defer r.closeSpool()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	e := entry{}
	for n := 0; lines.Scan(); n++ {
		if e.text == "" {
			e.before = n
		}
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
	return r.Execute(ctx, strings.Repeat("\n", e.before)+e.text)
}

// maxLine bounds a line of a pipe: the parser takes no longer text either.
const maxLine = 10 << 20

// entry is what has been entered of statements that are not complete.
type entry struct {
	text   string
	before int // lines in front of it, where places count from the first line of a pipe
}

// feed takes a line; whole statements are carried out.
func (r *REPL) feed(ctx context.Context, e *entry, line string) error {
	if e.text == "" {
		if done, err := r.command(ctx, line); done {
			return err
		}
	}
	trimmed, expand := strings.CutSuffix(strings.TrimRight(line, " \t"), `\G`)
	if expand && parser.Split(e.text+trimmed).Open == parser.InStatement {
		line = trimmed + ";"
	} else {
		expand = false
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
	if expand {
		defer func(was bool) { r.Printer.Expanded = was }(r.Printer.Expanded)
		r.Printer.Expanded = true
	}
	return r.execute(ctx, strings.Repeat("\n", e.before)+text)
}

// execute runs whole statements.
func (r *REPL) execute(ctx context.Context, text string) error {
	return r.script(ctx, Script{Text: text}, func(s Script) error {
		if ok, err := r.confirm(ctx, s.Text); !ok {
			return err
		}
		closePager := r.page(s.Text)
		return errors.Join(r.Backend.Execute(ctx, s, r.Printer), closePager())
	})
}

// script runs a script: the backend its statements, but for WATCH. Ctrl-C, which ends that, ends the script too.
func (r *REPL) script(ctx context.Context, s Script, others func(Script) error) error {
	pieces := parser.Split(s.Text)
	if pieces.Open != parser.Complete || !slices.ContainsFunc(pieces.Statements, func(p parser.Piece) bool { return IsWatch(p.Text) }) {
		return others(s)
	}
	for i, p := range pieces.Statements {
		one, run := s, others
		if one.Text = p.InPlace(); IsWatch(p.Text) {
			run = func(s Script) error { return r.watch(ctx, s) }
		}
		if err := run(one); err != nil {
			return err
		}
		if last := i == len(pieces.Statements)-1; ctx.Err() != nil && (!last || errors.Is(ctx.Err(), context.DeadlineExceeded)) {
			return ErrInterrupted
		}
	}
	return nil
}

// Interactive reads from the terminal until the user leaves or the context ends.
func (r *REPL) Interactive(ctx context.Context, stdin io.ReadCloser, stdout io.Writer) error {
	defer r.closeSpool()
	r.terminal = true
	e := entry{}
	complete := &completer{catalog: catalog{backend: r.Backend}, begun: func() string { return e.text }}
	rl, err := readline.NewEx(&readline.Config{
		Prompt: promptFor(""), HistoryFile: r.HistoryFile, HistoryLimit: 1000, HistorySearchFold: true, DisableAutoSaveHistory: true,
		AutoComplete: complete, InterruptPrompt: "^C", Stdin: stdin, Stdout: stdout, Stderr: r.Err,
	})
	if err != nil {
		return fmt.Errorf("cannot use the terminal: %w", err)
	}
	defer rl.Close()
	r.ask = func(question string) (string, error) {
		rl.SetPrompt(question)
		return rl.Readline()
	}
	complete.hint = func(line string) { fmt.Fprintln(rl, line) }
	r.recall()
	defer context.AfterFunc(ctx, func() { rl.Close() })()
	// From here on Ctrl-C is the prompt's alone: it ends a query, and neither the context nor the process.
	signal.Reset(os.Interrupt)
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	for {
		rl.SetPrompt(promptFor(e.text))
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
		r.edited = ""
		err = r.interruptible(ctx, func(ctx context.Context) error { return r.feed(ctx, &e, line) })
		if e.text == "" && strings.TrimSpace(begun+line) != "" {
			r.remember(rl, cmp.Or(r.edited, begun+line))
		}
		switch {
		case errors.Is(err, errLeave):
			return nil
		case err != nil && !errors.Is(err, ErrInterrupted):
			fmt.Fprintln(r.Err, render.Red(err.Error(), r.Printer.Color))
		}
	}
}

// interruptible ends what runs at Ctrl-C, without ending the prompt.
func (r *REPL) interruptible(ctx context.Context, run func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	return run(ctx)
}

func (r *REPL) closeSpool() {
	if r.spooled != nil {
		r.Printer.Out = r.screen
		r.spooled.Close()
		r.spooled = nil
	}
}
