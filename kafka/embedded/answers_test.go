package embedded

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// ask sends a request over a socket, and gives the response as it came.
func ask[R kmsg.Response](t *testing.T, cl *kgo.Client, req kmsg.Request) R {
	t.Helper()
	resp, err := cl.Request(within(t), req)
	if err != nil {
		t.Fatal(err)
	}
	return resp.(R)
}

// What Java's clients can't do without.
func TestAnswersAreWhole(t *testing.T) {
	b := start(t, Options{})
	cl := client(t, kgo.SeedBrokers(b.Addr()))

	create := kmsg.NewPtrCreateTopicsRequest()
	for _, name := range []string{"t", "plain"} {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, 3, -1
		if name == "t" {
			topic.Configs = []kmsg.CreateTopicsRequestTopicConfig{{Name: "cleanup.policy", Value: kadm.StringPtr("compact")}}
		}
		create.Topics = append(create.Topics, topic)
	}
	for _, topic := range ask[*kmsg.CreateTopicsResponse](t, cl, create).Topics {
		if topic.ErrorCode != 0 || topic.NumPartitions != 3 || topic.ReplicationFactor != 1 || topic.TopicID == [16]byte{} || len(topic.Configs) < 30 {
			t.Errorf("%+v", topic)
		}
		for _, c := range topic.Configs {
			if c.Source < 1 || c.Value == nil || c.Name == "cleanup.policy" && (*c.Value == "compact") != (topic.Topic == "t") {
				t.Errorf("%s: %+v", topic.Topic, c)
			}
		}
	}

	partitions := kmsg.NewPtrDescribeTopicPartitionsRequest()
	partitions.Topics = []kmsg.DescribeTopicPartitionsRequestTopic{{Topic: "t"}}
	described := ask[*kmsg.DescribeTopicPartitionsResponse](t, cl, partitions)
	if len(described.Topics) != 1 || len(described.Topics[0].Partitions) != 3 {
		t.Fatalf("%+v", described)
	}
	for _, p := range described.Topics[0].Partitions {
		if p.EligibleLeaderReplicas == nil || p.LastKnownELR == nil {
			t.Errorf("%+v", p)
		}
	}
	if quotas := ask[*kmsg.DescribeClientQuotasResponse](t, cl, kmsg.NewPtrDescribeClientQuotasRequest()); quotas.Entries == nil {
		t.Errorf("%+v", quotas)
	}
}

