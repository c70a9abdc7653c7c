package planner

import (
	"slices"
	"strings"

	"weir/formats"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/settings"
	"weir/types"
)

// defaultGrace is how late a row may come for a window without a GRACE PERIOD: a day, less the window's size.
const defaultGrace = 24 * 60 * 60 * 1000

// aggregation collects what stands above GROUP BY and below the projection.
type aggregation struct {
	b        *builder
	sel      *selection
	nested   *ast.Call // an aggregate whose state is an ARRAY, MAP or STRUCT
	final    []string  // aggregates that can't take rows back, which a table asks for
	finalPos ast.Pos
	hint     string // how the first of them could
	node     *plan.Grouping
	below    *resolver // resolves against the rows that are grouped
	list     aggregateList
	loose    []string // expressions that are neither grouped nor aggregated
	// loosePos is the place of the first of them.
	loosePos ast.Pos
	groupPos ast.Pos
	lists    bool // the first rows of each window, once: see finish
}

func (b *builder) aggregate(q *ast.Query, sel *selection) error {
	a := &aggregation{b: b, sel: sel, node: &plan.Grouping{Step: "Aggregate"}, below: b.resolver(sel, "GROUP BY"), groupPos: q.GroupBy.Pos()}
	if sel.scopes[0].src.IsTable && sel.joined == nil {
		sel.scopes[0].materialize()
	}
	if q.Window != nil {
		a.below.column = noBounds(a.below.column)
	}
	if err := a.group(q); err != nil {
		return err
	}
	if err := a.window(q); err != nil {
		return err
	}
	if err := a.late(); err != nil {
		return err
	}
	if err := a.items(); err != nil {
		return err
	}
	having, err := a.having(q)
	if err != nil {
		return err
	}
	if err := a.checkSource(); err != nil {
		return err
	}
	if a.node.Aggs = a.list.aggs; len(a.node.Aggs) == 0 {
		return at(q.GroupBy.Pos(), "GROUP BY requires aggregate functions in either the SELECT or HAVING clause.")
	}
	if err := a.checkLoose(); err != nil {
		return err
	}
	a.finish(having)
	return nil
}

func (a *aggregation) group(q *ast.Query) error {
	if len(q.GroupBy.Items) == 0 {
		return at(q.GroupBy.Pos(), "GROUP BY requires at least one expression")
	}
	for _, e := range q.GroupBy.Items {
		x, err := a.below.expr(e)
		if err != nil {
			return err
		}
		part, err := a.b.keyPart(a.sel, e, x.Type(), "GROUP BY")
		if err != nil {
			return err
		}
		a.sel.key = append(a.sel.key, part)
		a.node.Group = append(a.node.Group, x)
	}
	a.nameKeys()
	return nil
}

// nameKeys names the key columns of grouped expressions that the SELECT gives no name.
func (a *aggregation) nameKeys() {
	next := 0
	for i := range a.sel.key {
		if a.sel.key[i].name == "" {
			a.sel.key[i].name = "KSQL_COL_" + string(rune('0'+next))
			next++
		}
	}
}

func (a *aggregation) window(q *ast.Query) error {
	w := q.Window
	final := emitsFinal(q)
	if w == nil {
		if final {
			return at(q.Emit.Pos(), "EMIT FINAL is only supported for windowed aggregations.%s", gatherHint(q))
		}
		return nil
	}
	if src := a.sel.scopes[0].src; src.IsTable {
		return at(w.Pos(), "Windowing not supported for table aggregations. %s is a table.", src.Name)
	} else if src.Windowed != nil {
		return at(w.Pos(), "WINDOW clause is not supported on a source that is windowed already: %s is %s.", src.Name, windowedAs(src))
	}
	win, err := windowOf(w, final)
	if err != nil {
		return err
	}
	if most := settings.MaxRowWindows.In(a.b.env.Config); w.Kind == ast.HoppingWindow && win.Size/win.Advance > most {
		return at(w.Advance.Pos(), "a row would be in %d windows: at most %d are allowed by %s. ADVANCE BY has to be at least %d MILLISECONDS here",
			win.Size/win.Advance, most, settings.MaxRowWindows.About().Name, win.Size/(most+1)+1)
	}
	a.node.Window, a.node.Final, a.lists = win, final, final && len(q.OrderBy) > 0
	return nil
}

