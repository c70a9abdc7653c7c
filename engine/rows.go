package engine

import (
	"context"
	"io"

	"weir/exec/local"
	"weir/planner/plan"
	"weir/types"
)

// Rows are the rows of a push or pull query, as they come. Close it.
type Rows struct {
	QueryID string // under which it is listed while it runs
	Kind    plan.QueryKind
	Columns types.Schema
	Table   bool // rows are changes of a table: some may be tombstones
	Limit   int64
	Whole   bool // all are there, about a megabyte at the most: Next does not wait
	next    func(ctx context.Context) (Row, error)
	close   func()
}

func (*Rows) result() {}

// LooksUp says whether a query asks a table for what it holds. ksqlDB tells of keys in the header of such a query alone, and has no message at its end.
func (r *Rows) LooksUp() bool { return r.Kind == plan.Pull && r.Table }

// Row is a row of a result.
type Row = local.Row

// Next waits for the next row; io.EOF after the last one, at the LIMIT, or when the query was terminated.
func (r *Rows) Next(ctx context.Context) (Row, error) {
	if r.next == nil {
		return Row{}, io.EOF
	}
	return r.next(ctx)
}

// Close ends the query and frees what it held.
func (r *Rows) Close() {
	if r.close != nil {
		r.close()
	}
}
