package local

import (
	"errors"
	"math"

	"weir/planner/plan"
	"weir/types"
)

// Row is a row of a query whose result goes to a client.
type Row struct {
	Values    []types.Value
	Timestamp int64 // event time, milliseconds
	Tombstone bool  // the key was deleted: only key columns have values
}

// rowBytes is what a Row takes without its values.
const rowBytes = 40

var errEnough = errors.New("the limit is reached")

// collector takes the rows of a query up to its limit.
type collector struct {
	query *plan.Query
	limit int64 // -1 for none
	given int64
	rows  []Row
	bytes int          // of them
	piece func() error // hands on the rows once they are many; nil where all are kept
}

// pieceBytes is from how many bytes on rows are handed on.
const pieceBytes = 1 << 20

func collecting(q *plan.Query) collector {
	return collector{query: q, limit: q.Root.(*plan.Result).Limit}
}

// take answers errEnough once the limit is reached.
func (c *collector) take(b *types.Batch) error {
	for i := range b.N {
		m := b.Meta[i]
		if m.Flags&types.NullRow != 0 && !c.query.Root.Table() {
			continue // a stream's record without value has no row
		}
		if c.full() {
			return errEnough
		}
		row := Row{Values: types.CloneRow(b.Row(i)), Timestamp: m.Timestamp, Tombstone: m.Flags&types.NullRow != 0}
		if row.Tombstone {
			for j, col := range c.query.Columns {
				if col.Role != types.KeyColumn {
					row.Values[j] = types.NullValue
				}
			}
		}
		c.rows = append(c.rows, row)
		c.given++
		if c.piece == nil {
			continue
		}
		if c.bytes += rowBytes + types.SizeOf(row.Values, math.MaxInt); c.bytes > pieceBytes {
			if err := c.piece(); err != nil {
				return err
			}
		}
	}
	if c.full() {
		return errEnough
	}
	return nil
}

func (c *collector) full() bool { return c.limit >= 0 && c.given >= c.limit }
