package exec

import (
	"fmt"

	"weir/exec/op"
	"weir/planner/plan"
)

// join makes the operator of a step with two inputs, and gives the ports at which their rows come in.
func (t *Task) join(n plan.Node, _ TaskOptions, _ bool, _ op.Op) (left, right op.Op, err error) {
	return nil, nil, fmt.Errorf("exec: no operator for %T", n)
}
