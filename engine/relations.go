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
	scan, columns := wholeRow(src)
	out := connectors.Relation{Relation: connector.Relation{Topic: src.Topic, Name: src.Name, Table: src.IsTable}}
	for _, c := range columns {
		out.Columns = append(out.Columns, connector.Column{Name: c.Name, Type: c.Type, Key: c.Role == types.KeyColumn})
	}
	env := r.execEnv("", nil, nil)
	out.NewReader = func() (connectors.RowReader, error) { return task.NewRows(scan, env) }
	return out, nil
}

// wholeRow reads all that a record says: key, window, value and headers.
func wholeRow(src *catalog.Source) (*plan.Scan, types.Schema) {
	scan, columns := &plan.Scan{Source: src}, types.Schema{}
	add := func(c plan.ScanCol, column types.Column) {
		scan.Cols, columns = append(scan.Cols, c), append(columns, column)
	}
	of := func(role types.Role) {
		for i, c := range src.Schema {
			if c.Role == role {
				add(plan.ScanCol{Column: i}, c)
			}
		}
	}
	of(types.KeyColumn)
	if src.Windowed != nil {
		add(plan.ScanCol{Kind: plan.ScanWindowStart}, types.Column{Name: types.WindowStart, Type: types.TBigint, Role: types.KeyColumn})
		add(plan.ScanCol{Kind: plan.ScanWindowEnd}, types.Column{Name: types.WindowEnd, Type: types.TBigint, Role: types.KeyColumn})
	}
	of(types.ValueColumn)
	of(types.HeaderColumn)
	return scan, columns
}
