package embedded

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// A topicSetting is one that Kafka has for topics.
type topicSetting struct {
	name      string
	kind      kmsg.ConfigType
	otherwise string
	check     func(string) string // what was expected of a value that is not one; empty for one that is
}

const (
	maxInt  = 1<<31 - 1
	maxLong = 1<<63 - 1
)

// kafkaTopicSettings are the settings of topics that Kafka 4 has, by its rules, except for what this broker doesn't do: it refuses those
// values, rather than keep them without effect.
var kafkaTopicSettings = []topicSetting{
	{"cleanup.policy", kmsg.ConfigTypeList, "delete", items("compact", "delete")},
	{"compression.gzip.level", kmsg.ConfigTypeInt, "-1", integer(-1, 9)},
	{"compression.lz4.level", kmsg.ConfigTypeInt, "9", integer(1, 17)},
	{"compression.type", kmsg.ConfigTypeString, "producer", word("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer")},
	{"compression.zstd.level", kmsg.ConfigTypeInt, "3", integer(-131072, 22)},
	{"delete.retention.ms", kmsg.ConfigTypeLong, "86400000", integer(0, maxLong)},
	{"file.delete.delay.ms", kmsg.ConfigTypeLong, "60000", integer(0, maxLong)},
	{"flush.messages", kmsg.ConfigTypeLong, "9223372036854775807", integer(1, maxLong)},
	{"flush.ms", kmsg.ConfigTypeLong, "9223372036854775807", integer(0, maxLong)},
	{"follower.replication.throttled.replicas", kmsg.ConfigTypeList, "", anything},
	{"index.interval.bytes", kmsg.ConfigTypeInt, "4096", integer(0, maxInt)},
	{"leader.replication.throttled.replicas", kmsg.ConfigTypeList, "", anything},
	{"local.retention.bytes", kmsg.ConfigTypeLong, "-2", integer(-2, maxLong)},
	{"local.retention.ms", kmsg.ConfigTypeLong, "-2", integer(-2, maxLong)},
	{"max.compaction.lag.ms", kmsg.ConfigTypeLong, "9223372036854775807", integer(1, maxLong)},
	{"max.message.bytes", kmsg.ConfigTypeInt, "1048588", integer(0, maxInt)},
	{"message.timestamp.after.max.ms", kmsg.ConfigTypeLong, "9223372036854775807", integer(0, maxLong)},
	{"message.timestamp.before.max.ms", kmsg.ConfigTypeLong, "9223372036854775807", integer(0, maxLong)},
	{"message.timestamp.type", kmsg.ConfigTypeString, "CreateTime", createTime},
	{"min.cleanable.dirty.ratio", kmsg.ConfigTypeDouble, "0.5", fraction},
	{"min.compaction.lag.ms", kmsg.ConfigTypeLong, "0", integer(0, maxLong)},
	{"min.insync.replicas", kmsg.ConfigTypeInt, "1", integer(1, maxInt)},
	{"preallocate", kmsg.ConfigTypeBoolean, "false", word("true", "false")},
	{"remote.log.copy.disable", kmsg.ConfigTypeBoolean, "false", word("true", "false")},
	{"remote.log.delete.on.disable", kmsg.ConfigTypeBoolean, "false", word("true", "false")},
	{"remote.storage.enable", kmsg.ConfigTypeBoolean, "false", noRemote},
	{"retention.bytes", kmsg.ConfigTypeLong, "-1", integer(-1, maxLong)},
	{"retention.ms", kmsg.ConfigTypeLong, "604800000", integer(-1, maxLong)},
	{"segment.bytes", kmsg.ConfigTypeInt, "1073741824", integer(minSegmentBytes, maxInt)},
	{"segment.index.bytes", kmsg.ConfigTypeInt, "10485760", integer(4, maxInt)},
	{"segment.jitter.ms", kmsg.ConfigTypeLong, "0", integer(0, maxLong)},
	{"segment.ms", kmsg.ConfigTypeLong, "604800000", integer(1, maxLong)},
	{"unclean.leader.election.enable", kmsg.ConfigTypeBoolean, "false", word("true", "false")},
}

// minSegmentBytes is Kafka's bound since version 4.
const minSegmentBytes = 1 << 20

func anything(string) string { return "" }

// integer are whole numbers.
func integer(least, most int64) func(string) string {
	return func(s string) string {
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		switch {
		case err != nil:
			return "a whole number"
		case n < least:
			return fmt.Sprintf("a number of at least %d", least)
		case n > most:
			return fmt.Sprintf("a number of at most %d", most)
		}
		return ""
	}
}

func fraction(s string) string {
	if f, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err != nil || f < 0 || f > 1 {
		return "a number from 0 to 1"
	}
	return ""
}

func word(words ...string) func(string) string {
	return func(s string) string {
		if slices.Contains(words, strings.TrimSpace(s)) {
			return ""
		}
		return "one of " + strings.Join(words, ", ")
	}
}

