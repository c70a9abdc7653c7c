package bench

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	exec "weir/exec/commit"
	"weir/kafka"
	"weir/kafka/embedded"
	"weir/types"
)

// startBroker starts an embedded broker on a disk, with topics.
func startBroker(b *testing.B, topics ...string) *kafka.Cluster {
	b.Helper()
	broker, err := embedded.Start(embedded.Options{DataDir: b.TempDir(), Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { broker.Close() })
	cluster, err := kafka.Connect(b.Context(), kafka.Config{Brokers: []string{broker.Addr()}, Opts: broker.ClientOpts()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(cluster.Close)
	for _, name := range topics {
		if _, err := cluster.CreateTopic(b.Context(), kafka.TopicSpec{Name: name, Partitions: partitions}); err != nil {
			b.Fatal(err)
		}
	}
	return cluster
}

// newClient makes a client with the settings of a query's own.
func newClient(b *testing.B, cluster *kafka.Cluster, opts ...kgo.Opt) *kgo.Client {
	b.Helper()
	client, err := cluster.NewClient(append([]kgo.Opt{
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ManualFlushing(), kgo.MaxBufferedRecords(2 * chunk),
		kafka.LZ4(), kgo.ProducerBatchMaxBytes(8 << 20), kgo.WithPools(exec.FetchPool),
	}, opts...)...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.Close)
	return client
}

// chunk is how many records are given to a client between two flushes.
const chunk = 8192

// send produces records and waits for the broker.
func send[R any](b *testing.B, client *kgo.Client, recs []R, record func(*R) *kgo.Record) {
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			b.Error(err)
		}
	}
	for len(recs) > 0 {
		n := min(chunk, len(recs))
		for i := range recs[:n] {
			client.Produce(context.Background(), record(&recs[i]), promise)
		}
		if err := client.Flush(context.Background()); err != nil {
			b.Fatal(err)
		}
		recs = recs[n:]
	}
}

// BenchmarkFetchDecode is BenchmarkDecode with the records fetched from the broker's disk. One operation is a record.
func BenchmarkFetchDecode(b *testing.B) {
	for _, format := range formatNames {
		b.Run(format, func(b *testing.B) {
			cluster := startBroker(b, "events")
			p := newPipeline()
			p.plan(b, fmt.Sprintf(event, format))
			task := p.task(b, threeOfEight)
			writer := newClient(b, cluster)
			recs := p.events(b, 64*types.BatchRows, 1000)
			for left := b.N; left > 0; left -= len(recs) {
				recs = recs[:min(left, len(recs))]
				for i, r := range recs {
					r.Partition = int32(i % partitions)
				}
				send(b, writer, recs, func(r **kgo.Record) *kgo.Record { return *r })
			}
			reader := newClient(b, cluster, kgo.ConsumeTopics("events"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; {
				fetches := reader.PollFetches(ctx)
				if err := fetches.Err0(); err != nil {
					b.Fatal(err)
				}
				fetches.EachPartition(func(f kgo.FetchTopicPartition) {
					process(b, task, f.Records)
					n += len(f.Records)
					for _, r := range f.Records {
						r.Recycle()
					}
				})
			}
			perRecord(b, b.N)
		})
	}
}

// BenchmarkEncodeProduce encodes three columns and a key, and sends them to the broker. One operation is a batch of 1,000.
func BenchmarkEncodeProduce(b *testing.B) {
	for _, format := range formatNames {
		b.Run(format, func(b *testing.B) {
			cluster := startBroker(b, "OUT")
			p := newPipeline()
			p.plan(b, fmt.Sprintf(event, "JSON"))
			task := p.task(b, fmt.Sprintf(`CREATE STREAM out WITH (VALUE_FORMAT = '%s') AS SELECT user_id, page, amount, score FROM events EMIT CHANGES;`, format))
			client := newClient(b, cluster)
			batches := inBatches(p.events(b, 64*types.BatchRows, 1000))
			out := func(recs []kgo.Record) {
				send(b, client, recs, func(r *kgo.Record) *kgo.Record { return r })
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				process(b, task, batches[n%len(batches)])
				if n++; n%16 == 0 {
					commit(b, task, out)
				}
			}
			commit(b, task, out)
			perRecord(b, n*types.BatchRows)
		})
	}
}
