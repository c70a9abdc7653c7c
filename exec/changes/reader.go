package changes

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/task"
	"weir/types"
)

// reader makes changes of records. It is for one goroutine.
type reader struct {
	*task.Rows
	values []types.Value
	table  bool
}

func (s *Source) reader() (*reader, error) {
	rows, err := s.NewRows()
	if err != nil {
		return nil, err
	}
	return &reader{rows, make([]types.Value, s.Width), s.Table}, nil
}

// kind says what a record is; ok is false where it is no row.
func (r *reader) kind(rec *kgo.Record) (kind Kind, ok bool, err error) {
	clear(r.values)
	if err := r.Read(rec, r.values); err != nil {
		return Row, false, err
	}
	if r.Null() {
		return Delete, r.table, nil // a record without value is no row of a stream
	}
	return Row, true, nil
}

// read makes a change of a record; ok is false where the record is no row.
func (r *reader) read(rec *kgo.Record) (c Change, ok bool, err error) {
	kind, ok, err := r.kind(rec)
	if !ok || err != nil {
		return c, false, err
	}
	return Change{Kind: kind, Partition: rec.Partition, Offset: rec.Offset, Timestamp: r.Timestamp(), Values: types.CloneRow(r.values)}, true, nil
}