// A topic's settings go by the topic's names, all that Kafka has.
func TestTopicSettingsDescribed(t *testing.T) {
	b := start(t, Options{})
	for way, opts := range map[string][]kgo.Opt{"socket": {kgo.SeedBrokers(b.Addr())}, "pipe": b.ClientOpts()} {
		t.Run(way, func(t *testing.T) {
			cl := client(t, opts...)
			if _, err := kadm.NewClient(cl).CreateTopic(within(t), 1, 1, map[string]*string{"retention.ms": kadm.StringPtr("5")}, way); err != nil {
				t.Fatal(err)
			}
			req := kmsg.NewPtrDescribeConfigsRequest()
			res := kmsg.NewDescribeConfigsRequestResource()
			res.ResourceType, res.ResourceName = kmsg.ConfigResourceTypeTopic, way
			req.Resources, req.IncludeSynonyms = append(req.Resources, res), true
			got := map[string]string{}
			for _, c := range ask[*kmsg.DescribeConfigsResponse](t, cl, req).Resources[0].Configs {
				got[c.Name] = fmt.Sprint(*c.Value, " ", c.Source, " ", c.ConfigType, " ", len(c.ConfigSynonyms))
			}
			for name, want := range map[string]string{
				"retention.ms":           "5 DYNAMIC_TOPIC_CONFIG LONG 3",
				"retention.bytes":        "-1 DEFAULT_CONFIG LONG 1",
				"max.message.bytes":      "8388608 STATIC_BROKER_CONFIG INT 2",
				"file.delete.delay.ms":   "60000 DEFAULT_CONFIG LONG 1",
				"message.timestamp.type": "CreateTime DEFAULT_CONFIG STRING 1",
			} {
				if got[name] != want {
					t.Errorf("%s is %s, want %s", name, got[name], want)
				}
			}
			for name := range got {
				if strings.HasPrefix(name, "log.") || strings.HasPrefix(name, "kfake.") {
					t.Errorf("a topic has no setting %s", name)
				}
			}
			req.Resources[0].ConfigNames = []string{"segment.ms", "no.such"}
			if some := ask[*kmsg.DescribeConfigsResponse](t, cl, req).Resources[0].Configs; len(some) != 1 || some[0].Name != "segment.ms" {
				t.Errorf("%+v", some)
			}
			req.Resources[0].ResourceName = "missing"
			if r := ask[*kmsg.DescribeConfigsResponse](t, cl, req).Resources[0]; r.ErrorCode != kerr.UnknownTopicOrPartition.Code {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestOnlyWhatIsServedIsAnnounced(t *testing.T) {
	b := start(t, Options{})
	cl := client(t, kgo.SeedBrokers(b.Addr()))
	resp := ask[*kmsg.ApiVersionsResponse](t, cl, &kmsg.ApiVersionsRequest{Version: 4, ClientSoftwareName: "x", ClientSoftwareVersion: "1"})
	announced := map[kmsg.Key]bool{}
	for _, k := range resp.ApiKeys {
		announced[kmsg.Key(k.ApiKey)] = true
	}
	for _, k := range notServed {
		if announced[k] {
			t.Errorf("%s is announced", k.Name())
		}
	}
	for _, k := range []kmsg.Key{kmsg.Produce, kmsg.ConsumerGroupHeartbeat, kmsg.DescribeTopicPartitions, kmsg.EndTxn, kmsg.DescribeACLs} {
		if !announced[k] {
			t.Errorf("%s is not announced", k.Name())
		}
	}
	var features []string
	for _, f := range resp.FinalizedFeatures {
		features = append(features, f.Name)
	}
	for _, f := range resp.SupportedFeatures {
		features = append(features, f.Name)
	}
	if slices.Contains(features, "share.version") || slices.Contains(features, "streams.version") || !slices.Contains(features, "transaction.version") {
		t.Errorf("features %v", features)
	}
	if r := ask[*kmsg.DescribeACLsResponse](t, cl, kmsg.NewPtrDescribeACLsRequest()); r.ErrorCode != kerr.SecurityDisabled.Code {
		t.Errorf("%+v", r)
	}
	acls := kmsg.NewPtrCreateACLsRequest()
	acls.Creations = append(acls.Creations, kmsg.NewCreateACLsRequestCreation())
	if r := ask[*kmsg.CreateACLsResponse](t, cl, acls); len(r.Results) != 1 || r.Results[0].ErrorCode != kerr.SecurityDisabled.Code {
		t.Errorf("%+v", r)
	}
}

// Whoever was fenced is told so, and never goes on as the one that took over.
func TestFencedProducer(t *testing.T) {
	b := start(t, Options{})
	if _, err := kadm.NewClient(client(t, b.ClientOpts()...)).CreateTopic(within(t), 1, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	cl := client(t, kgo.SeedBrokers(b.Addr()))
	takeOver := func() *kmsg.InitProducerIDResponse {
		init := kmsg.NewPtrInitProducerIDRequest()
		init.TransactionalID, init.TransactionTimeoutMillis = kadm.StringPtr("tx"), 60_000
		return ask[*kmsg.InitProducerIDResponse](t, cl, init)
	}
	for _, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		former := client(t, kgo.SeedBrokers(b.Addr()), kgo.TransactionalID("tx"), kgo.DefaultProduceTopic("t"))
		if err := former.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		produce(t, former, "t", "x")
		takeOver()
		if err := former.EndTransaction(within(t), end); !errors.Is(err, kerr.ProducerFenced) {
			t.Errorf("%v: %v", end, err)
		}
	}
	// The end of a transaction may be asked for twice.
	id := takeOver()
	add := kmsg.NewPtrAddOffsetsToTxnRequest()
	add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Group = "tx", id.ProducerID, id.ProducerEpoch, "g"
	if r := ask[*kmsg.AddOffsetsToTxnResponse](t, cl, add); r.ErrorCode != 0 {
		t.Fatalf("%+v", r)
	}
	commit := kmsg.NewPtrEndTxnRequest()
	commit.TransactionalID, commit.ProducerID, commit.ProducerEpoch, commit.Commit = "tx", id.ProducerID, id.ProducerEpoch, true
	for range 2 {
		if r := ask[*kmsg.EndTxnResponse](t, cl, commit); r.ErrorCode != 0 || r.ProducerEpoch != id.ProducerEpoch+1 {
			t.Errorf("%+v", r)
		}
	}
}
