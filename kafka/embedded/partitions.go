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

// boundPartitions refuses to give topics more partitions than there is room for.
func boundPartitions(r kmsg.Request) kmsg.Response {
	req := r.(*kmsg.CreatePartitionsRequest)
	total := int64(0)
	for _, t := range req.Topics {
		total += int64(t.Count)
	}
	if total <= maxNewPartitions {
		return nil
	}
	why := tooMany(total)
	resp := req.ResponseKind().(*kmsg.CreatePartitionsResponse)
	for _, t := range req.Topics {
		out := kmsg.NewCreatePartitionsResponseTopic()
		out.Topic, out.ErrorCode, out.ErrorMessage = t.Topic, kerr.InvalidPartitions.Code, &why
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

func tooMany(n int64) string {
	return fmt.Sprintf("the embedded broker makes at most %d partitions at once, and was asked for %d", maxNewPartitions, n)
}
