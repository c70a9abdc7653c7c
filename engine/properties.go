package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/parser/ast"
)

// known are the properties that mean something here, with their defaults. Others of ksqlDB's and Kafka's are accepted
// and kept, so that scripts written for ksqlDB run.
var known = map[string]string{
	"auto.offset.reset":                     "latest for push queries, earliest for persistent ones",
	"cache.max.bytes.buffering":             "10000000",
	"commit.interval.ms":                    "100",
	"ksql.fail.on.deserialization.error":    "false",
	"ksql.functions.collect_list.limit":     "",
	"ksql.functions.collect_set.limit":      "",
	"ksql.functions.substring.legacy.args":  "false",
	"ksql.internal.topic.replicas":          "1",
	"ksql.max.push.queries":                 "100",
	"ksql.output.topic.name.prefix":         "",
	"ksql.persistence.default.format.key":   "KAFKA",
	"ksql.persistence.default.format.value": "",
	"ksql.persistence.wrap.single.values":   "",
	"ksql.query.pull.limit.clause.enabled":  "true",
	"ksql.query.pull.range.scan.enabled":    "true",
	"ksql.query.pull.table.scan.enabled":    "true",
	"ksql.service.id":                       "default_",
	"ksql.variable.substitution.enable":     "true",
	"processing.guarantee":                  "exactly_once_v2",
	"weir.state.memory.bytes":               "1073741824",
	"weir.idle.close":                       "",
	"weir.idle.upstream":                    "1000",
	"weir.on.lost.records":                  "continue",
	"replication.factor":                    "1",
}

// prefixes are the families whose members are accepted without being known.
var prefixes = []string{"ksql.", "producer.", "consumer.", "admin.", "topic.", "weir."}

// kafkaNames are properties of Kafka's clients and of Kafka Streams that scripts set; they are accepted and have no effect.
var kafkaNames = []string{"acks", "application.id", "batch.size", "bootstrap.servers", "buffer.memory", "client.id", "compression.type",
	"default.deserialization.exception.handler", "default.timestamp.extractor", "enable.idempotence", "fetch.max.bytes", "linger.ms",
	"max.poll.interval.ms", "max.poll.records", "max.request.size", "max.task.idle.ms", "num.standby.replicas", "num.stream.threads",
	"poll.ms", "request.timeout.ms", "retries", "session.timeout.ms", "state.dir", "topology.optimization"}

// IsProperty says whether SET may be used with a name.
func (e *Engine) IsProperty(name string) error {
	bare := strings.TrimPrefix(name, "ksql.streams.")
	if _, ok := known[bare]; ok || slices.Contains(kafkaNames, bare) {
		return nil
	}
	for _, p := range prefixes {
		if strings.HasPrefix(bare, p) {
			return nil
		}
	}
	return refuse(BadStatement, "Not recognizable as ksql, streams, consumer, or producer property: '%s'%s", name,
		suggestion(bare, append(slices.Collect(maps.Keys(known)), kafkaNames...)))
}

func (e *Engine) set(s *Session, n *ast.Set) (Result, error) {
	if err := e.IsProperty(n.Name); err != nil {
		return nil, err
	}
	if n.Name == "ksql.service.id" {
		return nil, refuse(BadStatement, "ksql.service.id can only be set when the server starts")
	}
	old, had := s.Properties[n.Name]
	s.Properties[n.Name] = n.Value
	if had {
		return &Done{Message: fmt.Sprintf("Successfully changed local property '%s' from '%s' to '%s'.", n.Name, old, n.Value), Sequence: -1}, nil
	}
	return &Done{Message: fmt.Sprintf("Successfully changed local property '%s' to '%s'. Use the UNSET command to revert your change.", n.Name, n.Value), Sequence: -1}, nil
}

// properties lists what is in force.
func (e *Engine) properties(s *Session) []Property {
	all := maps.Clone(known)
	config := e.config(s)
	maps.Copy(all, config)
	all["ksql.service.id"] = e.opt.ServiceID
	var out []Property
	for _, name := range slices.Sorted(maps.Keys(all)) {
		scope := "KSQL"
		if !strings.HasPrefix(name, "ksql.") || strings.HasPrefix(name, "ksql.streams.") {
			scope = "EXTERNAL"
		}
		_, set := config[name]
		out = append(out, Property{Name: name, Scope: scope, Value: all[name], Override: set, Editable: name != "ksql.service.id"})
	}
	return out
}
