package op

import "weir/types"

// StepCounts are the rows of one step of a task since the task was made. They only grow, and
//
//	Read = Used + Filtered + Late + NullKey + Bad
//
// at every commit. What is used goes on or into state: a filter or a projection makes one row of each, EXPLODE as many as
// there are items, none included; a join or an aggregation as many as the rows change results.
type StepCounts struct {
	// Step is its line in EXPLAIN.
	Step string
	// Counts has the rows read, on all inputs, and those that were left out, by reason.
	Counts
	// Made are the rows that were handed to the next step.
	Made int64
}

// Used are the rows read that were not left out.
func (c *StepCounts) Used() int64 { return c.Read - c.Filtered - c.Late - c.NullKey - c.Bad }

// Counted counts the rows that come to an operator, by the batch: for it and for the step that makes them.
type Counted struct {
	op   Op
	to   *Counts
	rows int64
}

// Count puts a counter in front of an operator, or of one of its ports. to are the counts of its step.
func Count(o Op, to *Counts) *Counted { return &Counted{op: o, to: to} }

// Push counts the rows.
func (c *Counted) Push(b *types.Batch) error {
	n := int64(b.N)
	c.to.Read += n
	c.rows += n
	return c.op.Push(b)
}

// Flush passes on.
func (c *Counted) Flush() error { return c.op.Flush() }

// Rows is how many have come this way.
func (c *Counted) Rows() int64 { return c.rows }
