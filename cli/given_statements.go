package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"weir/cli/repl"
	"weir/server/render"
)

// statements are what a command line gives to run, and how the answers are shown.
type statements struct {
	execute, file, output string
	timeout               time.Duration
	define                []string
}

func statementFlags(fs *flag.FlagSet) *statements {
	s := new(statements)
	for _, name := range []string{"e", "execute"} {
		fs.StringVar(&s.execute, name, "", "`SQL` runs statements and ends")
	}
	for _, name := range []string{"f", "file"} {
		fs.StringVar(&s.file, name, "", "`FILE` runs the statements of a file and ends")
	}
	fs.StringVar(&s.output, "output", string(render.Tabular), "`FORMAT` "+render.Formats())
	fs.DurationVar(&s.timeout, "timeout", 0, "`DURATION` how long statements of -e, -f or a pipe may take, such as 10s; 0 for as long as they like")
	s.variableFlags(fs)
	return s
}

// variableFlags adds those that define variables.
func (s *statements) variableFlags(fs *flag.FlagSet) {
	define := func(v string) error {
		if name, _, ok := strings.Cut(v, "="); !ok || name == "" {
			return fmt.Errorf("expected name=value, got %q", v)
		}
		s.define = append(s.define, v)
		return nil
	}
	for _, name := range []string{"d", "define"} {
		fs.Func(name, "`NAME=VALUE` a variable, for ${NAME} in statements; may be repeated", define)
	}
}

// check finds what is wrong with them.
func (s *statements) check() (render.Format, error) {
	if s.execute != "" && s.file != "" {
		return "", errUsage{"-e and -f exclude each other"}
	}
	if s.timeout < 0 {
		return "", errUsage{fmt.Sprintf("--timeout: expected a duration such as 10s, got %s", s.timeout)}
	}
	format, err := render.ParseFormat(s.output)
	if err != nil {
		return "", errUsage{err.Error()}
	}
	return format, nil
}

// variables are those that were defined.
func (s *statements) variables(define func(name, value string)) {
	for _, v := range s.define {
		name, value, _ := strings.Cut(v, "=")
		define(name, value)
	}
}

// run carries out what the flags name, or what talk does where they name nothing.
func (s *statements) run(ctx context.Context, r *repl.REPL, talk func(ctx context.Context) error) error {
	within := ctx
	if s.timeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, s.timeout)
		defer cancel()
	}
	var err error
	switch {
	case s.execute != "":
		err = r.Execute(within, s.execute)
	case s.file != "":
		err = r.RunFile(within, s.file)
	default:
		err = talk(within)
	}
	switch {
	case !errors.Is(err, repl.ErrInterrupted):
		return err
	case ctx.Err() == nil:
		return fmt.Errorf("not done within the --timeout of %s", s.timeout)
	}
	return errInterrupted
}
