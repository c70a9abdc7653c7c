package faulty

import (
	"encoding/binary"
	"fmt"
	"reflect"

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
	case kmsg.DescribeConfigs:
		return []*kerr.Error{kerr.UnknownServerError, kerr.UnknownTopicOrPartition}
	case kmsg.Metadata: // of topics that are there: a broker that has not heard of them yet
		return []*kerr.Error{kerr.LeaderNotAvailable, kerr.UnknownTopicOrPartition}
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
	if _, ok := req.(*kmsg.MetadataRequest); ok {
		return exchange{spoil: func(frame []byte) ([]byte, error) { return spoil(frame, req, why.Code) }}, nil
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

// refusal puts the error wherever the kind has room for one: on the whole, and on all that the request names.
func refusal(req kmsg.Request, code int16) (kmsg.Response, error) {
	if len(Codes(kmsg.Key(req.Key()))) == 0 {
		return nil, fmt.Errorf("faulty: %s can't be refused", kmsg.Key(req.Key()).Name())
	}
	resp := req.ResponseKind()
	if fetch, ok := resp.(*kmsg.FetchResponse); ok { // a session is refused as a whole
		fetch.Default()
		fetch.ErrorCode = code
		return fetch, nil
	}
	mirror(reflect.ValueOf(req).Elem(), reflect.ValueOf(resp).Elem(), code)
	return resp, nil
}

// mirror fills an answer, or a part of one, from what asked for it: names are taken over, lists have an item for each one asked for, and
// errors are the code.
func mirror(req, resp reflect.Value, code int16) {
	if d, ok := resp.Addr().Interface().(interface{ Default() }); ok {
		d.Default()
	}
	for i := range resp.NumField() {
		field, name := resp.Field(i), resp.Type().Field(i).Name
		asked := req.FieldByName(name)
		if name == "Coordinators" {
			asked = req.FieldByName("CoordinatorKeys")
		}
		switch {
		case name == "ErrorCode":
			field.SetInt(int64(code))
		case !asked.IsValid():
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			field.Set(reflect.MakeSlice(field.Type(), asked.Len(), asked.Len()))
			for at := range asked.Len() {
				mirrorItem(asked.Index(at), field.Index(at), code)
			}
		case field.Type() == asked.Type() && name != "Version" && name != "UnknownTags":
			field.Set(asked)
		}
	}
}

// mirrorItem is mirror for an item of a list: where the request names it by a number or a text alone, that is its first field.
func mirrorItem(asked, item reflect.Value, code int16) {
	if asked.Kind() == reflect.Struct {
		mirror(asked, item, code)
		return
	}
	mirror(reflect.ValueOf(struct{}{}), item, code)
	for i := range item.NumField() {
		if item.Field(i).Type() == asked.Type() {
			item.Field(i).Set(asked)
			return
		}
	}
}

// spoil puts an error into a broker's answer, wherever there is room for one. What else is in there has to be the broker's: an
// answer that lists no brokers would take them from the client.
func spoil(frame []byte, req kmsg.Request, code int16) ([]byte, error) {
	resp := req.ResponseKind()
	head := sizeLen + 4 // the number
	if resp.IsFlexible() {
		head++ // no tags
	}
	if len(frame) < head {
		return nil, fmt.Errorf("faulty: an answer of %d bytes is too short", len(frame))
	}
	if err := resp.ReadFrom(frame[head:]); err != nil {
		return nil, fmt.Errorf("faulty: an answer to %s can't be read: %w", kmsg.Key(req.Key()).Name(), err)
	}
	setErrors(reflect.ValueOf(resp).Elem(), code)
	frame = resp.AppendTo(frame[:head:head])
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-sizeLen))
	return frame, nil
}

func setErrors(v reflect.Value, code int16) {
	for i := range v.NumField() {
		switch field := v.Field(i); {
		case v.Type().Field(i).Name == "ErrorCode":
			field.SetInt(int64(code))
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			for at := range field.Len() {
				setErrors(field.Index(at), code)
			}
		}
	}
}
