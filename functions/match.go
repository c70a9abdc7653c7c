package functions

import (
	"cmp"
	"fmt"

	"weir/types"
)

// match tries to fit arguments to a signature. A lower cost is a better fit.
type match struct {
	sig    *signature
	of     []int // of argument i: the parameter it goes to
	params []*types.Type
	lambda [][]*types.Type
	bodies []*types.Type // of lambdas
	vars   [26]*types.Type
	cost   int
	// widened says that a number is converted to a wider type.
	widened bool
	grew    bool   // a lambda gave a wider type than its letter was bound to: settle again
	bad     error  // why the body of a lambda has no type
	misfit  string // why a state can't hold what a lambda makes of it
}

// What a step away from an exact fit costs.
const (
	costWiden    = 10     // per step from INTEGER to BIGINT to DECIMAL to DOUBLE
	costAny      = 1      // a type that stands for any
	costTemporal = 1000   // a string for a date or time
	costVariadic = 100000 // a signature that takes any number of arguments
)

// fit fits the arguments to the signature, or says no; the match then tells of a lambda that was at fault, or is nil.
func fit(sig *signature, args []Arg) (*match, bool) {
	m := &match{sig: sig}
	if !m.align(len(args)) {
		return nil, false
	}
	m.params = make([]*types.Type, len(args))
	for i := range args {
		if !m.learn(m.pattern(i), &args[i], args[i].Type) {
			return nil, false
		}
	}
	learned := m.cost
	for range maxSettle {
		m.cost, m.lambda, m.bodies, m.grew = learned, nil, nil, false
		for i := range args {
			if !m.settle(i, &args[i]) {
				return m, false
			}
		}
		if !m.grew {
			return m, true
		}
	}
	return nil, false
}

// maxSettle bounds how often a lambda may widen what was settled before it: the steps from INTEGER to DOUBLE, and one.
const maxSettle = 5

func (m *match) pattern(arg int) *pattern { return m.sig.params[m.of[arg]].typ }

// align says which parameter each of n arguments goes to. Initial parameters are not variadic unless they come last.
func (m *match) align(n int) bool {
	params := m.sig.params
	at := -1
	for i, p := range params {
		if p.variadic {
			at = i
		}
	}
	extra := n - len(params)
	if at < 0 && extra != 0 || extra < -1 {
		return false
	}
	for i := range params {
		if i != at {
			m.of = append(m.of, i)
			continue
		}
		m.cost += costVariadic
		for range extra + 1 {
			m.of = append(m.of, i)
		}
	}
	return true
}

// learn binds the letters of a pattern to the types of the argument, widening what was bound before.
func (m *match) learn(p *pattern, arg *Arg, t *types.Type) bool {
	switch p.kind {
	case lambdaOf:
		return arg.Lambda != nil && arg.Arity == len(p.parts)-1
	case timeUnit:
		return arg.Unit != ""
	}
	if arg.Lambda != nil || arg.Unit != "" || t == nil {
		return false
	}
	if t.Kind == types.Null {
		return true
	}
	switch p.kind {
	case anyType:
		v := &m.vars[p.letter-'A']
		m.cost += costAny
		if *v == nil {
			*v = t
			return true
		}
		wide := widest(*v, t)
		if wide == nil && arg.Const != nil && t.Kind == types.String && (*v).Kind.Temporal() {
			return true
		}
		if wide != nil && !wide.Equal(t) {
			m.cost += costWiden
		}
		if wide != nil {
			*v = wide
		}
		return wide != nil
	case anyDecimal:
		return t.AsDecimal() != nil
	case arrayOf:
		return t.Kind == types.Array && m.learn(p.parts[0], &Arg{}, t.Elem)
	case mapOf:
		return t.Kind == types.Map && m.learn(p.parts[0], &Arg{}, t.Key) && m.learn(p.parts[1], &Arg{}, t.Elem)
	case structOf:
		return t.Kind == types.Struct
	case eachOwn:
		m.cost += costAny
	}
	return true
}

// widest is types.Widest that also looks into ARRAY and MAP.
func widest(a, b *types.Type) *types.Type {
	if a.Kind == b.Kind {
		switch a.Kind {
		case types.Array:
			if elem := widest(a.Elem, b.Elem); elem != nil {
				return types.TArray(elem)
			}
			return nil
		case types.Map:
			key, elem := widest(a.Key, b.Key), widest(a.Elem, b.Elem)
			if key != nil && elem != nil {
				return types.TMap(key, elem)
			}
			return nil
		}
	}
	return types.Widest(a, b)
}

// settle decides what argument i is converted to, after all letters are bound as far as values bind them.
func (m *match) settle(i int, arg *Arg) bool {
	p := m.pattern(i)
	switch p.kind {
	case timeUnit:
		return true
	case lambdaOf:
		return m.settleLambda(p, arg)
	}
	want := m.fill(p, arg.Type)
	m.params[i] = want
	if arg.Type.Kind == types.Null || want.Equal(arg.Type) {
		return true
	}
	steps := widening(arg.Type, want)
	switch {
	case steps > 0:
		m.cost += steps * costWiden
		m.widened = true
		return true
	case p.kind == arrayOf || p.kind == mapOf:
		w := widest(arg.Type, want)
		m.cost += costWiden
		return w != nil && w.Equal(want)
	case p.kind == anyType && want.Kind.Nested(): // a lambda has widened the state that begins so
		w := stateType(arg.Type, want)
		m.cost += costWiden
		return w != nil && w.Equal(want)
	}
	if arg.Type.Kind != types.String || !want.Kind.Temporal() || arg.Const == nil && p.kind != plainType {
		return false
	}
	m.cost += costTemporal
	if arg.Const != nil {
		_, err := castString(arg.Const.Str(), want)
		return err == nil
	}
	return true
}

