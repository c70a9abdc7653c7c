package engine

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// An outbox is open, a stranger writes behind it, and all of it is deleted: what arrived can't be told any more, and that is told.
func TestNothingLeftToSettleBy(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		n.write(t, "src", "a=1")
		n.settle(t)
		var refusing atomic.Bool
		refusing.Store(true)
		p.refuse(kerr.UnknownServerError, func(topic string) bool { return topic == "o" && refusing.Load() })
		n.write(t, "src", "b=2", "c=3", "d=4")
		until(t, "the write is refused", func() bool { return n.Queries()[0].State == Unresponsive })
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = n.Close(ctx)
		n.cluster.Close()
		n.cluster = nil
		refusing.Store(false)
		c, err := kafka.Connect(t.Context(), kafka.Config{Brokers: p.broker.ListenAddrs()})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		foreignTransaction(t, &node{cluster: c}, "o", kgo.TryCommit)
		ends, err := c.EndOffsets(t.Context(), "o")
		if err == nil {
			err = c.DeleteRecords(t.Context(), "o", map[int32]int64{0: ends["o"][0]})
		}
		if err != nil {
			t.Fatal(err)
		}
		n = p.start(t)
		n.settle(t)
		rows := n.texts(t, "o")
		log := strings.Join(n.texts(t, "default_ksql_processing_log"), "\n")
		if told := strings.Contains(log, "may be missing"); len(rows) != 3 && !told {
			t.Errorf("%v are there, and nothing is told: %s", rows, log)
		}
	})
}
