package embedded

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// limitInterval is how often the data is measured where there is a limit to it.
const limitInterval = 5 * time.Second

// limit keeps the data below Options.MaxData: a start reads all of it, and takes some into memory. Above it, nothing can be written. Clients of
// this process are told of a fault of the storage, so that queries wait for room; those outside are told the reason.
type limit struct {
	max  int64
	full atomic.Bool
}

var errFull = errors.New("the embedded broker's data has reached its limit")

func (l *limit) reason() string {
	return fmt.Sprintf("the embedded broker keeps at most %d bytes (weir.kafka.max.bytes), and has reached that: delete topics or records, "+
		"set retention.ms or retention.bytes of topics, or raise the limit", l.max)
}

// watchLimit measures until the broker stops.
func (b *Broker) watchLimit() {
	tick := time.NewTicker(b.opts.limitInterval)
	defer tick.Stop()
	for {
		b.applyLimit()
		select {
		case <-tick.C:
		case <-b.stop:
			return
		}
	}
}

func (b *Broker) applyLimit() {
	size, err := b.DataSize()
	if err != nil {
		b.opts.Logger.Warn("the embedded broker cannot measure its data", "dir", b.opts.DataDir, "err", err)
		return
	}
	limit := &b.answers.limit
	switch full := size >= limit.max; {
	case full && !limit.full.Swap(true):
		b.opts.Logger.Error("nothing can be written any more: "+limit.reason(), "bytes", size)
		b.refuseProduce()
	case !full && limit.full.Swap(false):
		b.opts.Logger.Info("there is room again for data", "bytes", size, "limit", limit.max)
	}
}

// refuseProduce answers what producers send, as long as the data is at its limit. Below, nothing stands in a producer's way.
func (b *Broker) refuseProduce() {
	b.cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.DropControl()
		if !b.answers.limit.full.Load() {
			return nil, nil, false
		}
		b.refuseProduce()
		req := r.(*kmsg.ProduceRequest)
		if req.Acks == 0 {
			return nil, errFull, true // there is no answer to it: the connection ends, as with Kafka
		}
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		for _, t := range req.Topics {
			out := kmsg.NewProduceResponseTopic()
			out.Topic, out.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				part := kmsg.NewProduceResponseTopicPartition()
				part.Partition, part.ErrorCode, part.BaseOffset = p.Partition, kerr.KafkaStorageError.Code, -1
				out.Partitions = append(out.Partitions, part)
			}
			resp.Topics = append(resp.Topics, out)
		}
		return resp, nil, true
	})
}

// tell gives a client outside the reason for what refuseProduce answers.
func (l *limit) tell(r kmsg.Response) {
	why := l.reason()
	resp := r.(*kmsg.ProduceResponse)
	for i := range resp.Topics {
		for j := range resp.Topics[i].Partitions {
			if p := &resp.Topics[i].Partitions[j]; p.ErrorCode == kerr.KafkaStorageError.Code {
				p.ErrorCode, p.ErrorMessage = kerr.PolicyViolation.Code, &why
			}
		}
	}
}
