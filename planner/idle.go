package planner

import (
	"weir/parser/ast"
	"weir/settings"
)

// idleClose is weir.idle.close for a query in which something waits for stream time, in milliseconds; 0 where it is not set.
func (b *builder) idleClose(q *ast.Query) int64 {
	if !waits(q) {
		return 0
	}
	return settings.IdleClose.In(b.env.Config).Milliseconds()
}

// waits says whether a clause of the query makes rows wait until stream time has come so far.
func waits(q *ast.Query) bool {
	if q.Window != nil {
		return true
	}
	for from, ok := q.From.(*ast.Join); ok; from, ok = from.Left.(*ast.Join) {
		if from.Within != nil {
			return true
		}
	}
	return false
}
