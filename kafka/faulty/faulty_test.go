package faulty

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func client(t *testing.T, d *Dialer, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(broker.ListenAddrs()...), kgo.Dialer(d.Dial), kgo.DisableClientMetrics(), kgo.RequestRetries(0))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// samples is a request of each kind that can be refused, with where its answer tells an error.
var samples = []struct {
	req  kmsg.Request
	code func(kmsg.Response) int16
}{
	{&kmsg.ProduceRequest{Acks: -1, Topics: []kmsg.ProduceRequestTopic{{Topic: "t", Partitions: []kmsg.ProduceRequestTopicPartition{{}}}}},
		func(r kmsg.Response) int16 { return r.(*kmsg.ProduceResponse).Topics[0].Partitions[0].ErrorCode }},
	{&kmsg.FetchRequest{}, func(r kmsg.Response) int16 { return r.(*kmsg.FetchResponse).ErrorCode }},
	{&kmsg.ListOffsetsRequest{Topics: []kmsg.ListOffsetsRequestTopic{{Topic: "t", Partitions: []kmsg.ListOffsetsRequestTopicPartition{{}}}}},
		func(r kmsg.Response) int16 { return r.(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0].ErrorCode }},
	{&kmsg.FindCoordinatorRequest{CoordinatorKeys: []string{"g"}}, func(r kmsg.Response) int16 { return r.(*kmsg.FindCoordinatorResponse).Coordinators[0].ErrorCode }},
	{&kmsg.JoinGroupRequest{Group: "g"}, func(r kmsg.Response) int16 { return r.(*kmsg.JoinGroupResponse).ErrorCode }},
	{&kmsg.SyncGroupRequest{Group: "g"}, func(r kmsg.Response) int16 { return r.(*kmsg.SyncGroupResponse).ErrorCode }},
	{&kmsg.HeartbeatRequest{Group: "g"}, func(r kmsg.Response) int16 { return r.(*kmsg.HeartbeatResponse).ErrorCode }},
	{&kmsg.OffsetCommitRequest{Group: "g", Topics: []kmsg.OffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetCommitRequestTopicPartition{{}}}}},
		func(r kmsg.Response) int16 { return r.(*kmsg.OffsetCommitResponse).Topics[0].Partitions[0].ErrorCode }},
	{&kmsg.OffsetFetchRequest{Groups: []kmsg.OffsetFetchRequestGroup{{Group: "g"}}}, func(r kmsg.Response) int16 { return r.(*kmsg.OffsetFetchResponse).Groups[0].ErrorCode }},
	{&kmsg.InitProducerIDRequest{}, func(r kmsg.Response) int16 { return r.(*kmsg.InitProducerIDResponse).ErrorCode }},
	{&kmsg.AddPartitionsToTxnRequest{Version: 3, TransactionalID: "x", Topics: []kmsg.AddPartitionsToTxnRequestTopic{{Topic: "t", Partitions: []int32{0}}}},
		func(r kmsg.Response) int16 {
			return r.(*kmsg.AddPartitionsToTxnResponse).Topics[0].Partitions[0].ErrorCode
		}},
	{&kmsg.AddOffsetsToTxnRequest{TransactionalID: "x", Group: "g"}, func(r kmsg.Response) int16 { return r.(*kmsg.AddOffsetsToTxnResponse).ErrorCode }},
	{&kmsg.EndTxnRequest{TransactionalID: "x"}, func(r kmsg.Response) int16 { return r.(*kmsg.EndTxnResponse).ErrorCode }},
	{&kmsg.TxnOffsetCommitRequest{Group: "g", Topics: []kmsg.TxnOffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.TxnOffsetCommitRequestTopicPartition{{}}}}},
		func(r kmsg.Response) int16 {
			return r.(*kmsg.TxnOffsetCommitResponse).Topics[0].Partitions[0].ErrorCode
		}},
	{&kmsg.DeleteRecordsRequest{Topics: []kmsg.DeleteRecordsRequestTopic{{Topic: "t", Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{}}}}},
		func(r kmsg.Response) int16 { return r.(*kmsg.DeleteRecordsResponse).Topics[0].Partitions[0].ErrorCode }},
	{&kmsg.DescribeConfigsRequest{Resources: []kmsg.DescribeConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "t"}}},
		func(r kmsg.Response) int16 { return r.(*kmsg.DescribeConfigsResponse).Resources[0].ErrorCode }},
	{&kmsg.CreateTopicsRequest{Topics: []kmsg.CreateTopicsRequestTopic{{Topic: "new"}}}, func(r kmsg.Response) int16 { return r.(*kmsg.CreateTopicsResponse).Topics[0].ErrorCode }},
}

// TestFrames reads each refusal back, in every version of its kind.
func TestFrames(t *testing.T) {
	for _, s := range samples {
		key := kmsg.Key(s.req.Key())
		codes := Codes(key)
		if len(codes) == 0 {
			t.Errorf("%s has no codes", key.Name())
			continue
		}
		resp, err := refusal(s.req, codes[0].Code)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := s.code(resp); got != codes[0].Code {
			t.Errorf("%s answers %d, want %d", key.Name(), got, codes[0].Code)
		}
		for v := range s.req.MaxVersion() + 1 {
			resp.SetVersion(v)
			again := key.Response()
			again.SetVersion(v)
			if err := again.ReadFrom(resp.AppendTo(nil)); err != nil {
				t.Errorf("%s, version %d: %v", key.Name(), v, err)
			}
		}
	}
}

