package embedded

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// topicDefaults are what topics have that are given nothing else, beside fixedConfigs.
func topicDefaults(o Options) map[string]string {
	millis, size := "-1", "-1"
	if o.Retention > 0 {
		millis = strconv.FormatInt(o.Retention.Milliseconds(), 10)
	}
	if o.RetentionBytes > 0 {
		size = strconv.FormatInt(o.RetentionBytes, 10)
	}
	return map[string]string{"log.retention.ms": millis, "log.retention.bytes": size}
}

// fixedConfigs are the broker settings that keep kfake from ever deleting anything by itself.
func fixedConfigs() map[string]string {
	return map[string]string{
		"log.retention.ms":    "-1",
		"log.retention.bytes": "-1",
		// A hundred years: the ticker that compacts and expires never fires, whatever a topic's configs say.
		"log.cleaner.backoff.ms": "3153600000000",
		// A hundred years, too: groups may rest for months; their offsets must still be there. kfake counts this in nanoseconds, and
		// the largest number of minutes turned into a time that had passed.
		"offsets.retention.minutes":  "52560000",
		"default.replication.factor": "1",
		// Rows of up to 8 MB, as large as the batches that queries write.
		"message.max.bytes": "8388608",
		// What was deleted takes place on disk until all of its file was.
		"log.segment.bytes": "16777216",
	}
}

// guardRequests looks at the rare requests that could undo the guards, and at those that kfake doesn't check as Kafka does.
func (b *Broker) guardRequests() {
	b.control(kmsg.CreateTopics, func(r kmsg.Request) kmsg.Response { return b.createTopics(r.(*kmsg.CreateTopicsRequest)) })
	b.control(kmsg.CreatePartitions, b.boundPartitions)
	b.control(kmsg.AlterConfigs, b.checkConfigs)
	b.control(kmsg.IncrementalAlterConfigs, b.checkConfigs)
	b.control(kmsg.DescribeConfigs, b.stoodStill)
	b.control(kmsg.DeleteRecords, b.keepLastRecord)
	b.control(kmsg.DeleteGroups, b.deleteGroups)
	for _, key := range []kmsg.Key{kmsg.DescribeACLs, kmsg.CreateACLs, kmsg.DeleteACLs} {
		b.control(key, noSecurity)
	}
	if b.opts.AutoCreate {
		b.control(kmsg.Metadata, func(r kmsg.Request) kmsg.Response { b.createOnUse(r.(*kmsg.MetadataRequest)); return nil })
	}
}

// control registers fn for a request key for good. It registers anew at each request, since kfake remembers every connection that a
// control function has ever seen.
func (b *Broker) control(key kmsg.Key, fn func(kmsg.Request) kmsg.Response) {
	b.cluster.ControlKey(int16(key), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.DropControl()
		b.control(key, fn)
		resp := fn(req)
		return resp, nil, resp != nil
	})
}

// deleteGroups lets groups be deleted for good.
func (b *Broker) deleteGroups(r kmsg.Request) kmsg.Response {
	req := r.(*kmsg.DeleteGroupsRequest)
	err := b.strikeOut(req)
	if err == nil {
		return nil
	}
	b.opts.Logger.Error("groups cannot be deleted", "groups", req.Groups, "err", err)
	resp := req.ResponseKind().(*kmsg.DeleteGroupsResponse)
	for _, g := range req.Groups {
		out := kmsg.NewDeleteGroupsResponseGroup()
		out.Group, out.ErrorCode = g, kerr.CoordinatorNotAvailable.Code
		resp.Groups = append(resp.Groups, out)
	}
	return resp
}

// noSecurity answers as a Kafka without an authorizer. kfake would keep rules that nobody applies.
func noSecurity(r kmsg.Request) kmsg.Response {
	why := "No Authorizer is configured: the embedded broker has no access control"
	switch req := r.(type) {
	case *kmsg.DescribeACLsRequest:
		resp := req.ResponseKind().(*kmsg.DescribeACLsResponse)
		resp.ErrorCode, resp.ErrorMessage = kerr.SecurityDisabled.Code, &why
		return resp
	case *kmsg.CreateACLsRequest:
		resp := req.ResponseKind().(*kmsg.CreateACLsResponse)
		for range req.Creations {
			resp.Results = append(resp.Results, kmsg.CreateACLsResponseResult{ErrorCode: kerr.SecurityDisabled.Code, ErrorMessage: &why})
		}
		return resp
	case *kmsg.DeleteACLsRequest:
		resp := req.ResponseKind().(*kmsg.DeleteACLsResponse)
		for range req.Filters {
			resp.Results = append(resp.Results, kmsg.DeleteACLsResponseResult{ErrorCode: kerr.SecurityDisabled.Code, ErrorMessage: &why})
		}
		return resp
	}
	return nil
}

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
			b.starts.raise(t.Topic, p.Partition, p.Offset)
			p.Offset = max(p.Offset, info.LogStartOffset) // what is trimmed already is no error in Kafka
			if p.Offset > info.LogStartOffset && p.Offset < info.HighWatermark {
				if err := b.noteStart(t.Topic, info, p.Offset); err != nil {
					b.opts.Logger.Warn("a deletion of records cannot be written down: after a kill they are there again", "topic", t.Topic, "partition", p.Partition, "err", err)
				}
			}
		}
	}
	return nil
}