// windowOf is the window that a clause asks for.
func windowOf(w *ast.Window, final bool) (*plan.Window, error) {
	win := &plan.Window{Kind: w.Kind}
	switch w.Kind {
	case ast.SessionWindow:
		win.Size = millis(w.Gap)
	case ast.HoppingWindow:
		win.Size, win.Advance = millis(w.Size), millis(w.Advance)
		if win.Advance <= 0 || win.Advance > win.Size {
			return nil, at(w.Advance.Pos(), "ADVANCE BY must be above zero and at most the window's SIZE")
		}
	case ast.TumblingWindow:
		win.Size = millis(w.Size)
		win.Advance = win.Size
	}
	if win.Size <= 0 {
		return nil, at(w.Pos(), "the window must be longer than zero")
	}
	switch {
	case w.Grace != nil:
		win.Grace = millis(w.Grace)
	case !final:
		win.Grace = max(defaultGrace-win.Size, 0)
	}
	win.Retention = win.Size + win.Grace
	if final { // what is put out once can be asked for as long as what is put out early
		win.Retention = max(win.Retention, defaultGrace)
	}
	if w.Retention != nil {
		if win.Retention = millis(w.Retention); win.Retention < win.Size+win.Grace {
			return nil, at(w.Retention.Pos(), "RETENTION must be at least the window's size and grace period together")
		}
	}
	return win, nil
}

func (a *aggregation) items() error {
	r := a.above("SELECT")
	for i := range a.sel.items {
		it := &a.sel.items[i]
		before := len(a.loose)
		x, err := r.expr(it.x)
		if err != nil {
			return err
		}
		if len(a.loose) > before {
			a.loose = append(a.loose[:before], ast.Quoted(it.x))
			if a.loosePos == (ast.Pos{}) {
				a.loosePos = it.pos
			}
		}
		it.expr, it.key = x, a.sel.keyIndex(it.x)
	}
	return nil
}

// checkSource refuses what an aggregation can't make of its source: ksqlDB keeps states in the source's value format.
func (a *aggregation) checkSource() error {
	switch src := a.sel.scopes[0].src; {
	case src.Value.Format == formats.Kafka:
		return at(a.groupPos, "Source(s) %s are using the 'KAFKA' value format. This format does not yet support GROUP BY.", src.Name)
	case len(a.final) == 1:
		return at(a.finalPos, "The aggregation function %s cannot be applied to a table source, only to a stream source.%s", a.final[0], a.hint)
	case len(a.final) > 1:
		return at(a.finalPos, "The aggregation functions %s cannot be applied to a table source, only to a stream source.", joinAnd(a.final))
	case a.nested != nil && src.Value.Format == formats.Delimited:
		return at(a.nested.Pos(), "One of the functions used in the statement has an intermediate type that the value format can not handle. "+
			"Please remove the function or change the format.")
	}
	return nil
}

// checkLoose refuses columns outside of aggregates that the rows are not grouped by.
func (a *aggregation) checkLoose() error {
	if len(a.loose) == 0 {
		return nil
	}
	return looseError(a.loosePos, a.loose)
}

func (a *aggregation) having(q *ast.Query) (plan.Expr, error) {
	if q.Having == nil {
		return nil, nil
	}
	before := len(a.loose)
	x, err := a.above("HAVING").condition(a.sel.bare(q.Having))
	if err == nil && before == 0 && len(a.loose) > 0 {
		return nil, at(q.Having.Pos(), "Non-aggregate HAVING expression not part of GROUP BY: %s", strings.Join(a.loose, ", "))
	}
	return x, err
}

