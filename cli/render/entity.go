package render

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"weir/server/wire"
)

// Entity is what a statement answered, as text.
func Entity(e wire.Entity, columns int) string {
	var b strings.Builder
	for _, w := range e.Head().Warnings {
		b.WriteString("Warning: " + w.Message + "\n")
	}
	body := entityText(e, columns)
	b.WriteString(body)
	if body != "" && !strings.HasSuffix(body, "\n") {
		b.WriteByte('\n')
	}
	return b.String()
}

func entityText(e wire.Entity, columns int) string {
	switch e := e.(type) {
	case *wire.Status:
		return e.Status.Message
	case *wire.WarningEntity:
		return e.Message
	case *wire.Streams:
		return sources("Stream Name", e.Streams).Text(columns)
	case *wire.Tables:
		return sources("Table Name", e.Tables).Text(columns)
	case *wire.SourceDescriptionEntity:
		return describe(e.Source, columns)
	case *wire.SourceDescriptions:
		return joined(e.Sources, func(d wire.SourceDescription) string { return describe(d, columns) })
	case *wire.Queries:
		return queries(e.Queries).Text(columns)
	case *wire.QueryDescriptionEntity:
		return explain(e.Query, columns)
	case *wire.QueryDescriptions:
		return joined(e.Queries, func(d wire.QueryDescription) string { return explain(d, columns) })
	case *wire.Topics:
		return topics(e.Topics).Text(columns)
	case *wire.TopicsExtended:
		return topicsExtended(e.Topics).Text(columns)
	case *wire.Properties:
		return properties(e).Text(columns)
	case *wire.FunctionNames:
		return functions(e.Functions).Text(columns)
	case *wire.FunctionDescription:
		return function(e)
	case *wire.Types:
		return types(e.Types).Text(columns)
	case *wire.Variables:
		return variables(e.Variables).Text(columns)
	case *wire.Connectors:
		return connectors(e.Connectors).Text(columns)
	case *wire.ConnectorPlugins:
		return plugins(e.Plugins).Text(columns)
	case *wire.ConnectorDescription:
		return connector(e)
	case *wire.ConnectorCreated:
		return "Created connector " + e.Info.Name
	case *wire.ConnectorDropped:
		return "Dropped connector " + e.Name
	case *wire.TerminateQuery:
		if e.Terminated {
			return "Query " + e.QueryID + " terminated."
		}
		return "Query " + e.QueryID + " was not running."
	case *wire.AssertTopic:
		return fmt.Sprintf("Topic %s %s.", e.Topic, exists(e.Exists))
	case *wire.AssertSchema:
		return assertSchema(e)
	}
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func joined[T any](list []T, text func(T) string) string {
	parts := make([]string, len(list))
	for i, x := range list {
		parts[i] = text(x)
	}
	if len(parts) == 0 {
		return "(none)"
	}
	return strings.Join(parts, "\n")
}

func exists(yes bool) string {
	if yes {
		return "exists"
	}
	return "does not exist"
}

func assertSchema(e *wire.AssertSchema) string {
	what := "Schema"
	if e.Subject != nil {
		what += " with subject " + *e.Subject
	}
	if e.ID != nil {
		what += " with id " + strconv.Itoa(*e.ID)
	}
	return what + " " + exists(e.Exists) + "."
}

func sources(name string, list []wire.Source) Table {
	t := Table{Headers: []string{name, "Kafka Topic", "Key Format", "Value Format", "Windowed"}}
	for _, s := range list {
		t.Rows = append(t.Rows, []string{s.Name, s.Topic, s.KeyFormat, s.ValueFormat, strconv.FormatBool(s.Windowed)})
	}
	return t
}

func queries(list []wire.RunningQuery) Table {
	t := Table{Headers: []string{"Query ID", "Query Type", "Status", "Sink Name", "Sink Kafka Topic", "Query String"}}
	for _, q := range list {
		t.Rows = append(t.Rows, []string{q.ID, q.Type, q.State, strings.Join(q.Sinks, ","), strings.Join(q.SinkTopics, ","), oneLine(q.SQL)})
	}
	return t
}

func oneLine(sql string) string { return strings.Join(strings.Fields(sql), " ") }

func topics(list []wire.Topic) Table {
	t := Table{Headers: []string{"Kafka Topic", "Partitions", "Partition Replicas"}}
	for _, x := range list {
		t.Rows = append(t.Rows, topicRow(x))
	}
	return t
}

func topicsExtended(list []wire.TopicExtended) Table {
	t := Table{Headers: []string{"Kafka Topic", "Partitions", "Partition Replicas", "Consumers", "ConsumerGroups"}}
	for _, x := range list {
		t.Rows = append(t.Rows, append(topicRow(x.Topic), strconv.Itoa(x.Consumers), strconv.Itoa(x.Groups)))
	}
	return t
}

func topicRow(t wire.Topic) []string {
	replicas := ""
	if n := len(t.Replicas); n > 0 && slices.Max(t.Replicas) == slices.Min(t.Replicas) {
		replicas = strconv.Itoa(t.Replicas[0])
	} else {
		replicas = strings.Trim(strings.ReplaceAll(fmt.Sprint(t.Replicas), " ", ", "), "[]")
	}
	return []string{t.Name, strconv.Itoa(len(t.Replicas)), replicas}
}

func properties(e *wire.Properties) Table {
	t := Table{Headers: []string{"Property", "Scope", "Default override", "Effective Value", "Meaning"}}
	for _, p := range e.Properties {
		override, value := "", "NULL"
		if slices.Contains(e.Overwritten, p.Name) {
			override = "SESSION"
		}
		if p.Value != nil {
			value = *p.Value
		}
		t.Rows = append(t.Rows, []string{p.Name, p.Scope, override, value, p.Meaning})
	}
	return t
}

func types(list map[string]wire.Schema) Table {
	t := Table{Headers: []string{"Type Name", "Schema"}}
	for _, name := range slices.Sorted(maps.Keys(list)) {
		t.Rows = append(t.Rows, []string{name, SchemaText(list[name])})
	}
	return t
}

func variables(list []wire.Variable) Table {
	t := Table{Headers: []string{"Variable Name", "Value"}}
	for _, v := range list {
		t.Rows = append(t.Rows, []string{v.Name, v.Value})
	}
	return t
}
