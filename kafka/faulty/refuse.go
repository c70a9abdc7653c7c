package faulty

import (
	"encoding/binary"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Codes are the errors with which a broker refuses requests of a kind before it does anything; none where it can't be refused here.
func Codes(key kmsg.Key) []*kerr.Error {
	switch key {
	case kmsg.Produce:
		return []*kerr.Error{kerr.NotLeaderForPartition, kerr.MessageTooLarge, kerr.UnknownServerError, kerr.NotEnoughReplicas, kerr.TopicAuthorizationFailed}
	case kmsg.ListOffsets:
		return []*kerr.Error{kerr.NotLeaderForPartition, kerr.UnknownServerError, kerr.LeaderNotAvailable}
	case kmsg.FindCoordinator:
		return []*kerr.Error{kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress}
	case kmsg.JoinGroup, kmsg.SyncGroup, kmsg.Heartbeat, kmsg.OffsetCommit, kmsg.TxnOffsetCommit, kmsg.OffsetFetch:
		return []*kerr.Error{kerr.CoordinatorNotAvailable, kerr.NotCoordinator, kerr.CoordinatorLoadInProgress, kerr.UnknownServerError}
	case kmsg.InitProducerID, kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn, kmsg.EndTxn:
		return []*kerr.Error{kerr.CoordinatorNotAvailable, kerr.NotCoordinator, kerr.ConcurrentTransactions, kerr.UnknownServerError}
	case kmsg.DeleteRecords:
		return []*kerr.Error{kerr.NotLeaderForPartition, kerr.UnknownServerError}
	case kmsg.CreateTopics:
		return []*kerr.Error{kerr.NotController, kerr.RequestTimedOut, kerr.UnknownServerError}
	case kmsg.Fetch:
		return []*kerr.Error{kerr.FetchSessionIDNotFound, kerr.UnknownServerError}
	}
	return nil
}

// refuse makes the exchange of a request that the broker does not see.
func refuse(r *request, why *kerr.Error) (exchange, error) {
	req := r.parse()
	if req == nil {
		return exchange{}, fmt.Errorf("faulty: a request %s can't be read", r.key().Name())
	}
	resp, err := refusal(req, why.Code)
	if err != nil {
		return exchange{}, err
	}
	resp.SetVersion(req.GetVersion())
	frame := make([]byte, sizeLen, 64)
	frame = binary.BigEndian.AppendUint32(frame, r.number())
	if resp.IsFlexible() {
		frame = append(frame, 0) // no tags
	}
	frame = resp.AppendTo(frame)
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-sizeLen))
	return exchange{answer: frame}, nil
}

// refusal puts the error where the kind has it: on the whole, or on all that the request names.
func refusal(req kmsg.Request, code int16) (kmsg.Response, error) {
	switch req := req.(type) {
	case *kmsg.FetchRequest:
		resp := kmsg.NewPtrFetchResponse()
		resp.ErrorCode = code
		return resp, nil
	case *kmsg.JoinGroupRequest:
		resp := kmsg.NewPtrJoinGroupResponse()
		resp.ErrorCode = code
		return resp, nil
	case *kmsg.SyncGroupRequest:
		resp := kmsg.NewPtrSyncGroupResponse()
		resp.ErrorCode = code
		return resp, nil
	case *kmsg.HeartbeatRequest:
		resp := kmsg.NewPtrHeartbeatResponse()
		resp.ErrorCode = code
		return resp, nil
	case *kmsg.InitProducerIDRequest:
		resp := kmsg.NewPtrInitProducerIDResponse()
		resp.ErrorCode = code
		return resp, nil
	case *kmsg.AddOffsetsToTxnRequest:
		resp := kmsg.NewPtrAddOffsetsToTxnResponse()
		resp.ErrorCode = code
		return resp, nil
	case *kmsg.EndTxnRequest:
		resp := kmsg.NewPtrEndTxnResponse()
		resp.ErrorCode = code
		return resp, nil
	case *kmsg.FindCoordinatorRequest:
		resp := kmsg.NewPtrFindCoordinatorResponse()
		resp.ErrorCode = code
		for _, key := range req.CoordinatorKeys {
			c := kmsg.NewFindCoordinatorResponseCoordinator()
			c.Key, c.ErrorCode = key, code
			resp.Coordinators = append(resp.Coordinators, c)
		}
		return resp, nil
	case *kmsg.OffsetFetchRequest:
		resp := kmsg.NewPtrOffsetFetchResponse()
		resp.ErrorCode = code
		for _, g := range req.Groups {
			out := kmsg.NewOffsetFetchResponseGroup()
			out.Group, out.ErrorCode = g.Group, code
			resp.Groups = append(resp.Groups, out)
		}
		return resp, nil
	case *kmsg.CreateTopicsRequest:
		resp := kmsg.NewPtrCreateTopicsResponse()
		for _, t := range req.Topics {
			out := kmsg.NewCreateTopicsResponseTopic()
			out.Topic, out.ErrorCode = t.Topic, code
			resp.Topics = append(resp.Topics, out)
		}
		return resp, nil
	}
	return perPartition(req, code)
}

