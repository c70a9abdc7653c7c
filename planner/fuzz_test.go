package planner_test

import (
	"testing"
	"time"

	"weir/catalog"
	"weir/exec/eval"
	"weir/functions"
	"weir/parser"
	"weir/planner"
	"weir/planner/plan"
	"weir/types"
)

const everyType = `CREATE STREAM s (k STRING KEY, a INT, b BIGINT, c BOOLEAN, d DECIMAL(4, 2), e DOUBLE, t TIMESTAMP, da DATE, ti TIME, bb BYTES,
	l ARRAY<INT>, m MAP<STRING, INT>, st STRUCT<x INT, y STRING>) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`

// FuzzExpression plans and computes expressions: whatever is written gives a value or an error.
func FuzzExpression(f *testing.F) {
	for _, topic := range parser.Expressions {
		f.Add(topic.Example)
	}
	for _, seed := range []string{"a IN (1, '2', d, NULL)", "l IN (ARRAY['3', NULL], l)", "st IN (STRUCT(x := '1'), st)", "m IN (MAP('a' := d))",
		"ARRAY[NULL, a, '2e1', b]", "MAP(k := c, 10 := 'no')", "CASE a WHEN '1' THEN da ELSE '2020-01-01' END", "REDUCE(l, 0, (s, x) => s + x)",
		"TRANSFORM(m, (k, v) => UCASE(k), (k, v) => v / a)", "GREATEST(a, 2.5)", "t BETWEEN '2020' AND da", "CAST(st AS STRING) || k", "-a % d * e"} {
		f.Add(seed)
	}
	env := &planner.Env{Functions: functions.Standard(), Partitions: func(string) (int32, bool) { return 1, true }}
	cat := catalog.New()
	env.Catalog = cat.Snapshot()
	build := func(sql string) (*planner.Plan, error) {
		list, err := parser.Parse(sql, parser.Options{})
		if err != nil || len(list) != 1 {
			return nil, err
		}
		return planner.Build(list[0].Node, list[0].Text, env)
	}
	source, err := build(everyType)
	if err != nil {
		f.Fatal(err)
	}
	if err := cat.Apply(source.Change); err != nil {
		f.Fatal(err)
	}
	env.Catalog = cat.Snapshot()
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := parser.ParseExpr(text, parser.Options{}); err != nil {
			return
		}
		p, err := build("SELECT " + text + " AS x FROM s EMIT CHANGES;")
		if err != nil || p == nil || p.Query == nil {
			return
		}
		project, ok := p.Query.Root.(*plan.Result).In.(*plan.Project)
		if !ok {
			return
		}
		k := &eval.Compiler{Env: &functions.Env{Now: time.Now}}
		fn := k.Compile(project.Exprs[0])
		c := k.NewCtx()
		c.Row = make([]types.Value, len(project.In.Layout()))
		fn(c) // of a row of NULLs
		for i, slot := range project.In.Layout() {
			c.Row[i] = sample(slot.Type)
		}
		if v := fn(c); !v.IsNull() {
			types.Text(v, project.Exprs[0].Type())
		}
	})
}

// sample is some value of a type.
func sample(t *types.Type) types.Value {
	switch t.Kind {
	case types.Null:
		return types.NullValue
	case types.Double:
		return types.DoubleValue(1.5)
	case types.Decimal:
		return types.DecimalValue(150, t.Scale)
	case types.String:
		return types.StringValue("3")
	case types.Bytes:
		return types.BytesValue([]byte("abc"))
	case types.Array:
		return types.ArrayValue([]types.Value{sample(t.Elem), types.NullValue})
	case types.Map:
		return types.MapValue([]types.Value{sample(t.Key), sample(t.Elem)})
	case types.Struct:
		out := make([]types.Value, len(t.Fields))
		for i, f := range t.Fields {
			out[i] = sample(f.Type)
		}
		return types.StructValue(out)
	case types.Boolean, types.Integer, types.Bigint, types.Time, types.Date, types.Timestamp:
		return types.NumberValue(t.Kind, 1)
	}
	return types.NullValue
}
