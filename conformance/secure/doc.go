// Package secure runs Weir against a Kafka that asks who comes: scripts/kafka-secure starts one, whose folder WEIR_TEST_KAFKA_SECURE names. Without it its tests skip.
package secure
