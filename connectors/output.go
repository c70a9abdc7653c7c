package connectors

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/connectors/connector"
)

// batchesInFlight lets a source fill one batch while another is on its way.
const batchesInFlight = 3

// output collects a source's records into batches and sends them, one after the other.
type output struct {
	client     *kgo.Client
	partitions map[string]int32
	position   func() any
	// acked is called after a batch was acknowledged, with the position after it.
	acked func(b *batch) error
	// durable has topics on disk, before it is written down that a batch is in them; nil where the brokers see to that.
	durable func(context.Context, map[string]map[int32]int64) error
	// stalled is called while a batch is not getting through.
	stalled func(context.Context)
	total   func(int64)
	bad     func(error)

	cur  *batch
	free chan *batch
	full chan *batch
	fail func(error)
	wg   sync.WaitGroup

	mu     sync.Mutex
	failed error
}

// start begins to send. The context it returns is for the source: it ends with ctx, or with the reason when sending fails. What was
// emitted before ctx ended is still sent.
func (o *output) start(ctx context.Context) context.Context {
	o.free, o.full = make(chan *batch, batchesInFlight), make(chan *batch, batchesInFlight)
	for range batchesInFlight {
		o.free <- newBatch()
	}
	sending, fail := context.WithCancelCause(context.WithoutCancel(ctx))
	source, stop := context.WithCancelCause(ctx)
	o.fail = func(err error) {
		fail(err)
		stop(err)
	}
	o.wg.Go(func() { o.send(sending) })
	return source
}

// Emit implements connector.Output.
func (o *output) Emit(ctx context.Context, r *connector.Record) error {
	if o.cur == nil {
		select {
		case o.cur = <-o.free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	o.cur.add(r)
	if o.cur.full() {
		return o.Flush(ctx)
	}
	return nil
}

// Flush implements connector.Output.
func (o *output) Flush(ctx context.Context) error {
	if o.cur == nil {
		return nil
	}
	pos, err := json.Marshal(o.position())
	if err != nil {
		return fmt.Errorf("the position of a connector cannot be stored: %w", err)
	}
	o.cur.pos = pos
	select {
	case o.full <- o.cur:
		o.cur = nil
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Partitions implements connector.Output.
func (o *output) Partitions(topic string) int32 { return o.partitions[topic] }

// SetTotal implements connector.Output.
func (o *output) SetTotal(rows int64) { o.total(rows) }

// Bad implements connector.Output.
func (o *output) Bad(reason error) { o.bad(reason) }

// close sends what is left, for as long as the context lasts. The error is why not all was acknowledged.
func (o *output) close(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { o.fail(context.Cause(ctx)) })
	defer stop()
	err := o.Flush(ctx)
	close(o.full)
	o.wg.Wait()
	if err == nil {
		err = o.failure()
	}
	o.fail(nil)
	return err
}

// send takes batches to Kafka until there are no more, or one fails; then the rest is dropped.
func (o *output) send(ctx context.Context) {
	for b := range o.full {
		if ctx.Err() == nil {
			if err := o.sendOne(ctx, b); err != nil {
				o.mu.Lock()
				o.failed = err
				o.mu.Unlock()
				o.fail(err)
			}
		}
		b.reset()
		o.free <- b
	}
}

func (o *output) sendOne(ctx context.Context, b *batch) error {
	var mu sync.Mutex
	var failed error
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			mu.Lock()
			defer mu.Unlock()
			if failed == nil {
				failed = err
			}
		}
	}
	for i := range b.records {
		o.client.Produce(ctx, &b.records[i], promise)
	}
	if err := o.flush(ctx); err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	if failed != nil {
		return failed
	}
	if o.durable != nil {
		if err := o.durable(ctx, b.ends()); err != nil {
			return err
		}
	}
	return o.acked(b)
}

// stallAfter is how long a batch may take before it is looked into.
const stallAfter = 2 * time.Second

func (o *output) flush(ctx context.Context) error {
	for {
		step, cancel := context.WithTimeout(ctx, stallAfter)
		err := o.client.Flush(step)
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		o.stalled(ctx)
	}
}

// failure is why sending ended early, nil if it didn't.
func (o *output) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}
