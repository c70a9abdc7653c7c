package engine

import (
	"fmt"
	"slices"
	"strings"

	"weir/connectors/connector"
	"weir/parser/ast"
	"weir/planner"
)

// mayRename refuses what the statements of connectors name: a restart would look for the old name. The planner sees to those of queries.
func (e *Engine) mayRename(n *ast.RenameSource) error {
	if n.Name.Name == problemStream {
		return &planner.Error{Pos: n.Name.Pos(), Msg: problemStream + " is made at each start, under this name. A stream of another name over the same topic can be created beside it."}
	}
	if sinks := e.sinksFrom(n.Name.Name); len(sinks) > 0 {
		return &planner.Error{Pos: n.Name.Pos(), Msg: fmt.Sprintf("Cannot rename %s '%s': connectors name it in their property '%s'.\n  %s\n"+
			"DROP CONNECTOR these first; created again with the new name, they begin anew.",
			n.Defines().Kind, n.Name.Name, connector.PropFrom, strings.Join(sinks, "\n  "))}
	}
	return nil
}

// sinksFrom are the connectors that are declared to read a stream or table, by its name, in order.
func (e *Engine) sinksFrom(name string) []string {
	cat := e.catalog.Snapshot()
	means := func(s string) bool {
		if s = strings.TrimSpace(s); !cat.Has(ast.KindStream, s) {
			s = strings.ToUpper(s)
		}
		return s == name
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []string
	for id, c := range e.declared {
		for _, p := range c.spec.Properties {
			if p.Name == connector.PropFrom && slices.ContainsFunc(strings.Split(p.Value, ","), means) {
				out = append(out, id)
			}
		}
	}
	slices.Sort(out)
	return out
}
