package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"weir/cli/repl"
)

const defaultURL = "http://localhost:8088"

func clientCommand() command {
	return command{
		name: "cli", args: "[URL]", summary: "Opens a prompt that talks to a server, Weir's or ksqlDB's.", most: 1,
		about:   "The URL is " + defaultURL + " unless it is given, here or as WEIR_URL. A user and password may stand in it.",
		example: `weir cli -e "SHOW STREAMS;"`,
		flags: func(fs *flag.FlagSet) any {
			return statementFlags(fs)
		},
		run: runClient,
	}
}

func runClient(ctx context.Context, in *invocation, options any) error {
	o := options.(*statements)
	format, err := o.check()
	if err != nil {
		return err
	}
	address := defaultURL
	if v := os.Getenv("WEIR_URL"); v != "" {
		address = v
	}
	if len(in.args) > 0 {
		address = in.args[0]
	}
	remote, err := repl.NewRemote(address)
	if err != nil {
		return errUsage{err.Error()}
	}
	o.variables(remote.Define)
	r := newREPL(remote, in, format)
	return o.run(ctx, r, func(ctx context.Context) error {
		if _, err := remote.Info(ctx); err != nil {
			return err
		}
		if home, err := os.UserHomeDir(); err == nil {
			r.HistoryFile = filepath.Join(home, ".weir_history")
		}
		return converse(ctx, r, in, func(w io.Writer) {
			fmt.Fprintf(w, "Weir %s. %s.\n", Version, r.Backend.About(ctx))
			fmt.Fprintln(w, "Statements end with ; and may take several lines. help tells more, exit or Ctrl-D leaves.")
		})
	})
}
