package embedded

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fixedConfigs are the broker settings that keep kfake from ever deleting anything by itself.
func fixedConfigs() map[string]string {
	return map[string]string{
		"log.retention.ms":    "-1",
		"log.retention.bytes": "-1",
		// A hundred years: the ticker that compacts and expires never fires, whatever a topic's configs say.
		"log.cleaner.backoff.ms": "3153600000000",
		// Query groups may rest for months; their offsets must still be there.
		"offsets.retention.minutes":  "2147483647",
		"default.replication.factor": "1",
		// Rows of up to 8 MB, as large as the batches that queries write.
		"message.max.bytes": "8388608",
	}
}

// guardRequests looks at the rare requests that could undo the guards.
func (b *Broker) guardRequests() {
	b.control(int16(kmsg.CreateTopics), func(r kmsg.Request) kmsg.Response {
		req := r.(*kmsg.CreateTopicsRequest)
		refused := boundTopics(req)
		if refused == nil {
			b.noteTopicConfigs(req)
		}
		return refused
	})
	b.control(int16(kmsg.CreatePartitions), boundPartitions)
	b.control(int16(kmsg.AlterConfigs), keepBrokerConfigs)
	b.control(int16(kmsg.IncrementalAlterConfigs), keepBrokerConfigs)
	b.control(int16(kmsg.DeleteRecords), b.keepLastRecord)
}

// control registers fn for a request key for good. It registers anew at each request, since kfake remembers every connection that a
// control function has ever seen.
func (b *Broker) control(key int16, fn func(kmsg.Request) kmsg.Response) {
	b.cluster.ControlKey(key, func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.DropControl()
		b.control(key, fn)
		resp := fn(req)
		return resp, nil, resp != nil
	})
}

// noteTopicConfigs tells that a topic's cleanup is kept as a setting and not done.
func (b *Broker) noteTopicConfigs(req *kmsg.CreateTopicsRequest) {
	for _, t := range req.Topics {
		for _, c := range t.Configs {
			if c.Value == nil {
				continue
			}
			compact := c.Name == "cleanup.policy" && strings.Contains(*c.Value, "compact")
			expire := (c.Name == "retention.ms" || c.Name == "retention.bytes") && *c.Value != "-1"
			if compact || expire {
				b.opts.Logger.Info("the embedded broker keeps all records: a topic's setting is stored and has no effect",
					"topic", t.Topic, "setting", c.Name, "value", *c.Value)
			}
		}
	}
}

// keepBrokerConfigs refuses requests that change the broker's own settings.
func keepBrokerConfigs(r kmsg.Request) kmsg.Response {
	const why = "the embedded broker's own settings are fixed; topics' settings can be altered"
	reason := why
	switch req := r.(type) {
	case *kmsg.AlterConfigsRequest:
		resp := req.ResponseKind().(*kmsg.AlterConfigsResponse)
		touched := false
		for _, res := range req.Resources {
			touched = touched || changesBroker(res.ResourceType)
			out := kmsg.NewAlterConfigsResponseResource()
			out.ErrorCode, out.ErrorMessage = kerr.PolicyViolation.Code, &reason
			out.ResourceType, out.ResourceName = res.ResourceType, res.ResourceName
			resp.Resources = append(resp.Resources, out)
		}
		if touched {
			return resp
		}
	case *kmsg.IncrementalAlterConfigsRequest:
		resp := req.ResponseKind().(*kmsg.IncrementalAlterConfigsResponse)
		touched := false
		for _, res := range req.Resources {
			touched = touched || changesBroker(res.ResourceType)
			out := kmsg.NewIncrementalAlterConfigsResponseResource()
			out.ErrorCode, out.ErrorMessage = kerr.PolicyViolation.Code, &reason
			out.ResourceType, out.ResourceName = res.ResourceType, res.ResourceName
			resp.Resources = append(resp.Resources, out)
		}
		if touched {
			return resp
		}
	}
	return nil
}

func changesBroker(t kmsg.ConfigResourceType) bool { return t == kmsg.ConfigResourceTypeBroker }

// keepLastRecord lowers a trim to the whole partition by one record. With no record left, a partition that is opened again after a
// kill starts at offset 0, below the offsets that groups have committed.
func (b *Broker) keepLastRecord(r kmsg.Request) kmsg.Response {
	req := r.(*kmsg.DeleteRecordsRequest)
	for i := range req.Topics {
		t := &req.Topics[i]
		for j := range t.Partitions {
			p := &t.Partitions[j]
			info := b.cluster.PartitionInfo(t.Topic, p.Partition)
			if info == nil {
				continue
			}
			if p.Offset == -1 || p.Offset == info.HighWatermark {
				p.Offset = info.HighWatermark - 1
			}
			p.Offset = max(p.Offset, info.LogStartOffset) // what is trimmed already is no error in Kafka
		}
	}
	return nil
}
