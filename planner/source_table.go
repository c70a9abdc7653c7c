package planner

import (
	"weir/catalog"
	"weir/planner/plan"
	"weir/types"
)

// keep plans the query that keeps the rows of a SOURCE TABLE for pull queries. It writes nothing.
func (b *builder) keep(src *catalog.Source, p *Plan) error {
	src.Query = b.queryID("CST_", src.Name)
	src.Materialized = true
	sc := &scope{alias: src.Name, src: src, scan: &plan.Scan{Source: src, Alias: src.Name}, slots: map[plan.ScanCol]int{}}
	// A column's slot is its place in the schema.
	for i := range src.Schema {
		sc.schemaCol(i)
	}
	if err := b.eventTime(sc); err != nil {
		return err
	}
	sc.materialize()
	p.Change.PutQuery = &catalog.Query{ID: src.Query, SQL: b.sql, Sources: []string{src.Name}}
	p.Query = &plan.Query{ID: src.Query, SQL: b.sql, Root: &plan.Result{In: sc.scan, Limit: -1}, Columns: append(types.Schema(nil), src.Schema...)}
	return nil
}
