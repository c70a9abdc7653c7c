package engines

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// BareArg is the first argument by which this program becomes the bare consumer.
const BareArg = "bare-consumer"

func startBare(ctx context.Context, e *Engine, j Job) (*Process, error) {
	p, err := launch(j, e.Tools.Self, BareArg, j.Brokers, j.In, j.ID)
	if err != nil {
		return nil, err
	}
	if err := p.Await(ctx, "READY"); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// Bare reads a topic as a member of a group, looks at each record's length, and commits ten times a second: what is left of any query when
// it does nothing. It says how many records and bytes it has read when it has committed them.
func Bare(ctx context.Context, brokers, topic, group string, in io.Reader, out io.Writer) error {
	fmt.Fprintln(out, "READY")
	if !bufio.NewScanner(in).Scan() {
		return fmt.Errorf("standard input ended before GO")
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.ConsumeTopics(topic), kgo.ConsumerGroup(group), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(), kgo.FetchMaxPartitionBytes(4<<20))
	if err != nil {
		return err
	}
	defer cl.Close()
	read, told, bytes, committed := 0, 0, 0, time.Now()
	for {
		poll, stop := context.WithTimeout(ctx, 100*time.Millisecond)
		fetches := cl.PollFetches(poll)
		stop()
		if ctx.Err() != nil {
			return nil
		}
		fetches.EachRecord(func(r *kgo.Record) {
			read++
			bytes += len(r.Value)
		})
		if read == told || time.Since(committed) < 100*time.Millisecond {
			continue
		}
		if err := cl.CommitUncommittedOffsets(ctx); err != nil {
			return err
		}
		committed, told = time.Now(), read
		fmt.Fprintln(out, read, bytes)
	}
}
