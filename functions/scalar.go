package functions

import (
	"strings"

	"weir/types"
)

// Scalar is a function of one row, or, in the table of table functions, one that gives rows.
type Scalar struct {
	Doc
	Overloads []Overload
	// Strict refuses arguments that several overloads could widen.
	Strict bool
	rows   bool
}

// shown is the function's name in messages about its arguments: ksqlDB writes most of them small.
func (s *Scalar) shown() string {
	switch s.Name {
	case "COALESCE", "IFNULL", "NULLIF", "ARRAY_CONTAINS", "ARRAY_JOIN", "ARRAY_LENGTH", "AS_MAP", "AS_VALUE", "ENTRIES", "GENERATE_SERIES",
		"IS_JSON_STRING", "JSON_ARRAY_CONTAINS", "JSON_ARRAY_LENGTH", "JSON_CONCAT", "JSON_ITEMS", "JSON_KEYS", "JSON_RECORDS", "TO_JSON_STRING", "UUID":
		return s.Name
	case "ABS", "CEIL", "CHR", "FLOOR", "ROUND":
		return s.Name[:1] + strings.ToLower(s.Name[1:])
	case "LPAD", "RPAD":
		return s.Name[:2] + "ad"
	}
	return strings.ToLower(s.Name)
}

// NullIn says what becomes of a NULL among the arguments.
type NullIn uint8

const (
	// Propagate: the result is NULL and the function is not called.
	Propagate NullIn = iota
	// Pass: the function sees the NULL.
	Pass
)

// Overload is one signature of a function and what computes it: Eval, or Make where the evaluator depends on types,
// constants or the environment, or keeps memory of its own.
type Overload struct {
	Sig    string
	NullIn NullIn
	Eval   Eval
	Make   func(b *Binding) Eval
	// Returns gives the result type where the signature can't say it, from the types that the arguments are converted to.
	Returns func(params []*types.Type) *types.Type
	// Check looks at the arguments when the statement is read; nil takes all. It refuses constants that can't be, and settles Returns
	// where that hangs on constants.
	Check func(b *Binding) error
	// Accepts refuses types that the signature's letters let through; nil takes all.
	Accepts func(params []*types.Type) bool
}

// Binding is what an overload was resolved to, for its Make.
type Binding struct {
	Env     *Env
	Params  []*types.Type // of the arguments that are neither lambda nor time unit
	Returns *types.Type
	Args    []Arg // all arguments as written
}

// Const is the value of argument i (of those that are neither lambda nor time unit) where it is a literal, or nil.
func (b *Binding) Const(i int) *types.Value {
	for j := range b.Args {
		if b.Args[j].Lambda != nil || b.Args[j].Unit != "" {
			continue
		}
		if i == 0 {
			return b.Args[j].Const
		}
		i--
	}
	return nil
}

// Unit is the time unit given, such as DAYS.
func (b *Binding) Unit() string {
	for _, a := range b.Args {
		if a.Unit != "" {
			return a.Unit
		}
	}
	return ""
}

// Resolve chooses the overload for the arguments: an exact fit first, then the one that widens least.
func (s *Scalar) Resolve(args []Arg) (*Bound, error) {
	sigs := make([]string, len(s.Overloads))
	for i := range s.Overloads {
		sigs[i] = s.Overloads[i].Sig
	}
	at, m, err := choose(s.shown(), sigs, args, s.Strict, func(i int, m *match) bool {
		accepts := s.Overloads[i].Accepts
		return accepts == nil || accepts(m.params)
	})
	if err != nil {
		return nil, err
	}
	o := &s.Overloads[at]
	b := &Bound{Params: m.params, LambdaParams: m.lambda, LambdaReturns: m.results(), Returns: m.returns(), Rows: s.rows}
	if o.Returns != nil {
		b.Returns = o.Returns(m.params)
	}
	if b.Returns.Kind == types.Null {
		return nil, ambiguous(s.shown(), sigs, args)
	}
	values := make([]*types.Type, 0, len(args))
	for _, t := range m.params {
		if t != nil {
			values = append(values, t)
		}
	}
	if o.Check != nil {
		binding := &Binding{Params: values, Returns: b.Returns, Args: args}
		if err := o.Check(binding); err != nil {
			return nil, err
		}
		b.Returns = binding.Returns
	}
	b.New = func(env *Env) Eval {
		eval := o.Eval
		if o.Make != nil {
			eval = o.Make(&Binding{Env: env, Params: values, Returns: b.Returns, Args: args})
		}
		if o.NullIn == Pass {
			return eval
		}
		return func(c *Call) (types.Value, error) {
			for i := range c.Args {
				if c.Args[i].IsNull() {
					return types.NullValue, nil
				}
			}
			return eval(c)
		}
	}
	return b, nil
}
