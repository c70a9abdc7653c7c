package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/conformance/memory"
	"weir/formats"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// asserter carries out the ASSERT statements of scripts.
type asserter struct {
	engine *memory.Engine
	read   map[string]int // records of a topic that were looked at
}

// open is a catalog in which anything can be inserted into, so that the values of an ASSERT are typed as its target is.
type open struct{ *catalog.Snapshot }

// Source finds a stream or table as a stream that takes every row.
func (o open) Source(name string) (*catalog.Source, bool) {
	s, ok := o.Snapshot.Source(name)
	if !ok {
		return nil, false
	}
	free := *s
	free.IsTable, free.ReadOnly, free.Windowed = false, false, nil
	return &free, true
}

// values compares the next record of a stream or table with a row, or with a tombstone and its key.
func (a *asserter) values(n *ast.AssertValues) error {
	vs, rows, err := a.engine.Rows(&ast.InsertValues{At: n.At, Target: n.Target, Columns: n.Columns, Rows: [][]ast.Expr{n.Values}}, open{a.engine.Catalog()})
	if err != nil {
		return err
	}
	v, row := vs[0], rows[0]
	src, _ := a.engine.Catalog().Source(n.Target.Name)
	recs := a.engine.Driver.Records(src.Topic, 0)
	at := a.read[src.Topic]
	if at >= len(recs) {
		return fmt.Errorf("Expected another record, but got none: %s", src.Topic)
	}
	a.read[src.Topic]++
	got, err := a.decode(src, recs[at])
	if err != nil {
		return err
	}
	if n.Null != (recs[at].Value == nil) {
		return fmt.Errorf("Expected record does not match actual: the value is %q", recs[at].Value)
	}
	if v.RowTime != nil && !row.Time.Equal(recs[at].Timestamp) {
		return fmt.Errorf("Expected record does not match actual: ROWTIME is %d, not %d", recs[at].Timestamp.UnixMilli(), row.Time.UnixMilli())
	}
	for i, x := range v.Exprs {
		if x == nil {
			continue
		}
		t := src.Schema[i].Type
		if want, is := types.Text(row.Values[i], t), types.Text(got[i], t); want != is {
			return fmt.Errorf("Expected record does not match actual: %s is %s, not %s", src.Schema[i].Name, is, want)
		}
	}
	return nil
}

func (a *asserter) decode(src *catalog.Source, rec *kgo.Record) ([]types.Value, error) {
	row := make([]types.Value, len(src.Schema))
	key := rec.Key
	if src.Windowed != nil && key != nil {
		var err error
		if key, _, err = cut(key, src.Windowed); err != nil {
			return nil, err
		}
	}
	for i, data := range [][]byte{key, rec.Value} {
		side := plan.Sides(src, a.engine.Registry)[i]
		if data == nil || len(side.Slots) == 0 {
			continue
		}
		dec, err := formats.NewDecoder(side.Spec, side.Columns, side.Slots)
		if err != nil {
			return nil, err
		}
		if err := dec.Decode(data, row); err != nil && !errors.Is(err, formats.ErrNullRecord) {
			return nil, err
		}
	}
	return row, nil
}

// source compares the definition of a stream or table.
func (a *asserter) source(n *ast.AssertSource) error {
	src, ok := a.engine.Catalog().Source(n.Name.Name)
	if !ok {
		return fmt.Errorf("Source %s does not exist", n.Name.Name)
	}
	wrong := func(what string) error {
		return fmt.Errorf("Expected %s does not match actual for source %s.", what, src.Name)
	}
	if n.IsTable != src.IsTable {
		return wrong("type")
	}
	parts := make([]string, len(n.Columns))
	for i, c := range n.Columns {
		parts[i] = ast.Format(c)
	}
	want, err := normalized(strings.Join(parts, ", "))
	if err != nil {
		return err
	}
	if got, err := normalized(src.Schema.String()); err != nil || got != want {
		return fmt.Errorf("Expected schema does not match actual for source %s: %s, not %s", src.Name, got, want)
	}
	props := map[string]string{}
	for _, p := range n.With {
		props[strings.ToUpper(p.Name)] = propText(p.Value)
	}
	format := props["FORMAT"]
	wrap := src.Value.Props["WRAP_SINGLE_VALUE"]
	for _, c := range []struct{ what, want, got string }{
		{"kafka topic", props["KAFKA_TOPIC"], src.Topic},
		{"key format", props["KEY_FORMAT"] + format, src.Key.Format},
		{"value format", props["VALUE_FORMAT"] + format, src.Value.Format},
		{"timestamp column", strings.ToUpper(props["TIMESTAMP"]), src.Timestamp},
		{"timestamp format", props["TIMESTAMP_FORMAT"], src.TimeFmt},
		{"value serde features", props["WRAP_SINGLE_VALUE"], wrap},
	} {
		if c.want != "" && c.want != c.got {
			return wrong(c.what)
		}
	}
	return nil
}

func propText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StringLit:
		return e.Value
	case *ast.BoolLit:
		return fmt.Sprint(e.Value)
	default: // about these alone
	}
	return ast.Format(e)
}
