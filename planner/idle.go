package planner

import "weir/parser/ast"

// idleClose reads weir.idle.close for a query with windows, in milliseconds; 0 where it is not set.
func (b *builder) idleClose(q *ast.Query) (int64, error) {
	text := b.env.Setting("weir.idle.close", "")
	if text == "" || q.Window == nil {
		return 0, nil
	}
	ms, err := durationText(text)
	if err != nil {
		return 0, at(q.Window.Pos(), "Invalid value '%s' for the property weir.idle.close: %v", text, err)
	}
	return ms, nil
}
