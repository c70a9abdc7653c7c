package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"strings"
	"time"

	"weir/cli/export"
	"weir/cli/repl"
	"weir/parser"
	"weir/parser/ast"
)

type exportOptions struct {
	login
	path, format string
	force        bool
	timeout      time.Duration
	with         []string
	properties   map[string]string
}

func exportCommand() command {
	return command{
		name: "export", args: "QUERY|NAME [URL]", summary: "Writes the rows of a query, stream or table to a file: CSV, JSON lines or Parquet.", most: 2,
		about: "The format goes by the file's ending: .csv, .tsv, .jsonl, .ndjson or .parquet, with .gz behind it for a packed one. A query with EMIT CHANGES goes on until\n" +
			"its LIMIT, --timeout or Ctrl-C; the file has what came until then. The file is there once it is whole. The URL is that of the server, " + defaultURL + "\n" +
			"unless it is given, here or as WEIR_URL. On an engine of the program's own: weir -e \"COPY (SELECT ...) TO 'FILE'\".",
		example: "weir export 'SELECT * FROM hits WHERE n > 10' -o hits.parquet",
		flags: func(fs *flag.FlagSet) any {
			o := &exportOptions{properties: map[string]string{}}
			o.flags(fs)
			for _, name := range []string{"o", "out"} {
				fs.StringVar(&o.path, name, "", "`FILE` that is written; - for the standard output")
			}
			fs.StringVar(&o.format, "format", "", "`FORMAT` csv, jsonl or parquet, where the file's ending does not tell")
			fs.BoolVar(&o.force, "force", false, "replaces a file that is there")
			fs.DurationVar(&o.timeout, "timeout", 0, "`DURATION` after which the query is ended, such as 10s; 0 for none")
			fs.Func("with", "`NAME=VALUE` a property of COPY, such as null_as=NULL or compression=zstd; may be repeated", func(v string) error {
				if name, _, ok := strings.Cut(v, "="); !ok || name == "" {
					return fmt.Errorf("expected name=value, got %q", v)
				}
				o.with = append(o.with, v)
				return nil
			})
			fs.Func("set", "`NAME=VALUE` a property of the query, such as auto.offset.reset=earliest; may be repeated", func(v string) error {
				name, value, ok := strings.Cut(v, "=")
				if !ok || name == "" {
					return fmt.Errorf("expected name=value, got %q", v)
				}
				o.properties[name] = value
				return nil
			})
			return o
		},
		run: runExport,
	}
}

func runExport(ctx context.Context, in *invocation, options any) error {
	o := options.(*exportOptions)
	switch {
	case len(in.args) == 0:
		return errUsage{"expected a query, or the name of a stream or table: weir export 'SELECT ...' -o FILE"}
	case o.path == "":
		return errUsage{"expected a file: -o FILE, or -o - for the standard output"}
	case o.timeout < 0:
		return errUsage{fmt.Sprintf("--timeout: expected a duration such as 10s, got %s", o.timeout)}
	}
	text, q, err := exported(in.args[0])
	if err != nil {
		return err
	}
	t := repl.Target{Path: o.path, Query: q, Stdout: in.stdout}
	if t.Options, err = export.OptionsOf(o.props(), o.path); err != nil {
		return errUsage{err.Error()}
	}
	remote, err := o.remote(in.args[1:])
	if err != nil {
		return err
	}
	within := ctx
	if o.timeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	terminal := in.stderr // rows may go to the standard output
	p := newPrinter(terminal, "")
	file, err := repl.Begin(t, p)
	if err != nil {
		return err
	}
	done, err := file.Run(within, func(d repl.Display) error {
		return remote.Aside(o.properties).Execute(within, repl.Script{Text: text}, d)
	})
	if done != "" {
		fmt.Fprintln(terminal, done)
	}
	switch {
	case !errors.Is(err, repl.ErrInterrupted):
		return err
	case ctx.Err() == nil:
		return fmt.Errorf("not done within the --timeout of %s", o.timeout)
	}
	return errInterrupted
}

// props are the flags as properties of COPY.
func (o *exportOptions) props() []ast.Prop {
	var out []ast.Prop
	add := func(name, value string) {
		out = append(out, ast.Prop{Ident: ast.Ident{Name: name}, Value: &ast.StringLit{Value: value}})
	}
	if o.format != "" {
		add("FORMAT", o.format)
	}
	if o.force {
		add("OVERWRITE", "TRUE")
	}
	for _, w := range o.with {
		name, value, _ := strings.Cut(w, "=")
		add(name, value)
	}
	return out
}

// aName is the name of a stream or table.
var aName = regexp.MustCompile("^(?:[A-Za-z_][A-Za-z0-9_]*|`[^`]+`|\"[^\"]+\")$")

// exported is the query of a command line.
func exported(arg string) (text string, q *ast.Query, err error) {
	text = strings.TrimSuffix(strings.TrimSpace(arg), ";")
	if aName.MatchString(text) {
		text = "SELECT * FROM " + text
	}
	text += "\n;" // on a line of its own: the last one may end in a comment
	list, err := parser.Parse(text, parser.Options{})
	if err != nil {
		return "", nil, repl.Told(err, "")
	}
	if len(list) == 1 {
		if q, ok := list[0].Node.(*ast.Query); ok {
			return text, q, nil
		}
	}
	return "", nil, errUsage{fmt.Sprintf("expected one SELECT, or the name of a stream or table, got %.100q", arg)}
}
