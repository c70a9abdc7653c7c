package embedded

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Names that Kafka refuses are refused: one that is too long kept the broker from starting for good.
func TestTopicNames(t *testing.T) {
	dir := t.TempDir()
	b := start(t, Options{DataDir: dir})
	cl := client(t, kgo.SeedBrokers(b.Addr()))
	adm := kadm.NewClient(cl)
	for _, name := range []string{"a.b_c-D9", "..a", strings.Repeat("y", 249)} {
		if _, err := adm.CreateTopic(within(t), 1, 1, nil, name); err != nil {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	for name, want := range map[string]error{
		"": kerr.InvalidTopicException, ".": kerr.InvalidTopicException, "..": kerr.InvalidTopicException, "a b/c": kerr.InvalidTopicException,
		"../../pwn": kerr.InvalidTopicException, "größe": kerr.InvalidTopicException, "a\x00b": kerr.InvalidTopicException,
		strings.Repeat("y", 250): kerr.InvalidTopicException, "a_b.c-D9": kerr.InvalidTopicException,
	} {
		r, err := adm.CreateTopic(within(t), 1, 1, nil, name)
		if !errors.Is(err, want) || want != nil && r.ErrMessage == "" {
			t.Errorf("%.20q: %+v, %v, want %v", name, r, err, want)
		}
	}
	if _, err := adm.CreateTopic(within(t), 1, 1, nil, "a.b_c-D9"); !errors.Is(err, kerr.TopicAlreadyExists) {
		t.Error(err)
	}
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{{Topic: kadm.StringPtr("a b")}, {Topic: kadm.StringPtr("missing")}}
	codes := map[string]int16{}
	for _, topic := range ask[*kmsg.MetadataResponse](t, cl, req).Topics {
		codes[*topic.Topic] = topic.ErrorCode
	}
	if codes["a b"] != kerr.InvalidTopicException.Code || codes["missing"] != kerr.UnknownTopicOrPartition.Code {
		t.Errorf("%v", codes)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	topics, err := kadm.NewClient(client(t, start(t, Options{DataDir: dir}).ClientOpts()...)).ListTopics(within(t))
	if err != nil || len(topics) != 3 {
		t.Errorf("%v, %v", topics.Names(), err)
	}
}

func TestTopicSettingsChecked(t *testing.T) {
	b := start(t, Options{})
	adm := kadm.NewClient(client(t, kgo.SeedBrokers(b.Addr())))
	if _, err := adm.CreateTopic(within(t), 1, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, value, why string }{
		{"no.such", "1", "Unknown topic config name: no.such"},
		{"kfake.is_internal", "true", "Unknown topic config name"},
		{"retention.ms", "abc", "expected a whole number"},
		{"retention.ms", "-2", "at least -1"},
		{"retention.bytes", "-2", "at least -1"},
		{"segment.bytes", "1000", "at least 1048576"},
		{"max.message.bytes", "3000000000", "at most 2147483647"},
		{"cleanup.policy", "compact,erase", "one or several of compact, delete"},
		{"compression.type", "zip", "one of uncompressed, zstd"},
		{"min.cleanable.dirty.ratio", "1.5", "from 0 to 1"},
		{"message.timestamp.type", "LogAppendTime", "keeps the time that the producer gives"},
		{"remote.storage.enable", "true", "no remote storage"},
		{"preallocate", "yes", "one of true, false"},
	} {
		cfg := map[string]*string{c.name: &c.value}
		if r, err := adm.CreateTopic(within(t), 1, 1, cfg, "new"); !errors.Is(err, kerr.InvalidConfig) || !strings.Contains(r.ErrMessage, c.why) {
			t.Errorf("%s=%s: %+v, %v", c.name, c.value, r, err)
		}
		set := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: c.name, Value: &c.value}}
		if r, err := adm.AlterTopicConfigs(within(t), set, "t"); err != nil || !errors.Is(r[0].Err, kerr.InvalidConfig) || !strings.Contains(r[0].ErrMessage, c.why) {
			t.Errorf("alter %s=%s: %+v, %v", c.name, c.value, r, err)
		}
		if r, err := adm.AlterTopicConfigsState(within(t), set, "t"); err != nil || !errors.Is(r[0].Err, kerr.InvalidConfig) {
			t.Errorf("set %s=%s: %+v, %v", c.name, c.value, r, err)
		}
	}
	for _, c := range []struct {
		op          kadm.IncrementalOp
		name, value string
		want        error
	}{
		{kadm.SetConfig, "retention.ms", "1000", nil},
		{kadm.AppendConfig, "cleanup.policy", "compact", nil},
		{kadm.AppendConfig, "retention.ms", "1", kerr.InvalidConfig},
		{kadm.DeleteConfig, "no.longer.there", "", nil},
	} {
		r, err := adm.AlterTopicConfigs(within(t), []kadm.AlterConfig{{Op: c.op, Name: c.name, Value: &c.value}}, "t")
		if err != nil || !errors.Is(r[0].Err, c.want) {
			t.Errorf("%s: %+v, %v", c.name, r, err)
		}
	}
	got, err := adm.DescribeTopicConfigs(within(t), "t")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range got[0].Configs {
		if want := map[string]string{"cleanup.policy": "delete,compact", "retention.ms": "1000"}[c.Key]; want != "" && c.MaybeValue() != want {
			t.Errorf("%s is %s, want %s", c.Key, c.MaybeValue(), want)
		}
	}
	// One that is refused keeps the others from being carried out, and says so.
	r, err := adm.AlterTopicConfigs(within(t), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: kadm.StringPtr("x")}}, "t", "missing")
	if err != nil || len(r) != 2 || !errors.Is(r[0].Err, kerr.InvalidConfig) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestTopicsOfOneRequest(t *testing.T) {
	b := start(t, Options{})
	cl := client(t, kgo.SeedBrokers(b.Addr()))
	req := kmsg.NewPtrCreateTopicsRequest()
	topic := func(name string, partitions int32, replicas int16, assigned ...int32) {
		x := kmsg.NewCreateTopicsRequestTopic()
		x.Topic, x.NumPartitions, x.ReplicationFactor = name, partitions, replicas
		for i, node := range assigned {
			x.ReplicaAssignment = append(x.ReplicaAssignment, kmsg.CreateTopicsRequestTopicReplicaAssignment{Partition: int32(i), Replicas: []int32{node}})
		}
		req.Topics = append(req.Topics, x)
	}
	topic("good", 2, 1)
	topic("twice", 1, 1)
	topic("twice", 1, 1)
	topic("none", 0, 1)
	topic("replicas", 1, 3)
	topic("default", -1, -1)
	topic("assigned", -1, -1, 0, 0, 0)
	topic("elsewhere", -1, -1, 0, 7)
	topic("both", 2, 1, 0, 0)
	req.ValidateOnly = true
	ask[*kmsg.CreateTopicsResponse](t, cl, req)
	req.ValidateOnly = false
	got := map[string]kmsg.CreateTopicsResponseTopic{}
	for _, r := range ask[*kmsg.CreateTopicsResponse](t, cl, req).Topics {
		got[r.Topic] = r
	}
	for name, want := range map[string]struct {
		err        *kerr.Error
		partitions int32
	}{
		"good": {nil, 2}, "twice": {kerr.InvalidRequest, -1}, "none": {kerr.InvalidPartitions, -1}, "replicas": {kerr.InvalidReplicationFactor, -1},
		"default": {nil, DefaultPartitions}, "assigned": {nil, 3}, "elsewhere": {kerr.InvalidReplicaAssignment, -1}, "both": {kerr.InvalidRequest, -1},
	} {
		r := got[name]
		if want.err == nil && r.ErrorCode != 0 || want.err != nil && (r.ErrorCode != want.err.Code || r.ErrorMessage == nil) || r.NumPartitions != want.partitions {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r, err := kadm.NewClient(cl).UpdatePartitions(within(t), 1, "good"); err != nil || !errors.Is(r.Error(), kerr.InvalidPartitions) || !strings.Contains(r["good"].ErrMessage, "would not be an increase") {
		t.Errorf("%+v, %v", r, err)
	}
}

// Topics are made by their first use, where clients want that, and are there after a kill with what was written.
func TestTopicsMadeOnUse(t *testing.T) {
	b := start(t, Options{AutoCreate: true})
	want := client(t, kgo.SeedBrokers(b.Addr()), kgo.AllowAutoTopicCreation())
	produce(t, want, "new", "1", "2")
	unasked := client(t, kgo.SeedBrokers(b.Addr()), kgo.UnknownTopicRetries(0))
	if err := unasked.ProduceSync(within(t), &kgo.Record{Topic: "other", Value: []byte("x")}).FirstErr(); !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("a topic was made for a client that does not want it: %v", err)
	}
	old := kmsg.NewPtrMetadataRequest()
	old.AllowAutoTopicCreation = true
	for _, name := range []string{"a b", "__consumer_offsets", "by-name"} {
		old.Topics = append(old.Topics, kmsg.MetadataRequestTopic{Topic: &name})
	}
	ask[*kmsg.MetadataResponse](t, want, old)
	again := killed(t, b)
	if got := consume(t, 2, append(again.ClientOpts(), kgo.ConsumeTopics("new"))...); string(got[0].Value)+string(got[1].Value) != "12" {
		t.Errorf("%v", got)
	}
	topics, err := kadm.NewClient(client(t, again.ClientOpts()...)).ListTopics(within(t))
	if names := strings.Join(topics.Names(), " "); err != nil || names != "by-name new" || len(topics["new"].Partitions) != DefaultPartitions {
		t.Errorf("%s, %v", names, err)
	}
	off := client(t, kgo.SeedBrokers(start(t, Options{}).Addr()), kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(0))
	if err := off.ProduceSync(within(t), &kgo.Record{Topic: "new", Value: []byte("x")}).FirstErr(); !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("it is turned off, and made a topic: %v", err)
	}
}

