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

type clientOptions struct {
	statements  *statements
	user, token string
}

func clientCommand() command {
	return command{
		name: "cli", args: "[URL]", summary: "Opens a prompt that talks to a server, Weir's or ksqlDB's.", most: 1,
		about: "The URL is " + defaultURL + " unless it is given, here or as WEIR_URL. A user and password may stand in it. A server\n" +
			"that asks who you are wants a token, by --token or better as WEIR_TOKEN, which no list of processes shows; with --user it is the user's password.",
		example: `weir cli -e "SHOW STREAMS;"`,
		flags: func(fs *flag.FlagSet) any {
			o := &clientOptions{statements: statementFlags(fs)}
			for _, name := range []string{"u", "user"} {
				fs.StringVar(&o.user, name, "", "`NAME` logs in as somebody, with the token as the password")
			}
			for _, name := range []string{"t", "token"} {
				fs.StringVar(&o.token, name, "", "`TOKEN` logs in; WEIR_TOKEN where it is not given")
			}
			return o
		},
		run: runClient,
	}
}

func runClient(ctx context.Context, in *invocation, options any) error {
	o := options.(*clientOptions)
	format, err := o.statements.check()
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
	token := o.token
	if token == "" {
		token = os.Getenv("WEIR_TOKEN")
	}
	if o.user != "" && token == "" {
		return errUsage{"--user goes with --token, or with WEIR_TOKEN, as the password"}
	}
	remote.LogIn(o.user, token)
	o.statements.variables(remote.Define)
	r := newREPL(remote, in, format)
	return o.statements.run(ctx, r, func(ctx context.Context) error {
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
