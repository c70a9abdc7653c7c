package functions

import (
	"strings"
	"testing"

	"weir/types"
)

func args(ts ...*types.Type) []Arg {
	out := make([]Arg, len(ts))
	for i, t := range ts {
		out[i].Type = t
	}
	return out
}

func TestResolve(t *testing.T) {
	lit := func(s string) Arg {
		v := types.StringValue(s)
		return Arg{Type: types.TString, Const: &v}
	}
	dec := types.TDecimal(9, 3)
	for _, c := range []struct {
		name string
		args []Arg
		want string // the parameters and the result; an error when it begins with !
	}{
		{"ABS", args(types.TBigint), "BIGINT BIGINT"},
		{"ABS", args(dec), "DECIMAL(9, 3) DECIMAL(9, 3)"},
		{"SQRT", args(types.TInteger), "DOUBLE DOUBLE"},
		{"SQRT", args(dec), "DOUBLE DOUBLE"},
		{"ROUND", args(dec), "DECIMAL(9, 3) DECIMAL(6, 0)"},
		{"SIGN", args(dec), "DOUBLE INTEGER"},
		{"ABS", args(types.TNull), "INTEGER INTEGER"},
		{"LEN", args(types.TString), "STRING INTEGER"},
		{"LEN", args(types.TInteger), "!Function 'len' does not accept parameters (INTEGER).\nValid alternatives are:\nlen(STRING s)\nlen(BYTES b)"},
		{"UCASE", args(types.TStruct(types.Field{Name: "A", Type: types.TInteger})), "!Function 'ucase' does not accept parameters (STRUCT<A INTEGER>)."},
		{"COALESCE", nil, "!Function 'COALESCE' does not accept parameters ()."},
		{"COALESCE", args(types.TNull, types.TInteger, types.TBigint), "BIGINT BIGINT BIGINT BIGINT"},
		{"COALESCE", args(types.TNull, types.TNull), "!Function 'COALESCE' cannot be resolved due to ambiguous method parameters (null, null)."},
		{"GREATEST", args(types.TString, types.TInteger), "!Function 'greatest' does not accept parameters (STRING, INTEGER)."},
		{"GREATEST", args(types.TDecimal(9, 2), types.TDecimal(7, 6)), "DECIMAL(9, 2) DECIMAL(7, 6) DECIMAL(13, 6)"},
		{"GREATEST", append(args(types.TDate, types.TNull), lit("2022-06-14")), "DATE DATE DATE DATE"},
		{"GREATEST", append(args(types.TDate), lit("soon")), "!does not accept parameters (DATE, STRING)"},
		{"FORMAT_DATE", args(types.TString, types.TString), "DATE STRING STRING"},
		{"UNIX_TIMESTAMP", args(types.TString), "TIMESTAMP BIGINT"},
		{"NULLIF", args(types.TDate, types.TString), "!does not accept parameters (DATE, STRING)"},
		{"GREATEST", args(types.TArray(types.TInteger)), "!does not accept parameters (ARRAY<INTEGER>)"},
		{"CONCAT", args(types.TString, types.TNull, types.TString), "STRING STRING STRING STRING"},
		{"CONCAT", args(types.TBytes, types.TBytes), "BYTES BYTES BYTES"},
		{"CONCAT", args(types.TBytes, types.TString), "!does not accept parameters (BYTES, STRING)"},
		{"ARRAY_CONTAINS", args(types.TArray(types.TBigint), types.TInteger), "ARRAY<BIGINT> BIGINT BOOLEAN"},
		{"ARRAY_CONTAINS", args(types.TArray(types.TInteger), types.TBigint), "ARRAY<BIGINT> BIGINT BOOLEAN"},
		{"ARRAY_CONTAINS", args(types.TArray(types.TString), types.TBigint), "!does not accept parameters (ARRAY<STRING>, BIGINT)"},
		{"DATEADD", []Arg{{Unit: "DAYS"}, {Type: types.TInteger}, {Type: types.TDate}}, "- INTEGER DATE DATE"},
		{"DATEADD", args(types.TDate, types.TInteger, types.TDate), "!does not accept parameters (DATE, INTEGER, DATE)."},
		{"GEO_DISTANCE", append(args(types.TDouble, types.TInteger, types.TDouble), lit("foo")), "!does not accept parameters (DOUBLE, INTEGER, DOUBLE, STRING)"},
		{"ENTRIES", args(types.TMap(types.TString, dec), types.TBoolean), "MAP<STRING, DECIMAL(9, 3)> BOOLEAN ARRAY<STRUCT<`K` STRING, `V` DECIMAL(9, 3)>>"},
		{"EXPLODE", args(types.TMap(types.TString, types.TInteger)), "!Function 'explode' does not accept parameters (MAP<STRING, INTEGER>).\nValid alternatives are:\nexplode(ARRAY<DECIMAL> input)\nexplode(ARRAY<T> list)"},
		{"EXPLODE", args(types.TArray(dec)), "ARRAY<DECIMAL(9, 3)> DECIMAL(9, 3)"},
	} {
		fn := standard.Scalar(c.name)
		if fn == nil {
			fn = standard.Table(c.name)
		}
		b, err := fn.Resolve(c.args)
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want an error with %q", c.name, err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := ""
		for _, p := range b.Params {
			if p == nil {
				got += "- "
			} else {
				got += p.String() + " "
			}
		}
		if got += b.Returns.String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestLambdaWidensState(t *testing.T) {
	sum := func(ts []*types.Type) (*types.Type, error) {
		if ts[0].Kind == types.Decimal && ts[1].Kind == types.Decimal { // as the planner adds them
			return types.TDecimal(min(max(ts[0].Precision-ts[0].Scale, ts[1].Precision-ts[1].Scale)+3, types.MaxPrecision), 2), nil
		}
		return types.Widest(ts[0], ts[1]), nil
	}
	item := func(ts []*types.Type) (*types.Type, error) { return ts[1], nil }
	pair := func(t *types.Type) *types.Type { return types.TStruct(types.Field{Name: "N", Type: t}) }
	pack := func(ts []*types.Type) (*types.Type, error) { return pair(ts[1]), nil }
	for _, c := range []struct {
		items, start *types.Type
		body         func([]*types.Type) (*types.Type, error)
		want         *types.Type
	}{
		{types.TBigint, types.TInteger, sum, types.TBigint},
		{types.TInteger, types.TBigint, item, types.TBigint},
		{types.TDecimal(4, 2), types.TDecimal(1, 0), sum, types.TDecimal(types.MaxPrecision, 2)},
		{types.TDecimal(4, 2), types.TInteger, sum, types.TDecimal(types.MaxPrecision, 2)},
		{types.TBigint, pair(types.TInteger), pack, pair(types.TBigint)},
		{types.TInteger, types.TArray(types.TBigint), func(ts []*types.Type) (*types.Type, error) { return types.TArray(ts[1]), nil }, types.TArray(types.TBigint)},
		{types.TInteger, types.TString, item, nil},
		{types.TInteger, pair(types.TString), pack, nil},
	} {
		b, err := standard.Scalar("REDUCE").Resolve([]Arg{{Type: types.TArray(c.items)}, {Type: c.start}, {Lambda: c.body, Arity: 2, Text: "(s, x) => x"}})
		if c.want == nil {
			if err == nil || !strings.Contains(err.Error(), "(s, x) => x gives ") {
				t.Errorf("a state of %s: got %v", c.start, err)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		for _, got := range []*types.Type{b.Returns, b.Params[1], b.LambdaParams[0][0], b.LambdaReturns[0]} {
			if !got.Equal(c.want) {
				t.Errorf("a state that begins as %s: got %s, want %s", c.start, got, c.want)
			}
		}
	}
}

func TestResolveAggregate(t *testing.T) {
	k, none := types.IntValue(3), types.IntValue(0)
	text := types.StringValue("x")
	for _, c := range []struct {
		name string
		args []Arg
		want string
	}{
		{"COUNT", nil, "BIGINT"},
		{"SUM", args(types.TDecimal(4, 1)), "DECIMAL(4, 1) DECIMAL(4, 1)"},
		{"SUM", args(types.TString), "!Function 'SUM' does not accept parameters (STRING)."},
		{"AVG", args(types.TDecimal(4, 1)), "DOUBLE DOUBLE"},
		{"MAX", args(types.TBoolean), "!Function 'MAX' does not accept parameters (BOOLEAN)."},
		{"TOPK", []Arg{{Type: types.TBigint}, {Type: types.TInteger, Const: &k}}, "BIGINT ARRAY<BIGINT>"},
		{"TOPK", []Arg{{Type: types.TBigint}, {Type: types.TString}, {Type: types.TDate}, {Type: types.TInteger, Const: &k}},
			"BIGINT STRING DATE ARRAY<STRUCT<`sort_col` BIGINT, `col0` STRING, `col1` DATE>>"},
		{"TOPK", []Arg{{Type: types.TBigint}, {Type: types.TInteger}}, "!Parameter 2 passed to function TOPK must be a literal constant"},
		{"EARLIEST_BY_OFFSET", []Arg{{Type: types.TString}, {Type: types.TInteger, Const: &k}}, "STRING ARRAY<STRING>"},
		{"EARLIEST_BY_OFFSET", []Arg{{Type: types.TString}, {Type: types.TInteger, Const: &none}}, "!earliestN must be 1 or greater"},
		{"LATEST_BY_OFFSET", []Arg{{Type: types.TString}, {Type: types.TInteger, Const: &none}}, "!latestN must be 1 or greater"},
		{"EARLIEST_BY_OFFSET", []Arg{{Type: types.TString}, {Type: types.TString, Const: &text}}, "!does not accept parameters (STRING, STRING)."},
		{"MAX_BY", args(types.TArray(types.TString), types.TDate), "ARRAY<STRING> DATE ARRAY<STRING>"},
	} {
		b, err := standard.Aggregate(c.name).Resolve(c.args, Adding)
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want an error with %q", c.name, err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := ""
		for _, p := range b.Params {
			got += p.String() + " "
		}
		if got += b.Returns.String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// A parameter that takes any number of arguments may stand in the middle.
func TestMiddleVariadic(t *testing.T) {
	f := Aggregate{Doc{Name: "MID"}, []AggregateOverload{{Sig: "(n BIGINT, s STRING...; a INTEGER, b INTEGER) BIGINT",
		Bind: func(_ []*types.Type, initial []types.Value) (*BoundAggregate, error) {
			return &BoundAggregate{Words: countAll.WordAggregate}, nil
		}}}}
	n := types.IntValue(1)
	in := Arg{Type: types.TInteger, Const: &n}
	for _, c := range []struct {
		args []Arg
		want string
	}{
		{[]Arg{{Type: types.TBigint}, in, in}, ""},
		{[]Arg{{Type: types.TBigint}, {Type: types.TString}, {Type: types.TString}, in, in}, ""},
		{[]Arg{{Type: types.TBigint}, {Type: types.TString}, {Type: types.TString}, in}, "Function 'MID' does not accept parameters (BIGINT, STRING, STRING, INTEGER)."},
		{[]Arg{{Type: types.TBigint}, {Type: types.TInteger}, in, in}, "(BIGINT, INTEGER, INTEGER, INTEGER)"},
	} {
		_, err := f.Resolve(c.args, Adding)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

func TestRegistry(t *testing.T) {
	if standard.Scalar("len") == nil || standard.Scalar("COUNT") != nil || standard.Aggregate("Count") == nil || standard.Table("explode") == nil {
		t.Error("functions are not found by their names")
	}
	if got := standard.Suggest("SUBSTRNG"); got != " Did you mean SUBSTRING?" {
		t.Errorf("got %q", got)
	}
	e, err := standard.Describe("substring")
	if err != nil || len(e.Variants) != 4 || e.Variants[1].Text != "SUBSTRING(STRING s, INTEGER pos, INTEGER len)" || e.Kind != KindScalar {
		t.Errorf("got %+v, %v", e, err)
	}
	if _, err := standard.Describe("nothing_like_it"); err == nil || err.Error() != "Can't find any functions with the name 'nothing_like_it'" {
		t.Errorf("got %v", err)
	}
	more := standard.With(Extra{Scalars: []Scalar{{Doc: Doc{Name: "MINE"}, Overloads: []Overload{{Sig: "() BIGINT", Eval: same}}}}})
	if more.Scalar("MINE") == nil || standard.Scalar("MINE") != nil {
		t.Error("With changes the registry it is called on, or adds nothing")
	}
	for _, sig := range []string{"", "(", "(x) INTEGER", "(x INT) BIGINT", "(x T", "(x T) ARRAY<", "(f (T) = R) T", "(x T) T more"} {
		if _, err := parseSignature(sig); err == nil {
			t.Errorf("%q is no signature", sig)
		}
	}
}
