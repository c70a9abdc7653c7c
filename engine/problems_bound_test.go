package engine

import (
	"strings"
	"testing"

	"weir/exec/task"
)

// What waits for the processing log is bounded: for one query by leaving out the records, for the query of a client also by writing it.
func TestProblemsThatWait(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	bad := task.BadRecord{Topic: "s", Kind: task.DeserializationError, Message: "no", Value: []byte(strings.Repeat("x", maxProblemRecord)), LeftOut: true}
	waits, now := n.problems.of("a"), n.problems.of("b")
	for range 200 {
		waits.add(bad)
		now.addNow(t.Context(), bad)
	}
	for _, q := range []*queryProblems{waits, now} {
		if q.bytes > maxProblemBytes+1<<20 {
			t.Errorf("%s: %d bytes wait", q.query, q.bytes)
		}
	}
	if len(waits.wait) != 200 {
		t.Errorf("%d entries wait, want all 200", len(waits.wait))
	}
	if err := waits.Flush(t.Context()); err != nil || waits.bytes != 0 {
		t.Errorf("%d bytes wait on: %v", waits.bytes, err)
	}
}