// perPartition is refusal for the kinds that answer for each partition.
func perPartition(req kmsg.Request, code int16) (kmsg.Response, error) {
	switch req := req.(type) {
	case *kmsg.ProduceRequest:
		resp := kmsg.NewPtrProduceResponse()
		for _, t := range req.Topics {
			out := kmsg.NewProduceResponseTopic()
			out.Topic, out.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				part := kmsg.NewProduceResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, code
				out.Partitions = append(out.Partitions, part)
			}
			resp.Topics = append(resp.Topics, out)
		}
		return resp, nil
	case *kmsg.ListOffsetsRequest:
		resp := kmsg.NewPtrListOffsetsResponse()
		for _, t := range req.Topics {
			out := kmsg.NewListOffsetsResponseTopic()
			out.Topic = t.Topic
			for _, p := range t.Partitions {
				part := kmsg.NewListOffsetsResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, code
				out.Partitions = append(out.Partitions, part)
			}
			resp.Topics = append(resp.Topics, out)
		}
		return resp, nil
	case *kmsg.OffsetCommitRequest:
		resp := kmsg.NewPtrOffsetCommitResponse()
		for _, t := range req.Topics {
			out := kmsg.NewOffsetCommitResponseTopic()
			out.Topic, out.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				part := kmsg.NewOffsetCommitResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, code
				out.Partitions = append(out.Partitions, part)
			}
			resp.Topics = append(resp.Topics, out)
		}
		return resp, nil
	case *kmsg.TxnOffsetCommitRequest:
		resp := kmsg.NewPtrTxnOffsetCommitResponse()
		for _, t := range req.Topics {
			out := kmsg.NewTxnOffsetCommitResponseTopic()
			out.Topic, out.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				part := kmsg.NewTxnOffsetCommitResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, code
				out.Partitions = append(out.Partitions, part)
			}
			resp.Topics = append(resp.Topics, out)
		}
		return resp, nil
	case *kmsg.AddPartitionsToTxnRequest:
		resp := kmsg.NewPtrAddPartitionsToTxnResponse()
		resp.ErrorCode = code
		for _, t := range req.Topics {
			out := kmsg.NewAddPartitionsToTxnResponseTopic()
			out.Topic = t.Topic
			for _, p := range t.Partitions {
				part := kmsg.NewAddPartitionsToTxnResponseTopicPartition()
				part.Partition, part.ErrorCode = p, code
				out.Partitions = append(out.Partitions, part)
			}
			resp.Topics = append(resp.Topics, out)
		}
		return resp, nil
	case *kmsg.DeleteRecordsRequest:
		resp := kmsg.NewPtrDeleteRecordsResponse()
		for _, t := range req.Topics {
			out := kmsg.NewDeleteRecordsResponseTopic()
			out.Topic = t.Topic
			for _, p := range t.Partitions {
				part := kmsg.NewDeleteRecordsResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, code
				out.Partitions = append(out.Partitions, part)
			}
			resp.Topics = append(resp.Topics, out)
		}
		return resp, nil
	}
	return nil, fmt.Errorf("faulty: %s can't be refused", kmsg.Key(req.Key()).Name())
}
