package conformance

import (
	"context"
	"errors"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/conformance/memory"
	"weir/engine"
	"weir/parser"
	"weir/planner"
	"weir/registry"
	"weir/types"
)

// memoryWay runs a case without a broker.
type memoryWay struct{ engine *memory.Engine }

func newMemoryWay() (way, error) {
	e, err := memory.New(memory.Options{Config: map[string]string{"cache.max.bytes.buffering": "0"}, FirstID: 1, CountAll: true})
	return &memoryWay{e}, err
}

func (m *memoryWay) createTopic(_ context.Context, name string, partitions int32) error {
	m.engine.CreateTopic(name, partitions)
	return nil
}

func (m *memoryWay) execute(_ context.Context, sql string) ([]string, error) {
	stmts, err := parser.Parse(sql, parser.Options{})
	if err != nil {
		return nil, place(sql, err)
	}
	var out []string
	for _, s := range stmts {
		rows, err := m.engine.Execute(s)
		if err == nil {
			err = m.engine.Driver.Run()
		}
		if err != nil {
			return nil, place(sql, err)
		}
		if rows != nil {
			var list [][]types.Value
			for _, r := range rows.Rows {
				list = append(list, r.Values)
			}
			out = append(out, table(rows.Columns, list)...)
		}
	}
	return out, nil
}

func (m *memoryWay) refuse(ctx context.Context, sql string) ([]string, error) {
	return m.execute(ctx, sql)
}

// place shows where in the text an error lies, as an engine does.
func place(sql string, err error) error {
	var p *planner.Error
	if !errors.As(err, &p) {
		return err
	}
	out := &engine.Error{Pos: p.Pos, Msg: p.Msg}
	if p.Pos.IsValid() {
		out.Line = strings.Split(sql, "\n")[p.Pos.Line-1]
	}
	return out
}

func (m *memoryWay) produce(_ context.Context, recs []*kgo.Record) error {
	for _, r := range recs {
		if err := m.engine.Driver.Produce(r); err != nil {
			return err
		}
	}
	return m.engine.Driver.Commit()
}

func (m *memoryWay) settle(context.Context) error { return m.engine.Driver.Commit() }

func (m *memoryWay) records(_ context.Context, topic string) ([][]*kgo.Record, error) {
	n, ok := m.engine.Driver.Partitions(topic)
	if !ok {
		return nil, errors.New("there is no topic " + topic)
	}
	out := make([][]*kgo.Record, n)
	for p := range n {
		out[p] = m.engine.Driver.Records(topic, p)
	}
	return out, nil
}

func (m *memoryWay) restart(context.Context) error      { return nil }
func (m *memoryWay) closeWindows(context.Context) error { return m.engine.Driver.CloseWindows() }
func (m *memoryWay) sources() *catalog.Snapshot         { return m.engine.Catalog() }
func (m *memoryWay) registry() registry.Client          { return m.engine.Registry }
func (m *memoryWay) close(context.Context) error        { return m.engine.Close() }