func castString(s string, to *types.Type) (types.Value, error) {
	cast, err := types.NewCaster(types.TString, to)
	if err != nil {
		return types.NullValue, err
	}
	return cast(types.StringValue(s))
}

// widening is the number of steps from one numeric type to a wider one, 0 where there is no way.
func widening(from, to *types.Type) int {
	w := types.Widest(from, to)
	if w == nil || !w.Equal(to) || !from.Kind.Numeric() {
		return 0
	}
	return max(1, int(to.Kind)-int(from.Kind))
}

func (m *match) settleLambda(p *pattern, arg *Arg) bool {
	last := len(p.parts) - 1
	params := make([]*types.Type, last)
	for j, part := range p.parts[:last] {
		params[j] = m.fill(part, types.TNull)
	}
	body, err := arg.Lambda(params)
	if err != nil {
		m.bad = err
		return false
	}
	m.lambda, m.bodies = append(m.lambda, params), append(m.bodies, body)
	result := p.parts[last]
	if result.kind == anyType {
		return m.settleState(&m.vars[result.letter-'A'], body, arg)
	}
	want := m.fill(result, body)
	return body.Kind == types.Null || want.Equal(body)
}

// settleState widens a state until it holds what a lambda makes of it. A letter that nothing else binds is what the lambda gives.
func (m *match) settleState(state **types.Type, body *types.Type, arg *Arg) bool {
	was := *state
	if was == nil || was.Kind == types.Null {
		m.grew = m.grew || was != nil && body.Kind != types.Null
		*state = body
		return true
	}
	wide := stateType(was, body)
	if wide == nil {
		m.misfit = fmt.Sprintf("%s gives %s, but the state is %s, as it begins: write CAST(... AS %s) in the lambda, or begin with another type.",
			cmp.Or(arg.Text, "The lambda"), describeType(body), describeType(was), describeType(was))
		return false
	}
	if !wide.Equal(was) {
		*state, m.grew = wide, true
	}
	return true
}

// stateType is the type of a state that has been of one type, and of which a lambda makes another; nil where none holds both. Arithmetic adds
// digits to a DECIMAL each time, so one that has to grow takes all there are.
func stateType(was, body *types.Type) *types.Type {
	if was.Kind != body.Kind {
		return types.Widest(was, body)
	}
	switch was.Kind {
	case types.Array:
		if elem := stateType(was.Elem, body.Elem); elem != nil {
			return types.TArray(elem)
		}
		return nil
	case types.Map:
		key, elem := stateType(was.Key, body.Key), stateType(was.Elem, body.Elem)
		if key == nil || elem == nil {
			return nil
		}
		return types.TMap(key, elem)
	case types.Struct:
		return stateStruct(was, body)
	case types.Decimal:
		if wide := types.Widest(was, body); !wide.Equal(was) {
			return types.TDecimal(types.MaxPrecision, wide.Scale)
		}
		return was
	default:
		return types.Widest(was, body)
	}
}

func stateStruct(was, body *types.Type) *types.Type {
	if len(was.Fields) != len(body.Fields) {
		return nil
	}
	fields := make([]types.Field, len(was.Fields))
	for i, f := range was.Fields {
		at := body.FieldIndex(f.Name)
		if at < 0 {
			return nil
		}
		t := stateType(f.Type, body.Fields[at].Type)
		if t == nil {
			return nil
		}
		fields[i] = types.Field{Name: f.Name, Type: t}
	}
	return types.TStruct(fields...)
}

// results are what the results of the lambdas are to be converted to.
func (m *match) results() []*types.Type {
	var out []*types.Type
	for i := range m.of {
		if p := m.pattern(i); p.kind == lambdaOf {
			out = append(out, m.fill(p.parts[len(p.parts)-1], m.bodies[len(out)]))
		}
	}
	return out
}

// fill is the type that a pattern has come to mean; given is the type of what stands there.
func (m *match) fill(p *pattern, given *types.Type) *types.Type {
	switch p.kind {
	case plainType:
		return p.exact
	case anyType:
		if t := m.vars[p.letter-'A']; t != nil {
			return t
		}
		return types.TNull
	case anyDecimal:
		if d := given.AsDecimal(); d != nil {
			return d
		}
		return types.TNull
	case arrayOf:
		var inner = types.TNull
		if given.Kind == types.Array {
			inner = given.Elem
		}
		return types.TArray(m.fill(p.parts[0], inner))
	case mapOf:
		key, elem := types.TNull, types.TNull
		if given.Kind == types.Map {
			key, elem = given.Key, given.Elem
		}
		return types.TMap(m.fill(p.parts[0], key), m.fill(p.parts[1], elem))
	}
	return given
}

// returns is the result type; DECIMAL in it is the first DECIMAL among the parameters.
func (m *match) returns() *types.Type {
	given := types.TNull
	for i := range m.of {
		if k := m.pattern(i).kind; (k == anyDecimal || k == structOf) && m.params[i].Kind != types.Null {
			given = m.params[i]
			break
		}
	}
	if t := m.fill(m.sig.returns, given); t.Kind != types.Null || m.sig.returns.kind != anyDecimal {
		return t
	}
	return types.TDecimal(types.MaxPrecision, 0)
}
