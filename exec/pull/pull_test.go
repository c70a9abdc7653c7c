package pull

import (
	"errors"
	"testing"

	"weir/exec/task"
	"weir/fault"
	"weir/functions"
	"weir/planner/plan"
)

// A bug that an answer meets is the answer's end, and not the process's.
func TestFault(t *testing.T) {
	err := Answer(t.Context(), &plan.Lookup{Limit: -1}, &task.Topology{}, &functions.Env{}, nil, 1, nil) // of a query without stages
	if _, ok := errors.AsType[*fault.Error](err); !ok {
		t.Errorf("the error is %v, want a fault", err)
	}
}
