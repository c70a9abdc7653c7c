package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"weir/cli/export"
	"weir/engine"
	"weir/parser"
	"weir/parser/ast"
	"weir/server/render"
)

// Target is the file that the rows of a query are written to.
type Target struct {
	Path    string // export.Stdout for Stdout
	Options export.Options
	Query   *ast.Query
	Stdout  io.Writer
}

// progress is a display that can show how far something has come.
type progress interface{ Progress(text string) }

// progressEvery is how often it is shown.
const progressEvery = 100 * time.Millisecond

// Transfer is a file that takes the rows of a query. Run or Discard it.
type Transfer struct {
	target Target
	file   *export.File
	live   progress // nil for none
}

// Begin begins the file of a target: what is wrong with it is told before the query begins. d shows how far it has come.
func Begin(t Target, d Display) (*Transfer, error) {
	live, _ := d.(progress)
	last := time.Now()
	f, err := export.Create(t.Path, t.Options, t.Stdout, func(rows, bytes int64) {
		if now := time.Now(); live != nil && now.Sub(last) >= progressEvery {
			last = now
			live.Progress(render.Counted(rows, "row") + ", " + render.Bytes(bytes))
		}
	})
	if err != nil {
		return nil, err
	}
	return &Transfer{t, f, live}, nil
}

// Run writes the rows that show shows, and gives what there is to say of it. The file is there when all of it is, and not at all where that fails. A query
// that goes on is ended by the context, and the file has what came until then; the error is ErrInterrupted then if the query has an end of its own.
func (t *Transfer) Run(ctx context.Context, show func(Display) error) (done string, err error) {
	err = show(t.file)
	if t.live != nil {
		t.live.Progress("")
	}
	path, q := t.target.Path, t.target.Query
	stopped := ctx.Err() != nil && errors.Is(err, ErrInterrupted)
	if err != nil && !(stopped && q.Emit != nil) {
		if rows := t.file.Rows(); rows > 0 && !stopped && path != export.Stdout {
			err = fmt.Errorf("%w\nNothing was written to %s: the query failed after %s", err, path, render.Counted(rows, "row"))
		}
		return "", errors.Join(err, t.Discard())
	}
	rows, bytes, err := t.file.Commit()
	if err != nil {
		return "", err
	}
	if stopped && q.Limit != nil {
		err = ErrInterrupted
	}
	where := " to " + path
	if path == export.Stdout {
		where = ""
	}
	return fmt.Sprintf("Copied %s (%s)%s.", render.Counted(rows, "row"), render.Bytes(bytes), where), err
}

// Discard leaves nothing of the file.
func (t *Transfer) Discard() error { return t.file.Discard() }

// BeginCopy begins the file of a COPY. A relative path starts in base.
func BeginCopy(n *ast.Copy, base string, d Display) (*Transfer, error) {
	t := Target{Path: n.Path.Value, Query: n.Query}
	if t.Path == export.Stdout {
		return nil, errors.New("COPY writes a file: weir export -o - writes to the standard output")
	}
	if t.Path != "" && !filepath.IsAbs(t.Path) {
		t.Path = filepath.Join(base, t.Path)
	}
	var err error
	if t.Options, err = export.OptionsOf(n.With, t.Path); err != nil {
		return nil, err
	}
	return Begin(t, d)
}

// CopyBegun is BeginCopy for the rows of an engine in this process. What goes wrong has its place in the text. The rows are closed where it fails.
func CopyBegun(stmt parser.Stmt, r *engine.Copy, base string, d Display) (run func(context.Context) error, err error) {
	n, ok := stmt.Node.(*ast.Copy)
	if !ok {
		return nil, fmt.Errorf("%T is no COPY", stmt.Node)
	}
	place := func(err error) error {
		if err == nil || errors.Is(err, ErrInterrupted) {
			return err
		}
		return &engine.Error{Stmt: stmt.Text, From: stmt.Pos, Msg: err.Error(), Err: err}
	}
	t, err := BeginCopy(n, base, d)
	if err != nil {
		r.Close()
		return nil, place(err)
	}
	return func(ctx context.Context) error {
		return place(t.show(ctx, d, func(to Display) error { return showRows(ctx, r.Rows, to) }))
	}, nil
}

// show is Run, and says what came of it.
func (t *Transfer) show(ctx context.Context, d Display, rows func(Display) error) error {
	done, err := t.Run(ctx, rows)
	if done == "" {
		return err
	}
	return errors.Join(err, d.Message(done))
}

// copy carries out a COPY with the rows of the server; false for other statements.
func (r *Remote) copy(ctx context.Context, text, base string, d Display) (bool, error) {
	if word, _, _ := strings.Cut(strings.ToUpper(firstLine(text)), " "); !strings.HasPrefix(word, "COPY") {
		return false, nil
	}
	full, err := parser.Substitute(text, r.variables)
	if err != nil {
		return true, err
	}
	list, err := parser.Parse(full, parser.Options{})
	if err != nil {
		return true, err
	}
	n, ok := (*ast.Copy)(nil), len(list) == 1
	if ok {
		n, ok = list[0].Node.(*ast.Copy)
	}
	if !ok {
		return false, nil
	}
	query := blank(full[:n.Query.Pos().Offset]) + full[n.Query.Pos().Offset:n.End.Offset] + ";"
	t, err := BeginCopy(n, base, d)
	if err != nil {
		return true, err
	}
	return true, t.show(ctx, d, func(to Display) error {
		err := r.query(ctx, query, to)
		if err != nil && ctx.Err() != nil {
			return ErrInterrupted
		}
		return err
	})
}

// blank keeps the places of what stands behind a text.
func blank(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		c, n := utf8.DecodeRuneInString(text)
		if c != '\n' {
			c = ' '
		}
		b.WriteRune(c)
		text = text[n:]
	}
	return b.String()
}
