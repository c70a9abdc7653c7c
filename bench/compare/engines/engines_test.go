package engines

import (
	"testing"

	"weir/bench/compare/query"
	"weir/parser"
)

func TestFind(t *testing.T) {
	es, err := Find("weir,bare", "512m")
	if err != nil || len(es) != 2 || es[0].Kind != "weir" || !es[1].Reads {
		t.Error(es, err)
	}
	if es, err = Find("streams,streams@1g", "512m"); err != nil || es[0].Heap != "512m" || es[1].Heap != "1g" || es[1].Kind != "streams" {
		t.Error(es, err)
	}
	for names, want := range map[string]string{
		"weir,storm": `there is no engine "storm": they are bare, flink, flinkrocks, streams, streams64, weir`,
		"weir@1g":    "weir has no heap to be chosen: leave out @1g",
	} {
		if _, err := Find(names, "512m"); err == nil || err.Error() != want {
			t.Errorf("%s: %v", names, err)
		}
	}
}

// Weir's statements are ones.
func TestWeirSQL(t *testing.T) {
	for _, q := range query.All {
		sql := WeirSQL(Job{Query: q, In: "in", Out: "out", Orders: "orders"})
		if _, err := parser.Parse(sql, parser.Options{}); err != nil {
			t.Errorf("%s: %v\n%s", q.Name, err, sql)
		}
	}
}
