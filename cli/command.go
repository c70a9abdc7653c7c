package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"syscall"

	"weir/parser/suggest"
	"weir/settings"
)

// What the process ends with.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // as shells have it for Ctrl-C
)

// command is one of the program's commands.
type command struct {
	name    string // empty for the program without a command
	args    string // what follows the name
	summary string
	about   string // more of it, for --help
	example string // a whole command line
	flags   func(fs *flag.FlagSet) any
	// run gets what flags returned, and the arguments that are no flags.
	run func(ctx context.Context, in *invocation, options any) error
	// most is how many arguments there may be.
	most int
}

// invocation is one call of a command.
type invocation struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// commands in the order of the help; the first one is the program without a command.
func commands() []command {
	return []command{shellCommand(), serverCommand(), runCommand(), clientCommand(), submitCommand(), exportCommand(), importCommand(), migrateCommand(), pingCommand(), checkCommand(), resetCommand(), versionCommand(), helpCommand()}
}

func find(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

// errUsage is a mistake in the command line, in a variable, or in a file of --config.
type errUsage struct{ text string }

func (e errUsage) Error() string { return e.text }

func (c command) call(ctx context.Context, in *invocation) int {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	options := c.flags(fs)
	rest, err := parseFlags(fs, in.args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		io.WriteString(in.stdout, c.help(fs))
		return 0
	case err != nil:
		err = errUsage{c.flagError(fs, err)}
	case len(rest) > c.most:
		err = errUsage{fmt.Sprintf("unexpected argument %q", rest[c.most])}
	default:
		in.args = rest
		err = c.run(ctx, in, options)
	}
	_, isUnknown := errors.AsType[errUnknown](err)
	switch usage, isUsage := errors.AsType[errUsage](err); {
	case err == nil:
		return 0
	case isUsage:
		fmt.Fprintf(in.stderr, "weir: %s\nFor help: %s --help\n", usage.text, c.title())
		return exitUsage
	case isUnknown:
		fmt.Fprintln(in.stderr, "weir: "+err.Error())
		return exitUsage
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.Is(err, errShown), errors.Is(err, syscall.EPIPE):
	default:
		fmt.Fprintln(in.stderr, "weir: "+err.Error())
	}
	return exitFailure
}

// errShown is a failure that the user has been told of.
var errShown = errors.New("shown")

// errInterrupted is the user's end to what was not done.
var errInterrupted = errors.New("interrupted")

// parseFlags takes flags before, between and after the arguments.
func parseFlags(fs *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		done := len(args) - fs.NArg()
		if fs.NArg() == 0 || done > 0 && args[done-1] == "--" {
			return append(rest, fs.Args()...), nil
		}
		rest = append(rest, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

// flagError words an error of package flag, with a suggestion for an unknown name.
func (c command) flagError(fs *flag.FlagSet, err error) string {
	text := err.Error()
	name, ok := strings.CutPrefix(text, "flag provided but not defined: -")
	if !ok {
		return text
	}
	var names []string
	fs.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	hint := ""
	if s, ok := suggest.Suggest(strings.TrimPrefix(name, "-"), names); ok {
		hint = " Did you mean --" + s + "?"
	}
	return fmt.Sprintf("there is no flag --%s.%s", strings.TrimPrefix(name, "-"), hint)
}

func (c command) title() string { return strings.TrimSpace("weir " + c.name) }

func (c command) help(fs *flag.FlagSet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n  %s\n", c.summary, strings.TrimSpace(c.title()+" [flags] "+c.args))
	if c.about != "" {
		fmt.Fprintf(&b, "\n%s\n", c.about)
	}
	fmt.Fprintf(&b, "\nExample:\n  %s\n", c.example)
	first, secured := true, 0
	fs.VisitAll(func(f *flag.Flag) {
		if securing(f.Name) {
			secured++
			return
		}
		if first {
			b.WriteString("\nFlags:\n")
			first = false
		}
		value, usage := flag.UnquoteUsage(f)
		name := "--" + f.Name
		if len(f.Name) == 1 {
			name = "-" + f.Name
		}
		fmt.Fprintf(&b, "  %-32s %s\n", strings.TrimSpace(name+" "+value), strings.TrimPrefix(usage, value+" "))
	})
	if secured > 0 {
		b.WriteString("\nThe properties that secure connections are flags, too: --security-protocol, --sasl-mechanism, --ssl-truststore-location ...: docs/security.md.\n")
	}
	return b.String()
}

// securing says whether a flag is one of the many that secure connections.
func securing(flag string) bool {
	for _, f := range settings.Families() {
		for _, s := range f.Members() {
			if s.About().Flag == flag {
				return true
			}
		}
	}
	return false
}

func helpCommand() command {
	return command{
		name: "help", args: "[COMMAND]", summary: "Explains the commands.", example: "weir help run", most: 1,
		flags: func(*flag.FlagSet) any { return nil },
		run: func(_ context.Context, in *invocation, _ any) error {
			if len(in.args) == 1 {
				c, ok := find(in.args[0])
				if !ok {
					return errUsage{unknown(in.args[0])}
				}
				fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
				c.flags(fs)
				_, err := io.WriteString(in.stdout, c.help(fs))
				return err
			}
			_, err := io.WriteString(in.stdout, overview())
			return err
		},
	}
}

func overview() string {
	var b strings.Builder
	b.WriteString("Weir is streaming SQL for Kafka.\n\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-24s %s\n", strings.TrimSpace(c.title()+" "+c.args), c.summary)
	}
	b.WriteString("\nweir COMMAND --help tells more of one. Without a command:\n\n")
	c := commands()[0]
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	c.flags(fs)
	b.WriteString(c.help(fs))
	return b.String()
}

func versionCommand() command {
	return command{
		name: "version", summary: "Prints the version.", example: "weir version",
		flags: func(*flag.FlagSet) any { return nil },
		run: func(_ context.Context, in *invocation, _ any) error {
			_, err := fmt.Fprintln(in.stdout, "weir "+versionText())
			return err
		},
	}
}
