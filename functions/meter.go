package functions

import (
	"errors"
	"fmt"
	"math"

	"weir/settings"
	"weir/types"
)

// Limits bound what the expressions of one row may take.
type Limits struct {
	Value int   // bytes of one value
	Row   int   // bytes of all values of a row, with those that they are made of
	Steps int64 // calls, and pieces of memory gone through
}

// Limits are those in force.
func (e *Env) Limits() Limits {
	c := e.config()
	return Limits{int(settings.MaxValueBytes.In(c)), int(settings.MaxRowBytes.In(c)), settings.MaxRowSteps.In(c)}
}

// LimitError is an error of a row that asks for more than a setting allows.
type LimitError struct {
	Setting string
	What    string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s; the setting %s bounds it", e.What, e.Setting)
}

// QueryBytes is how much memory the state of a query of a client may take.
func (e *Env) QueryBytes() int64 { return settings.MaxQueryBytes.In(e.config()) }

// QueryLimit is the error of a query of a client that takes more than QueryBytes.
func QueryLimit(what string, most int64) *LimitError {
	return &LimitError{settings.MaxQueryBytes.About().Name, fmt.Sprintf("%s would take more than %d bytes", what, most)}
}

// CommitLimit is the error of a query that makes more between two commits than there may be.
func CommitLimit(what string, most int64) *LimitError {
	return &LimitError{settings.MaxCommitBytes.About().Name, fmt.Sprintf("%s would take more than %d bytes", what, most)}
}

// ErrInterrupted is the error of an expression whose query is ended meanwhile. What was computed since counts for nothing.
var ErrInterrupted = errors.New("the query was ended while it computed a row")

// valueBytes is what a Value takes, without what it points to.
const valueBytes = 24

// stepBytes is how many bytes are gone through in a step.
const stepBytes = 64

// lookSteps is after how many steps a Meter looks whether the query has ended: some ten microseconds, unless strings are long.
const lookSteps = 1 << 8

// Meter counts what the expressions of a row take, and holds them to the limits. One task owns it. A nil Meter allows everything.
type Meter struct {
	limits Limits
	env    *Env
	bytes  int   // that the row holds by now
	steps  int64 // since the row began
	look   int64 // the steps at which the next thing has to be looked at: the query's end, or the limit
	ended  bool
}

// NewMeter is a Meter for a task of the query.
func NewMeter(env *Env) *Meter {
	m := &Meter{limits: env.Limits(), env: env}
	m.Begin()
	return m
}

// Begin begins with another row.
func (m *Meter) Begin() { m.bytes, m.steps, m.look = 0, 0, min(lookSteps, m.limits.Steps) }

// Held is how many bytes the row holds by now.
func (m *Meter) Held() int {
	if m == nil {
		return 0
	}
	return m.bytes
}

// Release goes back to what was held: what was taken since is garbage.
func (m *Meter) Release(held int) {
	if m != nil {
		m.bytes = held
	}
}

// Step counts steps, and says whether the row may take more of them.
func (m *Meter) Step(n int) error {
	if m == nil {
		return nil
	}
	if m.steps += int64(n); m.steps < m.look {
		return nil
	}
	return m.check()
}

// Read is Step for bytes, or for items of a collection as so many.
func (m *Meter) Read(bytes int) error { return m.Step(bytes / stepBytes) }

func (m *Meter) check() error {
	if m.ended || m.env.Interrupted() {
		m.ended = true
		return ErrInterrupted
	}
	if m.steps > m.limits.Steps {
		return m.exceeded(settings.MaxRowSteps, "the row takes more than %d steps", m.limits.Steps)
	}
	m.look = min(m.steps+lookSteps, m.limits.Steps+1)
	return nil
}

// Take asks for the memory of a value, before it is taken.
func (m *Meter) Take(bytes int) error {
	if m == nil {
		return nil
	}
	if bytes < 0 || bytes > m.limits.Value {
		return m.exceeded(settings.MaxValueBytes, "a value would take more than %d bytes", m.limits.Value)
	}
	return m.Hold(bytes)
}

// Fits says whether a value may be so large, without taking its memory.
func (m *Meter) Fits(bytes int) error {
	if m != nil && bytes > m.limits.Value {
		return m.exceeded(settings.MaxValueBytes, "a value would take more than %d bytes", m.limits.Value)
	}
	return m.Step(1)
}

// Hold asks for memory that is no value by itself.
func (m *Meter) Hold(bytes int) error {
	if m == nil {
		return nil
	}
	if m.bytes += bytes; bytes < 0 || m.bytes > m.limits.Row {
		return m.exceeded(settings.MaxRowBytes, "the values of the row would take more than %d bytes", m.limits.Row)
	}
	return m.Read(bytes)
}

// Copies is Hold for so many copies of a row.
func (m *Meter) Copies(row []types.Value, n int) error {
	size := types.SizeOf(row, m.limits.Row)
	if size > m.limits.Row/n {
		return m.exceeded(settings.MaxRowBytes, "the values of the row in all its windows would take more than %d bytes", m.limits.Row)
	}
	return nil
}

// Items is Take for so many items of a collection, without what they point to.
func (m *Meter) Items(n int) error {
	if n < 0 || n > math.MaxInt/valueBytes {
		n = math.MaxInt / valueBytes
	}
	return m.Take(n * valueBytes)
}

// entryBytes is about what an entry of a set or an index takes beside its key.
const entryBytes = 96

// Ended looks whether the query has been ended: for what takes long in one step.
func (m *Meter) Ended() error {
	if m != nil && (m.ended || m.env.Interrupted()) {
		m.ended = true
		return ErrInterrupted
	}
	return nil
}

// Made accounts for a value that an expression has come to: of what was taken since held was, it is all that is left.
func (m *Meter) Made(held int, v types.Value) error {
	if m == nil {
		return nil
	}
	m.bytes = held
	switch v.Kind() {
	case types.String, types.Bytes:
		return m.Take(v.Len())
	case types.Array, types.Map, types.Struct:
		return m.Take(v.Size(m.limits.Value))
	default: // in the Value itself, or not larger than its type
		return nil
	}
}

func (m *Meter) exceeded(s settings.Setting, format string, limit any) error {
	return m.env.exceeded(s, format, limit)
}

func (e *Env) exceeded(s settings.Setting, format string, limit any) error {
	err := &LimitError{s.About().Name, fmt.Sprintf(format, limit)}
	if e != nil && e.Exceeded != nil {
		e.Exceeded(err)
	}
	return err
}
