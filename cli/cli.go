// Package cli holds the commands of the program.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"weir/parser/suggest"
)

// Main runs the command that args[1:] name and returns the exit status: 0, 1 after an error, 2 where the command line, a variable or a file of --config is wrong, 130 where the user ended
// what was not done.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// A pipe that nobody reads any more is an error of the write: the process has to clean up behind itself.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := untilSignal(stderr)
	defer stop()
	return run(ctx, args[min(1, len(args)):], stdin, stdout, stderr)
}

// untilSignal is a context that ends at the first SIGTERM or Ctrl-C. The second one ends the process at once.
func untilSignal(stderr io.Writer) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		fmt.Fprintln(stderr, "weir: left at once; the next start picks up from the last commit")
		os.Exit(exitInterrupted)
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := commands()[0]
	switch {
	case len(args) == 0:
	case args[0] == "-h" || args[0] == "-help" || args[0] == "--help":
		args = append([]string{"help"}, args[1:]...)
		c, _ = find("help")
	case args[0] == "-version" || args[0] == "--version":
		c, _ = find("version")
		args = args[1:]
	case strings.HasPrefix(args[0], "-"):
	default:
		found, ok := find(args[0])
		if !ok {
			fmt.Fprintln(stderr, "weir: "+unknown(args[0]))
			return exitUsage
		}
		c, args = found, args[1:]
	}
	if c.name == "help" && len(args) > 0 && args[0] == "help" {
		args = args[1:]
	}
	return c.call(ctx, &invocation{args: args, stdin: stdin, stdout: stdout, stderr: stderr})
}

func unknown(word string) string {
	if strings.HasSuffix(word, ".sql") {
		return fmt.Sprintf("there is no command %q. To run a script: weir run %s", word, word)
	}
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	hint := ""
	if s, ok := suggest.Suggest(word, names); ok && s != "" {
		hint = fmt.Sprintf(" Did you mean weir %s?", s)
	}
	return fmt.Sprintf("there is no command %q.%s weir help lists them.", word, hint)
}
