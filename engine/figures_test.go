package engine

import "testing"

// The figures of a query go on where it is replaced, and so do those of the steps that are still there.
func TestFiguresOverReplacement(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		n.run(t, s, `CREATE STREAM src (k STRING KEY, v INT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE STREAM o WITH (KAFKA_TOPIC='o') AS SELECT * FROM src;`)
		n.write(t, "src", `a={"V":1}`, `b={"V":2}`, `c={"V":3}`)
		n.settle(t)
		n.run(t, s, `CREATE OR REPLACE STREAM o WITH (KAFKA_TOPIC='o') AS SELECT * FROM src WHERE v > 3;`)
		n.write(t, "src", `d={"V":3}`, `e={"V":4}`)
		n.settle(t)
		q := n.Queries()[0].Stats
		if q.RowsIn != 5 || q.RowsOut != 4 || q.Filtered != 1 {
			t.Errorf("%d rows in, %d out, %d filtered; want 5, 4 and 1", q.RowsIn, q.RowsOut, q.Filtered)
		}
		if sink := q.Steps[0]; sink.Read != 4 {
			t.Errorf("the sink has read %d rows, want 4: %+v", sink.Read, q.Steps)
		}
		if all := n.Totals(); all.RowsIn != 5 || all.RowsOut != 4 {
			t.Errorf("all in all %+v", all)
		}
	})
}