// above resolves against what the aggregation puts out. Slots are those of node.Slots: group, aggregates, window bounds;
// the bounds' are set by finish.
func (a *aggregation) above(clause string) *resolver {
	r := &resolver{env: a.b.env, clause: clause}
	r.column = func(c *ast.ColumnRef) (plan.Expr, error) {
		if a.node.Window != nil && a.sel.joined == nil && (c.Name == types.WindowStart || c.Name == types.WindowEnd) {
			if clause == "HAVING" {
				return nil, selectOnly(c)
			}
			return a.bound(c.Name), nil
		}
		x, err := a.sel.columns(clause)(c)
		if err != nil {
			return nil, err
		}
		a.loosen(ast.Format(c))
		return x, nil
	}
	r.special = func(e ast.Expr) (plan.Expr, error) {
		if i := a.sel.keyIndex(e); i >= 0 {
			return &plan.Column{Slot: i, Name: a.sel.key[i].name, T: a.sel.key[i].t}, nil
		}
		call, ok := e.(*ast.Call)
		if !ok {
			return nil, nil
		}
		if a.b.env.Functions.Table(call.Name) != nil {
			return nil, at(call.Pos(), "Table functions cannot be used with aggregations.")
		}
		f := a.b.env.Functions.Aggregate(call.Name)
		if f == nil {
			return nil, nil
		}
		return a.call(call, f)
	}
	return r
}

func (a *aggregation) loosen(text string) {
	if !slices.Contains(a.loose, text) {
		a.loose = append(a.loose, text)
	}
}

// noBounds refuses the bounds of windows where the rows are not in windows yet.
func noBounds(column func(*ast.ColumnRef) (plan.Expr, error)) func(*ast.ColumnRef) (plan.Expr, error) {
	return func(c *ast.ColumnRef) (plan.Expr, error) {
		if c.Name == types.WindowStart || c.Name == types.WindowEnd {
			return nil, selectOnly(c)
		}
		return column(c)
	}
}

func selectOnly(bound *ast.ColumnRef) error {
	return at(bound.Pos(), "Window bounds column %s can only be used in the SELECT clause of windowed aggregations and can not be passed to aggregate functions.\n"+
		"See https://github.com/confluentinc/ksql/issues/4397", bound.Name)
}

// beforeWindows is noBounds for WHERE, which comes before the windows.
func beforeWindows(column func(*ast.ColumnRef) (plan.Expr, error)) func(*ast.ColumnRef) (plan.Expr, error) {
	return func(c *ast.ColumnRef) (plan.Expr, error) {
		if c.Name == types.WindowStart || c.Name == types.WindowEnd {
			return nil, at(c.Pos(), "Error in WHERE expression: Unknown column %s. The rows are not in windows yet: select from the result.", c.Name)
		}
		return column(c)
	}
}

// bound is WINDOWSTART or WINDOWEND; a window's end lies below the aggregates until finish knows how many there are.
func (a *aggregation) bound(name string) plan.Expr {
	c := &plan.Column{Slot: -1, Name: name, T: types.TBigint}
	a.sel.bounds = append(a.sel.bounds, c)
	return c
}

