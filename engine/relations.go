package engine

import (
	"fmt"
	"strings"

	"weir/catalog"
	"weir/connectors"
	"weir/connectors/connector"
	"weir/exec/task"
	"weir/planner/plan"
	"weir/types"
)

// relations tells sink connectors what streams and tables say of topics.
type relations struct{ *Engine }

// Over implements connectors.Catalog.
func (r relations) Over(topic string) []string {
	var out []string
	for _, src := range r.Snapshot().Sources() {
		if src.Topic == topic {
			out = append(out, src.Name)
		}
	}
	return out
}

// Relation implements connectors.Catalog. Names count in upper case where they are not found as they are.
func (r relations) Relation(name string) (connectors.Relation, error) {
	src, ok := r.Snapshot().Source(name)
	if !ok {
		src, ok = r.Snapshot().Source(strings.ToUpper(name))
	}
	if !ok {
		var names []string
		for _, s := range r.Snapshot().Sources() {
			names = append(names, s.Name)
		}
		return connectors.Relation{}, fmt.Errorf("there is no stream or table %s.%s", strings.ToUpper(name), suggestion(strings.ToUpper(name), names))
	}
	scan := &plan.Scan{Source: src}
	out := connectors.Relation{Relation: connector.Relation{Topic: src.Topic, Name: src.Name, Table: src.IsTable}}
	add := func(c plan.ScanCol, name string, t *types.Type, key bool) {
		scan.Cols = append(scan.Cols, c)
		out.Columns = append(out.Columns, connector.Column{Name: name, Type: t, Key: key})
	}
	addColumns(src, types.KeyColumn, add)
	if src.Windowed != nil {
		add(plan.ScanCol{Kind: plan.ScanWindowStart}, types.WindowStart, types.TBigint, true)
		add(plan.ScanCol{Kind: plan.ScanWindowEnd}, types.WindowEnd, types.TBigint, true)
	}
	addColumns(src, types.ValueColumn, add)
	addColumns(src, types.HeaderColumn, add)
	env := r.execEnv("", nil, nil)
	out.NewReader = func() (connectors.RowReader, error) { return task.NewRows(scan, env) }
	return out, nil
}

func addColumns(src *catalog.Source, role types.Role, add func(plan.ScanCol, string, *types.Type, bool)) {
	for i, c := range src.Schema {
		if c.Role == role {
			add(plan.ScanCol{Column: i}, c.Name, c.Type, role == types.KeyColumn)
		}
	}
}
