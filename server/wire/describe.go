package wire

import (
	"fmt"
	"strconv"
	"strings"

	"weir/answer"
)

var descriptionTypes = map[string]answer.Entity{
	"sourceDescription":   (*SourceDescriptionEntity)(nil),
	"source_descriptions": (*SourceDescriptions)(nil),
}

// SourceDescription is what DESCRIBE tells of a source.
type SourceDescription struct {
	Name          string         `json:"name"`
	WindowType    *string        `json:"windowType"`
	ReadQueries   []RunningQuery `json:"readQueries"`
	WriteQueries  []RunningQuery `json:"writeQueries"`
	Fields        []Field        `json:"fields"`
	Type          string         `json:"type"` // STREAM or TABLE
	Timestamp     string         `json:"timestamp"`
	Statistics    string         `json:"statistics"`
	ErrorStats    string         `json:"errorStats"`
	Extended      bool           `json:"extended"`
	KeyFormat     string         `json:"keyFormat"`
	ValueFormat   string         `json:"valueFormat"`
	Topic         string         `json:"topic"`
	Partitions    int            `json:"partitions"`
	Replication   int            `json:"replication"`
	Statement     string         `json:"statement"`
	Offsets       []QueryOffsets `json:"queryOffsetSummaries"`
	Constraints   []string       `json:"sourceConstraints"`
	ClusterStats  []any          `json:"clusterStatistics"`
	ClusterErrors []any          `json:"clusterErrorStats"`
	// MaxMessageBytes is our own: of the topic, with EXTENDED.
	MaxMessageBytes int          `json:"maxMessageBytes,omitempty"`
	Steps           []QuerySteps `json:"querySteps,omitempty"` // our own: of the queries that write it, with EXTENDED
}

// QueryOffsets are a query's offsets in its topics.
type QueryOffsets struct {
	Group  string         `json:"groupId"`
	Topics []TopicOffsets `json:"topicSummaries"`
}

// TopicOffsets are the offsets in a topic.
type TopicOffsets struct {
	Topic   string            `json:"kafkaTopic"`
	Offsets []PartitionOffset `json:"offsets"`
}

// PartitionOffset is how far a query has come in a partition.
type PartitionOffset struct {
	Partition int32 `json:"partition"`
	Start     int64 `json:"logStartOffset"`
	End       int64 `json:"logEndOffset"`
	Consumer  int64 `json:"consumerOffset"`
}

// SourceDescriptionEntity answers DESCRIBE.
type SourceDescriptionEntity struct {
	answer.Common
	Source SourceDescription `json:"sourceDescription"`
}

// Layout implements answer.Entity.
func (e *SourceDescriptionEntity) Layout() answer.Layout {
	return e.Source.layout()
}

// SourceDescriptions answers DESCRIBE STREAMS and SHOW STREAMS EXTENDED.
type SourceDescriptions struct {
	answer.Common
	Sources []SourceDescription `json:"sourceDescriptions"`
}

// Layout implements answer.Entity.
func (e *SourceDescriptions) Layout() answer.Layout {
	return answer.OneByOne(e.Sources, SourceDescription.layout)
}

func (d SourceDescription) layout() answer.Layout {
	keys := "key"
	if d.Type == "TABLE" {
		keys = "primary key"
	}
	if d.WindowType != nil {
		keys += ", window: " + strings.ToLower(*d.WindowType)
	}
	out := answer.Layout{answer.Lines(fmt.Sprintf("Name: %s (%s)\n", d.Name, strings.ToLower(d.Type)))}
	if d.Extended {
		limit := ""
		if d.MaxMessageBytes > 0 {
			limit = fmt.Sprintf(", max.message.bytes: %d", d.MaxMessageBytes)
		}
		out = append(out, answer.Pairs{
			{"Topic", fmt.Sprintf("%s (partitions: %d, replication: %d%s)", d.Topic, d.Partitions, d.Replication, limit)},
			{"Key format", d.KeyFormat}, {"Value format", d.ValueFormat}, {"Timestamp field", d.Timestamp}, {"Statement", oneLine(d.Statement)},
		})
	}
	out = append(out, fieldTable(d.Fields, keys)...)
	if !d.Extended {
		return append(out, answer.Lines(fmt.Sprintf("For figures and queries: DESCRIBE %s EXTENDED;\n", d.Name)))
	}
	for _, list := range []struct {
		title   string
		queries []RunningQuery
	}{{"Queries that read from this " + strings.ToLower(d.Type), d.ReadQueries}, {"Queries that write to this " + strings.ToLower(d.Type), d.WriteQueries}} {
		if len(list.queries) == 0 {
			continue
		}
		t := answer.Table{Title: list.title, Headers: []string{"Query ID", "Status", "Query String"}}
		for _, q := range list.queries {
			t.Rows = append(t.Rows, []string{q.ID, q.State, oneLine(q.SQL)})
		}
		out = append(out, answer.Lines("\n"), t)
	}
	out = append(out, answer.Pairs{{"Statistics", d.Statistics}, {"Errors", d.ErrorStats}})
	for _, q := range d.Steps {
		out = append(out, answer.Lines("\n"), stepTable("Rows of "+q.ID, q.Steps))
	}
	return append(out, offsetTable(d.Offsets)...)
}

func offsetTable(list []QueryOffsets) answer.Layout {
	t := answer.Table{Headers: []string{"Consumer Group", "Kafka Topic", "Partition", "Start", "End", "Offset", "Lag"}}
	for _, g := range list {
		for _, topic := range g.Topics {
			for _, o := range topic.Offsets {
				n := func(v int64) string { return strconv.FormatInt(v, 10) }
				t.Rows = append(t.Rows, []string{g.Group, topic.Topic, strconv.Itoa(int(o.Partition)), n(o.Start), n(o.End), n(o.Consumer), n(max(o.End-o.Consumer, 0))})
			}
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return answer.Layout{answer.Lines("\n"), t}
}
