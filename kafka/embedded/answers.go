package embedded

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// answers completes what kfake answers to what a real broker sends: the protocol allows to leave more out than clients other than Go's
// can do without. A request of one of its keys is read whole when it comes, and its response is changed on its way out.
type answers struct {
	topics    *topicSettings
	producers *producers
	fences    fences
	limit     limit
	starts    *starts
	changed   func() // the list of topics has
}

// completion changes a response.
type completion func(kmsg.Response)

// of says what is to be done with the response of a request, which it may change; nil for nothing. A client may be one of this process.
func (a *answers) of(r kmsg.Request, inside bool) completion {
	switch req := r.(type) {
	case *kmsg.ApiVersionsRequest:
		return func(r kmsg.Response) { hideFeatures(r.(*kmsg.ApiVersionsResponse)) }
	case *kmsg.MetadataRequest:
		return refuseNames(req)
	case *kmsg.DescribeConfigsRequest:
		names := askForAll(req)
		return func(r kmsg.Response) {
			a.topics.describe(names, req.IncludeSynonyms, r.(*kmsg.DescribeConfigsResponse))
		}
	case *kmsg.ListOffsetsRequest:
		return a.starts.listed(req)
	case *kmsg.DescribeTopicPartitionsRequest:
		return func(r kmsg.Response) { fillReplicas(r.(*kmsg.DescribeTopicPartitionsResponse)) }
	case *kmsg.DescribeClientQuotasRequest:
		return func(r kmsg.Response) { fillQuotas(r.(*kmsg.DescribeClientQuotasResponse)) }
	case *kmsg.InitProducerIDRequest:
		if req.TransactionalID == nil {
			return a.given(inside)
		}
		return func(r kmsg.Response) { a.fences.began(*req.TransactionalID, r.(*kmsg.InitProducerIDResponse)) }
	case *kmsg.ProduceRequest:
		if inside || req.Acks == 0 {
			return nil
		}
		return a.limit.tell
	case *kmsg.DeleteTopicsRequest:
		return func(kmsg.Response) { a.starts.gone(req); a.changed() }
	case *kmsg.CreateTopicsRequest, *kmsg.CreatePartitionsRequest, *kmsg.AlterConfigsRequest, *kmsg.IncrementalAlterConfigsRequest:
		return func(kmsg.Response) { a.changed() }
	case *kmsg.EndTxnRequest:
		return func(r kmsg.Response) { a.fences.ended(req, r.(*kmsg.EndTxnResponse)) }
	}
	return nil
}

// given notes the id that a producer is given, before it can write anything.
func (a *answers) given(inside bool) completion {
	if inside {
		return nil
	}
	return func(r kmsg.Response) {
		if resp := r.(*kmsg.InitProducerIDResponse); resp.ErrorCode == 0 {
			a.producers.add(resp.ProducerID)
		}
	}
}

// looks says whether of has to know a request. What producers send is not read for that, unless it will be refused.
func (a *answers) looks(key kmsg.Key) bool {
	return slices.Contains(looksAt, key) || key == kmsg.Produce && a.limit.full.Load()
}

// looksAt are the keys of the others.
var looksAt = []kmsg.Key{kmsg.ApiVersions, kmsg.Metadata, kmsg.ListOffsets, kmsg.DescribeConfigs, kmsg.DescribeTopicPartitions, kmsg.DescribeClientQuotas,
	kmsg.InitProducerID, kmsg.EndTxn, kmsg.CreateTopics, kmsg.DeleteTopics, kmsg.CreatePartitions, kmsg.AlterConfigs, kmsg.IncrementalAlterConfigs}

func hideFeatures(resp *kmsg.ApiVersionsResponse) {
	resp.SupportedFeatures = slices.DeleteFunc(resp.SupportedFeatures, func(f kmsg.ApiVersionsResponseSupportedFeature) bool {
		return slices.Contains(notThere, f.Name)
	})
	resp.FinalizedFeatures = slices.DeleteFunc(resp.FinalizedFeatures, func(f kmsg.ApiVersionsResponseFinalizedFeature) bool {
		return slices.Contains(notThere, f.Name)
	})
}

