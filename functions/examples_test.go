package functions

import (
	"strings"
	"testing"

	"weir/types"
)

func TestEveryEntryIsDocumented(t *testing.T) {
	all := standard.All()
	if len(all) < 150 {
		t.Errorf("there are %d functions, want at least 150", len(all))
	}
	for _, e := range all {
		if e.Name != strings.ToUpper(e.Name) || e.Description == "" || e.Category == "" || len(e.Examples) == 0 {
			t.Errorf("%s lacks a description, a category or an example", e.Name)
		}
		if len(e.Variants) == 0 {
			t.Errorf("%s has no signature", e.Name)
		}
	}
	for _, s := range standard.scalars {
		checkSigs(t, s.Name, overloadSigs(s))
		for _, o := range s.Overloads {
			if (o.Eval == nil) == (o.Make == nil) {
				t.Errorf("%s %s: want one of Eval and Make", s.Name, o.Sig)
			}
		}
	}
	for _, a := range standard.aggregates {
		for _, o := range a.Overloads {
			checkSigs(t, a.Name, []string{o.Sig})
		}
	}
}

func checkSigs(t *testing.T, name string, sigs []string) {
	for _, s := range sigs {
		if _, err := parseSignature(s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExamples(t *testing.T) {
	for _, e := range standard.All() {
		for _, x := range e.Examples {
			call := readExpr(t, x.Call)
			want, err := compile(readExpr(t, x.Result), nil)
			if err != nil {
				t.Errorf("%s: %v", x.Result, err)
				continue
			}
			wantVal, err := want.eval(nil)
			if err != nil {
				t.Errorf("%s: %v", x.Result, err)
				continue
			}
			var got types.Value
			var typ *types.Type
			if e.Kind == KindAggregate {
				got, typ = aggregateExample(t, x.Call, call)
			} else {
				var c compiled
				if c, err = compile(call, nil); err == nil {
					typ = c.typ
					got, err = c.eval(nil)
				}
				if e.Kind == KindTable && typ != nil {
					typ = types.TArray(typ)
				}
			}
			if err != nil {
				t.Errorf("%s: %v", x.Call, err)
				continue
			}
			same := types.Equal(got, wantVal)
			if conv, err := convert(wantVal, want.typ, typ); err == nil {
				same = types.Equal(got, conv) && types.Text(got, typ) == types.Text(conv, typ)
			}
			if !same {
				t.Errorf("%s gives %s, not %s", x.Call, types.Text(got, typ), types.Text(wantVal, want.typ))
			}
		}
	}
}

// bindExample resolves the aggregate of a call and gives its rows.
func bindExample(t *testing.T, text string, call *node) (*BoundAggregate, [][]types.Value) {
	t.Helper()
	var args []Arg
	var rows [][]types.Value
	for _, a := range call.args {
		switch a.op {
		case "literal":
			args = append(args, Arg{Type: a.typ, Const: &a.val})
			continue
		case "lambda":
			args = append(args, lambdaArg(a, nil))
			continue
		case "columns":
		default:
			c, err := compile(a, nil)
			if err != nil {
				t.Fatal(text, err)
			}
			args = append(args, Arg{Type: c.typ})
			continue
		}
		c, err := compile(&node{op: "ARRAY", args: a.args}, nil)
		if err != nil {
			t.Fatal(text, err)
		}
		v, err := c.eval(nil)
		if err != nil {
			t.Fatal(text, err)
		}
		args = append(args, Arg{Type: c.typ.Elem})
		for i, item := range v.Items() {
			if i == len(rows) {
				rows = append(rows, nil)
			}
			rows[i] = append(rows[i], item)
		}
	}
	use := Adding
	if call.op == "FOLD" && len(args) > 3 {
		use = Merging
	}
	b, err := standard.Aggregate(call.op).Resolve(args, use)
	if err != nil {
		t.Fatal(text, err)
	}
	for _, row := range rows {
		for j := range row {
			if row[j], err = convert(row[j], args[j].Type, b.Params[j]); err != nil {
				t.Fatal(text, err)
			}
		}
	}
	deferLambdas(t, b, call.args)
	return b, rows
}

// deferLambdas gives the states of an aggregate the arguments that they compute themselves.
func deferLambdas(t *testing.T, b *BoundAggregate, args []*node) {
	var lambdas []Lambda
	for _, d := range b.Deferred {
		a := args[d.Arg]
		body := a
		if a.op == "lambda" {
			body = a.args[0]
		}
		c, err := compile(body, bindNames(nil, a.params, d.Params))
		if err != nil {
			t.Fatal(err)
		}
		lambdas = append(lambdas, func(vals []types.Value) (types.Value, error) {
			names := scope{}
			for i, p := range a.params {
				names[p] = vals[i]
			}
			v, err := c.eval(names)
			if err != nil {
				return v, err
			}
			return convert(v, c.typ, d.Returns)
		})
	}
	if object := b.Object; object != nil {
		b.Object = func(s *Site) Object { return object(&Site{Env: s.Env, Lambdas: lambdas}) }
	}
}

func aggregateExample(t *testing.T, text string, call *node) (types.Value, *types.Type) {
	b, rows := bindExample(t, text, call)
	s := newState(b)
	for i, row := range rows {
		if err := s.add(row, int64(i)); err != nil {
			t.Fatal(text, err)
		}
	}
	return s.result(), b.Returns
}
