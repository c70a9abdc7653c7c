package entity

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/answer"
	"weir/catalog"
	"weir/engine"
	"weir/exec/op"
	"weir/exec/worker"
	"weir/server/wire"
	"weir/types"
)

func sources(r *engine.Sources) answer.Entity {
	var head answer.Common
	for _, f := range r.Failed {
		head.Warnings = append(head.Warnings, answer.Warning{Message: f.Reason})
	}
	if r.Described {
		e := &wire.SourceDescriptions{Common: head, Sources: []wire.SourceDescription{}}
		for _, d := range r.Descriptions {
			e.Sources = append(e.Sources, description(d))
		}
		return e
	}
	list := []wire.Source{}
	for _, s := range r.Sources {
		list = append(list, wire.Source{Type: kind(s), Name: s.Name, Topic: s.Topic, KeyFormat: s.Key.Format, ValueFormat: s.Value.Format, Windowed: s.Windowed != nil})
	}
	if r.Tables {
		return &wire.Tables{Common: head, Tables: list}
	}
	return &wire.Streams{Common: head, Streams: list}
}

func kind(s *catalog.Source) string {
	if s.IsTable {
		return "TABLE"
	}
	return "STREAM"
}

func description(d *engine.Description) wire.SourceDescription {
	s := d.Source
	out := wire.SourceDescription{
		Name: s.Name, Type: kind(s), Timestamp: s.Timestamp, Extended: d.Extended, Statement: s.SQL,
		KeyFormat: s.Key.Format, ValueFormat: s.Value.Format, Topic: s.Topic, Partitions: d.Partitions, Replication: d.Replication, MaxMessageBytes: d.MaxMessageBytes,
		ReadQueries: runningQueries(d.Readers), WriteQueries: runningQueries(d.Writers), Fields: fields(s.Schema.KeysFirst()),
		Offsets: []wire.QueryOffsets{}, Constraints: []string{}, ClusterStats: []any{}, ClusterErrors: []any{},
	}
	if s.Windowed != nil {
		out.WindowType = optional(string(s.Windowed.Kind))
	}
	if d.Extended {
		out.Statistics, out.ErrorStats = statistics(d.Stats)
		for _, q := range d.Writers {
			for _, w := range waits(q) {
				out.Statistics = strings.TrimSpace(out.Statistics + "\n" + q.ID + " waits for " + w)
			}
		}
		for _, q := range d.Writers {
			if len(q.Stats.Steps) > 0 {
				out.Steps = append(out.Steps, wire.QuerySteps{ID: q.ID, Steps: steps(q.Stats.Steps)})
			}
		}
	}
	for _, q := range d.Writers {
		for _, n := range q.Notices {
			if d.Extended {
				out.ErrorStats = strings.TrimSpace(out.ErrorStats + "\n" + q.ID + ": " + n.Text)
			}
		}
		if q.Error != "" {
			out.ErrorStats = strings.TrimSpace(q.ID + ": " + q.Error + "\n" + out.ErrorStats)
		}
	}
	out.Offsets = offsets(d.Offsets)
	if s.ReadOnly {
		out.Constraints = append(out.Constraints, "READ_ONLY")
	}
	return out
}

// statistics are the figures of the queries that write a source, in words.
func statistics(s worker.Stats) (figures, errors string) {
	if s.RowsIn == 0 && s.RowsOut == 0 {
		return "", ""
	}
	figures = fmt.Sprintf("rows read: %d, rows written: %d, bytes written: %d, filtered: %d, late: %d, state: %d entries in %d bytes, lag: %d",
		s.RowsIn, s.RowsOut, s.BytesOut, s.Filtered, s.Late, s.StateEntries, s.StateBytes, s.Lag)
	if s.Behind+s.Foreign+s.GivenUp > 0 {
		figures += fmt.Sprintf(", behind: %d, of other writers: %d, waits given up: %d", s.Behind, s.Foreign, s.GivenUp)
	}
	if !s.LastCommit.IsZero() {
		figures += ", last commit: " + s.LastCommit.UTC().Format(time.RFC3339)
	}
	if !s.StreamTime.IsZero() {
		figures += ", stream time: " + s.StreamTime.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	if s.Bad+s.Errors+s.NullKey > 0 {
		errors = fmt.Sprintf("bad records: %d, failed expressions: %d, null keys: %d", s.Bad, s.Errors, s.NullKey)
	}
	return figures, errors
}

func steps(list []op.StepCounts) []wire.Step {
	var out []wire.Step
	for _, c := range list {
		out = append(out, wire.Step{Step: c.Step, Read: c.Read, Used: c.Used(), Made: c.Made, Filtered: c.Filtered, Late: c.Late, NullKey: c.NullKey, Bad: c.Bad})
	}
	return out
}

// offsets puts the topics of each group together.
func offsets(list []engine.GroupOffsets) []wire.QueryOffsets {
	out := []wire.QueryOffsets{}
	for _, g := range list {
		t := wire.TopicOffsets{Topic: g.Topic, Offsets: []wire.PartitionOffset{}}
		for _, p := range g.Partitions {
			t.Offsets = append(t.Offsets, wire.PartitionOffset{Partition: p.Partition, Start: p.Start, End: p.End, Consumer: p.Offset})
		}
		i := slices.IndexFunc(out, func(q wire.QueryOffsets) bool { return q.Group == g.Group })
		if i < 0 {
			i = len(out)
			out = append(out, wire.QueryOffsets{Group: g.Group})
		}
		out[i].Topics = append(out[i].Topics, t)
	}
	return out
}

func fields(s types.Schema) []wire.Field {
	out := make([]wire.Field, len(s))
	for i, c := range s {
		out[i] = wire.Field{Name: c.Name, Schema: schema(c.Type)}
		switch c.Role {
		case types.KeyColumn:
			out[i].Type = "KEY"
		case types.HeaderColumn:
			out[i].Type, out[i].Header = "HEADER", c.Header
		case types.ValueColumn:
		}
	}
	return out
}

func schema(t *types.Type) wire.Schema {
	out := wire.Schema{Type: t.Kind.String()}
	switch t.Kind {
	case types.Decimal:
		out.Parameters = map[string]int{"precision": t.Precision, "scale": t.Scale}
	case types.Array, types.Map:
		member := schema(t.Elem)
		out.Member = &member
	case types.Struct:
		out.Fields = []wire.Field{}
		for _, f := range t.Fields {
			out.Fields = append(out.Fields, wire.Field{Name: f.Name, Schema: schema(f.Type)})
		}
	}
	return out
}

func topics(r *engine.Topics) answer.Entity {
	if r.Extended {
		e := &wire.TopicsExtended{Topics: []wire.TopicExtended{}}
		for _, t := range r.Topics {
			e.Topics = append(e.Topics, wire.TopicExtended{Topic: topic(t), Consumers: t.Consumers, Groups: t.ConsumerGroups})
		}
		return e
	}
	e := &wire.Topics{Topics: []wire.Topic{}}
	for _, t := range r.Topics {
		e.Topics = append(e.Topics, topic(t))
	}
	return e
}

func topic(t engine.Topic) wire.Topic {
	if t.Replicas == nil {
		t.Replicas = []int{}
	}
	return wire.Topic{Name: t.Name, Replicas: t.Replicas}
}
