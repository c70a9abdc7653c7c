package main

import (
	"context"
	"fmt"
	"strings"

	"weir/catalog"
	"weir/conformance/memory"
	"weir/formats"
	"weir/planner/plan"
	"weir/types"
)

// joinTopics are the topics that ksqlDB makes inside of queries with joins: those through which rows are sent to other
// partitions, and the changelogs of what joins keep, whose names count the processors before them.
type joinTopics struct {
	engine *memory.Engine
	query  string
	next   int // number of the next processor
	out    []topicInfo
}

// Processors by step: a source is three, a stream that is re-keyed four, a table nine; the stores of a join of two streams
// are named by the third and fourth of its five.
const (
	sourceProcessors = 3
	rekeyedStream    = 4
	rekeyedTable     = 9
	joinProcessors   = 5
)

func (j *joinTopics) visit(n plan.Node) {
	switch n := n.(type) {
	case *plan.Scan:
		j.next += sourceProcessors
		return
	case *plan.Join:
		j.join(n)
		return
	}
	for _, in := range n.Inputs() {
		j.visit(in)
	}
	r, ok := n.(*plan.Repartition)
	if !ok || foreign(r) {
		return
	}
	j.add(internalName(j.query, r.Step, "repartition"), r)
	if j.next += rekeyedStream; r.Table() {
		j.next += rekeyedTable - rekeyedStream
		j.add(internalName(j.query, strings.Replace(r.Step, "SelectKey", "Materialize", 1), "changelog"), r)
	}
}

// foreign says that a topic is one of a join by foreign key, which have names of another kind.
func foreign(r *plan.Repartition) bool {
	switch r.In.(type) {
	case *plan.Subscribe, *plan.ForeignLookup:
		return true
	}
	return false
}

func (j *joinTopics) join(n *plan.Join) {
	if n.Within == nil {
		j.visit(n.Right) // ksqlDB makes the table first
		j.visit(n.Left)
		j.kept(n.Right, "KafkaTopic_Right-Reduce")
		if n.Table() {
			j.kept(n.Left, "KafkaTopic_Left-Reduce")
		}
		return
	}
	j.visit(n.Left)
	j.visit(n.Right)
	this, other := "JOINTHIS", "JOINOTHER"
	if n.Kind == plan.FullJoin || n.Kind == plan.RightJoin {
		this = "OUTERTHIS"
	}
	if n.Kind == plan.FullJoin || n.Kind == plan.LeftJoin {
		other = "OUTEROTHER"
	}
	j.add(internalName(j.query, fmt.Sprintf("KSTREAM-%s-%010d-store", this, j.next+2), "changelog"), n.Left)
	j.add(internalName(j.query, fmt.Sprintf("KSTREAM-%s-%010d-store", other, j.next+3), "changelog"), n.Right)
	j.next += joinProcessors
}

// kept is the changelog of a table that is read where it lies.
func (j *joinTopics) kept(n plan.Node, step string) {
	if _, ok := n.(*plan.Scan); ok {
		j.add(internalName(j.query, step, "changelog"), n)
	}
}

// add notes a topic with the keys of a step's rows; it registers their schema where the format has one.
func (j *joinTopics) add(name string, n plan.Node) {
	info := topicInfo{name: name, value: scanOf(n).Source.Value}
	var cols types.Schema
	if info.key, cols = keyOf(n); len(cols) > 0 {
		if f, err := formats.Lookup(info.key.Format); err == nil && f.Registry {
			spec := plan.Spec(info.key, true, name)
			spec.Registry, spec.SchemaID = j.engine.Registry, nil
			_, _ = formats.Register(context.Background(), spec, cols) // where it fails, the check says that there is no schema
		}
	}
	j.out = append(j.out, info)
}

// keyOf is how the keys of a step's rows are written, and their columns.
func keyOf(n plan.Node) (catalog.Serde, types.Schema) {
	var serde catalog.Serde
	var cols types.Schema
	plan.Walk(n, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Repartition:
			serde, cols = n.Serde, n.Columns
			return false
		case *plan.Scan:
			serde, cols = n.Source.Key, n.Source.Schema.With(types.KeyColumn)
			return false
		}
		return true
	})
	return serde, cols
}

// joins says whether a query joins.
func joins(root plan.Node) bool {
	return !plan.Walk(root, func(n plan.Node) bool { return len(n.Inputs()) < 2 })
}
