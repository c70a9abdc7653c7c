package memory

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/local"
	"weir/exec/pull"
	"weir/exec/task"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
	"weir/types"
)

// Rows are what a query answered.
type Rows struct {
	Columns types.Schema
	Rows    []Row
}

// Row is one row; a tombstone is a deleted key, whose values are NULL.
type Row struct {
	Values    []types.Value
	Time      int64 // milliseconds
	Tombstone bool
}

// query answers a pull query from committed state, or a query over all that the topics hold by now.
func (e *Engine) query(stmt parser.Stmt, _ *ast.Query) (*Rows, error) {
	p, err := planner.Build(stmt.Node, stmt.Text, e.planEnv())
	if err != nil {
		return nil, err
	}
	out := &Rows{Columns: p.Query.Columns}
	if l := p.Query.Lookup; l != nil {
		return out, e.lookup(l, out)
	}
	topo, err := task.Build(p.Query)
	if err != nil {
		return nil, err
	}
	env := e.env("push")
	parts, err := topo.Partitions(e.partitions, nil)
	if err != nil {
		return nil, err
	}
	limit := p.Query.Root.(*plan.Result).Limit
	collect := func(b *types.Batch) error {
		for i := range b.N {
			if limit >= 0 && int64(len(out.Rows)) >= limit {
				return io.EOF
			}
			out.Rows = append(out.Rows, Row{types.CloneRow(b.Row(i)), b.Meta[i].Timestamp, b.Meta[i].Flags&types.NullRow != 0})
		}
		return nil
	}
	local, err := local.NewLocal(topo, env, parts, 1, 0, collect)
	if err != nil {
		return nil, err
	}
	for _, r := range e.Driver.All(topo.Sources()) {
		if err := local.Feed([]*kgo.Record{r}); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
	}
	if err := local.Flush(); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return out, nil
}

func (e *Engine) lookup(l *plan.Lookup, out *Rows) error {
	if err := e.Driver.Commit(); err != nil {
		return err
	}
	for _, q := range e.queries {
		if q.ID != l.Table.Query {
			continue
		}
		topo, err := task.Build(q)
		if err != nil {
			return err
		}
		view := e.db.View()
		defer view.Close()
		parts, err := topo.Partitions(e.partitions, nil)
		if err != nil {
			return err
		}
		return pull.Answer(context.Background(), l, topo, e.functionEnv(), view, parts[len(parts)-1], func(row []types.Value, ms int64) error {
			out.Rows = append(out.Rows, Row{Values: row, Time: ms})
			return nil
		})
	}
	return nil
}

func (e *Engine) partitions(topic string) (int32, error) {
	n, ok := e.Driver.Partitions(topic)
	if !ok {
		return 0, fmt.Errorf("there is no topic %s", topic)
	}
	return n, nil
}
