package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/answer"
)

var sourceTypes = map[string]answer.Entity{
	"streams":               (*Streams)(nil),
	"tables":                (*Tables)(nil),
	"kafka_topics":          (*Topics)(nil),
	"kafka_topics_extended": (*TopicsExtended)(nil),
}

// Source is a line of SHOW STREAMS and SHOW TABLES.
type Source struct {
	Type        string `json:"type"` // STREAM or TABLE
	Name        string `json:"name"`
	Topic       string `json:"topic"`
	KeyFormat   string `json:"keyFormat"`
	ValueFormat string `json:"valueFormat"`
	Windowed    bool   `json:"isWindowed"`
}

func (s Source) line() []string {
	return []string{s.Name, s.Topic, s.KeyFormat, s.ValueFormat, strconv.FormatBool(s.Windowed)}
}

// Streams answers SHOW STREAMS.
type Streams struct {
	answer.Common
	Streams []Source `json:"streams"`
}

// Layout implements answer.Entity.
func (e *Streams) Layout() answer.Layout {
	return answer.TableOf(e.Streams, Source.line, "Stream Name", "Kafka Topic", "Key Format", "Value Format", "Windowed")
}

// Tables answers SHOW TABLES.
type Tables struct {
	answer.Common
	Tables []Source `json:"tables"`
}

// Layout implements answer.Entity.
func (e *Tables) Layout() answer.Layout {
	return answer.TableOf(e.Tables, Source.line, "Table Name", "Kafka Topic", "Key Format", "Value Format", "Windowed")
}

// Topic is a line of SHOW TOPICS.
type Topic struct {
	Name     string `json:"name"`
	Replicas []int  `json:"replicaInfo"` // per partition
}

func (t Topic) line() []string {
	replicas := ""
	if n := len(t.Replicas); n > 0 && slices.Max(t.Replicas) == slices.Min(t.Replicas) {
		replicas = strconv.Itoa(t.Replicas[0])
	} else {
		replicas = strings.Trim(strings.ReplaceAll(fmt.Sprint(t.Replicas), " ", ", "), "[]")
	}
	return []string{t.Name, strconv.Itoa(len(t.Replicas)), replicas}
}

// Topics answers SHOW TOPICS.
type Topics struct {
	answer.Common
	Topics []Topic `json:"topics"`
}

// Layout implements answer.Entity.
func (e *Topics) Layout() answer.Layout {
	return answer.TableOf(e.Topics, Topic.line, "Kafka Topic", "Partitions", "Partition Replicas")
}

// TopicExtended is a line of SHOW TOPICS EXTENDED.
type TopicExtended struct {
	Topic
	Consumers int `json:"consumerCount"`
	Groups    int `json:"consumerGroupCount"`
}

// TopicsExtended answers SHOW TOPICS EXTENDED.
type TopicsExtended struct {
	answer.Common
	Topics []TopicExtended `json:"topics"`
}

// Layout implements answer.Entity.
func (e *TopicsExtended) Layout() answer.Layout {
	line := func(t TopicExtended) []string {
		return append(t.line(), strconv.Itoa(t.Consumers), strconv.Itoa(t.Groups))
	}
	return answer.TableOf(e.Topics, line, "Kafka Topic", "Partitions", "Partition Replicas", "Consumers", "ConsumerGroups")
}
