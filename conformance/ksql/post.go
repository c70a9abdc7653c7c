package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"weir/catalog"
	"weir/conformance/memory"
	"weir/conformance/serdes"
	"weir/formats"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// check compares what exists after the run with what should.
func (p *postConditions) check(e *memory.Engine) error {
	for _, want := range p.Sources {
		if err := want.check(e); err != nil {
			return fmt.Errorf("post: source %s: %w", want.Name, err)
		}
	}
	known := topics(e)
	for _, want := range p.Topics.Topics {
		i := slices.IndexFunc(known, func(t topicInfo) bool { return t.name == want.Name })
		if i < 0 {
			return fmt.Errorf("post: there is no topic %s", want.Name)
		}
		if err := want.check(e, known[i]); err != nil {
			return fmt.Errorf("post: topic %s: %w", want.Name, err)
		}
	}
	if p.Topics.Blacklist == "" {
		return nil
	}
	banned, err := regexp.Compile(p.Topics.Blacklist)
	if err != nil {
		return err
	}
	for _, t := range known {
		if banned.MatchString(t.name) {
			return fmt.Errorf("post: topic %s is not to be", t.name)
		}
	}
	return nil
}

// topicInfo is a topic of a source or of a query's own.
type topicInfo struct {
	name       string
	key, value catalog.Serde
	partitions int32
}

// topics are all topics, with those that ksqlDB would have made inside of the queries.
func topics(e *memory.Engine) []topicInfo {
	var out []topicInfo
	for _, s := range e.Catalog().Sources() {
		out = append(out, topicInfo{s.Topic, s.Key, s.Value, e.Topics()[s.Topic]})
	}
	for _, q := range e.Queries() {
		if joins(q.Root) {
			j := &joinTopics{engine: e, query: q.ID}
			j.visit(q.Root)
			out = append(out, j.out...)
		}
		plan.Walk(q.Root, func(n plan.Node) bool {
			switch n := n.(type) {
			case *plan.Repartition:
				if foreign(n) {
					return true
				}
				out = append(out, topicInfo{name: internalName(q.ID, n.Step, "repartition"), key: n.Serde, value: scanOf(n).Source.Value})
			case *plan.Aggregate:
				out = append(out, topicInfo{name: internalName(q.ID, n.Step+"-Aggregate-Materialize", "changelog"), value: scanOf(n).Source.Value})
			case *plan.Scan:
				if n.Materialize {
					out = append(out, topicInfo{name: internalName(q.ID, "KafkaTopic_Source-Reduce", "changelog"), key: n.Source.Key, value: n.Source.Value})
				}
			}
			return true
		})
	}
	return out
}

// scanOf is the source that a step's rows come from.
func scanOf(n plan.Node) *plan.Scan {
	found := &plan.Scan{Source: &catalog.Source{}}
	plan.Walk(n, func(n plan.Node) bool {
		s, ok := n.(*plan.Scan)
		if ok {
			found = s
		}
		return !ok
	})
	return found
}

