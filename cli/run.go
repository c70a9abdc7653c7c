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
	"time"

	"weir/cli/repl"
	"weir/connectors"
	"weir/engine"
	"weir/parser"
	"weir/parser/ast"
	"weir/server/render"
	"weir/settings"
)

type runOptions struct {
	node   *given
	keep   bool
	output string
}

func runCommand() command {
	return command{
		name: "run", args: "FILE", summary: "Runs a script with an engine and a Kafka broker of its own, until all input has been used up.", most: 1,
		about: "Statements are carried out in order; SELECT ... EMIT CHANGES shows its rows as they come, from the first one. When every connector\n" +
			"with an end has finished and everything is committed, windows are closed, a summary is printed, and the program ends; with\n" +
			"--keep it goes on serving. Data lies in a temporary directory, unless --data-dir names one: then a second run skips the\n" +
			"statements that stand unchanged and the rows that it inserted. FILE - is the standard input. Ctrl-C commits and ends; a second one leaves at once.",
		example: "weir run hello.sql",
		flags: func(fs *flag.FlagSet) any {
			o := &runOptions{node: nodeFlags(fs)}
			fs.BoolVar(&o.keep, "keep", false, "goes on serving API, broker and registry when all input has been used up, on the addresses of weir server or on free ports")
			fs.StringVar(&o.output, "output", string(render.Tabular), "`FORMAT` "+render.Formats())
			return o
		},
		run: runRun,
	}
}

// forgetTime bounds the cleaning up on brokers elsewhere.
const forgetTime = 20 * time.Second

func runRun(ctx context.Context, in *invocation, options any) (err error) {
	o := options.(*runOptions)
	format, err := render.ParseFormat(o.output)
	if err != nil {
		return errUsage{err.Error()}
	}
	if len(in.args) == 0 {
		return errUsage{"expected a file: weir run FILE"}
	}
	sc, err := readScript(in.args[0], in.stdin)
	if err != nil {
		return err
	}
	s, temporary, err := runSettings(o)
	if err != nil {
		return err
	}
	if temporary {
		defer func() { err = errors.Join(err, os.RemoveAll(s.DataDir)) }()
	}
	n, err := startNode(ctx, s, nodeOptions{serveAPI: o.keep || s.told["listen"] || s.told["www"], freePorts: true}, newLog(s, in.stderr))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := newScriptRun(n, in, format, cancel)
	r.session.BaseDir, r.session.SkipUnchanged, r.session.Script = sc.dir, !temporary, filepath.Base(in.args[0])
	err = r.run(ctx, sc, o.keep)
	if temporary && n.broker == nil {
		// On brokers that stay, a run without a data directory leaves what it wrote and nothing else.
		forget, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetTime)
		defer cancel()
		err = errors.Join(err, n.engine.Forget(forget))
	}
	return errors.Join(err, n.close())
}

// runSettings resolves the settings; the data directory is a temporary one unless it was named.
func runSettings(o *runOptions) (s Settings, temporary bool, err error) {
	base := quiet()
	if o.keep {
		base = map[string]string{settings.LogLevel.About().Name: "error"}
	}
	if s, err = resolveNode(o.node, base); err != nil || s.told["data-dir"] {
		return s, false, err
	}
	if s.DataDir, err = os.MkdirTemp("", "weir-run-"); err != nil {
		return s, false, fmt.Errorf("cannot make a temporary directory: %w", err)
	}
	if !s.told["service-id"] {
		// The directory's name is nobody else's, so no other node shares the run's queries.
		s.ServiceID = strings.ReplaceAll(filepath.Base(s.DataDir), "-", "_") + "_"
	}
	return s, true, nil
}

// scriptRun is a script at work.
type scriptRun struct {
	n       *node
	session *engine.Session
	screen  *screen
	printer *render.Printer
	format  render.Format
	live    liveQueries
	started time.Time
	states  map[string]connectors.State // of connectors, as they were last told
	notes   io.Writer                   // takes what is said beside the answers: the screen, or where answers are JSON, stderr
}

// newScriptRun prepares; unheard is called when nobody takes the output any more.
func newScriptRun(n *node, in *invocation, format render.Format, unheard func()) *scriptRun {
	width, height := func() int { return columns(in.stdout) }, func() int { return lines(in.stdout) }
	sc := newScreen(in.stdout, width, unheard)
	session := engine.NewSession()
	// A script's queries see all of its input, also what came before they did.
	session.Properties[settings.OffsetReset.About().Name] = "earliest"
	notes := io.Writer(sc)
	if format.Data() {
		notes = in.stderr
	}
	return &scriptRun{
		notes: notes, n: n, session: session, screen: sc, format: format, started: time.Now(), states: map[string]connectors.State{},
		printer: &render.Printer{Out: sc, Format: format, Columns: width, Lines: height, Color: coloured()},
		live:    liveQueries{screen: sc, format: format, columns: width, height: height},
	}
}

