package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"weir/cli/repl"
	"weir/engine"
	"weir/parser/ast"
	"weir/server/render"
)

type shellOptions struct {
	node       *given
	statements *statements
}

func shellCommand() command {
	return command{
		summary: "Opens a prompt with an engine and a Kafka broker of its own. Statements can also be given with -e or -f, or piped in.",
		about: "Broker and schema registry listen on free ports of this machine, so that other programs can read along. What is made stays\n" +
			"in the data directory; weir reset deletes it.",
		example: "echo \"SHOW TOPICS;\" | weir --data-dir ./data",
		flags: func(fs *flag.FlagSet) any {
			return &shellOptions{nodeFlags(fs), statementFlags(fs)}
		},
		run: runShell,
	}
}

func runShell(ctx context.Context, in *invocation, options any) error {
	o := options.(*shellOptions)
	format, err := o.statements.check()
	if err != nil {
		return err
	}
	s, err := resolveNode(o.node, quiet())
	if err != nil {
		return err
	}
	n, err := startNode(ctx, s, nodeOptions{serveAPI: s.told["listen"]}, newLog(s, in.stderr))
	if err != nil {
		return err
	}
	session := engine.NewSession()
	if dir, err := os.Getwd(); err == nil {
		session.BaseDir = dir
	}
	about := fmt.Sprintf("Kafka %s, schema registry %s, data %s", n.kafka, n.registry, shortHome(n.dir.path))
	local := repl.NewLocal(n.engine, session, about)
	r := newREPL(local, in, format)
	r.HistoryFile = n.dir.join("history")
	o.statements.variables(func(name, value string) { session.Variables[name] = value })
	err = o.statements.run(ctx, r, func(ctx context.Context) error {
		return converse(ctx, r, in, func(w io.Writer) { banner(w, n) })
	})
	return errors.Join(err, n.close())
}

func newREPL(b repl.Backend, in *invocation, format render.Format) *repl.REPL {
	return &repl.REPL{
		Backend: b, Err: in.stderr, Version: Version,
		Printer: newPrinter(in.stdout, format),
	}
}

// rowsWait is how long rows at the prompt wait for others that come with them.
const rowsWait = 50 * time.Millisecond

// newPrinter lays out for the terminal that a writer is, if it is one.
func newPrinter(w io.Writer, format render.Format) *render.Printer {
	return &render.Printer{
		Out: w, Format: format, Columns: func() int { return columns(w) }, Lines: func() int { return lines(w) }, Color: coloured(), Pace: rowsWait, Live: w,
	}
}

// coloured says whether colours are wanted, by the customs of terminals: https://no-color.org.
func coloured() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }

// converse reads from the terminal, or from a file or pipe in its place.
func converse(ctx context.Context, r *repl.REPL, in *invocation, greet func(io.Writer)) error {
	if f, ok := in.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		greet(in.stdout)
		return r.Interactive(ctx, f, in.stdout)
	}
	return r.Pipe(ctx, in.stdin)
}

// columns is the width of the terminal that a writer is; 0 where it is none.
func columns(w io.Writer) int {
	width, _ := size(w)
	return width
}

// lines is the height of the terminal that a writer is; 0 where it is none.
func lines(w io.Writer) int {
	_, height := size(w)
	return height
}

func size(w io.Writer) (width, height int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, 0
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 { // some terminals don't say
		return 80, 24
	}
	return width, height
}

// processingLog is there from the start: nothing that somebody made.
const processingLog = "KSQL_PROCESSING_LOG"

// banner greets with where things are, and something to try; no line is wider than 80 columns unless a path is.
func banner(w io.Writer, n *node) {
	fmt.Fprintf(w, "Weir %s, streaming SQL for Kafka\n  Kafka %s (kcat -b %s -L)\n  Data  %s (%s)\n",
		Version, n.kafka, n.kafka, shortHome(n.dir.path), render.Bytes(dirSize(n.dir.path)))
	fmt.Fprintln(w, "Statements end with ; and may take several lines. help tells more, exit leaves.")
	for _, src := range n.engine.Snapshot().Sources() {
		if src.Name != processingLog && (!src.IsTable || src.Materialized) {
			fmt.Fprintf(w, "To begin with: SELECT * FROM %s LIMIT 5;\n", ast.Quote(src.Name))
			return
		}
	}
	fmt.Fprint(w, `To begin with:
  CREATE STREAM clicks (user_id STRING, page STRING)
    WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);
  CREATE SOURCE CONNECTOR demo
    WITH ('connector.class'='datagen', 'quickstart'='clicks', 'rate'='5');
  SELECT * FROM clicks EMIT CHANGES LIMIT 5;
`)
}
