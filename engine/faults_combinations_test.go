package engine

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"weir/kafka/faulty"
)

// faultWay is a kind of commit on a kind of broker.
type faultWay struct {
	name     string
	embedded bool
	versions *kversion.Versions // of the broker; nil for the newest
	steps    []string
	kinds    []kmsg.Key
	// atStart are the kinds that only the beginning of a session needs: one is made to end.
	atStart []kmsg.Key
}

var (
	outboxSteps      = []string{"flushed", "batched", "outbox", "written", "sending", "acknowledged", "delivered", "told", "settled"}
	transactionSteps = []string{"flushed", "produced", "flushed to broker", "offsets in transaction", "transaction ended", "state written"}
	transactionStart = []kmsg.Key{kmsg.Metadata, kmsg.ListOffsets, kmsg.FindCoordinator, kmsg.JoinGroup, kmsg.SyncGroup, kmsg.OffsetFetch, kmsg.InitProducerID, kmsg.CreateTopics, kmsg.DescribeConfigs}
)

var faultWays = []faultWay{
	{name: "outbox", embedded: true, steps: outboxSteps,
		kinds:   []kmsg.Key{kmsg.Produce, kmsg.Fetch, kmsg.ListOffsets, kmsg.Metadata, kmsg.FindCoordinator, kmsg.OffsetCommit, kmsg.InitProducerID, kmsg.DeleteRecords, kmsg.DescribeConfigs},
		atStart: []kmsg.Key{kmsg.ListOffsets, kmsg.Metadata, kmsg.InitProducerID, kmsg.DescribeConfigs}},
	{name: "transactions", steps: transactionSteps,
		kinds:   append([]kmsg.Key{kmsg.Produce, kmsg.Fetch, kmsg.Heartbeat, kmsg.OffsetCommit, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn}, transactionStart...),
		atStart: transactionStart},
	// Brokers before 4.0 are told of a transaction's partitions, and don't change the producer's epoch at its end.
	{name: "transactions of old", versions: kversion.V3_7_0(), steps: transactionSteps,
		kinds:   []kmsg.Key{kmsg.Produce, kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn, kmsg.InitProducerID},
		atStart: []kmsg.Key{kmsg.InitProducerID}},
}

// combination is a request to be spoilt.
type combination struct {
	key  kmsg.Key
	do   faulty.Action
	code *kerr.Error // of Refuse; with Lose, of the refusal of what the client sends again, so that it never hears of what was done
	step string
}

func (c combination) String() string {
	what := c.do.String()
	switch {
	case c.do == faulty.Refuse:
		what += " " + c.code.Message
	case c.code != nil:
		what += " and refused " + c.code.Message
	}
	return fmt.Sprintf("%s %s at %s", c.key.Name(), what, c.step)
}

// random is the same for a combination wherever it runs.
func (c combination) random(seed uint64) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(c.String()))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// forGood says that the query is to end in ERROR.
func (c combination) forGood() bool {
	return c.do == faulty.Refuse && strings.Contains(c.code.Message, "AUTHORIZATION")
}

func (w faultWay) combinations() []combination {
	var out []combination
	for _, key := range w.kinds {
		steps := w.steps
		if key == kmsg.DeleteRecords {
			steps = []string{"told"} // is what it comes behind
		}
		for _, step := range steps {
			for _, do := range faulty.Actions() {
				if do != faulty.Refuse {
					out = append(out, combination{key, do, nil, step})
					continue
				}
				for _, code := range faulty.Codes(key) {
					out = append(out, combination{key, do, code, step})
					if code == kerr.UnknownServerError {
						out = append(out, combination{key, faulty.Lose, code, step})
					}
				}
			}
		}
	}
	return out
}
