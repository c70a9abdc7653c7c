package engine

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
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
		n.abandon(t, 100*time.Millisecond)
		refusing.Store(false)
		outside := p.outside(t)
		foreignTransaction(t, outside, "o", kgo.TryCommit)
		ends, err := outside.cluster.EndOffsets(t.Context(), "o")
		if err == nil {
			err = outside.cluster.DeleteRecords(t.Context(), "o", map[int32]int64{0: ends["o"][0]})
		}
		if err != nil {
			t.Fatal(err)
		}
		n = p.start(t)
		n.settle(t)
		rows := n.texts(t, "o")
		log := strings.Join(n.problemLog(t), "\n")
		if told := strings.Contains(log, "may be missing"); len(rows) != 3 && !told {
			t.Errorf("%v are there, and nothing is told: %s", rows, log)
		}
	})
}

// What others do to an output topic between two starts: nothing is sent again, and nothing hangs.
func TestForeignHandsInTheOutput(t *testing.T) {
	foreign := map[string]func(t *testing.T, n *node){
		"records deleted": func(t *testing.T, n *node) {
			if err := n.cluster.DeleteRecords(t.Context(), "o", map[int32]int64{0: 9}); err != nil {
				t.Fatal(err)
			}
		},
		"all records deleted": func(t *testing.T, n *node) {
			ends, err := n.cluster.StableOffsets(t.Context(), "o")
			if err == nil {
				err = n.cluster.DeleteRecords(t.Context(), "o", map[int32]int64{0: ends["o"][0]})
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		"transaction committed": func(t *testing.T, n *node) { foreignTransaction(t, n, "o", kgo.TryCommit) },
		"transaction aborted":   func(t *testing.T, n *node) { foreignTransaction(t, n, "o", kgo.TryAbort) },
		"record written":        func(t *testing.T, n *node) { n.write(t, "o", "foreign=1") },
	}
	for name, act := range foreign {
		t.Run(name, func(t *testing.T) {
			bothWays(t, nil, func(t *testing.T, p *place) {
				n := p.start(t)
				n.run(t, NewSession(), plainSQL)
				for i := range 10 {
					n.write(t, "src", fmt.Sprintf("k%d=%d", i, i))
				}
				n.settle(t)
				act(t, n)
				before := n.texts(t, "o")
				n.leave(t)
				n = p.start(t)
				n.write(t, "src", "next=10")
				n.settle(t)
				n.wantTexts(t, "o", append(before, "next=10")...)
			})
		})
	}
}