// refuseNames tells a client that asks for a topic whose name can't be one, so that it doesn't ask for ever.
func refuseNames(req *kmsg.MetadataRequest) completion {
	if !slices.ContainsFunc(req.Topics, func(t kmsg.MetadataRequestTopic) bool { return t.Topic != nil && badTopicName(*t.Topic) != "" }) {
		return nil
	}
	return func(r kmsg.Response) {
		resp := r.(*kmsg.MetadataResponse)
		for i := range resp.Topics {
			t := &resp.Topics[i]
			if t.Topic != nil && t.ErrorCode == kerr.UnknownTopicOrPartition.Code && badTopicName(*t.Topic) != "" {
				t.ErrorCode = kerr.InvalidTopicException.Code
			}
		}
	}
}

func fillReplicas(resp *kmsg.DescribeTopicPartitionsResponse) {
	for i := range resp.Topics {
		for j := range resp.Topics[i].Partitions {
			p := &resp.Topics[i].Partitions[j]
			p.EligibleLeaderReplicas = slices.Grow(p.EligibleLeaderReplicas, 1)
			p.LastKnownELR = slices.Grow(p.LastKnownELR, 1)
		}
	}
}

func fillQuotas(resp *kmsg.DescribeClientQuotasResponse) {
	if resp.ErrorCode == 0 {
		resp.Entries = slices.Grow(resp.Entries, 1)
	}
}

// fences are the transactional ids that were taken over, each with the epoch of who has it now. kfake takes the former owner's end of a
// transaction for its new owner's, asked again: it would confirm it, and hand over the new epoch.
type fences struct {
	mu sync.Mutex
	by map[string]fence
}

type fence struct {
	id    int64
	epoch int16
}

func (f *fences) began(txn string, resp *kmsg.InitProducerIDResponse) {
	if resp.ErrorCode != 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by == nil {
		f.by = map[string]fence{}
	}
	f.by[txn] = fence{resp.ProducerID, resp.ProducerEpoch}
}

func (f *fences) ended(req *kmsg.EndTxnRequest, resp *kmsg.EndTxnResponse) {
	f.mu.Lock()
	defer f.mu.Unlock()
	owner, ok := f.by[req.TransactionalID]
	switch {
	case !ok || owner.id != req.ProducerID:
	case req.ProducerEpoch < owner.epoch:
		resp.ErrorCode, resp.ProducerID, resp.ProducerEpoch = kerr.ProducerFenced.Code, -1, -1
	case resp.ErrorCode == 0:
		delete(f.by, req.TransactionalID) // from here on the epochs before are the owner's own
	}
}

// awaited are the responses of a connection that are to be changed, in the order of their requests.
type awaited struct {
	mu    sync.Mutex
	queue []await
}

type await struct {
	correlation  uint32
	key, version int16
	then         completion
}

func (a *awaited) add(w await) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queue = append(a.queue, w)
}

// take finds out who waits for a response. Requests of a connection are answered in order.
func (a *awaited) take(correlation uint32) (await, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) == 0 || a.queue[0].correlation != correlation {
		return await{}, false
	}
	w := a.queue[0]
	a.queue = a.queue[1:]
	return w, true
}

// complete gives the response, as whole as it goes out, in its place; one that can't be read stays as it is.
func (w await) complete(frame []byte) []byte {
	const head = sizeLen + 4 // and the correlation id
	resp := kmsg.ResponseForKey(w.key)
	resp.SetVersion(w.version)
	at := head
	if w.key == int16(kmsg.ApiVersions) {
		if len(frame) >= head+2 && int16(binary.BigEndian.Uint16(frame[head:])) == kerr.UnsupportedVersion.Code {
			return frame // it comes in version 0, whichever was asked for
		}
	} else if resp.IsFlexible() {
		at++ // no tagged fields
	}
	if at > len(frame) || resp.ReadFrom(frame[at:]) != nil {
		return frame
	}
	w.then(resp)
	out := resp.AppendTo(append(make([]byte, 0, len(frame)+64), frame[:at]...))
	binary.BigEndian.PutUint32(out, uint32(len(out)-sizeLen))
	return out
}
