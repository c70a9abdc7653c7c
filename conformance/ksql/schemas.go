package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"weir/conformance/memory"
	"weir/conformance/serdes"
	"weir/parser"
	"weir/parser/ast"
	"weir/registry"
)

const defaultPartitions = 4 // of a topic whose statement doesn't say

// prepare makes the topics and registers the schemas that are there before the statements.
func (c *testCase) prepare(e *memory.Engine, stmts []parser.Stmt) error {
	// Schemas with an id of their own come first: ids are given in order.
	for _, fixed := range []bool{true, false} {
		for _, t := range c.Topics {
			for _, s := range []sideSchema{
				{t.Name + "-key", t.KeyFormat, t.KeySchema, t.KeySchemaID, t.KeyReferences},
				{t.Name + "-value", t.ValueFormat, t.ValueSchema, t.ValueSchemaID, t.ValueReferences},
			} {
				if serdes.IsNull(s.schema) || (s.id != nil) != fixed {
					continue
				}
				if err := s.register(e.Registry); err != nil {
					return fmt.Errorf("the case's schema %s: %w", s.subject, err)
				}
			}
		}
	}
	for _, t := range c.Topics {
		e.CreateTopic(t.Name, max(t.Partitions, 1))
	}
	for _, s := range stmts {
		if create, ok := s.Node.(*ast.CreateSource); ok && len(create.Columns) > 0 {
			name, partitions := topicOf(create)
			e.CreateTopic(name, partitions)
		}
	}
	for _, r := range c.Inputs {
		e.CreateTopic(r.Topic, defaultPartitions)
	}
	return nil
}

func topicOf(s *ast.CreateSource) (name string, partitions int32) {
	name, partitions = s.Name.Name, defaultPartitions
	for _, p := range s.With {
		switch v := p.Value.(type) {
		case *ast.StringLit:
			if strings.EqualFold(p.Name, "KAFKA_TOPIC") {
				name = v.Value
			} else if n, err := strconv.Atoi(v.Value); err == nil && strings.EqualFold(p.Name, "PARTITIONS") {
				partitions = int32(n)
			}
		case *ast.IntLit:
			if strings.EqualFold(p.Name, "PARTITIONS") {
				partitions = v.Value
			}
		}
	}
	return name, max(partitions, 1)
}

// sideSchema is the schema of a topic's keys or values.
type sideSchema struct {
	subject    string
	format     string
	schema     json.RawMessage
	id         *int
	references []reference
}

func (s sideSchema) register(r registry.Client) error {
	ctx := context.Background()
	typ := registry.Avro
	switch strings.ToUpper(s.format) {
	case "PROTOBUF":
		typ = registry.Protobuf
	case "JSON", serdes.JSONSR:
		typ = registry.JSON
	}
	full := registry.Schema{Type: typ, Text: schemaText(s.schema, typ)}
	for _, ref := range s.references {
		dep, err := r.Register(ctx, ref.Name, registry.Schema{Type: typ, Text: schemaText(ref.Schema, typ)})
		if err != nil {
			return err
		}
		full.References = append(full.References, registry.Reference{Name: ref.Name, Subject: ref.Name, Version: dep.Version})
	}
	if s.id != nil {
		if err := reach(r, *s.id); err != nil {
			return err
		}
	}
	_, err := r.Register(ctx, s.subject, full)
	return err
}

// schemaText is a schema as the registry takes it: Avro and JSON as JSON, Protobuf as text.
func schemaText(raw json.RawMessage, typ registry.Type) string {
	if typ == registry.Protobuf {
		return serdes.Text(raw)
	}
	return string(raw)
}

// reach registers schemas that nobody uses, until the next one gets the id.
func reach(r registry.Client, id int) error {
	for n := 1; n < id; n++ {
		name := fmt.Sprintf("filler%d", n)
		got, err := r.Register(context.Background(), name, registry.Schema{Type: registry.Avro, Text: `{"type":"enum","name":"` + name + `","symbols":["A"]}`})
		if err != nil {
			return err
		}
		if got.ID >= id-1 {
			return nil
		}
	}
	return nil
}
