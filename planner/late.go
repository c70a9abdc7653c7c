package planner

import (
	"maps"
	"strings"

	"weir/catalog"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/settings"
	"weir/types"
)

// lateStream is the stream that LATE_STREAM names: rows that come too late for a window of the query.
type lateStream struct {
	name ast.Ident
	node *plan.Late   // of the aggregation; nil until the windows are planned
	cols types.Schema // of the source
}

// lateColumns follow the source's columns.
var lateColumns = []string{"WINDOW_START", "WINDOW_END", "STREAM_TIME"}

// wantLate notes what LATE_STREAM asks for, so that the source's columns are kept up to the windows.
func (b *builder) wantLate(s *ast.CreateAs) error {
	w, err := b.with(s.With, s.Name.Pos())
	if err != nil {
		return err
	}
	text, ok := w.get("LATE_STREAM")
	if !ok {
		return nil
	}
	id := ast.Ident{At: ast.At(w.pos["LATE_STREAM"]), Name: strings.ToUpper(text)}
	if n := len(text); n > 2 && text[0] == text[n-1] && strings.ContainsRune("`\"", rune(text[0])) {
		id.Name = text[1 : n-1]
	}
	if strings.TrimSpace(id.Name) == "" {
		return at(id.Pos(), "LATE_STREAM needs the name of a stream to be made, such as 'late_orders'")
	}
	if id.Name == s.Name.Name {
		return at(id.Pos(), "LATE_STREAM needs a name of its own: %s is the %s that the statement makes", id.Name, kindName(s.IsTable))
	}
	if _, err := b.vacant(id, false, false, false); err != nil {
		return err
	}
	b.late = &lateStream{name: id}
	return nil
}

func noWindow(pos ast.Pos) error {
	return at(pos, "LATE_STREAM takes the rows that come too late for a window: it goes with CREATE TABLE ... AS SELECT ... WINDOW")
}

// late takes up all columns of the source.
func (a *aggregation) late() error {
	l := a.b.late
	if l == nil {
		return nil
	}
	if a.node.Window == nil {
		return noWindow(l.name.Pos())
	}
	if len(a.sel.scopes) != 1 {
		return at(l.name.Pos(), "LATE_STREAM is for windows over one stream, and this query joins. Write the join's result to a stream first, and group that.")
	}
	src := a.sel.scopes[0].src
	l.node = &plan.Late{}
	a.node.Late = l.node
	for _, role := range []types.Role{types.KeyColumn, types.ValueColumn, types.HeaderColumn} {
		for _, c := range src.Schema.With(role) {
			for _, taken := range lateColumns {
				if c.Name == taken {
					return at(l.name.Pos(), "LATE_STREAM adds a column %s to those of %s, which has one of that name already", taken, src.Name)
				}
			}
			x, err := a.below.column(&ast.ColumnRef{At: l.name.At, Name: c.Name})
			if err != nil {
				return err
			}
			l.node.Slots = append(l.node.Slots, x.(*plan.Column).Slot)
			if role == types.HeaderColumn {
				c = types.Column{Name: c.Name, Type: c.Type}
			}
			l.cols = append(l.cols, c)
		}
	}
	return nil
}

// lateSource makes the stream: the source's columns, the window missed and the stream time, in the formats of the result.
func (b *builder) lateSource(w *with, sel *selection, target, from *catalog.Source, p *Plan) error {
	l := b.late
	if l == nil {
		return nil
	}
	pos := l.name.Pos()
	if l.node == nil {
		return noWindow(pos)
	}
	if sel.ranked {
		return at(pos, "LATE_STREAM does not go with ORDER BY and LIMIT. Make the windowed table with LATE_STREAM first, and rank its rows in a query of its own.")
	}
	src := &catalog.Source{Name: l.name.Name, SQL: b.sql, Schema: l.cols, Key: lateSerde(target.Key), Value: lateSerde(target.Value),
		Topic: settings.TopicPrefix.In(b.env.Config) + l.name.Name}
	sink := &plan.Sink{Target: src, TimeSlot: -1, HeaderSlot: -1}
	for i, c := range l.cols {
		if c.Role == types.KeyColumn {
			sink.KeySlots = append(sink.KeySlots, i)
		} else {
			sink.ValueSlots = append(sink.ValueSlots, i)
		}
	}
	for _, name := range lateColumns {
		sink.ValueSlots = append(sink.ValueSlots, len(src.Schema))
		src.Schema = append(src.Schema, types.Column{Name: name, Type: types.TBigint})
	}
	b.sinkKeyFormat(&with{}, &selection{}, src)
	if err := b.checkFormats(pos, src); err != nil {
		return err
	}
	l.node.Sink = sink
	topic := &with{vals: map[string]string{}}
	for _, name := range []string{"PARTITIONS", "REPLICAS", "RETENTION_MS", "MAX_MESSAGE_BYTES"} {
		if v, ok := w.get(name); ok {
			topic.vals[name] = v
		}
	}
	p.LateTopic = b.sinkTopic(topic, src, from)
	p.Change.PutLate = src
	p.Change.PutQuery.Late = src.Name
	return nil
}

// lateSerde is the format of the result, without the schema that is its own.
func lateSerde(s catalog.Serde) catalog.Serde {
	out := catalog.Serde{Format: s.Format, Props: maps.Clone(s.Props)}
	for _, own := range []string{"SCHEMA_ID", "SCHEMA_FULL_NAME", "WRAP_SINGLE_VALUE"} {
		delete(out.Props, own)
	}
	return out
}
