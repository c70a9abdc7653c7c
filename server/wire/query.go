package wire

import (
	"maps"
	"slices"
	"strings"

	"weir/answer"
)

var queryTypes = map[string]answer.Entity{
	"queries":            (*Queries)(nil),
	"queryDescription":   (*QueryDescriptionEntity)(nil),
	"query_descriptions": (*QueryDescriptions)(nil),
}

// RunningQuery is a line of SHOW QUERIES.
type RunningQuery struct {
	SQL         string         `json:"queryString"`
	Sinks       []string       `json:"sinks"`
	SinkTopics  []string       `json:"sinkKafkaTopics"`
	ID          string         `json:"id"`
	StatusCount map[string]int `json:"statusCount"`
	Type        string         `json:"queryType"` // PERSISTENT or PUSH
	State       string         `json:"state"`
	Waits       []string       `json:"waits,omitempty"` // our own: what its rows wait for, for a second or more
}

// Queries answers SHOW QUERIES.
type Queries struct {
	answer.Common
	Queries []RunningQuery `json:"queries"`
}

// Layout implements answer.Entity.
func (e *Queries) Layout() answer.Layout {
	headers := []string{"Query ID", "Query Type", "Status", "Sink Name", "Sink Kafka Topic", "Query String"}
	waits := slices.ContainsFunc(e.Queries, func(q RunningQuery) bool { return len(q.Waits) > 0 })
	if waits {
		headers = append(headers, "Waits For")
	}
	line := func(q RunningQuery) []string {
		row := []string{q.ID, q.Type, q.State, strings.Join(q.Sinks, ","), strings.Join(q.SinkTopics, ","), oneLine(q.SQL)}
		if waits {
			row = append(row, strings.Join(q.Waits, "; "))
		}
		return row
	}
	return answer.TableOf(e.Queries, line, headers...)
}

// QueryDescription is what EXPLAIN tells of a query.
type QueryDescription struct {
	ID            string            `json:"id"`
	StatementText string            `json:"statementText"`
	WindowType    *string           `json:"windowType"`
	Fields        []Field           `json:"fields"`
	Sources       []string          `json:"sources"`
	Sinks         []string          `json:"sinks"`
	Topology      string            `json:"topology"`
	Plan          string            `json:"executionPlan"`
	Properties    map[string]string `json:"overriddenProperties"`
	HostStatus    map[string]string `json:"ksqlHostQueryStatus"`
	Type          string            `json:"queryType"`
	Errors        []QueryError      `json:"queryErrors"`
	Tasks         []any             `json:"tasksMetadata"`
	State         string            `json:"state"`
	Group         string            `json:"consumerGroupId"`
	Steps         []Step            `json:"steps,omitempty"` // our own: of a query that runs
	Waits         []string          `json:"waits,omitempty"` // our own: as in RunningQuery
}

// QueryError is what a query failed of. The time is in milliseconds since 1970.
type QueryError struct {
	Timestamp int64  `json:"timestamp"`
	Message   string `json:"errorMessage"`
	Type      string `json:"type"`
}

// QueryDescriptionEntity answers EXPLAIN.
type QueryDescriptionEntity struct {
	answer.Common
	Query QueryDescription `json:"queryDescription"`
}

// Layout implements answer.Entity.
func (e *QueryDescriptionEntity) Layout() answer.Layout {
	return e.Query.layout()
}

// QueryDescriptions answers SHOW QUERIES EXTENDED.
type QueryDescriptions struct {
	answer.Common
	Queries []QueryDescription `json:"queryDescriptions"`
}

// Layout implements answer.Entity.
func (e *QueryDescriptions) Layout() answer.Layout {
	return answer.OneByOne(e.Queries, QueryDescription.layout)
}

func (d QueryDescription) layout() answer.Layout {
	window := ""
	if d.WindowType != nil {
		window = *d.WindowType
	}
	facts := answer.Pairs{
		{"ID", d.ID}, {"SQL", oneLine(d.StatementText)}, {"Type", d.Type}, {"Status", d.State}, {"Window", window},
		{"Sources", strings.Join(d.Sources, ", ")}, {"Sinks", strings.Join(d.Sinks, ", ")}, {"Consumer group", d.Group},
	}
	for _, e := range d.Errors {
		facts = append(facts, [2]string{"Error", e.Message})
	}
	for _, w := range d.Waits {
		facts = append(facts, [2]string{"Waits for", w})
	}
	for _, name := range slices.Sorted(maps.Keys(d.Properties)) {
		facts = append(facts, [2]string{"Property", name + " = " + d.Properties[name]})
	}
	out := answer.Layout{facts}
	if len(d.Fields) > 0 {
		out = append(append(out, answer.Lines("\n")), fieldTable(d.Fields, "key")...)
	}
	if d.Plan != "" {
		out = append(out, answer.Lines("\n"+strings.TrimRight(d.Plan, "\n")+"\n"))
	}
	if len(d.Steps) > 0 {
		out = append(out, answer.Lines("\n"), stepTable("Rows of the steps", d.Steps))
	}
	return out
}

func oneLine(sql string) string { return strings.Join(strings.Fields(sql), " ") }
