// Package functions holds the scalar, aggregate and table functions of the dialect: one literal registry, in which an
// entry is a signature, its meaning, examples that a test runs, and the Go that computes it.
package functions

import (
	"time"

	"weir/types"
)

// Category groups functions in SHOW FUNCTIONS and in the documentation.
type Category string

// The categories, named as ksqlDB names them; those of WebFn it does not have.
const (
	ArrayFn       Category = "ARRAY"
	MapFn         Category = "MAP"
	LambdaFn      Category = "LAMBDA"
	ConditionalFn Category = "CONDITIONAL"
	ConversionFn  Category = "CONVERSIONS"
	DateTimeFn    Category = "DATE / TIME"
	JSONFn        Category = "JSON"
	MathFn        Category = "MATHEMATICAL"
	RegexFn       Category = "REGULAR EXPRESSION"
	StringFn      Category = "STRING"
	URLFn         Category = "URL"
	WebFn         Category = "WEB"
	OtherFn       Category = "OTHER"
	AggregateFn   Category = "AGGREGATE"
	TableFn       Category = "TABLE"
	// UserFn are those that CREATE FUNCTION makes.
	UserFn Category = "USER"
)

// Example is a call with constant arguments and what it gives, both as SQL text: {"LEN('abc')", "3"}. Examples of
// aggregates and table functions list the input rows' arguments in braces: {"{1, 2, 3}", "6"}.
type Example struct{ Call, Result string }

// Doc is what an entry says of itself.
type Doc struct {
	Name        string // upper case
	Category    Category
	Description string
	Examples    []Example
}

// Env is what a function may use of the world; nothing else is reached from inside one.
type Env struct {
	Now    func() time.Time
	Config map[string]string // settings in force
	// Done is closed when the query is ended: what is being computed then is given up. Nil where nothing ends it.
	Done <-chan struct{}
	// Exceeded takes the first error of a row that asks for more than a limit allows, where that ends the query. May be nil.
	Exceeded func(error)
}

// Interrupted says whether the query was ended: what its expressions give from then on counts for nothing.
func (e *Env) Interrupted() bool {
	if e == nil || e.Done == nil {
		return false
	}
	select {
	case <-e.Done:
		return true
	default:
		return false
	}
}

// config is nil where there is no world: where examples run, and types are found.
func (e *Env) config() map[string]string {
	if e == nil {
		return nil
	}
	return e.Config
}

// Arg is an argument as the planner sees it: its type, its value where it is a literal, or a lambda.
type Arg struct {
	Type  *types.Type
	Const *types.Value // nil unless the argument is a literal
	// Lambda gives the type of the lambda's body for parameters of these types; nil for other arguments.
	Lambda func(params []*types.Type) (*types.Type, error)
	Arity  int    // parameters of the lambda
	Unit   string // a time unit keyword given as argument, such as DAYS; empty for other arguments
	Text   string // the argument as written, for errors; may be empty
}

// Lambda is a compiled lambda at run time. The slice it is given is not kept. An error in it is the function's own.
type Lambda func(args []types.Value) (types.Value, error)

// Call is one function call at run time: the values of the arguments that are neither lambda nor time unit, in order, and
// the lambdas in order. A Call is reused from row to row.
type Call struct {
	Args    []types.Value
	Lambdas []Lambda
	// Meter is asked before memory is taken that the arguments don't bound, and within loops; what a function returns is counted by whoever
	// calls it.
	Meter *Meter
}

// Eval computes a function for one row. An error makes the result NULL and is reported to the processing log.
type Eval func(c *Call) (types.Value, error)

// Bound is a function chosen for the types of its arguments.
type Bound struct {
	// Params are the types that the arguments are to be converted to, one per argument, nil for lambdas and time units.
	Params []*types.Type
	// LambdaParams are the parameter types per lambda, and LambdaReturns what their results are to be converted to.
	LambdaParams  [][]*types.Type
	LambdaReturns []*types.Type
	Returns       *types.Type
	// New makes the evaluator; each task makes its own, so it may keep scratch memory.
	New func(env *Env) Eval
	// Rows is set for a table function: the Eval returns an ARRAY whose items become rows of this type.
	Rows bool
}

// BoundAggregate is an aggregate chosen for the types of its arguments. Exactly one of Words and Object is set.
type BoundAggregate struct {
	Params  []*types.Type // types that the column arguments are to be converted to; initial arguments are left out
	Returns *types.Type
	Words   *WordAggregate
	Object  func(s *Site) Object
	// Deferred are the arguments that the state computes itself, by the Lambdas of its Site, in their order.
	Deferred []Deferred
	// Nested says that the state is an ARRAY, MAP or STRUCT in ksqlDB, which not every format can keep.
	Nested bool
	// CanUndo says that a row can be taken back, which aggregation over a table needs.
	CanUndo bool
	// NoMerge says that two states can't be made one, which session windows need.
	NoMerge bool
	// Hint says what to write where rows would have to be taken back, or states merged, and can't be. May be empty.
	Hint string
	// ByTime asks for the row's event time behind the other arguments.
	ByTime bool
	// Exact says that merging partial results in any order gives what adding the rows would have given.
	Exact bool
	// Version is that of the state: it is raised when an aggregate keeps it otherwise.
	Version int
}

// Deferred is an argument of an aggregate that is computed when its state asks for it: a lambda, or what a state begins with, which is then a
// lambda without parameters.
type Deferred struct {
	Arg     int // which argument
	Params  []*types.Type
	Returns *types.Type // what its result is to be converted to
	// Constant says that it names no column: there may be no row when it is computed.
	Constant bool
}

// Site is where the states of an aggregate are: one for each aggregate of a task.
type Site struct {
	Env     *Env
	Lambdas []Lambda // of what is Deferred
	Meter   *Meter   // of the row that is taken in
	pair    [2]types.Value
}

// WordAggregate keeps its state in Size machine words without pointers, all zero to begin with: the cheap kind.
type WordAggregate struct {
	Size   int
	Add    func(w []uint64, args []types.Value, seq int64) error
	Undo   func(w []uint64, args []types.Value) error // nil where rows can't be taken back
	Merge  func(w, other []uint64)
	Result func(w []uint64) types.Value
	// Fits says why there is no result. Add says so, too, and has taken the row in; Merge can't. Nil where there always is one.
	Fits func(w []uint64) error
}

// Object is the state of an aggregate that needs memory of its own: lists, text, decimals.
type Object interface {
	// Add takes one row; seq grows from row to row. Whatever is kept of args is cloned.
	Add(args []types.Value, seq int64) error
	// Undo takes one row back.
	Undo(args []types.Value) error
	// Merge takes in another state of the same aggregate, which is not used afterwards.
	Merge(other Object) error
	// Bytes is about how much memory the state takes.
	Bytes() int
	// Result may share memory with the state: it is used before the next Add.
	Result() types.Value
	// Append encodes the state; Decode reads it back from exactly those bytes into an empty state.
	Append(dst []byte) []byte
	Decode(src []byte) error
}