func (want *sourceSpec) check(e *memory.Engine) error {
	s, ok := e.Catalog().Source(want.Name)
	switch {
	case !ok:
		return fmt.Errorf("it does not exist")
	case !strings.EqualFold(want.Type, s.Kind()):
		return fmt.Errorf("expected a %s, it is a %s", want.Type, s.Kind())
	case want.ValueFormat != "" && want.ValueFormat != s.Value.Format:
		return fmt.Errorf("expected the value format %s, got %s", want.ValueFormat, s.Value.Format)
	case want.IsSource != nil && *want.IsSource != s.ReadOnly:
		return fmt.Errorf("expected isSource %t, got %t", *want.IsSource, s.ReadOnly)
	}
	if want.Schema != "" {
		expected, err := normalized(want.Schema)
		if err != nil {
			return fmt.Errorf("the expected schema: %w", err)
		}
		got, err := normalized(s.Schema.String())
		if err != nil {
			return err
		}
		if expected != got {
			return fmt.Errorf("expected the schema %s, got %s", expected, got)
		}
	}
	if k := want.KeyFormat; k != nil {
		var w catalog.Windowed
		if s.Windowed != nil {
			w = *s.Windowed
		}
		if k.Format != s.Key.Format || k.WindowType != string(w.Kind) || k.WindowSize != w.Size {
			return fmt.Errorf("expected the key format %v, got %s %s %d", *k, s.Key.Format, w.Kind, w.Size)
		}
	}
	for _, f := range []struct {
		want *[]string
		got  []string
	}{{want.KeyFeatures, features(s.Key, s.Schema.With(types.KeyColumn), true)}, {want.ValFeatures, features(s.Value, s.Schema.With(types.ValueColumn), false)}} {
		if f.want != nil && !slices.Equal(slices.Sorted(slices.Values(*f.want)), f.got) {
			return fmt.Errorf("expected the features %v, got %v", *f.want, f.got)
		}
	}
	return nil
}

// normalized prints columns in one way: keys, then values, then headers.
func normalized(schema string) (string, error) {
	cols, err := parser.ParseColumns(schema, parser.Options{})
	if err != nil {
		return "", err
	}
	rank := func(c ast.Column) int {
		switch c.Constraint {
		case ast.Key, ast.PrimaryKey:
			return 0
		case ast.Headers, ast.Header:
			return 2
		}
		return 1
	}
	slices.SortStableFunc(cols, func(a, b ast.Column) int { return rank(a) - rank(b) })
	parts := make([]string, len(cols))
	for i, c := range cols {
		if c.Constraint == ast.PrimaryKey {
			c.Constraint = ast.Key
		}
		parts[i] = ast.Format(c)
	}
	return strings.Join(parts, ", "), nil
}

// features are ksqlDB's words for how a single column is written.
func features(s catalog.Serde, cols types.Schema, key bool) []string {
	f, err := formats.Lookup(s.Format)
	wrap, given := s.Props["WRAP_SINGLE_VALUE"]
	switch {
	case err != nil || len(cols) != 1:
		return nil
	case given && wrap == "true":
		return []string{"WRAP_SINGLES"}
	case given, key && f.Wraps && f.Unwraps:
		return []string{"UNWRAP_SINGLES"}
	}
	return nil
}

func (want *postTopicSpec) check(e *memory.Engine, got topicInfo) error {
	switch {
	case want.KeyFormat.Format != got.key.Format:
		return fmt.Errorf("expected the key format %s, got %s", want.KeyFormat.Format, got.key.Format)
	case want.ValueFormat.Format != got.value.Format:
		return fmt.Errorf("expected the value format %s, got %s", want.ValueFormat.Format, got.value.Format)
	case want.Partitions != 0 && want.Partitions != got.partitions:
		return fmt.Errorf("expected %d partitions, got %d", want.Partitions, got.partitions)
	}
	for _, s := range []struct {
		subject string
		schema  json.RawMessage
	}{{want.Name + "-key", want.KeySchema}, {want.Name + "-value", want.ValueSchema}} {
		if serdes.IsNull(s.schema) {
			continue
		}
		latest, err := e.Registry.Latest(context.Background(), s.subject)
		if err != nil {
			return err
		}
		if !sameSchema(s.schema, latest.Text) {
			return fmt.Errorf("expected %s to be %s, got %s", s.subject, serdes.Compact(s.schema), latest.Text)
		}
	}
	return nil
}

// sameSchema compares as JSON, or as text without regard to blanks.
func sameSchema(want json.RawMessage, got string) bool {
	expected, err := serdes.ParseJSON(want)
	if err != nil {
		return false
	}
	if actual, err := serdes.ParseJSON([]byte(got)); err == nil && reflect.DeepEqual(expected, actual) {
		return true
	}
	return strings.Join(strings.Fields(serdes.Text(want)), " ") == strings.Join(strings.Fields(got), " ")
}