func items(words ...string) func(string) string {
	one := word(words...)
	return func(s string) string {
		for item := range strings.SplitSeq(s, ",") {
			if one(item) != "" {
				return "one or several of " + strings.Join(words, ", ")
			}
		}
		return ""
	}
}

func createTime(s string) string {
	if strings.TrimSpace(s) == "LogAppendTime" {
		return "CreateTime: the embedded broker keeps the time that the producer gives"
	}
	return word("CreateTime")(s)
}

func noRemote(s string) string {
	if strings.TrimSpace(s) == "true" {
		return "false: the embedded broker has no remote storage"
	}
	return word("true", "false")(s)
}

// topicSettings are those of Kafka, with what this broker has set for all topics.
type topicSettings struct {
	broker map[string]brokerSetting // by the topics' names for it
}

type brokerSetting struct{ name, value string }

func newTopicSettings(broker map[string]string) *topicSettings {
	s := &topicSettings{broker: map[string]brokerSetting{}}
	for topic, name := range map[string]string{"max.message.bytes": "message.max.bytes", "retention.ms": "log.retention.ms",
		"retention.bytes": "log.retention.bytes", "segment.bytes": "log.segment.bytes"} {
		if v, ok := broker[name]; ok {
			s.broker[topic] = brokerSetting{name, v}
		}
	}
	return s
}

// bad says what is wrong with a setting that a topic is given; empty for nothing.
func (*topicSettings) bad(name string, value *string) string {
	i := slices.IndexFunc(kafkaTopicSettings, func(s topicSetting) bool { return s.name == name })
	switch {
	case i < 0:
		return "Unknown topic config name: " + name
	case value == nil:
		return "Null value not supported for topic configs: " + name
	}
	if want := kafkaTopicSettings[i].check(*value); want != "" {
		return fmt.Sprintf("Invalid value %s for configuration %s: expected %s", *value, name, want)
	}
	return ""
}

// value is the one in force for a topic.
func (s *topicSettings) value(name string, given map[string]*string) string {
	for _, t := range kafkaTopicSettings {
		if t.name == name {
			if v := s.sources(t, given)[0].Value; v != nil {
				return *v
			}
		}
	}
	return ""
}

// isList says whether a setting can be added to, and taken from.
func (*topicSettings) isList(name string) bool {
	return slices.ContainsFunc(kafkaTopicSettings, func(s topicSetting) bool { return s.name == name && s.kind == kmsg.ConfigTypeList })
}

// describe gives all the settings of topics, in the names that topics have for them. kfake knows a few of them, and gives those of the
// broker under the broker's names.
func (s *topicSettings) describe(names map[string][]string, synonyms bool, resp *kmsg.DescribeConfigsResponse) {
	for i := range resp.Resources {
		r := &resp.Resources[i]
		if r.ResourceType != kmsg.ConfigResourceTypeTopic || r.ErrorCode != 0 {
			continue
		}
		given := map[string]*string{}
		for _, c := range r.Configs {
			if c.Source == kmsg.ConfigSourceDynamicTopicConfig {
				given[c.Name] = c.Value
			}
		}
		r.Configs = s.all(given, names[r.ResourceName], synonyms)
	}
}

// askForAll makes a request ask for all settings of topics, and gives the names that it asked for; nil for all.
func askForAll(req *kmsg.DescribeConfigsRequest) map[string][]string {
	names := map[string][]string{}
	for i := range req.Resources {
		if r := &req.Resources[i]; r.ResourceType == kmsg.ConfigResourceTypeTopic {
			names[r.ResourceName], r.ConfigNames = r.ConfigNames, nil
		}
	}
	return names
}

func (s *topicSettings) all(given map[string]*string, names []string, synonyms bool) []kmsg.DescribeConfigsResponseResourceConfig {
	out := []kmsg.DescribeConfigsResponseResourceConfig{}
	for _, t := range kafkaTopicSettings {
		if names != nil && !slices.Contains(names, t.name) {
			continue
		}
		c := kmsg.NewDescribeConfigsResponseResourceConfig()
		c.Name, c.ConfigType = t.name, t.kind
		from := s.sources(t, given)
		c.Value, c.Source, c.IsDefault = from[0].Value, from[0].Source, from[0].Source == kmsg.ConfigSourceDefaultConfig
		if synonyms {
			c.ConfigSynonyms = from
		}
		out = append(out, c)
	}
	return out
}

type synonym = kmsg.DescribeConfigsResponseResourceConfigConfigSynonym

// sources are what a setting's value is taken from, the one that holds first.
func (s *topicSettings) sources(t topicSetting, given map[string]*string) []synonym {
	var out []synonym
	if v, ok := given[kept(t.name)]; ok {
		out = append(out, synonym{Name: t.name, Value: v, Source: kmsg.ConfigSourceDynamicTopicConfig})
	}
	if b, ok := s.broker[t.name]; ok && b.value != t.otherwise {
		out = append(out, synonym{Name: b.name, Value: &b.value, Source: kmsg.ConfigSourceStaticBrokerConfig})
	}
	return append(out, synonym{Name: t.name, Value: &t.otherwise, Source: kmsg.ConfigSourceDefaultConfig})
}
