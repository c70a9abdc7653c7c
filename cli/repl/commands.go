package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"weir/server/render"
)

var errLeave = errors.New("leave")

// command runs a command of the prompt; false where the line is none.
func (r *REPL) command(ctx context.Context, line string) (bool, error) {
	text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), ";"))
	words := strings.Fields(text)
	if len(words) == 0 {
		return false, nil
	}
	rest := strings.TrimSpace(text[len(words[0]):])
	alone := len(words) == 1
	switch name := strings.ToLower(words[0]); {
	case name == "help" || name == "?" || name == `\?` || name == `\h`:
		return true, r.help(ctx, words[1:])
	case (name == "exit" || name == "quit" || name == `\q`) && alone:
		return true, errLeave
	case name == "clear" && alone:
		return true, r.say("\x1b[H\x1b[2J")
	case name == "version" && alone:
		return true, r.say("Weir " + r.Version + ". " + r.Backend.About(ctx) + "\n")
	case name == "history" && alone:
		return true, r.say(strings.Join(r.history, "\n") + "\n")
	case name == "output" && len(words) <= 2:
		return true, r.output(rest)
	case name == "spool":
		return true, r.spool(unquote(rest))
	case name == "run" && len(words) > 2 && strings.EqualFold(words[1], "script"):
		return true, r.RunFile(ctx, unquote(strings.TrimSpace(rest[len(words[1]):])))
	case name == `\i` && !alone:
		return true, r.RunFile(ctx, unquote(rest))
	case name == `\d` && alone:
		return true, r.Backend.Execute(ctx, Script{Text: "SHOW STREAMS; SHOW TABLES;"}, r.Printer)
	case name == `\d`:
		return true, r.Backend.Execute(ctx, Script{Text: "DESCRIBE " + rest + ";"}, r.Printer)
	case name == `\x` && alone:
		r.Printer.Expanded = !r.Printer.Expanded
		return true, r.say("Rows are shown " + map[bool]string{true: "column by column", false: "in lines"}[r.Printer.Expanded] + ".\n")
	case name == `\pager` && alone:
		r.NoPager = !r.NoPager
		return true, r.say("Long answers are " + map[bool]string{true: "shown at once", false: "shown in a pager"}[r.NoPager] + ".\n")
	case name == `\e` && alone:
		return true, r.edit(ctx)
	case len(words) == 4 && strings.EqualFold(strings.Join(words[:2], " "), "set cli"):
		return true, r.setCLI(words[2], words[3])
	case name[0] == '\\':
		return true, fmt.Errorf("there is no command %s: help lists what there is", words[0])
	}
	return false, nil
}

// setCLI carries out SET CLI, as ksqlDB's client has it.
func (r *REPL) setCLI(name, value string) error {
	value = unquote(value)
	switch strings.ToUpper(name) {
	case "WRAP":
		on := strings.EqualFold(value, "ON")
		if !on && !strings.EqualFold(value, "OFF") {
			return fmt.Errorf("SET CLI WRAP is ON or OFF, not %s", value)
		}
		r.Printer.Wrap = on
	case "COLUMN-WIDTH":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fmt.Errorf("SET CLI COLUMN-WIDTH takes a number of columns, or 0, not %s", value)
		}
		r.Printer.ColumnWidth = n
	default:
		return fmt.Errorf("there is no setting %s of the prompt: there are WRAP and COLUMN-WIDTH", name)
	}
	return r.say(strings.ToUpper(name) + " is " + strings.ToUpper(value) + ".\n")
}

func (r *REPL) say(text string) error {
	_, err := io.WriteString(r.Printer.Out, text)
	return err
}

func unquote(s string) string {
	if len(s) > 1 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

func (r *REPL) output(name string) error {
	if name == "" {
		return r.say("Answers are shown as " + string(r.Printer.Format) + ".\n")
	}
	f, err := render.ParseFormat(unquote(name))
	if err != nil {
		return err
	}
	r.Printer.Format = f
	return r.say("Answers are shown as " + string(f) + ".\n")
}

// spool writes all output into a file too, until spool off.
func (r *REPL) spool(file string) error {
	if r.spooled != nil {
		r.Printer.Out = r.screen
		err := r.spooled.Close()
		r.spooled = nil
		if err != nil || strings.EqualFold(file, "off") {
			return err
		}
	}
	switch {
	case strings.EqualFold(file, "off"):
		return errors.New("nothing is being spooled")
	case file == "":
		return errors.New("spool needs a file: spool 'answers.txt', or spool off")
	}
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("cannot spool: %w", err)
	}
	r.spooled, r.screen = f, r.Printer.Out
	r.Printer.Out = io.MultiWriter(r.screen, f)
	return r.say("What is shown is written to " + file + " too; spool off ends that.\n")
}

// RunFile runs the statements of a file. Paths in it are relative to its folder.
func (r *REPL) RunFile(ctx context.Context, name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("cannot read the script: %w", err)
	}
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return err
	}
	return r.script(ctx, Script{Text: string(data), File: name, BaseDir: dir}, func(s Script) error { return r.Backend.Execute(ctx, s, r.Printer) })
}
