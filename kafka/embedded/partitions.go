package embedded

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// maxNewPartitions is how many partitions a request may make, as for Kafka's own controllers: each takes memory, and a slip of the pen
// must not take all there is.
const maxNewPartitions = 10_000

// boundTopics refuses to make topics with more partitions than there is room for.
func boundTopics(req *kmsg.CreateTopicsRequest) kmsg.Response {
	total := int64(0)
	for _, t := range req.Topics {
		total += max(int64(t.NumPartitions), int64(len(t.ReplicaAssignment)), 1)
	}
	if total <= maxNewPartitions {
		return nil
	}
	why := tooMany(total)
	resp := req.ResponseKind().(*kmsg.CreateTopicsResponse)
	for _, t := range req.Topics {
		out := kmsg.NewCreateTopicsResponseTopic()
		out.Topic, out.ErrorCode, out.ErrorMessage = t.Topic, kerr.InvalidPartitions.Code, &why
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

// boundPartitions refuses to give topics more partitions than there is room for, and to take some from them.
func (b *Broker) boundPartitions(r kmsg.Request) kmsg.Response {
	req := r.(*kmsg.CreatePartitionsRequest)
	total := int64(0)
	for _, t := range req.Topics {
		total += int64(t.Count)
	}
	resp := req.ResponseKind().(*kmsg.CreatePartitionsResponse)
	any := false
	for _, t := range req.Topics {
		out := kmsg.NewCreatePartitionsResponseTopic()
		out.Topic = t.Topic
		var why error = refusal{kerr.InvalidPartitions, tooMany(total)}
		if total <= maxNewPartitions {
			why = fewer(t.Topic, t.Count, int32(len(b.cluster.PartitionInfos(t.Topic))))
		}
		out.ErrorCode, out.ErrorMessage = codeOf(why)
		any = any || why != nil
		resp.Topics = append(resp.Topics, out)
	}
	if !any {
		return nil
	}
	for i := range resp.Topics {
		if t := &resp.Topics[i]; t.ErrorCode == 0 {
			t.ErrorCode, t.ErrorMessage = codeOf(refusal{kerr.InvalidRequest, "another topic of the same request is refused: none was changed"})
		}
	}
	return resp
}

func fewer(topic string, want, have int32) error {
	switch {
	case have == 0 || want > have: // kfake knows no topic without any
		return nil
	case want == have:
		return refusal{kerr.InvalidPartitions, fmt.Sprintf("Topic already has %d partition(s).", have)}
	}
	return refusal{kerr.InvalidPartitions, fmt.Sprintf("The topic %s currently has %d partition(s); %d would not be an increase.", topic, have, want)}
}

func tooMany(n int64) string {
	return fmt.Sprintf("the embedded broker makes at most %d partitions at once, and was asked for %d", maxNewPartitions, n)
}
