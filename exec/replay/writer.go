package replay

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// writer writes to a partition, and keeps the first error.
type writer struct {
	t         *Transfer
	client    *kgo.Client
	partition int32
	mu        sync.Mutex
	err       error
}

// write hands a record on; it waits where many are on their way.
func (w *writer) write(ctx context.Context, r *kgo.Record) error {
	r.Topic, r.Partition = w.t.To, w.partition
	w.client.Produce(ctx, r, func(_ *kgo.Record, err error) {
		if err == nil {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.err = errors.Join(w.err, err)
	})
	return w.failed()
}

func (w *writer) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		return nil
	}
	return fmt.Errorf("cannot write topic %s, partition %d: %w", w.t.To, w.partition, w.t.Cluster.Denied(w.err, kafka.OnTopic("Write", w.t.To)))
}

// end commits what was written, or takes it back where something failed.
func (w *writer) end(ctx context.Context, why error) error {
	if why == nil {
		why = w.client.Flush(ctx)
	}
	if why == nil {
		why = w.failed()
	}
	if why != nil {
		return errors.Join(why, w.client.AbortBufferedRecords(context.WithoutCancel(ctx)), w.client.EndTransaction(context.WithoutCancel(ctx), kgo.TryAbort))
	}
	return w.client.EndTransaction(ctx, kgo.TryCommit)
}
