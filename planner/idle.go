package planner

import "weir/parser/ast"

// idleClose reads weir.idle.close for a query in which something waits for stream time, in milliseconds; 0 where it is not set.
func (b *builder) idleClose(q *ast.Query) (int64, error) {
	text := b.env.Setting("weir.idle.close", "")
	waits := waitsFor(q)
	if text == "" || waits == nil {
		return 0, nil
	}
	ms, err := durationText(text)
	if err != nil {
		return 0, at(waits.Pos(), "Invalid value '%s' for the property weir.idle.close: %v", text, err)
	}
	return ms, nil
}

// waitsFor is a clause of the query for which rows wait until stream time has come so far; nil where there is none.
func waitsFor(q *ast.Query) ast.Node {
	if q.Window != nil {
		return q.Window
	}
	for from, ok := q.From.(*ast.Join); ok; from, ok = from.Left.(*ast.Join) {
		if from.Within != nil {
			return from.Within
		}
	}
	return nil
}
