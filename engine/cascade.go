package engine

import (
	"strings"

	"weir/answer"
	"weir/catalog"
	"weir/parser/ast"
	"weir/planner"
)

// Cascade answers EXPLAIN DROP ... CASCADE: what would go, in the order in which it would.
type Cascade struct {
	answer.Common
	Name  string   `json:"name"`
	Drops []string `json:"drops"` // such as "query CTAS_X_3", "table X", "topic x"
}

func (*Cascade) result() {}

// Layout implements answer.Entity.
func (c *Cascade) Layout() answer.Layout {
	return answer.Layout{answer.Lines(c.Lines())}
}

// Lines is the list as it reads.
func (c *Cascade) Lines() string {
	return "These would go, in this order:\n  " + strings.Join(c.Drops, "\n  ")
}

// orWithoutTopic is what can be done where a connector uses a topic that was to go too.
const orWithoutTopic = ", or leave DELETE TOPIC out"

// explainDrop tells what a DROP ... CASCADE would take away.
func (e *Engine) explainDrop(s *Session, n *ast.DropSource) (Result, error) {
	cat := e.catalog.Snapshot()
	p, err := planner.Build(n, ast.Format(n), e.planEnv(s, cat, e.log.nextID(), nil))
	if err != nil {
		return nil, err
	}
	if err := e.unconnected(n.Pos(), p.Change.Deletes(), orWithoutTopic); err != nil {
		return nil, err
	}
	out := &Cascade{Name: n.Name.Name, Drops: []string{}}
	if p.Change.Drop != nil {
		out.Drops = goes(p.Change.Drop, cat, e.casualties().droppedBy(n, cat))
	}
	return out, nil
}

// goes lists what goes, that included which could not be brought back.
func goes(c *catalog.Cascade, cat *catalog.Snapshot, lost casualties) []string {
	var out []string
	for _, l := range lost {
		out = append(out, l.kind+" "+l.name)
	}
	return append(out, planner.Cascaded(c, cat)...)
}

// dropped is the answer to a DROP ... CASCADE that has been carried out.
func dropped(message string, c *catalog.Cascade, before *catalog.Snapshot, lost casualties) string {
	return message + "\nThese have gone, in this order:\n  " + strings.Join(goes(c, before, lost), "\n  ")
}
