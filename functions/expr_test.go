package functions

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"text/scanner"
	"time"

	"weir/types"
)

// A small reader of the expressions that examples are written in: literals, constructors, calls, lambdas, + and
// comparisons. It resolves functions as the planner does.

type node struct {
	op     string // literal, name, lambda, columns, ARRAY, MAP, STRUCT, +, <, ..., or the name of a function
	text   string
	val    types.Value
	typ    *types.Type
	args   []*node
	params []string
}

type exprReader struct {
	t *testing.T
	s scanner.Scanner
}

func readExpr(t *testing.T, text string) *node {
	t.Helper()
	r := &exprReader{t: t}
	r.s.Init(strings.NewReader(text))
	r.s.Mode = scanner.ScanIdents | scanner.ScanInts | scanner.ScanFloats
	r.s.Error = func(*scanner.Scanner, string) {}
	n := r.expr()
	if r.s.Peek() != scanner.EOF && r.s.Scan() != scanner.EOF {
		t.Fatalf("%s: unexpected %q", text, r.s.TokenText())
	}
	return n
}

func (r *exprReader) peek() rune {
	for strings.ContainsRune(" \n", r.s.Peek()) {
		r.s.Next()
	}
	return r.s.Peek()
}

func (r *exprReader) want(c rune) {
	if r.peek() != c {
		r.t.Fatalf("want %q at %v, got %q", c, r.s.Pos(), r.s.Peek())
	}
	r.s.Next()
}

func (r *exprReader) take(c rune) bool {
	if r.peek() != c {
		return false
	}
	r.s.Next()
	return true
}

func (r *exprReader) expr() *node {
	left := r.primary()
	for {
		switch c := r.peek(); c {
		case '+', '<', '>', '-':
			r.s.Next()
			if c == '-' && r.take('>') {
				r.s.Scan()
				left = &node{op: "->", text: r.s.TokenText(), args: []*node{left}}
				continue
			}
			return &node{op: string(c), args: []*node{left, r.primary()}}
		}
		return left
	}
}

func (r *exprReader) list(end rune) []*node {
	var out []*node
	for !r.take(end) {
		out = append(out, r.expr())
		if r.take(':') {
			r.want('=')
			out = append(out, r.expr())
		}
		r.take(',')
	}
	return out
}

func (r *exprReader) quoted() string {
	var b strings.Builder
	r.want('\'')
	for {
		c := r.s.Next()
		if c == '\'' && r.s.Peek() != '\'' {
			return b.String()
		}
		if c == '\'' {
			r.s.Next()
		}
		b.WriteRune(c)
	}
}

func (r *exprReader) primary() *node {
	switch r.peek() {
	case '\'':
		return &node{op: "literal", typ: types.TString, val: types.StringValue(r.quoted())}
	case '{':
		r.s.Next()
		return &node{op: "columns", args: r.list('}')}
	case '(':
		r.s.Next()
		args := r.list(')')
		r.want('=')
		r.want('>')
		return r.lambda(args)
	case '-':
		r.s.Next()
		n := r.primary()
		zero := types.DecimalValue(0, 0)
		switch n.typ.Kind {
		case types.Decimal:
			n.val = types.SubDecimal(zero, n.val)
		case types.Double:
			n.val = types.DoubleValue(-n.val.Double())
		default:
			n.val = types.NumberValue(n.typ.Kind, -n.val.Int())
		}
		return n
	}
	tok := r.s.Scan()
	text := r.s.TokenText()
	if tok == scanner.Int || tok == scanner.Float {
		return number(r.t, text)
	}
	switch up := strings.ToUpper(text); {
	case up == "NULL":
		return &node{op: "literal", typ: types.TNull}
	case up == "TRUE" || up == "FALSE":
		return &node{op: "literal", typ: types.TBoolean, val: types.BoolValue(up == "TRUE")}
	case (up == "DATE" || up == "TIME" || up == "TIMESTAMP") && r.peek() == '\'':
		typ := plainTypes[up]
		v, err := castString(r.quoted(), typ)
		if err != nil {
			r.t.Fatal(err)
		}
		return &node{op: "literal", typ: typ, val: v}
	case up == "ARRAY":
		r.want('[')
		return &node{op: up, args: r.list(']')}
	case up == "CAST":
		r.want('(')
		n := r.expr()
		r.s.Scan()
		r.s.Scan()
		typ := plainTypes[r.s.TokenText()]
		r.want(')')
		v, err := convert(n.val, n.typ, typ)
		if err != nil {
			r.t.Fatal(err)
		}
		return &node{op: "literal", typ: typ, val: v}
	case r.peek() == '(':
		r.s.Next()
		return &node{op: up, args: r.list(')')}
	case r.peek() == '=':
		r.s.Next()
		r.want('>')
		return r.lambda([]*node{{op: "name", text: text}})
	}
	return &node{op: "name", text: text}
}

