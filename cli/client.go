package cli

import (
	"cmp"
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
	statements *statements
	login
}

// login is who asks a server.
type login struct{ user, token string }

func (l *login) flags(fs *flag.FlagSet) {
	for _, name := range []string{"u", "user"} {
		fs.StringVar(&l.user, name, "", "`NAME` logs in as somebody, with the token as the password")
	}
	for _, name := range []string{"t", "token"} {
		fs.StringVar(&l.token, name, "", "`TOKEN` logs in; WEIR_TOKEN where it is not given")
	}
}

// remote is the server that the arguments name, or WEIR_URL, or the one of this machine.
func (l *login) remote(args []string) (*repl.Remote, error) {
	address := defaultURL
	if v := os.Getenv("WEIR_URL"); v != "" {
		address = v
	}
	if len(args) > 0 {
		address = args[0]
	}
	return l.at(address)
}

// at is the server at a URL.
func (l *login) at(address string) (*repl.Remote, error) {
	remote, err := repl.NewRemote(address)
	if err != nil {
		return nil, errUsage{err.Error()}
	}
	token := cmp.Or(l.token, os.Getenv("WEIR_TOKEN"))
	if l.user != "" && token == "" {
		return nil, errUsage{"--user goes with --token, or with WEIR_TOKEN, as the password"}
	}
	remote.LogIn(l.user, token)
	return remote, nil
}

func clientCommand() command {
	return command{
		name: "cli", args: "[URL]", summary: "Opens a prompt that talks to a server, Weir's or ksqlDB's.", most: 1,
		about: "The URL is " + defaultURL + " unless it is given, here or as WEIR_URL. A user and password may stand in it. A server\n" +
			"that asks who you are wants a token, by --token or better as WEIR_TOKEN, which no list of processes shows; with --user it is the user's password.",
		example: `weir cli -e "SHOW STREAMS;"`,
		flags: func(fs *flag.FlagSet) any {
			o := &clientOptions{statements: statementFlags(fs)}
			o.flags(fs)
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
	remote, err := o.remote(in.args)
	if err != nil {
		return err
	}
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
