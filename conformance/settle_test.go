package conformance

import (
	"context"
	"fmt"

	"weir/engine"
	"weir/planner/plan"
)

// settle waits until every running query has read all that there is and has committed what came of it, and ends the waiting of
// rows in joins. With EMIT FINAL, which that would alter, it waits alone.
func (w *engineWay) settle(ctx context.Context) error {
	final := false
	for _, q := range w.engine.Queries() {
		if q.Kind == plan.Persistent && q.State == engine.Failed {
			return fmt.Errorf("query %s failed: %s", q.ID, q.Error)
		}
		final = final || isFinal(q.SQL)
	}
	if final {
		return w.engine.Settle(ctx)
	}
	return w.engine.Drain(ctx)
}
