package main

import (
	"context"
	"encoding/json"
	"errors"
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

// errInternalNames says that a case names topics that ksqlDB makes inside of queries. Their names count its processors and their contents are its
// own business: Weir has other ones, so that such a case can't tell anything of them. What else it tells has held.
var errInternalNames = errors.New("it names topics that ksqlDB makes inside of queries")

// check compares what exists after the run with what should.
func (p *postConditions) check(e *memory.Engine) error {
	for _, want := range p.Sources {
		if err := want.check(e); err != nil {
			return fmt.Errorf("post: source %s: %w", want.Name, err)
		}
	}
	known, internal := topics(e), false
	for _, want := range p.Topics.Topics {
		if strings.HasPrefix(want.Name, internalPrefix) {
			internal = true
			continue
		}
		i := slices.IndexFunc(known, func(t topicInfo) bool { return t.name == want.Name })
		if i < 0 {
			return fmt.Errorf("post: there is no topic %s", want.Name)
		}
		if err := want.check(e, known[i]); err != nil {
			return fmt.Errorf("post: topic %s: %w", want.Name, err)
		}
	}
	if err := p.checkBanned(e, known); err != nil || !internal {
		return err
	}
	return errInternalNames
}

// checkBanned looks for topics that are not to be.
func (p *postConditions) checkBanned(e *memory.Engine, known []topicInfo) error {
	if p.Topics.Blacklist == "" {
		return nil
	}
	banned, err := regexp.Compile(p.Topics.Blacklist)
	if err != nil {
		return err
	}
	names := repartitions(e)
	for _, t := range known {
		names = append(names, t.name)
	}
	for _, name := range names {
		if banned.MatchString(name) {
			return fmt.Errorf("post: topic %s is not to be", name)
		}
	}
	return nil
}

// topicInfo is the topic of a source.
type topicInfo struct {
	name       string
	key, value catalog.Serde
	partitions int32
}

// topics are those of the sources.
func topics(e *memory.Engine) []topicInfo {
	var out []topicInfo
	for _, s := range e.Catalog().Sources() {
		out = append(out, topicInfo{s.Topic, s.Key, s.Value, e.Topics()[s.Topic]})
	}
	return out
}

// repartitions are the topics through which queries send rows to other partitions. Those of joins by foreign key have names of another kind in
// ksqlDB, and don't count.
func repartitions(e *memory.Engine) []string {
	var out []string
	for _, q := range e.Queries() {
		plan.Walk(q.Root, func(n plan.Node) bool {
			if r, ok := n.(*plan.Repartition); ok {
				switch r.In.(type) {
				case *plan.Subscribe, *plan.ForeignLookup:
				default:
					out = append(out, internalName(q.ID, r.Step, "repartition"))
				}
			}
			return true
		})
	}
	return out
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
