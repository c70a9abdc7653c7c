package connectors

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/connectors/connector"
	"weir/kafka"
)

// The headers of a row that could not be delivered, as Kafka Connect names them.
const (
	headerTopic     = "__connect.errors.topic"
	headerPartition = "__connect.errors.partition"
	headerOffset    = "__connect.errors.offset"
	headerConnector = "__connect.errors.connector.name"
	headerReason    = "__connect.errors.exception.message"
)

// deadLetters takes rows that a sink could not be given or could not take.
type deadLetters struct {
	topic  string // empty for none
	name   string // the connector's
	client *kgo.Client
}

// open makes the topic, if there is one to be.
func (d *deadLetters) open(ctx context.Context, cluster *kafka.Cluster) error {
	if d.topic == "" {
		return nil
	}
	if _, err := cluster.CreateTopic(ctx, kafka.TopicSpec{Name: d.topic, IfNotExists: true}); err != nil {
		return fmt.Errorf("the topic for rows that cannot be delivered: %w", err)
	}
	var err error
	d.client, err = cluster.NewClient(kgo.DefaultProduceTopic(d.topic), kgo.UnknownTopicRetries(3))
	return err
}

func (d *deadLetters) close() {
	if d.client != nil {
		kafka.Close(d.client)
	}
}

// send returns when the row is in the topic: only then may the sink go past it.
func (d *deadLetters) send(ctx context.Context, topic string, row *connector.Row, reason error) error {
	if d.client == nil {
		return nil
	}
	r := &kgo.Record{Key: row.Key, Value: row.Value, Timestamp: time.UnixMilli(row.Timestamp)}
	for _, h := range row.Headers {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
	}
	for _, h := range [][2]string{
		{headerTopic, topic}, {headerPartition, strconv.Itoa(int(row.Partition))}, {headerOffset, strconv.FormatInt(row.Offset, 10)},
		{headerConnector, d.name}, {headerReason, reason.Error()},
	} {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: h[0], Value: []byte(h[1])})
	}
	if err := d.client.ProduceSync(ctx, r).FirstErr(); err != nil {
		return fmt.Errorf("a row that cannot be delivered could not be sent to topic %s: %w", d.topic, err)
	}
	return nil
}
