package planner

import (
	"slices"

	"weir/catalog"
	"weir/formats"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// joinGrace is how late a row of a stream may come to a join without a GRACE PERIOD.
const joinGrace = 24 * 60 * 60 * 1000

// side is one input of a join: a source, or what the joins so far have made.
type side struct {
	scopes []*scope
	in     plan.Node
	// parts are the parts of the rows' key, in order.
	parts []joinKey
	// The key by whose bytes the rows are partitioned.
	partitioning
	// topic is a source that has as many partitions as the rows; nil where they come through a topic of the query's own.
	topic    *catalog.Source
	windowed *catalog.Windowed
	// retention is for how long windows may be joined again, as in plan.WindowedJoin.
	retention int64
	headers   int // the slot of the records' headers; -1 for none
	// astray says that the rows lie where others have put them, and are not to be relied on to meet rows of the same key.
	astray bool
	// foreign says that the key is the left table's, of a join by foreign key.
	foreign bool
}

// joinKey is one part of the key of joined rows.
type joinKey struct {
	slot int
	t    *types.Type
	// columns are those that may stand for it in a projection; none where the key is synthetic.
	columns []*ast.ColumnRef
	name    string // of a synthetic key
	// equal are the expressions that are known to hold the part: columns, and what stands in conditions.
	equal []ast.Expr
}

// joinSources plans the FROM clause of a query that joins.
func (b *builder) joinSources(q *ast.Query, from *ast.Join) (*selection, error) {
	j := &joining{b: b, query: q, gathers: gathers(q)}
	var err error
	ast.Tables(from, func(t *ast.Table) {
		if err == nil {
			err = j.source(t)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, sc := range j.scopes {
		sc.takeUp(j.read())
		if q.GroupBy == nil && !b.pushing && !sc.src.IsTable {
			sc.headers()
		}
	}
	s, err := j.tree(from)
	if err != nil {
		return nil, err
	}
	if err := j.checkFormats(from); err != nil {
		return nil, err
	}
	sel := &selection{scopes: j.scopes, in: s.in, joined: s, gathers: j.gathers}
	if s.headers >= 0 {
		sel.headers = &plan.Column{Slot: s.headers, Name: "(headers)", T: headersType}
	}
	return sel, nil
}

// joining plans the joins of one query.
type joining struct {
	b      *builder
	query  *ast.Query
	scopes []*scope
	next   int // the scope of the table met next
	// gathers says that the join makes one row of each left row.
	gathers bool
}

// read is the query as far as its rows are read: what names the rows that are gathered for is not.
func (j *joining) read() *ast.Query {
	if !j.gathers {
		return j.query
	}
	q := *j.query
	q.GroupBy = nil
	return &q
}

func (j *joining) source(t *ast.Table) error {
	sc, err := j.b.scope(t)
	if err != nil {
		return err
	}
	for _, other := range j.scopes {
		switch {
		case other.src.Name == sc.src.Name && len(j.scopes) > 1:
			return at(t.Pos(), "N-way joins do not support multiple occurrences of the same source. Source: '%s'.", sc.src.Name)
		case other.src.Name == sc.src.Name:
			return at(t.Pos(), "Can not join '%s' to '%s': self joins are not yet supported.", other.src.Name, sc.src.Name)
		case other.alias == sc.alias:
			return at(t.Pos(), "The alias %s stands for two sources: give one of them another.", sc.alias)
		}
	}
	sc.joined = true
	j.scopes = append(j.scopes, sc)
	return nil
}

// takeUp takes up the columns that a query may mean, so that their slots are settled before rows are joined.
func (s *scope) takeUp(q *ast.Query) {
	for _, it := range q.Select {
		if all, ok := it.(*ast.AllItem); ok && (all.Qualifier == "" || all.Qualifier == s.alias) {
			for i := range s.src.Schema {
				s.schemaCol(i)
			}
			if q.PartitionBy != nil {
				for _, name := range []string{types.RowTime, types.RowPartition, types.RowOffset} {
					s.find(name)
				}
			}
		}
	}
	q.Exprs(func(x ast.Expr) {
		ast.Walk(x, func(e ast.Expr) bool {
			if ref, ok := e.(*ast.ColumnRef); ok && (ref.Qualifier == "" || ref.Qualifier == s.alias) {
				s.find(ref.Name)
			}
			return true
		})
	})
	if s.src.Windowed != nil {
		s.find(types.WindowStart)
		s.find(types.WindowEnd)
	}
	if s.src.IsTable {
		for i, c := range s.src.Schema {
			if c.Role == types.KeyColumn {
				s.schemaCol(i)
			}
		}
	}
}

// tree plans joins that lean to the left.
func (j *joining) tree(from ast.Source) (*side, error) {
	switch from := from.(type) {
	case *ast.Table:
		sc := j.scopes[j.next]
		j.next++
		s := scanSide(sc)
		s.retention = j.b.retention(sc.src)
		return s, nil
	case *ast.Join:
		left, err := j.tree(from.Left)
		if err != nil {
			return nil, err
		}
		if _, ok := from.Right.(*ast.Table); !ok {
			return nil, at(from.Right.Pos(), "the right side of a JOIN is a stream or a table by name: join the sources one after the other")
		}
		right, err := j.tree(from.Right)
		if err != nil {
			return nil, err
		}
		return j.join(from, left, right)
	}
	return nil, at(from.Pos(), "%T can't be joined", from)
}

func scanSide(sc *scope) *side {
	s := &side{scopes: []*scope{sc}, in: sc.scan, partitioning: partitioning{serde: sc.src.Key}, topic: sc.src, windowed: sc.src.Windowed, headers: -1, astray: sc.src.Repartition}
	if slot, ok := sc.slots[plan.ScanCol{Kind: plan.ScanHeaders}]; ok {
		s.headers = slot
	}
	for _, c := range sc.src.Schema.With(types.KeyColumn) {
		ref := &ast.ColumnRef{Qualifier: sc.alias, Name: c.Name}
		part := joinKey{slot: -1, t: c.Type, columns: []*ast.ColumnRef{ref}, equal: []ast.Expr{ref}}
		if slot, ok := sc.slots[plan.ScanCol{Kind: plan.ScanColumn, Column: sc.src.Schema.Find(c.Name)}]; ok {
			part.slot = slot
		}
		s.parts, s.names = append(s.parts, part), append(s.names, c.Name)
	}
	return s
}

// join plans one join: its condition, what each side needs for it, and the step itself.
func (j *joining) join(n *ast.Join, left, right *side) (*side, error) {
	c, err := j.condition(n, left, right)
	if err != nil {
		return nil, err
	}
	if err := c.checkKinds(); err != nil {
		return nil, err
	}
	if err := c.checkWindows(); err != nil {
		return nil, err
	}
	if err := c.checkPrimaryKeys(); err != nil {
		return nil, err
	}
	if err := c.resolve(); err != nil {
		return nil, err
	}
	if err := c.checkTypes(); err != nil {
		return nil, err
	}
	if c.foreign() {
		return j.foreignKey(c)
	}
	return j.equiJoin(c)
}

// equiJoin joins rows of one key.
func (j *joining) equiJoin(c *condition) (*side, error) {
	left, right := c.left, c.right
	how := j.keyFormat(c)
	leftStep, rightStep := j.steps(left, right)
	if j.gathers {
		if err := c.narrow(); err != nil {
			return nil, err
		}
	}
	if err := j.rekey(c, left, c.leftKey, c.leftX, how, leftStep); err != nil {
		return nil, err
	}
	if err := j.rekey(c, right, c.rightKey, c.rightX, how, rightStep); err != nil {
		return nil, err
	}
	if err := j.checkPartitions(c); err != nil {
		return nil, err
	}
	node := plan.KeyJoin{Left: left.in, Right: right.in, Step: j.prefix() + "Join", Kind: plan.JoinKind(c.at.Kind), Windowed: left.windowed,
		LeftKey: withBounds(left, c.leftKey), RightKey: withBounds(right, c.rightKey), Headers: [2]int{left.headers, right.headers}}
	out := c.joinedSide(node.Kind)
	out.partitioning = how
	if out.topic = left.topic; out.topic == nil {
		out.topic = right.topic
	}
	node.Slots = slices.Clone(left.in.Layout())
	if !j.gathers {
		node.Slots = append(node.Slots, right.in.Layout()...)
	}
	right.moveBy(len(left.in.Layout()))
	var err error
	if node.Match, err = c.match(); err != nil {
		return nil, err
	}
	for i, x := range node.LeftKey {
		part := &out.parts[min(i, len(out.parts)-1)] // behind the parts come the bounds of the window
		if i < len(out.parts) {
			part.slot = len(node.Slots)
		}
		node.Slots = append(node.Slots, plan.Slot{Name: part.slotName(), Type: x.Type()})
	}
	if out.headers = -1; left.headers >= 0 || right.headers >= 0 {
		out.headers = len(node.Slots)
		node.Slots = append(node.Slots, plan.Slot{Name: "(headers)", Type: headersType})
	}
	out.in = c.joinOf(node)
	return out, nil
}

// joinOf decides how rows are joined.
func (c *condition) joinOf(n plan.KeyJoin) plan.Node {
	switch {
	case c.j.gathers:
		return &plan.StreamJoin{KeyJoin: n, Within: gatherWithin(c.at.Within), Gather: &plan.Gather{}}
	case c.at.Within != nil:
		return &plan.StreamJoin{KeyJoin: n, Within: within(c.at.Within)}
	case !c.left.in.Table():
		return &plan.LookupJoin{KeyJoin: n}
	case c.left.windowed != nil && c.right.windowed == nil:
		return &plan.WindowedJoin{KeyJoin: n, Retention: c.left.retention}
	default:
		return &plan.TableJoin{KeyJoin: n}
	}
}

func (p *joinKey) slotName() string {
	if len(p.columns) > 0 {
		return ast.Format(p.columns[0])
	}
	return p.name
}

func within(w *ast.Within) plan.Within {
	out := plan.Within{Before: w.Before.Duration().Milliseconds(), After: w.After.Duration().Milliseconds(), Grace: joinGrace}
	if w.Grace != nil {
		out.Grace, out.Given = millis(w.Grace), true
	}
	return out
}

// gatherWithin has no grace period unless one is given, as windows with final results.
func gatherWithin(w *ast.Within) plan.Within {
	out := within(w)
	if !out.Given {
		out.Grace, out.Given = 0, true
	}
	return out
}

// moveBy says that the rows of the side begin at a slot further on.
func (s *side) moveBy(slots int) {
	for _, sc := range s.scopes {
		sc.base += slots
	}
}

// withBounds adds the window to the key of windowed rows: rows join only where they are of one window.
func withBounds(s *side, key []plan.Expr) []plan.Expr {
	out := slices.Clone(key)
	if s.windowed == nil {
		return out
	}
	bounds := []string{types.WindowStart}
	if s.windowed.Kind == catalog.Session {
		bounds = append(bounds, types.WindowEnd)
	}
	for i, name := range bounds {
		if len(s.scopes) == 1 {
			bound, _ := s.scopes[0].find(name)
			out = append(out, bound)
			continue
		}
		out = append(out, &plan.Column{Slot: s.parts[0].slot + len(s.parts) + i, Name: name, T: types.TBigint})
	}
	return out
}

// checkFormats refuses values in the KAFKA format, as ksqlDB does.
func (j *joining) checkFormats(n *ast.Join) error {
	names := ""
	for _, sc := range j.scopes {
		if sc.src.Value.Format != formats.Kafka {
			continue
		}
		if names != "" {
			names += ", "
		}
		names += sc.src.Name
	}
	if names == "" {
		return nil
	}
	return at(n.Pos(), "Source(s) %s are using the 'KAFKA' value format. This format does not yet support JOIN.", names)
}
