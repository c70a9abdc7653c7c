package engine

import (
	"strconv"
	"strings"

	"weir/kafka"
	"weir/planner"
)

// Beginning is what is said of the query that a statement makes, beside its text: the query takes over from one that ran elsewhere. It stands in
// the command log, so that a query which has committed nothing yet begins at the same place after a restart.
type Beginning struct {
	QueryID string `json:"queryId,omitempty"` // the id that it had; empty for one of ours
	// Offsets are where it reads these partitions of its sources from.
	Offsets kafka.Offsets `json:"offsets,omitempty"`
	Paused  bool          `json:"paused,omitempty"`
	// Replay is what the query computes anew; nil for nothing.
	Replay *Replay `json:"replay,omitempty"`
}

func (b *Beginning) id() string {
	if b == nil {
		return ""
	}
	return b.QueryID
}

// tell has the planner know what is said of the query.
func (b *Beginning) tell(env *planner.Env) {
	env.QueryID, env.Replays, env.Built = b.id(), b.replay().Of, b.replay().Built
}

func (b *Beginning) paused() bool { return b != nil && b.Paused }

func (b *Beginning) replay() *Replay {
	if b == nil || b.Replay == nil {
		return &Replay{}
	}
	return b.Replay
}

// begin notes how the query of a statement begins, where that is said. One that replaces another goes on with what was said of that one.
func (e *Engine) begin(id string, b *Beginning) {
	if b != nil {
		e.begins.Store(id, b)
	}
}

// begun is where a query reads its sources from, where that was said.
func (e *Engine) begun(id string) kafka.Offsets {
	if b, ok := e.begins.Load(id); ok {
		return b.(*Beginning).Offsets
	}
	return nil
}

// numberFor is the number of the next command. It is not below the one in the id that its query brings along, so that no id of ours is
// ever the same.
func (e *Engine) numberFor(b *Beginning, next int) int {
	for _, prefix := range []string{"CSAS_", "CTAS_", "CST_", "INSERTQUERY_"} {
		if n, ok := idNumber(b.id()); ok && strings.HasPrefix(b.id(), prefix) {
			return max(next, int(n))
		}
	}
	return next
}

// idNumber is the number at the end of a query's id.
func idNumber(id string) (uint64, bool) {
	n, err := strconv.ParseUint(id[strings.LastIndexByte(id, '_')+1:], 10, 32)
	return n, err == nil && n > 0
}
