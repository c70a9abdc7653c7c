// Package op holds the operators: each takes batches of rows and hands batches on. An operator belongs to one task.
package op

import (
	"errors"

	"weir/exec/eval"
	"weir/functions"
	"weir/types"
)

// Host is what a task offers to its operators.
type Host struct {
	Env *functions.Env
	// Coalesce says that a table's changes are held back until Flush, and only the last of a key is handed on.
	Coalesce bool
	// Report takes a row that was left out, or a value that could not be computed. May be nil.
	Report func(Problem)
	Counts *Counts
	// Late takes the rows that come too late for a window; nil where they go nowhere.
	Late *LateStream
}

// Counts are rows by what became of them: see StepCounts for how they balance.
// Of those used, some are counted apart: Behind came behind rows that were to come after them and had waited long enough, and Foreign were
// written by others into a topic that a query of ours writes.
type Counts struct{ Read, Filtered, Late, NullKey, Bad, Errors, Behind, Foreign int64 }

// Reason says why a row is reported.
type Reason string

// The reasons.
const (
	Failed  Reason = "expression failed"
	Late    Reason = "late record"
	NullKey Reason = "null key"
	// Unwritten is a row that could not be written, and is left out.
	Unwritten Reason = "row left out"
)

// Problem is an entry for the processing log.
type Problem struct {
	Reason   Reason
	Operator string
	Message  string
	Row      types.Meta
}

func (h *Host) report(p Problem) {
	if h.Report != nil {
		h.Report(p)
	}
}

// failed counts and reports an expression that could not be computed, and clears the fault.
func (h *Host) failed(c *eval.Ctx, operator string, m *types.Meta) {
	h.Counts.Errors++
	h.report(Problem{Failed, operator, c.Err.Error(), *m})
	c.Err = nil
}

// refused logs an aggregate that could not take a row, unless the query has to stop for it.
func (h *Host) refused(err error, m *types.Meta) error {
	if err == nil {
		return nil
	}
	var stop *functions.StopError
	if errors.As(err, &stop) {
		return stop
	}
	h.Counts.Errors++
	h.report(Problem{Failed, "aggregate", err.Error(), *m})
	return nil
}

func (h *Host) compiler() *eval.Compiler { return &eval.Compiler{Env: h.Env} }

// Add sums up.
func (c *Counts) Add(o Counts) {
	c.Read += o.Read
	c.Filtered += o.Filtered
	c.Late += o.Late
	c.NullKey += o.NullKey
	c.Bad += o.Bad
	c.Errors += o.Errors
	c.Behind += o.Behind
	c.Foreign += o.Foreign
}

// Sub takes counts away.
func (c *Counts) Sub(o Counts) {
	c.Read -= o.Read
	c.Filtered -= o.Filtered
	c.Late -= o.Late
	c.NullKey -= o.NullKey
	c.Bad -= o.Bad
	c.Errors -= o.Errors
	c.Behind -= o.Behind
	c.Foreign -= o.Foreign
}
