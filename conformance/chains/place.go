package chains

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/conformance/memory"
	"weir/parser"
)

// place carries a course out.
type place interface {
	// execute carries out statements.
	execute(ctx context.Context, sql string) error
	// produce writes records, in order.
	produce(ctx context.Context, recs []*kgo.Record) error
	// settle lets the queries read what they can.
	settle(ctx context.Context) error
	restart(ctx context.Context) error
	// drop drops what a query makes, and the query, its topic as well or not.
	drop(ctx context.Context, q *query, deletes bool) error
	// pause stops what writes a stream or table, or lets it go on.
	pause(ctx context.Context, q *query, stop bool) error
	// drain reads all and closes windows, and says how many rows were late, of which query.
	drain(ctx context.Context) (late map[string]int64, err error)
	// records are a topic's records, partition by partition.
	records(ctx context.Context, topic string) ([]*kgo.Record, error)
	close(ctx context.Context) error
}

// inMemory is the Driver.
type inMemory struct{ *memory.Engine }

func newInMemory() (*inMemory, error) {
	e, err := memory.New(memory.Options{FirstID: 1, CountAll: true})
	return &inMemory{e}, err
}

func (m *inMemory) execute(_ context.Context, sql string) error {
	stmts, err := parser.Parse(sql, parser.Options{})
	if err != nil {
		return err
	}
	for _, s := range stmts {
		if _, err := m.Execute(s); err != nil {
			return err
		}
	}
	return m.Driver.Run()
}

func (m *inMemory) produce(_ context.Context, recs []*kgo.Record) error {
	for _, r := range recs {
		if err := m.Driver.Produce(r); err != nil {
			return err
		}
		if err := m.Driver.Run(); err != nil {
			return err
		}
	}
	return nil
}

func (m *inMemory) settle(context.Context) error  { return m.Driver.Commit() }
func (m *inMemory) restart(context.Context) error { return nil }

func (m *inMemory) drop(ctx context.Context, q *query, deletes bool) error {
	return m.execute(ctx, q.undo(deletes))
}

func (m *inMemory) pause(context.Context, *query, bool) error { return nil }

func (m *inMemory) drain(context.Context) (map[string]int64, error) {
	err := m.Driver.CloseWindows()
	late := map[string]int64{}
	for _, q := range m.Queries() {
		for _, t := range m.Driver.Tasks(q.ID) {
			for _, s := range t.Steps() {
				if s.Late > 0 {
					late[q.ID] += s.Late
				}
			}
		}
	}
	return late, err
}

func (m *inMemory) records(_ context.Context, topic string) ([]*kgo.Record, error) {
	var out []*kgo.Record
	n, _ := m.Driver.Partitions(topic)
	for p := range n {
		out = append(out, m.Driver.Records(topic, p)...)
	}
	return out, nil
}

func (m *inMemory) close(context.Context) error { return m.Close() }
