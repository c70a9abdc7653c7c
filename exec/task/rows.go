package task

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/planner/plan"
	"weir/types"
)

// Rows reads a source's records outside of a query: for connectors. It is for one goroutine.
type Rows struct {
	reader *scanReader
	batch  types.Batch
}

// NewRows makes a reader of the columns that a scan names.
func NewRows(s *plan.Scan, env *Env) (*Rows, error) {
	r, err := newScanReader(s, env)
	if err != nil {
		return nil, err
	}
	return &Rows{reader: r}, nil
}

// errNoKey is of a table's record without a key.
var errNoKey = errors.New("the record has no key, which a row of a table needs")

// Read gives the columns of a record. Text may share memory with the record and with the reader, until Reset.
func (r *Rows) Read(rec *kgo.Record, row []types.Value) error {
	r.batch.Reset(r.reader.width())
	ok, err := r.reader.read(rec, &r.batch)
	if err != nil {
		return err
	}
	if !ok {
		return errNoKey
	}
	copy(row, r.batch.Row(0))
	return nil
}

// Timestamp is the event time of the record that was read last, in milliseconds.
func (r *Rows) Timestamp() int64 { return r.batch.Meta[0].Timestamp }

// Null says whether the record that was read last has no value: in a table that deletes its key.
func (r *Rows) Null() bool { return r.batch.Meta[0].Flags&types.NullRow != 0 }

// Reset gives back what the rows read so far held.
func (r *Rows) Reset() { r.reader.reset() }
