package connectors

import (
	"context"

	"weir/connectors/connector"
	"weir/types"
)

// rows makes rows of records, and keeps the memory of one batch.
type rows struct {
	in      input
	of      map[string]int // topic to its place in in
	readers []RowReader    // nil where columns are not asked for, and each where there are none
	rows    []connector.Row
	values  []types.Value
	headers []connector.Header
}

func newRows(in input, sink connector.Opened, catalog Catalog) (*rows, error) {
	r := &rows{in: in, of: map[string]int{}}
	for i, rel := range in {
		r.of[rel.Topic] = i
	}
	if !sink.Columns {
		return r, nil
	}
	if err := in.described(catalog); err != nil && !sink.Bare {
		return nil, err
	}
	for _, rel := range in {
		if rel.NewReader == nil {
			r.readers = append(r.readers, nil)
			continue
		}
		reader, err := rel.NewReader()
		if err != nil {
			return nil, err
		}
		r.readers = append(r.readers, reader)
	}
	return r, nil
}

// batch makes the rows of a group. What cannot be read goes to refuse.
func (r *rows) batch(ctx context.Context, g *group, refuse func(context.Context, *connector.Row, error) error) (connector.Batch, error) {
	r.rows, r.headers = r.rows[:0], r.headers[:0]
	need := 0
	if r.readers != nil {
		for _, rec := range g.records {
			need += len(r.in[r.of[rec.Topic]].Columns)
		}
	}
	if cap(r.values) < need {
		r.values = make([]types.Value, need)
	}
	free := r.values[:need]
	for _, rec := range g.records {
		row := connector.Row{
			Relation: r.of[rec.Topic], Partition: rec.Partition, Offset: rec.Offset, Timestamp: rec.Timestamp.UnixMilli(), Key: rec.Key, Value: rec.Value,
		}
		if len(rec.Headers) > 0 {
			start := len(r.headers)
			for _, h := range rec.Headers {
				r.headers = append(r.headers, connector.Header{Key: h.Key, Value: h.Value})
			}
			row.Headers = r.headers[start:len(r.headers):len(r.headers)]
		}
		if r.readers != nil && r.readers[row.Relation] != nil {
			n := len(r.in[row.Relation].Columns)
			row.Values, free = free[:n:n], free[n:]
			for i := range row.Values {
				row.Values[i] = types.NullValue
			}
			if err := r.readers[row.Relation].Read(rec, row.Values); err != nil {
				row.Values = nil
				if err := refuse(ctx, &row, err); err != nil {
					return connector.Batch{}, err
				}
				continue
			}
		}
		r.rows = append(r.rows, row)
	}
	return connector.Batch{Rows: r.rows, Next: g.next}, nil
}

// reset gives back the memory of the batch.
func (r *rows) reset() {
	clear(r.rows[:cap(r.rows)])
	clear(r.values)
	for _, reader := range r.readers {
		if reader != nil {
			reader.Reset()
		}
	}
}