// A refusal names what was asked for, as a broker does.
func TestRefusalNames(t *testing.T) {
	resp, err := refusal(samples[3].req, kerr.CoordinatorNotAvailable.Code)
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.(*kmsg.FindCoordinatorResponse).Coordinators[0].Key; got != "g" {
		t.Errorf("the coordinator of %q", got)
	}
	add := &kmsg.AddPartitionsToTxnRequest{Version: 3, Topics: []kmsg.AddPartitionsToTxnRequestTopic{{Topic: "t", Partitions: []int32{0, 7}}}}
	if resp, err = refusal(add, kerr.NotCoordinator.Code); err != nil {
		t.Fatal(err)
	}
	topic := resp.(*kmsg.AddPartitionsToTxnResponse).Topics[0]
	if topic.Topic != "t" || topic.Partitions[1].Partition != 7 || topic.Partitions[1].ErrorCode != kerr.NotCoordinator.Code {
		t.Errorf("%+v", topic)
	}
}

// A broker may not have heard of a topic that is there. What it says of itself stands.
func TestSpoiltMetadata(t *testing.T) {
	d := New(nil)
	cl := client(t, d)
	if err := cl.Ping(t.Context()); err != nil { // the broker is known
		t.Fatal(err)
	}
	if _, err := d.Arm(Rule{Key: kmsg.Metadata, Do: Refuse, Code: kerr.UnknownTopicOrPartition}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []error{kerr.UnknownTopicOrPartition, nil} {
		req := kmsg.NewPtrMetadataRequest()
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = kmsg.StringPtr("t")
		req.Topics = append(req.Topics, topic)
		raw, err := cl.Broker(0).Request(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		resp := raw.(*kmsg.MetadataResponse)
		if got := kerr.ErrorForCode(resp.Topics[0].ErrorCode); !errors.Is(got, want) || len(resp.Brokers) != 1 {
			t.Errorf("%v, %d brokers; want %v", got, len(resp.Brokers), want)
		}
	}
}

func TestActions(t *testing.T) {
	for _, do := range Actions() {
		t.Run(do.String(), func(t *testing.T) {
			d := New(nil)
			cl := client(t, d)
			rule := Rule{Key: kmsg.CreateTopics, Nth: 2, Do: do, Code: kerr.RequestTimedOut, For: time.Millisecond}
			armed, err := d.Arm(rule)
			if err != nil {
				t.Fatal(err)
			}
			create := func(name string) error {
				req := kmsg.NewPtrCreateTopicsRequest()
				topic := kmsg.NewCreateTopicsRequestTopic()
				topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, 1, 1
				req.Topics = append(req.Topics, topic)
				// Not through the client's own retries.
				resp, err := cl.Broker(0).Request(t.Context(), req)
				if err != nil {
					return err
				}
				return kerr.ErrorForCode(resp.(*kmsg.CreateTopicsResponse).Topics[0].ErrorCode)
			}
			if err := create("first"); err != nil || armed.Hits() != 0 {
				t.Fatalf("the first request: %v, %d hits", err, armed.Hits())
			}
			err = create("second")
			switch do {
			case Refuse:
				if !errors.Is(err, kerr.RequestTimedOut) {
					t.Errorf("refused with %v", err)
				}
			case Delay:
				if err != nil {
					t.Error(err)
				}
			case Cut, Lose:
				if err == nil {
					t.Error("the connection was not cut")
				}
			}
			// What the broker has seen is there already.
			again, carriedOut := create("second"), do == Delay || do == Lose
			if carriedOut != errors.Is(again, kerr.TopicAlreadyExists) || !carriedOut && again != nil {
				t.Errorf("the same again: %v", again)
			}
			if armed.Hits() != 1 || d.Seen()[kmsg.CreateTopics] != 3 {
				t.Errorf("%d hits, seen %v", armed.Hits(), d.Seen())
			}
		})
	}
}

// TestPipelined spoils requests of a client that does not wait for answers: all records are acknowledged in the end.
func TestPipelined(t *testing.T) {
	d := New(nil)
	cl := client(t, d, kgo.RecordPartitioner(kgo.RoundRobinPartitioner()), kgo.ProducerLinger(0), kgo.MaxBufferedRecords(10),
		kgo.MetadataMinAge(10*time.Millisecond), kgo.RetryBackoffFn(func(int) time.Duration { return time.Millisecond }))
	for range 5 {
		for _, do := range Actions() {
			if _, err := d.Arm(Rule{Key: kmsg.Produce, Nth: 2, Do: do, Code: kerr.NotLeaderForPartition, For: time.Millisecond}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 50 {
			cl.Produce(t.Context(), &kgo.Record{Topic: "t", Value: fmt.Append(nil, i)}, func(_ *kgo.Record, err error) {
				if err != nil {
					t.Error(err)
				}
			})
		}
		if err := cl.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAway(t *testing.T) {
	d := New(nil)
	cl := client(t, d)
	if err := cl.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Away(true)
	if err := cl.Ping(t.Context()); err == nil {
		t.Error("the broker answers while it is away")
	}
	d.Away(false)
	if err := cl.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestArmRefusesWhatNoBrokerAnswers(t *testing.T) {
	if _, err := New(nil).Arm(Rule{Key: kmsg.Heartbeat, Do: Refuse, Code: kerr.MessageTooLarge}); err == nil {
		t.Error("a heartbeat can't be too large")
	}
}
