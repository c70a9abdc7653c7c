// Package replay gives the topic of a table what a query has written beside it, which computed the table anew: readers of the topic see each
// row change once, to what it is now, and rows go that are there no more.
package replay

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// Transfer is a topic that is to become what another one holds. Both have one number of partitions, and the keys lie in the same ones.
type Transfer struct {
	Cluster *kafka.Cluster
	From    string // what is computed anew; nothing writes it any more
	To      string // the table's topic; nothing writes it meanwhile
	// Transaction is the transactional id that it writes under: whoever takes it up again ends what was begun before.
	Transaction string
	// Dir is a folder that is made, and removed at the end: keys of both topics wait there, so that memory does not hang on their number.
	Dir string
}

// Done is what a transfer has written.
type Done struct {
	Changed int64 // rows that are new, or not what they were
	Gone    int64 // rows that are there no more
	Same    int64 // rows that stand as they did
}

// transactionTimeout is how long a partition may take: brokers allow no more than this by default.
const transactionTimeout = 15 * time.Minute

// Run carries the transfer out, partition by partition, each in a transaction. What was begun, and ended without an answer, is done again by the
// next one: it finds what has been written, and leaves it.
func (t *Transfer) Run(ctx context.Context) (done Done, err error) {
	topic, err := t.Cluster.Topic(ctx, t.From)
	if err != nil {
		return done, err
	}
	client, err := t.Cluster.NewClient(kgo.TransactionalID(t.Transaction), kgo.TransactionTimeout(transactionTimeout),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.Lz4Compression(), kgo.NoCompression()))
	if err != nil {
		return done, err
	}
	defer kafka.Close(client)
	defer os.RemoveAll(t.Dir)
	if _, _, err := client.ProducerID(ctx); err != nil { // ends the transaction of one that was here before
		return done, fmt.Errorf("cannot begin to write topic %s: %w", t.To, t.Cluster.Denied(err, kafka.OnTransactions("Write", t.Transaction)))
	}
	for p := range int32(len(topic.Partitions)) {
		if err := t.partition(ctx, client, p, &done); err != nil {
			return done, err
		}
	}
	return done, nil
}

// partition makes one partition the same, in a transaction that holds all of it or nothing.
func (t *Transfer) partition(ctx context.Context, client *kgo.Client, p int32, done *Done) error {
	keys, err := openKeys(t.Dir)
	if err != nil {
		return err
	}
	defer keys.close()
	if err := t.each(ctx, t.To, p, keys.old); err != nil {
		return err
	}
	if err := t.each(ctx, t.From, p, keys.new); err != nil {
		return err
	}
	if err := keys.flush(); err != nil {
		return err
	}
	w := writer{t: t, client: client, partition: p}
	if err := client.BeginTransaction(); err != nil {
		return err
	}
	part := Done{}
	err = t.each(ctx, t.From, p, func(r *kgo.Record) error {
		switch differs, last, err := keys.differs(r); {
		case err != nil:
			return err
		case last && differs:
			part.Changed++
			return w.write(ctx, &kgo.Record{Key: r.Key, Value: r.Value, Headers: r.Headers, Timestamp: r.Timestamp})
		case last:
			part.Same++
		}
		return nil
	})
	if err == nil {
		err = keys.gone(func(key []byte, at time.Time) error {
			part.Gone++
			return w.write(ctx, &kgo.Record{Key: key, Timestamp: at})
		})
	}
	if err = w.end(ctx, err); err != nil {
		return err
	}
	done.Changed, done.Gone, done.Same = done.Changed+part.Changed, done.Gone+part.Gone, done.Same+part.Same
	return nil
}

// each gives the records of a partition that have a key. Those without are none of a table's.
func (t *Transfer) each(ctx context.Context, topic string, p int32, do func(*kgo.Record) error) error {
	starts, err := t.Cluster.StartOffsets(ctx, topic)
	if err != nil {
		return err
	}
	to, err := t.Cluster.SettledEnd(ctx, topic, p)
	if err != nil {
		return err
	}
	return t.Cluster.Read(ctx, topic, p, starts[topic][p], to, func(r *kgo.Record) error {
		if r.Key == nil {
			return nil
		}
		return do(r)
	})
}
