package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A row that its topic does not take is left out and told of, and all others are there once.
func TestRowTooLarge(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='KAFKA', PARTITIONS=1);
			CREATE STREAM big WITH (KAFKA_TOPIC='big') AS SELECT k, v || v AS l FROM src;`)
		n.write(t, "src", "k0=1", "huge="+noise(7, 600_000), "k1=1", "k2=1")
		n.settle(t)
		if got, want := n.texts(t, "big"), []string{"k0=11", "k1=11", "k2=11"}; !slices.Equal(got, want) {
			t.Errorf("%d rows, want %v", len(got), want)
		}
		q := n.Queries()[0]
		if q.State != Running || q.Stats.Bad != 1 || q.Stats.RowsOut != 3 {
			t.Errorf("%s, %s; %+v", q.State, q.Error, q.Stats)
		}
		log := n.problemLog(t)
		if len(log) != 1 || !strings.Contains(log[0], `huge`) || !strings.Contains(log[0], "max.message.bytes") || !strings.Contains(log[0], "1048588") {
			t.Errorf("processing log: %.300s", log)
		}
	})
}

// The limit of a topic is lowered while the query runs: what the broker refuses is found out, and left out.
func TestLimitLowered(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		n.write(t, "src", "a=1")
		n.settle(t)
		limit := "2000"
		req := kmsg.NewPtrIncrementalAlterConfigsRequest()
		res := kmsg.NewIncrementalAlterConfigsRequestResource()
		res.ResourceType, res.ResourceName = kmsg.ConfigResourceTypeTopic, "o"
		cfg := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		cfg.Name, cfg.Value = "max.message.bytes", &limit
		res.Configs = append(res.Configs, cfg)
		req.Resources = append(req.Resources, res)
		c, err := n.cluster.NewClient()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := req.RequestWith(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		n.write(t, "src", "b=2", "long="+noise(3, 5000), "c=3")
		n.settle(t)
		n.wantTexts(t, "o", "a=1", "b=2", "c=3")
		if s := n.Queries()[0].Stats; s.RowsIn != 4 || s.RowsOut != 3 || s.Bad != 1 || s.Steps[0].Made != 3 {
			t.Errorf("%+v", s)
		}
		if log := n.problemLog(t); len(log) != 1 || !strings.Contains(log[0], "long") {
			t.Errorf("processing log: %.300s", log)
		}
	})
}

// Records of real entropy do not compress: batches must be no larger than their topic takes.
func TestEntropy(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		var recs []string
		for i := range 120 {
			recs = append(recs, fmt.Sprintf("k%d=%s", i, noise(uint64(i), 100_000)))
		}
		n.write(t, "src", recs...)
		n.settle(t)
		if got := n.texts(t, "o"); !slices.Equal(got, recs) {
			t.Errorf("%d rows, want %d", len(got), len(recs))
		}
	})
}

// A write that is refused for the moment is tried again, the query says so meanwhile, and nothing is lost or there twice.
func TestWriteRefusedForAWhile(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		n.write(t, "src", "a=1")
		n.settle(t)
		var refusing atomic.Bool
		refusing.Store(true)
		p.refuse(kerr.InvalidTxnState, func(topic string) bool { return topic == "o" && refusing.Load() })
		n.write(t, "src", "b=2")
		until(t, "the query says that it can't write", func() bool {
			q := n.Queries()[0]
			return q.State == Unresponsive && strings.Contains(q.Error, "INVALID_TXN_STATE")
		})
		n.write(t, "src", "c=3")
		refusing.Store(false)
		n.settle(t)
		until(t, "it runs", func() bool { return n.Queries()[0].State == Running })
		n.wantTexts(t, "o", "a=1", "b=2", "c=3")
	})
}

// A write that will never be taken ends the query, with the reason.
func TestWriteRefusedForGood(t *testing.T) {
	for _, code := range []*kerr.Error{kerr.TopicAuthorizationFailed, kerr.InvalidRecord} {
		bothWays(t, nil, func(t *testing.T, p *place) {
			n := p.start(t)
			n.run(t, NewSession(), plainSQL)
			p.refuse(code, func(topic string) bool { return topic == "o" })
			n.write(t, "src", "b=2")
			until(t, "the query has failed", func() bool {
				q := n.Queries()[0]
				return q.State == Failed && strings.Contains(q.Error, code.Message)
			})
		})
	}
}

// A commit that fails inside a command ends the session as any other.
func TestCommitOfACommandFails(t *testing.T) {
	bothWays(t, map[string]string{"commit.interval.ms": "600000"}, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		n.write(t, "src", "a=1")
		n.settle(t)
		var refusing atomic.Bool
		refusing.Store(true)
		p.refuse(kerr.InvalidTxnState, func(topic string) bool { return topic == "o" && refusing.Load() })
		n.write(t, "src", "b=2")
		id := n.Queries()[0].ID
		r := n.Engine.queries[id]
		// The row is fetched before the command comes: a pause would not read it any more.
		until(t, "the row is under way", func() bool {
			_, _, _ = r.worker.CaughtUp(t.Context())
			return n.Queries()[0].State == Unresponsive
		})
		n.run(t, NewSession(), "PAUSE "+id+";")
		if got := n.Queries()[0].State; got != Paused {
			t.Errorf("after PAUSE it is %s", got)
		}
		refusing.Store(false)
		n.run(t, NewSession(), "RESUME "+id+";")
		n.write(t, "src", "c=3")
		n.settle(t)
		n.wantTexts(t, "o", "a=1", "b=2", "c=3")
	})
}

// The processing log refuses a write once: the entries of a query wait with it, whatever others commit.
func TestProblemsAreNotLost(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		n.run(t, s, `CREATE STREAM a (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE STREAM b (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE STREAM oa AS SELECT * FROM a;
			SET 'commit.interval.ms'='1000';
			CREATE STREAM ob AS SELECT * FROM b;`)
		var refused atomic.Int32
		p.refuse(kerr.InvalidTxnState, func(topic string) bool { return strings.HasSuffix(topic, "processing_log") && refused.Add(1) == 1 })
		n.write(t, "b", "k=no JSON")
		for i := range 20 {
			n.write(t, "a", fmt.Sprintf(`k={"v":%d}`, i))
			time.Sleep(10 * time.Millisecond)
		}
		n.settle(t)
		if log := n.problemLog(t); len(log) != 1 || !strings.Contains(log[0], "CSAS_OB") || refused.Load() == 0 {
			t.Errorf("processing log: %s; writes %d", log, refused.Load())
		}
	})
}