func (r *exprReader) lambda(params []*node) *node {
	n := &node{op: "lambda"}
	for _, p := range params {
		n.params = append(n.params, p.text)
	}
	n.args = []*node{r.expr()}
	return n
}

func number(t *testing.T, text string) *node {
	if strings.ContainsAny(text, "eE") {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		return &node{op: "literal", typ: types.TDouble, val: types.DoubleValue(f)}
	}
	d, err := types.ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	if d.Scale() > 0 {
		return &node{op: "literal", typ: types.TDecimal(max(types.Precision(d), d.Scale()+1), d.Scale()), val: d}
	}
	if n := d; n.AsDouble() > 1<<31-1 {
		num, _ := n.Unscaled()
		return &node{op: "literal", typ: types.TBigint, val: types.BigintValue(num)}
	}
	num, _ := d.Unscaled()
	return &node{op: "literal", typ: types.TInteger, val: types.IntValue(int32(num))}
}

var testEnv = &Env{Now: func() time.Time { return time.UnixMilli(1_600_000_000_000) }}

type scope map[string]types.Value

type compiled struct {
	typ  *types.Type
	eval func(scope) (types.Value, error)
}

var standard = Standard()

// compile resolves an expression whose names have the types given.
func compile(n *node, names map[string]*types.Type) (compiled, error) {
	switch n.op {
	case "literal":
		return compiled{n.typ, func(scope) (types.Value, error) { return n.val, nil }}, nil
	case "name":
		t := names[n.text]
		if t == nil {
			return compiled{}, fmt.Errorf("unknown name %s", n.text)
		}
		return compiled{t, func(s scope) (types.Value, error) { return s[n.text], nil }}, nil
	case "->":
		c, err := compile(n.args[0], names)
		if err != nil {
			return c, err
		}
		at := c.typ.FieldIndex(n.text)
		if at < 0 {
			return compiled{}, fmt.Errorf("no field %s in %s", n.text, c.typ)
		}
		return compiled{c.typ.Fields[at].Type, func(s scope) (types.Value, error) {
			v, err := c.eval(s)
			if err != nil || v.IsNull() {
				return types.NullValue, err
			}
			return v.Items()[at], nil
		}}, nil
	case "ARRAY", "MAP", "STRUCT", "+", "-", "<", ">":
		return construct(n, names)
	}
	fn := standard.Scalar(n.op)
	if fn == nil {
		fn = standard.Table(n.op)
	}
	if fn == nil {
		return compiled{}, fmt.Errorf("unknown function %s", n.op)
	}
	args := make([]Arg, len(n.args))
	parts := make([]compiled, len(n.args))
	for i, a := range n.args {
		switch {
		case a.op == "lambda":
			args[i] = lambdaArg(a, names)
		case a.op == "name" && names[a.text] == nil:
			args[i].Unit = a.text
		default:
			c, err := compile(a, names)
			if err != nil {
				return compiled{}, err
			}
			parts[i], args[i].Type = c, c.typ
			if a.op == "literal" {
				args[i].Const = &a.val
			}
		}
	}
	b, err := fn.Resolve(args)
	if err != nil {
		return compiled{}, err
	}
	eval := b.New(testEnv)
	return compiled{b.Returns, func(s scope) (types.Value, error) {
		call := &Call{Meter: NewMeter(nil)}
		lambda := 0
		for i, a := range n.args {
			switch {
			case a.op == "lambda":
				c, err := compile(a.args[0], bindNames(names, a.params, b.LambdaParams[lambda]))
				if err != nil {
					return types.NullValue, err
				}
				lambda++
				call.Lambdas = append(call.Lambdas, func(vals []types.Value) (types.Value, error) {
					inner := scope{}
					for k, v := range s {
						inner[k] = v
					}
					for j, p := range a.params {
						inner[p] = vals[j]
					}
					return c.eval(inner)
				})
			case args[i].Unit != "":
			default:
				v, err := parts[i].eval(s)
				if err != nil {
					return types.NullValue, err
				}
				if v, err = convert(v, parts[i].typ, b.Params[i]); err != nil {
					return types.NullValue, err
				}
				call.Args = append(call.Args, v)
			}
		}
		return eval(call)
	}}, nil
}

