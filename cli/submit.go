package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"weir/cli/repl"
	"weir/server/render"
)

type submitOptions struct {
	login
	output     string
	properties map[string]string
}

func submitCommand() command {
	return command{
		name: "submit", args: "FILE [URL]", summary: "Sends a file to a server, which carries it out whole or not at all.", most: 2,
		about: "All statements are planned before the first is carried out. Where one fails, what those before it made is undone; what can't be\n" +
			"undone, such as DROP, is told. A SELECT may stand last, and is answered as long as it goes on. FILE - is the standard input. The URL\n" +
			"is " + defaultURL + " unless it is given, here or as WEIR_URL. The same by hand:\n" +
			"  curl --data-binary @pipeline.sql -H 'Content-Type: application/sql' " + defaultURL + "/sql",
		example: "weir submit pipeline.sql",
		flags: func(fs *flag.FlagSet) any {
			o := &submitOptions{properties: map[string]string{}}
			o.flags(fs)
			fs.StringVar(&o.output, "output", string(render.Tabular), "`FORMAT` TABULAR, JSON, JSONL or CSV")
			fs.Func("set", "`NAME=VALUE` a property, such as auto.offset.reset=earliest; may be repeated", func(v string) error {
				name, value, ok := strings.Cut(v, "=")
				if !ok || name == "" {
					return fmt.Errorf("expected name=value, got %q", v)
				}
				o.properties[name] = value
				return nil
			})
			return o
		},
		run: runSubmit,
	}
}

func runSubmit(ctx context.Context, in *invocation, options any) error {
	o := options.(*submitOptions)
	format, err := render.ParseFormat(o.output)
	if err == nil && !repl.Submits(format) {
		err = fmt.Errorf("the output format %s is not for what a server writes: expected TABULAR, JSON, JSONL or CSV", format)
	}
	if err != nil {
		return errUsage{err.Error()}
	}
	if len(in.args) == 0 {
		return errUsage{"expected a file: weir submit FILE [URL]"}
	}
	name := in.args[0]
	var data []byte
	if name == "-" {
		name = ""
		data, err = io.ReadAll(in.stdin)
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return fmt.Errorf("cannot read the file: %w", err)
	}
	remote, err := o.remote(in.args[1:])
	if err != nil {
		return err
	}
	s := repl.Submission{Name: name, Text: string(data), Format: format, Width: columns(in.stdout), Properties: o.properties}
	err = remote.Submit(ctx, s, in.stdout)
	if errors.Is(err, repl.ErrInterrupted) {
		return errInterrupted
	}
	return err
}
