package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"weir/cli/render"
	"weir/cli/repl"
)

const defaultURL = "http://localhost:8088"

type clientOptions struct {
	execute, file, output string
	define                []string
}

func clientCommand() command {
	return command{
		name: "cli", args: "[URL]", summary: "Opens a prompt that talks to a server, Weir's or ksqlDB's.", most: 1,
		about:   "The URL is " + defaultURL + " unless it is given, here or as WEIR_URL. A user and password may stand in it.",
		example: `weir cli -e "SHOW STREAMS;"`,
		flags: func(fs *flag.FlagSet) any {
			o := new(clientOptions)
			for _, name := range []string{"e", "execute"} {
				fs.StringVar(&o.execute, name, "", "`SQL` runs statements and ends")
			}
			for _, name := range []string{"f", "file"} {
				fs.StringVar(&o.file, name, "", "`FILE` runs the statements of a file and ends")
			}
			fs.StringVar(&o.output, "output", string(render.Tabular), "`FORMAT` "+render.Formats())
			define := func(v string) error {
				if name, _, ok := strings.Cut(v, "="); !ok || name == "" {
					return fmt.Errorf("expected name=value, got %q", v)
				}
				o.define = append(o.define, v)
				return nil
			}
			for _, name := range []string{"d", "define"} {
				fs.Func(name, "`NAME=VALUE` a variable, for ${NAME} in statements; may be repeated", define)
			}
			return o
		},
		run: runClient,
	}
}

func runClient(ctx context.Context, in *invocation, options any) error {
	o := options.(*clientOptions)
	format, err := render.ParseFormat(o.output)
	if err != nil {
		return errUsage{err.Error()}
	}
	if o.execute != "" && o.file != "" {
		return errUsage{"-e and -f exclude each other"}
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
	for _, v := range o.define {
		name, value, _ := strings.Cut(v, "=")
		remote.Define(name, value)
	}
	r := newREPL(remote, in, format)
	switch {
	case o.execute != "":
		err = r.Execute(ctx, o.execute)
	case o.file != "":
		err = r.RunFile(ctx, o.file)
	default:
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
	}
	if errors.Is(err, repl.ErrInterrupted) {
		return errShown
	}
	return err
}
