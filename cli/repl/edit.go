package repl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"weir/parser"
)

// edit opens what was entered last in the user's editor, and runs what was saved. What was left as it was is not run again.
func (r *REPL) edit(ctx context.Context) error {
	if !r.terminal {
		return errors.New(`\e needs a terminal`)
	}
	last := ""
	if n := len(r.history); n > 0 {
		last = r.history[n-1]
	}
	f, err := os.CreateTemp("", "weir-*.sql")
	if err != nil {
		return fmt.Errorf("cannot edit: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(last + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("cannot edit: %w", err)
	}
	editor := cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi")
	if err := runOnTerminal(ctx, editor, f.Name()); err != nil {
		return fmt.Errorf("the editor %s: %w. $VISUAL or $EDITOR names another one", editor, err)
	}
	data, err := os.ReadFile(f.Name())
	if err != nil {
		return fmt.Errorf("cannot read what was edited: %w", err)
	}
	text := strings.TrimSpace(string(data))
	if text == "" || text == strings.TrimSpace(last) {
		return r.say("Nothing was changed, so nothing is run.\n")
	}
	r.edited = text
	if err := r.say(text + "\n"); err != nil {
		return err
	}
	if parser.Split(text).Open == parser.InStatement {
		text += "\n;"
	}
	return r.execute(ctx, text+"\n")
}

// runOnTerminal runs a command line, which may have arguments of its own, with the terminal.
func runOnTerminal(ctx context.Context, command string, args ...string) error {
	words := strings.Fields(command)
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}
