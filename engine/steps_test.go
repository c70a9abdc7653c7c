package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/exec/worker"
	"weir/kafka/faulty"
)

// stepLines are the first words of each step of a query, with read = used + filtered + late + null key + bad; made.
func stepLines(s worker.Stats) []string {
	var out []string
	for _, c := range s.Steps {
		words := strings.Fields(c.Step)
		out = append(out, fmt.Sprintf("%s: %d = %d + %d + %d + %d + %d; %d", strings.Join(words[:min(2, len(words))], " "), c.Read, c.Used(), c.Filtered, c.Late, c.NullKey, c.Bad, c.Made))
	}
	return out
}

// The rows of each step count once, where a commit fails and its rows are written by the next session, where they are read
// again, and where a commit was made that nobody confirmed.
func TestStepsAfterFailure(t *testing.T) {
	for _, fault := range []string{"none", "write refused", "end of the transaction not confirmed"} {
		t.Run(fault, func(t *testing.T) {
			// Every change is written, so that the rows do not depend on when it is committed.
			bothWays(t, map[string]string{"cache.max.bytes.buffering": "0"}, func(t *testing.T, p *place) {
				if fault == "end of the transaction not confirmed" && p.embedded {
					return // it has none
				}
				countSteps(t, p, fault)
			})
		})
	}
}

func countSteps(t *testing.T, p *place, fault string) {
	d := faulty.New(nil)
	p.opts = []kgo.Opt{kgo.Dialer(d.Dial)}
	n := p.start(t)
	n.run(t, NewSession(), `CREATE STREAM l (k STRING KEY, g STRING, v INT) WITH (KAFKA_TOPIC='l', VALUE_FORMAT='JSON', PARTITIONS=2);
		CREATE TABLE r (k STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON', PARTITIONS=2);
		CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT g, COUNT(*) AS n FROM l JOIN r ON l.k = r.k WHERE v > 0 GROUP BY g;`)
	n.write(t, "r", `a={"NAME":"A"}`, `b={"NAME":"B"}`)
	n.settle(t)
	n.write(t, "l", `a={"G":"x","V":1}`, `b={"G":"x","V":0}`, `c={"G":"x","V":1}`)
	n.settle(t)
	var refused atomic.Int64
	happened := func() bool { return true }
	switch fault {
	case "write refused":
		p.refuse(kerr.InvalidTxnState, func(topic string) bool { return topic == "t" && refused.CompareAndSwap(0, 1) })
		happened = func() bool { return refused.Load() > 0 }
	case "end of the transaction not confirmed":
		// The commit with the bad record writes; the end of it is carried out, and neither that nor asking again is answered well.
		lost, err := d.Arm(faulty.Rule{Key: kmsg.EndTxn, Do: faulty.Lose})
		if err == nil {
			_, err = d.Arm(faulty.Rule{Key: kmsg.EndTxn, Do: faulty.Refuse, Code: kerr.UnknownServerError})
		}
		if err != nil {
			t.Fatal(err)
		}
		happened = func() bool { return lost.Hits() > 0 }
	}
	was := n.Queries()[0].Stats
	n.write(t, "l", `a={"G":"x","V":2}`, `a={bad`, `b={"G":"y","V":1}`, `b={"V":1}`, `a={"G":"y","V":1}`)
	until(t, "the fault has happened, and no counter falls", func() bool {
		now := n.Queries()[0].Stats
		for i, c := range now.Steps {
			b := was.Steps[i]
			if min(c.Used(), c.Read-b.Read, c.Used()-b.Used(), c.Made-b.Made, c.Filtered-b.Filtered, c.NullKey-b.NullKey, c.Bad-b.Bad) < 0 {
				t.Errorf("%+v, was %+v", c, b)
			}
		}
		was = now
		return happened() && now.RowsIn == 10
	})
	n.settle(t)
	want := []string{
		"Sink table: 4 = 4 + 0 + 0 + 0 + 0; 4",
		"Project G,: 4 = 4 + 0 + 0 + 0 + 0; 4",
		"Aggregate by: 4 = 4 + 0 + 0 + 0 + 0; 4",
		"Read back:: 4 = 4 + 0 + 0 + 0 + 0; 4",
		"Repartition by: 5 = 4 + 0 + 0 + 1 + 0; 4",
		"Filter (L.V: 6 = 5 + 1 + 0 + 0 + 0; 5",
		"Join stream: 9 = 8 + 1 + 0 + 0 + 0; 6",
		"Scan stream: 8 = 7 + 0 + 0 + 0 + 1; 7",
		"Scan table: 2 = 2 + 0 + 0 + 0 + 0; 2",
	}
	s := n.Queries()[0].Stats
	if got := stepLines(s); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := n.texts(t, "t"); len(got) != 4 || s.RowsOut != 4 || s.RowsIn != 10 || s.Bad != 1 || s.NullKey != 1 || s.Filtered != 2 {
		t.Errorf("%v are written; %+v", got, s)
	}
}
