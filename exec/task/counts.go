package task

import (
	"weir/exec/op"
	"weir/planner/plan"
)

// counting is a step of a task with its counters.
type counting struct {
	op.StepCounts
	next *op.Counted // where its rows go; nil at an end, which makes a record of each row that it uses
}

// count begins the counters of a step, as EXPLAIN lists it, and gives its operators a host of their own that counts there.
func (t *Task) count(step string, next op.Op) (*op.Host, *counting) {
	c := &counting{StepCounts: op.StepCounts{Step: step}}
	c.next, _ = next.(*op.Counted)
	t.steps = append(t.steps, c)
	h := *t.host
	h.Counts = &c.Counts
	return &h, c
}

// Steps are the counters of all steps, as EXPLAIN lists them: the end first, then what it is made from, each input's records
// last. A record that waits for another input is not yet read: it counts once the position of its input is behind it.
func (t *Task) Steps() []op.StepCounts {
	out := make([]op.StepCounts, len(t.steps))
	for i, c := range t.steps {
		out[i] = c.StepCounts
		switch out[i].Made = out[i].Used(); {
		case c.next != nil:
			out[i].Made = c.next.Rows()
		case t.repart != nil && i == 0:
			out[i].Made = t.repart.sent
		}
	}
	return out
}

// Counts are the records that the task has read, and what was left out of them at any step.
func (t *Task) Counts() op.Counts {
	var all op.Counts
	for _, c := range t.steps {
		all.Add(c.Counts)
	}
	all.Read = 0
	for _, in := range t.inputs {
		all.Read += in.counts.Read
	}
	return all
}

// InOrder puts the steps of all stages in the order of EXPLAIN: behind a repartition that is read back comes the stage that it ends.
func (t *Topology) InOrder(stages [][]op.StepCounts) []op.StepCounts {
	var out []op.StepCounts
	var down func(stage int)
	down = func(stage int) {
		before := func(input int) {
			for _, s := range t.Stages[:stage] {
				if s.To == stage && s.ToInput == input {
					down(s.Index)
				}
			}
		}
		input := 0
		for _, c := range stages[stage] {
			if out = append(out, c); c.Reads != op.ReadsSteps {
				before(input)
				input++
			}
		}
		for ; input < len(t.Stages[stage].Inputs); input++ { // of a stage that has not had a task here
			before(input)
		}
	}
	if n := len(t.Stages); n > 0 {
		down(n - 1)
	}
	return out
}

// inputStep is what EXPLAIN calls an input.
func inputStep(n plan.Node) string {
	if IsRepartition(n) {
		return "Read back: " + plan.Describe(n)
	}
	return plan.Describe(n)
}
