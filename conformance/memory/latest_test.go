package memory

import (
	"testing"

	"weir/parser"
)

// A query that reads what comes from now on reads the tables that it joins whole, and so does one that keeps the rows of a table.
func TestLatest(t *testing.T) {
	e, err := New(Options{Config: map[string]string{"auto.offset.reset": "latest"}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	list, err := parser.Parse(`CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE r (k STRING PRIMARY KEY, b INT) WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON', PARTITIONS=1);
		INSERT INTO r (k, b) VALUES ('x', 7);
		INSERT INTO s (k, a) VALUES ('x', 1);
		CREATE STREAM t AS SELECT s.k, a, b FROM s JOIN r ON s.k = r.k;
		CREATE SOURCE TABLE kept (k STRING PRIMARY KEY, b INT) WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON');
		INSERT INTO s (k, a) VALUES ('x', 2);
		SELECT b FROM kept;`, parser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		rows, err := e.Execute(s)
		if err != nil {
			t.Fatal(err)
		}
		if rows != nil && (len(rows.Rows) != 1 || rows.Rows[0].Values[0].Int() != 7) {
			t.Errorf("the kept table has %v, want 7", rows.Rows)
		}
	}
	got := e.Driver.Records("T", 0)
	if len(got) != 1 || string(got[0].Value) != `{"A":2,"B":7}` {
		t.Errorf("the join has %v, want one row of the second record", got)
	}
}
