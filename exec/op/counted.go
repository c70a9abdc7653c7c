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
	// Reads is what the step takes from topics, and Bytes are those of the keys and values that it read there.
	Reads Reads
	Bytes int64
	// Writes is the topic that the step ends in; empty where its rows go on.
	Writes string
}

// Reads is where the rows of a step come from.
type Reads uint8

// Rows come from other steps, from the topic of a source, or from the end of another stage.
const (
	ReadsSteps Reads = iota
	ReadsSource
	ReadsBack
)

// Add sums up the rows of the same step in other tasks.
func (c *StepCounts) Add(o StepCounts) {
	c.Counts.Add(o.Counts)
	c.Made += o.Made
	c.Bytes += o.Bytes
}

// Sub takes rows away.
func (c *StepCounts) Sub(o StepCounts) {
	c.Counts.Sub(o.Counts)
	c.Made -= o.Made
	c.Bytes -= o.Bytes
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
