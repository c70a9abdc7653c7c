package engine

import (
	"testing"

	"weir/registry"
)

// A stream over a schema that its statement names by id: NULLs become defaults, fields that the schema lacks are left out, and it is there after a restart.
func TestGivenSchema(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	_, err := registry.NewLocal(n.store).Register(t.Context(), "given-value", registry.Schema{Type: registry.Avro,
		Text: `{"type":"record","name":"R","fields":[{"name":"ID","type":"string"},{"name":"S","type":{"type":"record","name":"S","fields":[{"name":"N","type":"long","default":10},{"name":"T","type":"string"}]}}]}`})
	if err != nil {
		t.Fatal(err)
	}
	n.run(t, NewSession(), `CREATE STREAM given WITH (KAFKA_TOPIC='given', VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID=1, PARTITIONS=1);
		INSERT INTO given (id, s) VALUES ('a', STRUCT(t := 'x', more := 1));`)
	n.refuses(t, `CREATE STREAM twice (id STRING) WITH (KAFKA_TOPIC='given', VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID=1);`, "Table elements and VALUE_SCHEMA_ID cannot both exist")
	n.refuses(t, `CREATE STREAM own (s STRUCT<t STRING>) WITH (KAFKA_TOPIC='own', VALUE_FORMAT='JSON', PARTITIONS=1); INSERT INTO own VALUES (STRUCT(t := 'x', more := 1));`, "Expected type STRUCT<`T` STRING> for field `S`")
	n.stop(t)
	n = startNode(t, dir)
	defer n.stop(t)
	n.run(t, NewSession(), `INSERT INTO given (id, s) VALUES ('b', STRUCT(n := 2, t := 'y'));`)
	if got, want := n.run(t, NewSession(), "SELECT id, s->n AS n, s->t AS t FROM given;"), "a | 10 | x\nb | 2 | y\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
