package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/conformance/memory"
	"weir/conformance/serdes"
	"weir/functions"
	"weir/parser"
	"weir/planner/plan"
	"weir/registry"
	"weir/types"
)

// baseConfig is what ksqlDB's own runner sets for every case.
var baseConfig = map[string]string{"auto.offset.reset": "earliest", "cache.max.bytes.buffering": "0", "ksql.service.id": "some.ksql.service.id"}

// exactNumbers is a property of cases that is meant for the runner.
const exactNumbers = "use.exact.numeric.comparison"

const internalPrefix = "_confluent-ksql-some.ksql.service.idquery_"

// internalName is the name that ksqlDB gives a query's own topics.
func internalName(query, step, kind string) string {
	return internalPrefix + query + "-" + step + "-" + kind
}

func newEngine(reg *functions.Registry, settings map[string]string) (*memory.Engine, error) {
	config := maps.Clone(baseConfig)
	maps.Copy(config, settings)
	delete(config, exactNumbers)
	return memory.New(memory.Options{Config: config, Functions: reg, Internal: internalName, OnePartition: true, Now: time.Now})
}

// run runs a case; nil where it passed.
func (c *testCase) run(reg *functions.Registry) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	e, err := newEngine(reg, c.settings)
	if err != nil {
		return err
	}
	defer e.Close()
	ran, err := c.execute(e)
	if c.Exception != nil {
		return c.Exception.check(ran)
	}
	if err = errors.Join(ran, err); err != nil {
		return err
	}
	if err := c.verify(e); err != nil {
		return err
	}
	return c.Post.check(e)
}

// streamsWords are what Kafka Streams says of any failure while a query runs.
var streamsWords = []string{"Exception caught in process", "Unable to serialize record"}

// check wants an error with the texts of the exception.
func (x *exception) check(err error) error {
	if err == nil {
		return fmt.Errorf("no error, but one was expected: %s", firstLine(x.Message))
	}
	for _, part := range []string{x.Message, x.Cause} {
		if part != "" && !slices.Contains(streamsWords, part) && !strings.Contains(err.Error(), part) {
			return fmt.Errorf("expected the error %q, got %q", part, err.Error())
		}
	}
	return nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// execute carries out the statements and feeds the inputs. ran is an error of what is tested, err one of the case itself.
func (c *testCase) execute(e *memory.Engine) (ran, err error) {
	stmts, perr := parser.Parse(strings.Join(c.Statements, "\n"), parser.Options{})
	if perr != nil {
		return perr, nil
	}
	if err := c.prepare(e.Registry, stmts, e.CreateTopic); err != nil {
		return nil, err
	}
	started := 0
	for _, s := range stmts {
		if _, err := e.Execute(s); err != nil {
			return err, nil
		}
		started = max(started, len(e.Queries()))
	}
	if started == 0 {
		return errors.New("test did not generate any queries."), nil
	}
	if c.Exception != nil && len(c.Inputs) == 0 {
		return nil, nil
	}
	for i, r := range c.Inputs {
		rec, err := r.encode(e.Registry, topicSource(e, r.Topic))
		if err != nil {
			return nil, fmt.Errorf("input %d: %w", i+1, err)
		}
		if err := e.Driver.Produce(rec); err != nil {
			return nil, fmt.Errorf("input %d: %w", i+1, err)
		}
	}
	return e.Driver.Run(), nil
}

// topicSource is what is known of a topic's formats: the stream or table over it, that of a query's result first.
func topicSource(e *memory.Engine, topic string) *catalog.Source {
	for _, q := range e.Queries() {
		if sink, ok := q.Root.(*plan.Sink); ok && sink.Target.Topic == topic {
			return sink.Target
		}
	}
	for _, s := range e.Catalog().Sources() {
		if s.Topic == topic {
			return s
		}
	}
	return &catalog.Source{Topic: topic, Key: catalog.Serde{Format: "KAFKA"}, Value: catalog.Serde{Format: "JSON"}}
}

func keySerde(reg registry.Client, s *catalog.Source) serdes.Serde {
	return serdeOf(reg, s.Key, s.Schema.With(types.KeyColumn), s.Topic+"-key")
}

func valueSerde(reg registry.Client, s *catalog.Source) serdes.Serde {
	return serdeOf(reg, s.Value, s.Schema.With(types.ValueColumn), s.Topic+"-value")
}

func serdeOf(reg registry.Client, s catalog.Serde, cols types.Schema, subject string) serdes.Serde {
	return serdes.Serde{Format: s.Format, Cols: cols, Registry: reg, Subject: subject, FullName: s.Props["SCHEMA_FULL_NAME"],
		Optional: strings.EqualFold(s.Props["PROTOBUF_NULLABLE_REPRESENTATION"], "OPTIONAL")}
}

// encode makes the record for the topic of a source.
func (r *record) encode(reg registry.Client, src *catalog.Source) (*kgo.Record, error) {
	out := &kgo.Record{Topic: r.Topic, Timestamp: time.UnixMilli(0)}
	if r.Timestamp != nil {
		out.Timestamp = time.UnixMilli(*r.Timestamp)
	}
	var err error
	if out.Key, err = keySerde(reg, src).Encode(r.Key); err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if out.Key != nil && r.Window != nil {
		out.Key = r.Window.append(out.Key)
	}
	if out.Value, err = valueSerde(reg, src).Encode(r.Value); err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	for _, h := range r.Headers {
		next := kgo.RecordHeader{Key: h.Key}
		if h.Value != nil {
			next.Value = *h.Value
		}
		out.Headers = append(out.Headers, next)
	}
	return out, nil
}
