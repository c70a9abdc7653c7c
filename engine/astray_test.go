package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"weir/parser"
)

// Keys that lie in other partitions than a join looks in are told of once: in the processing log, and with the query.
func TestKeysAstray(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), `CREATE TABLE c (k STRUCT<id INT> PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='c', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=4);
			CREATE STREAM o (id INT KEY, cust INT) WITH (KAFKA_TOPIC='o', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=4);
			CREATE STREAM j AS SELECT c.k, o.id, c.name FROM o LEFT JOIN c ON STRUCT(id := o.cust) = c.k;`)
		for from := 0; from < 80; from += 40 {
			var customers, orders []string
			for i := from; i < from+40; i++ {
				customers = append(customers, fmt.Sprintf(`{"id":%d}={"name":"n"}`, i))
				orders = append(orders, fmt.Sprintf(`%d={"cust":%d}`, i, i))
			}
			n.write(t, "c", customers...)
			n.settle(t)
			n.write(t, "o", orders...)
			n.settle(t)
		}
		told := n.Notices()
		if len(told) != 1 || told[0].Query != "CSAS_J_3" || !strings.HasPrefix(told[0].Text, "table C: the key ") || !strings.Contains(told[0].Text, "REPARTITION=true") {
			t.Fatalf("told: %q", told)
		}
		if rows := strings.Count(strings.Join(n.texts(t, n.problems.topic), "\n"), `"KIND":"KEYS_ASTRAY"`); rows != 1 {
			t.Errorf("the processing log tells of it %d times", rows)
		}
		err := n.Execute(context.Background(), NewSession(), "DESCRIBE j EXTENDED;", func(_ parser.Stmt, r Result) error {
			d := r.(*Description)
			if len(d.Writers) != 1 || len(d.Writers[0].Notices) != 1 || d.Writers[0].Notices[0] != told[0] {
				t.Errorf("DESCRIBE EXTENDED has %+v", d.Writers)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
