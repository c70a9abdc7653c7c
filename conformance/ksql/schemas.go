package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"weir/catalog"
	"weir/conformance/serdes"
	"weir/formats"
	"weir/functions"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
	"weir/registry"
)

// defaultPartitions is what topics of statements have, whatever the statement says: ksqlDB's own runner has it so.
const defaultPartitions = 4

// prepare makes the topics and registers the schemas that are there before the statements.
func (c *testCase) prepare(client registry.Client, stmts []parser.Stmt, createTopic func(name string, partitions int32)) error {
	reg, ok := client.(*registry.Local)
	if !ok {
		return errors.New("the runner needs a registry in memory")
	}
	// The registry that ksqlDB's own runner has does not compare schemas, and takes those that bring their ids.
	if err := reg.SetCompatibility(context.Background(), "", registry.None); err != nil {
		return err
	}
	if err := reg.SetMode("", registry.Import); err != nil {
		return err
	}
	if err := c.registerSchemas(reg, stmts); err != nil {
		return err
	}
	if err := reg.SetMode("", registry.ReadWrite); err != nil {
		return err
	}
	for _, t := range c.Topics {
		createTopic(t.Name, max(t.Partitions, 1))
	}
	for _, s := range stmts {
		if create, ok := s.Node.(*ast.CreateSource); ok && len(create.Columns) > 0 {
			createTopic(topicOf(create), defaultPartitions)
		}
	}
	for _, r := range c.Inputs {
		createTopic(r.Topic, defaultPartitions)
	}
	return nil
}

// registerSchemas gives schemas their ids in the order that ksqlDB's own runner has: cases name schemas by id.
func (c *testCase) registerSchemas(reg *registry.Local, stmts []parser.Stmt) error {
	topics := map[string]topicSpec{}
	creates := map[string]parser.Stmt{}
	var names []string
	for _, t := range c.Topics {
		if _, ok := topics[t.Name]; !ok {
			names = append(names, t.Name)
		}
		topics[t.Name] = t
	}
	for _, s := range stmts {
		create, ok := s.Node.(*ast.CreateSource)
		if !ok || len(create.Columns) == 0 {
			continue
		}
		name := topicOf(create)
		if !slices.Contains(names, name) {
			names = append(names, name)
			creates[name] = s
		}
	}
	last := 0
	for _, name := range hashOrder(names) {
		if s, ok := creates[name]; ok {
			id, err := registerColumns(reg, s)
			if err != nil {
				return err
			}
			last = max(last, id)
			continue
		}
		t := topics[name]
		for _, s := range []sideSchema{
			{t.Name + "-key", t.KeyFormat, t.KeySchema, t.KeySchemaID, t.KeyReferences},
			{t.Name + "-value", t.ValueFormat, t.ValueSchema, t.ValueSchemaID, t.ValueReferences},
		} {
			if serdes.IsNull(s.schema) {
				continue
			}
			if err := s.register(reg, &last); err != nil {
				return fmt.Errorf("the case's schema %s: %w", s.subject, err)
			}
		}
	}
	return nil
}

// hashOrder is the order in which a small HashMap of Java's, to which the names were put, gives them back.
func hashOrder(names []string) []string {
	buckets := uint32(16)
	for len(names)*4 > int(buckets)*3 {
		buckets *= 2
	}
	bucket := func(name string) uint32 {
		var h uint32
		for _, c := range utf16.Encode([]rune(name)) {
			h = 31*h + uint32(c)
		}
		return (h ^ h>>16) & (buckets - 1)
	}
	out := slices.Clone(names)
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(bucket(a), bucket(b)) })
	return out
}

// registerColumns registers the schemas that the columns of a CREATE make, and gives the last id.
func registerColumns(reg registry.Client, s parser.Stmt) (last int, err error) {
	env := &planner.Env{Catalog: catalog.New().Snapshot(), Functions: functions.Standard(), Config: baseConfig,
		Partitions: func(string) (int32, bool) { return defaultPartitions, true }}
	p, err := planner.Build(s.Node, s.Text, env)
	if err != nil || p.Change.PutSource == nil {
		return 0, nil // the statement's own turn will come
	}
	for _, side := range plan.Sides(p.Change.PutSource, reg) {
		if len(side.Columns) == 0 {
			continue
		}
		id, err := formats.Register(context.Background(), side.Spec, side.Columns)
		if err != nil {
			return last, nil
		}
		last = max(last, id)
	}
	return last, nil
}

func topicOf(s *ast.CreateSource) string {
	for _, p := range s.With {
		if v, ok := p.Value.(*ast.StringLit); ok && strings.EqualFold(p.Name, "KAFKA_TOPIC") {
			return v.Value
		}
	}
	return s.Name.Name
}

// sideSchema is the schema of a topic's keys or values.
type sideSchema struct {
	subject    string
	format     string
	schema     json.RawMessage
	id         *int
	references []reference
}

// referenceIDs is where the ids of schemas that others refer to begin: they are not to take one that a case names.
const referenceIDs = 1 << 20

// register gives a schema its own id, or the one after the last.
func (s sideSchema) register(r registry.Client, last *int) error {
	ctx := context.Background()
	typ := registry.Avro
	switch strings.ToUpper(s.format) {
	case formats.Protobuf:
		typ = registry.Protobuf
	case formats.JSON, formats.JSONSR:
		typ = registry.JSON
	}
	full := registry.Schema{Type: typ, Text: schemaText(s.schema, typ), ID: *last + 1}
	for i, ref := range s.references {
		dep := registry.Schema{Type: typ, Text: schemaText(ref.Schema, typ), ID: referenceIDs + i}
		dep, err := register(ctx, r, ref.Name, dep)
		if err != nil {
			return err
		}
		full.References = append(full.References, registry.Reference{Name: ref.Name, Subject: ref.Name, Version: dep.Version})
	}
	if s.id != nil {
		full.ID = *s.id
	}
	got, err := register(ctx, r, s.subject, full)
	if s.id == nil {
		*last = max(*last, got.ID)
	}
	return err
}

// register gives way where the schema has an id already, under another subject.
func register(ctx context.Context, r registry.Client, subject string, s registry.Schema) (registry.Schema, error) {
	got, err := r.Register(ctx, subject, s)
	if err != nil && s.ID != 0 {
		s.ID = 0
		if again, err := r.Register(ctx, subject, s); err == nil {
			return again, nil
		}
	}
	return got, err
}

// schemaText is a schema as the registry takes it: Avro and JSON as JSON, Protobuf as text.
func schemaText(raw json.RawMessage, typ registry.Type) string {
	if typ == registry.Protobuf {
		return serdes.Text(raw)
	}
	return string(raw)
}
