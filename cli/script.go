package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"

	"weir/cli/repl"
	"weir/parser"
	"weir/parser/ast"
	"weir/server/render"
)

// script is a file of statements.
type script struct {
	name  string // as messages have it; empty for what came from stdin
	dir   string // relative paths in it start here
	steps []step
}

// step is one statement: its text, with blanks in front that keep its place in the file, and its tree.
type step struct {
	text  string
	stmt  parser.Stmt
	watch string // the WATCH whose query this is; empty for all others
}

// readScript reads and parses a file, or what comes from stdin for "-". Nothing has been carried out when it fails.
func readScript(name string, stdin io.Reader) (*script, error) {
	var data []byte
	var err error
	dir, named := ".", name
	if name == "-" {
		named = ""
		data, err = io.ReadAll(stdin)
	} else {
		data, err = os.ReadFile(name)
		dir = filepath.Dir(name)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the script: %w", err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	steps, err := parseScript(string(data), map[string]string{})
	if err != nil {
		return nil, repl.Told(err, named)
	}
	return &script{named, dir, steps}, nil
}

// parseScript parses a text with the variables that it defines itself.
func parseScript(text string, variables map[string]string) ([]step, error) {
	pieces := parser.Split(text)
	if pieces.Open != parser.Complete {
		if _, err := parser.Parse(text, parser.Options{}); err != nil {
			return nil, err
		}
		return nil, errors.New("the script ends inside a statement: end it with ;")
	}
	variables = maps.Clone(variables)
	var steps []step
	for _, p := range pieces.Statements {
		padded := p.InPlace()
		full, err := parser.Substitute(padded, variables)
		if err != nil {
			return nil, err
		}
		watch := ""
		if repl.IsWatch(full) {
			w, err := repl.NewWatch(nil, full, false)
			if err != nil {
				return nil, err
			}
			watch, full = full, w.Query()
			padded = full
		}
		list, err := parser.Parse(full, parser.Options{})
		if err != nil {
			return nil, err
		}
		for _, stmt := range list {
			switch n := stmt.Node.(type) {
			case *ast.Define:
				variables[n.Name] = n.Value
			case *ast.Undefine:
				delete(variables, n.Name)
			default: // about these alone
			}
			steps = append(steps, step{padded, stmt, watch})
		}
	}
	return steps, nil
}

// reads says whether a statement asks for what there is now in a stream or table: before it, all input is read.
func (s step) reads() bool {
	q := s.query()
	return q != nil && q.Emit == nil && q.From != nil
}

// pulls says whether a statement is answered by what there is now.
func (s step) pulls() bool {
	q := s.query()
	return q != nil && q.Emit == nil
}

// query is what a statement asks, for the screen or for a file; nil where it is none.
func (s step) query() *ast.Query {
	switch n := s.stmt.Node.(type) {
	case *ast.Query:
		return n
	case *ast.Copy:
		return n.Query
	default: // about these alone
	}
	return nil
}

// titleWidth is the longest title.
const titleWidth = 60

// title is the beginning of a statement, which tells it from the others.
func (s step) title() string { return render.Clip(render.Clean(s.stmt.Short(titleWidth)), titleWidth) }
