package bench

import (
	"testing"
	"time"

	"weir/exec/eval"
	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// measures is the stream that expressions are measured over.
const measures = `CREATE STREAM measures (id BIGINT KEY, name STRING, amount BIGINT, score DOUBLE, price DECIMAL(9, 2), place STRUCT<lat DOUBLE, lon DOUBLE>)
	WITH (KAFKA_TOPIC = 'measures', VALUE_FORMAT = 'JSON');`

// BenchmarkExpression computes one expression for a row that is in memory.
func BenchmarkExpression(b *testing.B) {
	for _, e := range []struct{ name, sql string }{
		{"where of three terms", `amount >= 100 AND score < 0.5E0 AND name <> 'nobody'`},
		{"case", `CASE WHEN amount < 10 THEN 'low' WHEN amount < 1000 THEN 'middle' ELSE 'high' END`},
		{"cast to double", `CAST(amount AS DOUBLE)`},
		{"cast to string", `CAST(amount AS STRING)`},
		{"string function", `UCASE(name)`},
		{"struct access", `place->lat`},
		{"arithmetic", `amount * 2 + id`},
		{"decimal arithmetic", `price * 2`},
		{"in", `amount IN (1, 2, 3, 250)`},
		{"like", `name LIKE '%body'`},
	} {
		b.Run(e.name, func(b *testing.B) {
			p := newPipeline()
			p.plan(b, measures)
			query := p.plan(b, "SELECT "+e.sql+" AS x FROM measures EMIT CHANGES;").Query
			project := query.Root.(*plan.Result).In.(*plan.Project)
			scan := project.In.(*plan.Scan)
			k := &eval.Compiler{Env: &functions.Env{Now: time.Now}}
			f := k.Compile(project.Exprs[0])
			c := k.NewCtx()
			c.Row = make([]types.Value, len(scan.Cols))
			for i, col := range scan.Cols {
				c.Row[i] = measure(scan.Source.Schema[col.Column].Name)
			}
			b.ReportAllocs()
			for b.Loop() {
				if f(c).IsNull() {
					b.Fatal(c.Err)
				}
			}
		})
	}
}

func measure(column string) types.Value {
	return map[string]types.Value{"ID": types.BigintValue(7), "NAME": types.StringValue("Somebody"), "AMOUNT": types.BigintValue(250),
		"SCORE": types.DoubleValue(0.25), "PRICE": types.DecimalValue(1999, 2),
		"PLACE": types.StructValue([]types.Value{types.DoubleValue(52.5), types.DoubleValue(13.4)})}[column]
}