func TestDeletedTopicsStayDeleted(t *testing.T) {
	b := start(t, Options{})
	cl := client(t, b.ClientOpts()...)
	adm := kadm.NewClient(cl)
	for _, name := range []string{"gone", "back"} {
		if _, err := adm.CreateTopic(within(t), 1, 1, nil, name); err != nil {
			t.Fatal(err)
		}
		produce(t, cl, name, "old")
		if err := adm.CommitAllOffsets(within(t), "g", kadm.Offsets{name: {0: {Topic: name, At: 1}}}); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := adm.DeleteTopics(within(t), "gone", "back"); err != nil || r.Error() != nil {
		t.Fatal(r, err)
	}
	if _, err := adm.CreateTopic(within(t), 1, 1, nil, "back"); err != nil {
		t.Fatal(err)
	}
	again := killed(t, b)
	adm = kadm.NewClient(client(t, again.ClientOpts()...))
	ends, err := adm.ListEndOffsets(within(t), "back")
	if end, _ := ends.Lookup("back", 0); err != nil || end.Offset != 0 {
		t.Errorf("a topic made anew ends at %v, %v", end, err)
	}
	topics, err := adm.ListTopics(within(t))
	if err != nil || len(topics) != 1 {
		t.Errorf("%v, %v", topics.Names(), err)
	}
	offsets, err := adm.FetchOffsets(within(t), "g")
	if n := len(offsets.Offsets()); err == nil && n > 0 {
		t.Errorf("offsets of deleted topics: %v", offsets)
	}
	if entries, err := os.ReadDir(again.opts.DataDir + "/partitions"); err == nil && len(entries) > 0 {
		t.Errorf("files of deleted topics: %v", entries)
	}
}

// A topic of an earlier version, whose name is too long for a folder, keeps the others from nothing.
func TestTooLongNameFromBefore(t *testing.T) {
	dir := t.TempDir()
	b := start(t, Options{DataDir: dir})
	for _, name := range []string{"good", strings.Repeat("y", 300), strings.Repeat("/", 85)} {
		if err := b.cluster.CreateTopic(name, 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	produce(t, client(t, b.ClientOpts()...), "good", "1")
	_ = b.Close() // it can't write down where the others end
	again := start(t, Options{DataDir: dir})
	topics, err := kadm.NewClient(client(t, again.ClientOpts()...)).ListTopics(within(t))
	if err != nil || len(topics) != 1 {
		t.Errorf("%v, %v", topics.Names(), err)
	}
	if got := consume(t, 1, append(again.ClientOpts(), kgo.ConsumeTopics("good"))...); string(got[0].Value) != "1" {
		t.Errorf("%v", got)
	}
}
