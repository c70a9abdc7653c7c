package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

func useKafkaGo(ctx context.Context, broker string) error {
	client := &kafka.Client{Addr: kafka.TCP(broker)}
	made, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: "kafka-go", NumPartitions: 3, ReplicationFactor: 1, ConfigEntries: []kafka.ConfigEntry{{ConfigName: "retention.ms", ConfigValue: "3600000"}}},
		{Topic: "kafka-go-wrong", NumPartitions: 1, ReplicationFactor: 1, ConfigEntries: []kafka.ConfigEntry{{ConfigName: "no.such", ConfigValue: "1"}}}}})
	if err != nil {
		return err
	}
	if made.Errors["kafka-go"] != nil || !errors.Is(made.Errors["kafka-go-wrong"], kafka.InvalidConfiguration) {
		return fmt.Errorf("topics made: %v", made.Errors)
	}
	for _, codec := range []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd} {
		if err := kafkaGoSend(ctx, broker, "kafka-go", codec, 1000); err != nil {
			return err
		}
	}
	if err := kafkaGoSend(ctx, broker, "kafka-go-made-on-use", 0, 1); err != nil {
		return err
	}
	for topic, want := range map[string]int{"kafka-go": 5000, "kafka-go-made-on-use": 1} {
		if err := kafkaGoRead(ctx, broker, topic, want); err != nil {
			return err
		}
	}
	offsets, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: "read-kafka-go", Topics: map[string][]int{"kafka-go": {0, 1, 2}}})
	if err != nil {
		return err
	}
	sum := int64(0)
	for _, p := range offsets.Topics["kafka-go"] {
		sum += p.CommittedOffset
	}
	return same("committed", 5000, sum)
}

func kafkaGoSend(ctx context.Context, broker, topic string, codec kafka.Compression, n int) error {
	w := &kafka.Writer{Addr: kafka.TCP(broker), Topic: topic, Compression: codec, AllowAutoTopicCreation: true, BatchTimeout: 5 * time.Millisecond,
		RequiredAcks: kafka.RequireAll, Balancer: &kafka.Hash{}}
	var all []kafka.Message
	for i := range n {
		all = append(all, kafka.Message{Key: fmt.Append(nil, codec, i), Value: []byte("v"), Headers: []kafka.Header{{Key: "h", Value: []byte("1")}}})
	}
	return errors.Join(w.WriteMessages(ctx, all...), w.Close())
}

func kafkaGoRead(ctx context.Context, broker, topic string, want int) error {
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{broker}, GroupID: "read-" + topic, Topic: topic, StartOffset: kafka.FirstOffset, MaxWait: 100 * time.Millisecond})
	seen := map[string]bool{}
	for {
		wait := time.Minute
		if len(seen) >= want {
			wait = 500 * time.Millisecond
		}
		next, cancel := context.WithTimeout(ctx, wait)
		m, err := r.ReadMessage(next)
		cancel()
		if err != nil {
			break
		}
		seen[fmt.Sprint(m.Partition, "/", m.Offset)] = true
	}
	return errors.Join(same("records of "+topic, want, len(seen)), r.Close())
}