func lambdaArg(a *node, names map[string]*types.Type) Arg {
	return Arg{Arity: len(a.params), Lambda: func(ts []*types.Type) (*types.Type, error) {
		c, err := compile(a.args[0], bindNames(names, a.params, ts))
		return c.typ, err
	}}
}

func bindNames(names map[string]*types.Type, params []string, ts []*types.Type) map[string]*types.Type {
	out := map[string]*types.Type{}
	for k, v := range names {
		out[k] = v
	}
	for i, p := range params {
		out[p] = ts[i]
	}
	return out
}

func construct(n *node, names map[string]*types.Type) (compiled, error) {
	parts := make([]compiled, len(n.args))
	wide := types.TNull
	key := types.TString
	var fields []types.Field
	for i, a := range n.args {
		if n.op == "STRUCT" && i%2 == 0 {
			continue
		}
		c, err := compile(a, names)
		if err != nil {
			return compiled{}, err
		}
		parts[i] = c
		if n.op == "STRUCT" {
			fields = append(fields, types.Field{Name: n.args[i-1].text, Type: c.typ})
		}
		if n.op != "MAP" || i%2 == 1 {
			if w := widest(wide, c.typ); w != nil {
				wide = w
			}
		}
	}
	typ := map[string]*types.Type{"ARRAY": types.TArray(wide), "MAP": types.TMap(key, wide), "STRUCT": types.TStruct(fields...),
		"+": wide, "-": wide, "<": types.TBoolean, ">": types.TBoolean}[n.op]
	return compiled{typ, func(s scope) (types.Value, error) {
		var vals []types.Value
		for i, p := range parts {
			if p.eval == nil {
				continue
			}
			v, err := p.eval(s)
			to := wide
			if n.op == "STRUCT" || n.op == "MAP" && i%2 == 0 {
				to = p.typ
			}
			if err == nil {
				v, err = convert(v, p.typ, to)
			}
			if err != nil {
				return types.NullValue, err
			}
			vals = append(vals, v)
		}
		switch n.op {
		case "ARRAY":
			return types.ArrayValue(vals), nil
		case "MAP":
			return types.MapValue(vals), nil
		case "STRUCT":
			return types.StructValue(vals), nil
		}
		if vals[0].IsNull() || vals[1].IsNull() {
			return types.NullValue, nil
		}
		switch n.op {
		case "<":
			return types.BoolValue(types.Compare(vals[0], vals[1]) < 0), nil
		case ">":
			return types.BoolValue(types.Compare(vals[0], vals[1]) > 0), nil
		}
		if n.op == "-" {
			return types.NumberValue(wide.Kind, vals[0].Int()-vals[1].Int()), nil
		}
		return types.NumberValue(wide.Kind, vals[0].Int()+vals[1].Int()), nil
	}}, nil
}
