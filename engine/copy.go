package engine

import (
	"context"

	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
)

// Copy answers COPY: rows that whoever gets them writes to a file of their own. The engine itself writes none.
type Copy struct{ *Rows }

// copyRows begins the query of a COPY. Who comes over HTTP has files elsewhere, and none of this machine is written for them.
func (e *Engine) copyRows(ctx context.Context, s *Session, stmt parser.Stmt, n *ast.Copy) (Result, error) {
	if err := copies(s, n); err != nil {
		return nil, err
	}
	r, err := e.query(ctx, s, stmt, n.Query)
	rows, ok := r.(*Rows)
	if err != nil || !ok {
		return r, err
	}
	return &Copy{rows}, nil
}

// copies refuses COPY where the file would be one of the server's.
func copies(s *Session, n *ast.Copy) error {
	if !s.Remote {
		return nil
	}
	return &planner.Error{Pos: n.Pos(), Msg: "COPY writes a file where its user is, and a server writes none for its clients. Use weir export, or COPY at the prompt of weir cli, " +
		"which ask for the rows and write them; a connector of class 'file' has the server write a stream or table below its folder of files"}
}
