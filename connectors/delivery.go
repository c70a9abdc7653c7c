package connectors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/connectors/connector"
	"weir/kafka"
)

const (
	// deliveryPoll is how long a sink waits for records before it looks at what else there is to do.
	deliveryPoll = 200 * time.Millisecond
	// deliveryLook is how often a sink looks for new partitions and for topics that were made anew.
	deliveryLook = 10 * time.Second
	// pollRows bounds what is taken over from the client at once.
	pollRows = 10000
)

// delivery is the work of a sink: out of Kafka.
type delivery struct {
	*task
	opener opener
	goal   goal
}

// attempt runs the sink once, until it is stopped or something fails.
func (d *delivery) attempt(ctx context.Context) error {
	in, err := d.opener.input(d.cfg.Catalog)
	if err != nil {
		return connector.Userf("%w", err)
	}
	sink, err := d.opener.openSink()
	if err != nil {
		return connector.Userf("%w", err)
	}
	values := d.opener.values
	r := &deliveryRun{
		delivery: d, in: in, sink: sink,
		tolerant: values.Text(connector.PropTolerance) == "all" || values.Text(connector.PropDeadLetters) != "",
		letters:  deadLetters{topic: values.Text(connector.PropDeadLetters), name: d.env.Name},
		pending: pending{
			perPartition: sink.PerPartition, maxRows: int(min(values.Int(connector.PropRows), 1<<24)), maxBytes: values.Int(connector.PropBytes),
			interval: values.Duration(connector.PropInterval), groups: map[part]*group{},
		},
	}
	if r.rows, err = newRows(in, sink, d.cfg.Catalog); err != nil {
		return connector.Userf("%w", err)
	}
	if err := r.letters.open(ctx, d.cfg.Cluster); err != nil {
		return err
	}
	defer r.letters.close()
	d.mu.Lock()
	state := d.done.State
	d.meter.begin(time.Now())
	d.mu.Unlock()
	ids, err := r.lookUp(ctx)
	if err != nil {
		return err
	}
	begun, err := sink.Begin(ctx, connector.In{Relations: in.relations(), State: state, Refuse: r.refuse})
	if err == nil {
		err = r.run(ctx, ids, begun)
	}
	return errors.Join(err, sink.Close())
}

// deliveryRun is one attempt.
type deliveryRun struct {
	*delivery
	in       input
	sink     connector.Opened
	rows     *rows
	tolerant bool
	letters  deadLetters
	pending  pending
	refused  int64 // rows of the batch that is being written

	client     *kgo.Client
	partitions map[string]int // how many each topic has
	read       kafka.Offsets  // what to read next
	stable     kafka.Offsets  // up to where there is something to read
}

// run reads and writes.
func (r *deliveryRun) run(ctx context.Context, ids map[string][16]byte, begun connector.Begun) error {
	if err := r.place(ctx, ids, begun); err != nil {
		return err
	}
	from := map[string]map[int32]kgo.Offset{}
	for topic, partitions := range r.read {
		from[topic] = map[int32]kgo.Offset{}
		for p, at := range partitions {
			from[topic][p] = kgo.NewOffset().At(at)
		}
	}
	var err error
	r.client, err = r.cfg.Cluster.NewClient(kgo.ConsumePartitions(from), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxBytes(16<<20))
	if err != nil {
		return err
	}
	defer kafka.Close(r.client)
	looked := time.Now()
	for {
		if err := r.step(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return r.leave(ctx)
		}
		if time.Since(looked) > deliveryLook {
			if looked = time.Now(); r.moved(ctx) {
				return errTopicsChanged
			}
		}
	}
}

var errTopicsChanged = errors.New("a topic has other partitions than before: they are looked up again")

