package functions

import (
	"fmt"
	"slices"
	"strings"

	"weir/types"
)

// StopError is an error of an aggregate whose result would be wrong from there on: the query stops.
type StopError struct{ Err error }

func (e *StopError) Error() string { return "Exception caught in process. " + e.Err.Error() }

// Unwrap is what happened.
func (e *StopError) Unwrap() error { return e.Err }

// Aggregate is a function over the rows of a group.
type Aggregate struct {
	Doc
	Overloads []AggregateOverload
}

// AggregateOverload is one signature of an aggregate.
type AggregateOverload struct {
	Sig string
	// Bind makes the aggregate for the types of its column arguments and the values of its initial ones. Params and
	// Returns are set from the signature afterwards, unless Bind has set Returns.
	Bind func(params []*types.Type, initial []types.Value) (*BoundAggregate, error)
	// Accepts refuses types that the signature's letters let through; nil takes all.
	Accepts func(params []*types.Type) bool
	// Uses are those that the signature is for; nil for all.
	Uses []Use
	// Begins are the arguments that the state computes itself beside lambdas; and Constant those arguments that may name no column.
	Begins, Constant []int
}

// Use is what is asked of an aggregate.
type Use uint8

// The uses of an aggregate.
const (
	Adding     Use = iota
	TakingBack     // over a table, whose rows change
	Merging        // in session windows, which become one
)

// nestedStates are the aggregates whose state is an ARRAY, MAP or STRUCT in ksqlDB.
var nestedStates = map[string]bool{"ATTR": true, "AVG": true, "COLLECT_LIST": true, "COLLECT_SET": true, "CORRELATION": true,
	"COUNT_DISTINCT": true, "EARLIEST_BY_OFFSET": true, "HISTOGRAM": true, "LATEST_BY_OFFSET": true, "STDDEV_SAMP": true,
	"STDDEV_SAMPLE": true, "TOPK": true, "TOPKDISTINCT": true}

// shown is the function's name in messages about its arguments, as ksqlDB writes it.
func (a *Aggregate) shown() string {
	switch a.Name {
	case "AVG", "COLLECT_LIST", "COLLECT_SET", "CORRELATION", "HISTOGRAM", "SUM_LIST":
		return strings.ToLower(a.Name)
	}
	return a.Name
}

// Resolve chooses the overload for the arguments. What stands for an initial parameter has to be a literal.
func (a *Aggregate) Resolve(args []Arg, use Use) (*BoundAggregate, error) {
	sigs := make([]string, len(a.Overloads))
	for i := range a.Overloads {
		sigs[i] = a.Overloads[i].Sig
	}
	at, m, err := choose(a.shown(), sigs, args, false, func(i int, m *match) bool {
		o := &a.Overloads[i]
		return (o.Accepts == nil || o.Accepts(m.params)) && (o.Uses == nil || slices.Contains(o.Uses, use))
	})
	if err != nil {
		return nil, err
	}
	var params []*types.Type
	var initial []types.Value
	o := &a.Overloads[at]
	deferred := o.deferred(m, args)
	for i := range args {
		if slices.ContainsFunc(deferred, func(d Deferred) bool { return d.Arg == i }) {
			continue
		}
		if !m.sig.params[m.of[i]].initial {
			params = append(params, m.params[i])
			continue
		}
		if args[i].Const == nil {
			text := fmt.Sprintf("Parameter %d passed to function %s must be a literal constant", i+1, a.Name)
			if args[i].Text != "" {
				text += fmt.Sprintf(", but was expression: '%s'", args[i].Text)
			}
			return nil, &ArgumentError{text}
		}
		v, err := convert(*args[i].Const, args[i].Type, m.params[i])
		if err != nil {
			return nil, fmt.Errorf("parameter %d of function %s: %w", i+1, a.Name, err)
		}
		initial = append(initial, v)
	}
	b, err := o.Bind(params, initial)
	if err != nil {
		return nil, fmt.Errorf("function %s: %w", a.Name, err)
	}
	b.Params, b.Deferred, b.Nested = params, deferred, nestedStates[a.Name]
	if b.Returns == nil {
		b.Returns = m.returns()
	}
	return b, nil
}

// deferred are the arguments that the state computes itself.
func (o *AggregateOverload) deferred(m *match, args []Arg) []Deferred {
	var out []Deferred
	lambdas, results := 0, m.results()
	for i := range args {
		d := Deferred{Arg: i, Constant: slices.Contains(o.Constant, i)}
		switch {
		case args[i].Lambda != nil:
			d.Params, d.Returns = m.lambda[lambdas], results[lambdas]
			lambdas++
		case slices.Contains(o.Begins, i):
			d.Returns = m.params[i]
		default:
			continue
		}
		out = append(out, d)
	}
	return out
}

func convert(v types.Value, from, to *types.Type) (types.Value, error) {
	cast, err := types.NewCaster(from, to)
	if err != nil {
		return types.NullValue, err
	}
	return cast(v)
}