// finish orders the slots, puts in the repartition where the key does not serve already, and HAVING on top. Where lists go out once, there is a repartition
// in any case: behind it, windows close in all partitions by one time, whichever of the source's partitions is silent.
func (a *aggregation) finish(having plan.Expr) {
	n := a.node
	for i, k := range a.sel.key {
		n.Slots = append(n.Slots, plan.Slot{Name: k.name, Type: n.Group[i].Type()})
	}
	n.Slots = append(n.Slots, a.list.slots()...)
	if n.Window != nil {
		for _, c := range a.sel.bounds {
			if c.Slot = len(n.Slots); c.Name == types.WindowEnd {
				c.Slot++
			}
		}
		n.Slots = append(n.Slots, plan.Slot{Name: types.WindowStart, Type: types.TBigint}, plan.Slot{Name: types.WindowEnd, Type: types.TBigint})
	}
	n.In = a.sel.in
	if a.lists || !a.keyServes() {
		a.precompute()
		rp := &plan.Repartition{In: a.sel.in, Step: "Aggregate-GroupBy", Key: n.Group, Serde: a.sel.scopes[0].src.Key, SkipNull: true}
		for i, k := range a.sel.key {
			rp.Columns = append(rp.Columns, types.Column{Name: k.name, Type: n.Group[i].Type(), Role: types.KeyColumn})
		}
		if n.In = rp; combines(n) {
			before := *n
			rp.Combine = &before
		}
	}
	a.sel.in, a.sel.grouped = aggregationOf(n), true
	if having != nil {
		a.sel.in = &plan.Filter{In: a.sel.in, Cond: having, Having: true}
	}
}

// aggregationOf decides how rows are grouped.
func aggregationOf(g *plan.Grouping) plan.Node {
	switch {
	case g.Window != nil && g.Window.Kind == ast.SessionWindow:
		return &plan.SessionAggregate{Grouping: *g}
	case inPanes(g):
		return &plan.PaneAggregate{Grouping: *g}
	default:
		return &plan.Aggregate{Grouping: *g}
	}
}

// inPanes says whether windows are to be made of panes: final results of hopping windows that overlap, of aggregates that
// merge exactly.
func inPanes(g *plan.Grouping) bool {
	w := g.Window
	return g.Final && w != nil && w.Kind == ast.HoppingWindow && w.Advance < w.Size &&
		!slices.ContainsFunc(g.Aggs, func(a plan.Agg) bool { return !a.Bound.Exact })
}

// combines says whether rows of a group may be put together before the repartition: those of a stream, in a window at most, of aggregates
// that are small and merge exactly, where the late ones are not asked for.
func combines(g *plan.Grouping) bool {
	return !g.In.Table() && g.Late == nil && (g.Window == nil || g.Window.Kind == ast.TumblingWindow) &&
		!slices.ContainsFunc(g.Aggs, func(a plan.Agg) bool { return a.Bound.Words == nil || !a.Bound.Exact })
}

// precompute computes what the rows are grouped by before they are sent to its partition, so that it is computed once.
func (a *aggregation) precompute() {
	p := &plan.Project{In: a.sel.in}
	for i, s := range a.sel.in.Layout() {
		p.Exprs = append(p.Exprs, &plan.Column{Slot: i, Name: s.Name, T: s.Type})
	}
	p.Slots = slices.Clone(a.sel.in.Layout())
	for i, x := range a.node.Group {
		if _, plain := x.(*plan.Column); plain {
			continue
		}
		slot := plan.Slot{Name: a.sel.key[i].name, Type: x.Type()}
		a.node.Group[i] = &plan.Column{Slot: len(p.Slots), Name: slot.Name, T: slot.Type}
		p.Exprs, p.Slots = append(p.Exprs, x), append(p.Slots, slot)
	}
	if len(p.Slots) > len(a.sel.in.Layout()) {
		a.sel.in = p
	}
}

// keyServes says whether the rows are partitioned by the group already: it is the source's whole key, in order.
func (a *aggregation) keyServes() bool {
	if a.sel.joined != nil {
		return a.sel.joined.keeps(a.sel.keyExprs())
	}
	src := a.sel.scopes[0].src
	keys := src.Schema.With(types.KeyColumn)
	if len(keys) != len(a.node.Group) || src.Windowed != nil {
		return false
	}
	for i, k := range a.sel.key {
		ref, ok := k.x.(*ast.ColumnRef)
		if !ok || ref.Name != keys[i].Name {
			return false
		}
	}
	return true
}