// step takes records from the client and writes what is due.
func (r *deliveryRun) step(ctx context.Context) error {
	defer r.tellLag() // of what could not be written, too
	poll, cancel := context.WithTimeout(ctx, r.pending.wait(time.Now(), deliveryPoll))
	fetches := r.client.PollRecords(poll, pollRows)
	cancel()
	if err := r.failure(fetches); err != nil {
		return err
	}
	now := time.Now()
	for _, f := range fetches {
		for _, t := range f.Topics {
			for _, p := range t.Partitions {
				if p.LastStableOffset > r.stable[t.Topic][p.Partition] {
					r.stable.Set(t.Topic, p.Partition, p.LastStableOffset)
				}
				for _, rec := range p.Records {
					r.read.Set(t.Topic, p.Partition, rec.Offset+1)
					if g := r.pending.add(rec, now); g != nil {
						if err := r.write(ctx, g); err != nil {
							return err
						}
					}
				}
			}
		}
	}
	if err := r.writeDue(ctx, false); err != nil {
		return err
	}
	if target := r.goal.get(); target != nil && r.has(target) {
		if err := r.writeDue(ctx, true); err != nil {
			return err
		}
		r.tellLag() // who waits for it may ask
		r.goal.reached(target)
	}
	return nil
}

// failure is what a poll says that it cannot get past.
func (r *deliveryRun) failure(fetches kgo.Fetches) (failed error) {
	fetches.EachError(func(topic string, partition int32, err error) {
		var large *kgo.ErrDecompressTooLarge
		switch {
		case failed != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		case errors.As(err, &large):
			failed = connector.Userf("topic %s, partition %d: %w", topic, partition, kafka.Oversized(large))
		default:
			failed = fmt.Errorf("topic %s, partition %d: %w", topic, partition, err)
		}
	})
	return failed
}

func (r *deliveryRun) writeDue(ctx context.Context, all bool) error {
	for _, g := range r.pending.due(time.Now(), all) {
		if err := r.write(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// write hands a group to the sink and stores the position behind it.
func (r *deliveryRun) write(ctx context.Context, g *group) error {
	r.refused = 0
	batch, err := r.rows.batch(ctx, g, r.refuse)
	if err != nil {
		return err
	}
	if r.cfg.Durable != nil { // what is written to others must not be taken from the topic by a power loss
		if err := r.cfg.Durable(ctx, g.next); err != nil {
			return err
		}
	}
	state, err := r.sink.Write(ctx, batch)
	r.rows.reset()
	if err != nil {
		return err
	}
	if err := r.wrote(g, state); err != nil {
		return err
	}
	r.pending.written(g)
	return nil
}

// refuse takes a row that cannot be delivered.
func (r *deliveryRun) refuse(ctx context.Context, row *connector.Row, reason error) error {
	topic := r.in[row.Relation].Topic
	if !r.tolerant {
		return connector.Userf("topic %s, partition %d, offset %d: %w. To go on without such rows, set '%s'='all', or '%s' to the topic that they are to go to",
			topic, row.Partition, row.Offset, reason, connector.PropTolerance, connector.PropDeadLetters)
	}
	if err := r.letters.send(ctx, topic, row, reason); err != nil {
		return err
	}
	r.refused++
	r.mu.Lock()
	n := r.done.Bad + r.refused
	r.mu.Unlock()
	if n <= maxBadLogged {
		r.env.Logger.Warn("a row cannot be delivered", "topic", topic, "partition", row.Partition, "offset", row.Offset, "reason", reason)
	}
	return nil
}

// leave writes what waits for others, when the sink is stopped, unless it is told to wait without end.
func (r *deliveryRun) leave(ctx context.Context) error {
	if r.pending.interval > 0 {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		if err := r.writeDue(grace, true); err != nil {
			r.env.Logger.Warn("what was read last is not written: it will be read again", "err", err)
		}
	}
	return ctx.Err()
}

// moved says whether a topic has other partitions than it had, or is another topic.
func (r *deliveryRun) moved(ctx context.Context) bool {
	for topic, n := range r.partitions {
		t, err := r.cfg.Cluster.Topic(ctx, topic)
		if err != nil {
			if errors.Is(err, kerr.UnknownTopicOrPartition) {
				return true
			}
			continue
		}
		r.mu.Lock()
		id := r.done.Topics[topic]
		r.mu.Unlock()
		if len(t.Partitions) != n || t.ID != id {
			return true
		}
	}
	return false
}
