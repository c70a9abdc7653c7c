package kafka_test

import (
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/kafka"
)

// TestBatchesBehindAnEmptyAnswer: an answer without records, or without the partition, is not the end of what lies there.
func TestBatchesBehindAnEmptyAnswer(t *testing.T) {
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	c, err := kafka.Connect(t.Context(), kafka.Config{Brokers: broker.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	client, err := c.NewClient(kgo.DefaultProduceTopic("t"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 3 {
		if err := client.ProduceSync(t.Context(), kgo.StringRecord("x")).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	var asked atomic.Int32
	broker.ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		broker.KeepControl()
		req := r.(*kmsg.FetchRequest)
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		switch asked.Add(1) {
		case 1: // without the topic
			return resp, nil, true
		case 2: // without records
			topic := kmsg.NewFetchResponseTopic()
			topic.Topic, topic.TopicID = req.Topics[0].Topic, req.Topics[0].TopicID
			p := kmsg.NewFetchResponseTopicPartition()
			p.HighWatermark = 3
			topic.Partitions = append(topic.Partitions, p)
			resp.Topics = append(resp.Topics, topic)
			return resp, nil, true
		}
		return nil, nil, false
	})
	var last int64 = -1
	if err := c.Batches(t.Context(), "t", 0, 0, 3, func(b kafka.Batch) { last = max(last, b.Last) }); err != nil {
		t.Fatal(err)
	}
	if last != 2 || asked.Load() < 3 {
		t.Errorf("the last offset found is %d, after %d requests", last, asked.Load())
	}
	// What lies beyond the end is not waited for.
	if err := c.Batches(t.Context(), "t", 0, 3, 9, func(b kafka.Batch) { t.Errorf("%+v", b) }); err != nil {
		t.Fatal(err)
	}
}
