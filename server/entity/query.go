package entity

import (
	"weir/answer"
	"weir/engine"
	"weir/planner/plan"
	"weir/server/wire"
)

func queries(r *engine.Queries) answer.Entity {
	if !r.Extended {
		return &wire.Queries{Queries: runningQueries(r.Queries)}
	}
	e := &wire.QueryDescriptions{Queries: []wire.QueryDescription{}}
	for _, q := range r.Queries {
		d := queryDescription(q)
		figures, _ := statistics(q.Stats)
		d.Plan = figures
		e.Queries = append(e.Queries, d)
	}
	return e
}

func runningQueries(list []engine.Query) []wire.RunningQuery {
	out := make([]wire.RunningQuery, len(list))
	for i, q := range list {
		out[i] = wire.RunningQuery{
			SQL: q.SQL, ID: q.ID, Type: queryType(q.Kind), State: string(q.State), StatusCount: map[string]int{string(q.State): 1},
			Sinks: []string{}, SinkTopics: []string{},
		}
		if q.Sink != "" {
			out[i].Sinks = append(out[i].Sinks, q.Sink)
		}
		out[i].Waits = waits(q)
		if q.SinkTopic != "" {
			out[i].SinkTopics = append(out[i].SinkTopics, q.SinkTopic)
		}
	}
	return out
}

func waits(q engine.Query) []string {
	var out []string
	for _, w := range q.Waits {
		out = append(out, w.String())
	}
	if q.Held != "" {
		out = append(out, "its turn to take the place of another table: "+q.Held)
	}
	return out
}

func queryType(k plan.QueryKind) string {
	switch k {
	case plan.Persistent:
		return "PERSISTENT"
	case plan.Push:
		return "PUSH"
	case plan.Pull:
		return "PULL"
	}
	return ""
}

func queryDescription(q engine.Query) wire.QueryDescription {
	d := wire.QueryDescription{
		ID: q.ID, StatementText: q.SQL, Type: queryType(q.Kind), State: string(q.State), Group: q.Group,
		Fields: []wire.Field{}, Sources: list(q.Sources), Sinks: []string{}, Properties: map[string]string{},
		HostStatus: map[string]string{}, Errors: []wire.QueryError{}, Tasks: []any{},
	}
	d.Steps, d.Waits = steps(q.Stats.Steps), waits(q)
	if q.Sink != "" {
		d.Sinks = append(d.Sinks, q.Sink)
	}
	if q.State != "" {
		d.HostStatus["localhost"] = string(q.State)
	}
	if q.Error != "" {
		d.Errors = append(d.Errors, wire.QueryError{Message: q.Error, Type: "USER"})
	}
	return d
}

func explanation(r *engine.Explanation) wire.QueryDescription {
	d := queryDescription(r.Query)
	d.Plan, d.Fields = r.Plan, fields(r.Columns)
	d.Sources, d.Sinks, d.WindowType = list(r.Sources), list(r.Sinks), optional(r.Windowed)
	if r.Properties != nil {
		d.Properties = r.Properties
	}
	return d
}

// list is never nil: clients expect an array.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