// run carries the script out. That the user ended it is an error only where it had an end of its own.
func (r *scriptRun) run(ctx context.Context, sc *script, keep bool) error {
	progress := r.watch(ctx)
	err := r.steps(ctx, sc)
	if err == nil {
		err = r.finish(ctx, keep)
	}
	progress()
	stopped := ctx.Err() != nil
	if stopped {
		r.live.copies.Wait() // their lines come before the summary
	}
	if stopped || errors.Is(err, repl.ErrInterrupted) {
		err = nil
	}
	if err == nil {
		r.summary(stopped)
	}
	if err == nil && keep && !stopped {
		r.n.describe(r.notes)
		fmt.Fprintln(r.notes, "Serving. Ctrl-C ends.")
		boards := r.live.drawn(ctx)
		err = r.n.wait(ctx)
		boards()
		if err == nil {
			r.summary(true)
		}
	}
	r.live.end()
	if err == nil {
		err = r.live.failure()
	}
	if err == nil && stopped && !keep && len(r.endless()) == 0 {
		err = errInterrupted // a shell script that goes on should not take the results for whole
	}
	return errors.Join(err, r.screen.close())
}

func (r *scriptRun) steps(ctx context.Context, sc *script) error {
	for _, s := range sc.steps {
		if s.reads() && len(r.endless()) == 0 {
			if err := r.n.engine.Drain(ctx); err != nil {
				return err
			}
			r.live.quiet(ctx) // the rows that came before the answer are shown before it
			r.live.flush()
		}
		if s.watch != "" && r.screen.columns() > 0 && !r.format.Data() {
			if err := r.board(ctx, sc, s); err != nil {
				return err
			}
			continue
		}
		err := r.n.engine.Execute(ctx, r.session, s.text, func(stmt parser.Stmt, res engine.Result) error { return r.answer(ctx, s, stmt, res) })
		if err != nil {
			return repl.Told(err, sc.name)
		}
	}
	return nil
}

// board shows the rows of a WATCH where they stand, below all that is written, while the statements behind it are carried out.
func (r *scriptRun) board(ctx context.Context, sc *script, s step) error {
	w, err := repl.NewWatch(repl.NewLocal(r.n.engine, r.session, ""), s.watch, coloured())
	if err != nil {
		return repl.Told(err, sc.name)
	}
	r.live.board(ctx, s, w)
	return nil
}

// answer shows what a statement answered. A query that waits for rows goes on beside the statements after it.
func (r *scriptRun) answer(ctx context.Context, s step, stmt parser.Stmt, res engine.Result) error {
	switch res := res.(type) {
	case *engine.Rows:
		if !s.pulls() {
			r.live.start(ctx, s, stmt, res)
			return nil
		}
		fmt.Fprintf(r.notes, "%s\n", s.title())
		return repl.Show(ctx, stmt, res, r.printer)
	case *engine.Printed:
		r.live.start(ctx, s, stmt, res)
		return nil
	case *engine.Copy:
		to := &copying{title: s.title(), notes: r.notes}
		run, err := repl.CopyBegun(stmt, res, r.session.BaseDir, to)
		if err != nil || s.pulls() {
			if err == nil {
				err = run(ctx)
			}
			return err
		}
		r.live.copy(ctx, to.title, run)
		return nil
	case *engine.Done:
		text := res.Message
		if res.Warning != "" {
			text = res.Warning
		}
		if text == "" {
			text = "done"
		}
		fmt.Fprintf(r.notes, "%-40s %s\n", s.title(), text)
		for _, note := range res.Notes {
			fmt.Fprintf(r.notes, "%-40s %s\n", "", strings.ReplaceAll(note, "\n", "\n"+strings.Repeat(" ", 41)))
		}
		r.readable(stmt)
		if r.format.Data() {
			return repl.Show(ctx, stmt, res, r.printer)
		}
		return nil
	default: // about these alone
	}
	fmt.Fprintf(r.notes, "%s\n", s.title())
	return repl.Show(ctx, stmt, res, r.printer)
}

// readable tells how another program reads what a query writes.
func (r *scriptRun) readable(stmt parser.Stmt) {
	n, ok := stmt.Node.(*ast.CreateAs)
	if !ok {
		return
	}
	if src, ok := r.n.engine.Snapshot().Source(n.Name.Name); ok {
		fmt.Fprintf(r.notes, "%-40s %s\n", "", r.n.kcat(src.Topic, src.Value.Format == "AVRO"))
	}
}

// finish waits for the end of the input, and then for the queries that show rows. Endless input ends with the user.
func (r *scriptRun) finish(ctx context.Context, keep bool) error {
	if names := r.endless(); len(names) > 0 {
		if keep {
			return nil
		}
		fmt.Fprintf(r.notes, "%s has no end: Ctrl-C stops.\n", join(names))
		r.live.wait(ctx)
		return nil
	}
	if err := r.n.engine.Drain(ctx); err != nil {
		return err
	}
	if !keep {
		if err := r.n.engine.FinishPushes(ctx); err != nil {
			return err
		}
		r.live.settle(ctx)
	}
	return errors.Join(r.live.failure(), r.failedQueries())
}

// failedQueries are those that stopped by themselves.
func (r *scriptRun) failedQueries() error {
	var errs []error
	for _, q := range r.n.engine.Queries() {
		if q.State == engine.Failed {
			errs = append(errs, fmt.Errorf("query %s stopped: %s", q.ID, q.Error))
		}
	}
	return errors.Join(errs...)
}
