package engine

import (
	"errors"
	"testing"

	"weir/kafka"
	"weir/registry"
)

// A statement whose schema the registry refuses leaves no topic behind.
func TestRefusedSchemaLeavesNoTopic(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	store := registry.NewLocal(n.store)
	if _, err := store.Register(t.Context(), "unmade-value", registry.Schema{Type: registry.Avro,
		Text: `{"type":"record","name":"KsqlDataSourceSchema","namespace":"io.confluent.ksql.avro_schemas","fields":[{"name":"N","type":"string"}]}`}); err != nil {
		t.Fatal(err)
	}
	n.refuses(t, `CREATE STREAM src (n INT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM unmade WITH (KAFKA_TOPIC='unmade', VALUE_FORMAT='AVRO') AS SELECT n FROM src;`, "ncompatible")
	if found, err := n.cluster.Topic(t.Context(), "unmade"); !errors.Is(err, kafka.ErrNoTopic) {
		t.Errorf("the topic is there: %+v, %v", found, err)
	}
}
