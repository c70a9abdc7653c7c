// Package planner turns a statement into what is to be done: a change of the catalog, topics to make, and a query of
// resolved, typed steps. Names end here; everything after works with positions.
package planner

import (
	"fmt"
	"slices"
	"strings"

	"weir/catalog"
	"weir/functions"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/registry"
)

// Env is the world as the planner may see it. It reads, and changes nothing.
type Env struct {
	Catalog   catalog.Reader
	Functions *functions.Registry
	// Config are the properties in force: the server's with the session's on top.
	Config map[string]string
	// Partitions is how many partitions a topic has; ok is false where there is no such topic.
	Partitions func(topic string) (n int32, ok bool)
	// NextID numbers the next persistent query.
	NextID int
	// QueryID is the id of the query that the statement makes, where it takes over from one that had an id already; empty for one that NextID numbers.
	QueryID string
	// MakeTopics lets CREATE STREAM and CREATE TABLE make topics that are not there and of which they give no number of partitions.
	MakeTopics bool
	// Registry tells the columns that a statement leaves out; nil where there is none.
	Registry registry.Client
	// Module sees that a module has the function that is to be made of it, and notes which module that is: the one that the file's name leads to,
	// or the one that is kept under SHA256 where that is given. Nil where functions can't be made.
	Module func(f *catalog.Function) error
	// Running is the plan of a persistent query that runs, or nil; nil where no query can be replaced.
	Running func(id string) *plan.Query
	// Replays is the table that the one of the statement is computed anew for; empty for none.
	Replays string
	// Built is the table that the statement's query has computed anew what it is to write; empty where it has not begun.
	Built string
	// Again says that the statement is one of the command log: what was taken from a schema stands in it, and what earlier versions took, and did
	// nothing with, is taken.
	Again  bool
	called *[]string // functions that statements made, and that this one calls
}

// Plan is what a statement amounts to.
type Plan struct {
	Change    catalog.Change
	Query     *plan.Query
	Topic     *Topic // to be there before the query starts
	LateTopic *Topic // and that of LATE_STREAM
	// Replaces says that Query takes the place of the one that runs under its id, whose state and offsets it goes on from.
	Replaces bool
	// Replays says that the table is there, and is to be computed anew beside it.
	Replays bool
	// Exists says that IF [NOT] EXISTS makes the statement do nothing, and why.
	Exists string
}

// Topic is a topic that a statement needs.
type Topic struct {
	Name       string
	Partitions int32 // 0: as many as the server's default
	Replicas   int16 // 0: the server's default
	Configs    map[string]string
	// MustExist says that the statement does not make it.
	MustExist bool
	// Otherwise is how many partitions it gets where it is not there and the statement does not ask for it to be made: whoever gave that is to be
	// told. 0 for what statements ask for.
	Otherwise int32
}

// New is how many partitions it is made with; 0: as many as the server's default.
func (t *Topic) New() int32 { return max(t.Partitions, t.Otherwise) }

// MaxMessageBytes is the setting of a topic that MAX_MESSAGE_BYTES is compared with.
const MaxMessageBytes = "max.message.bytes"

// CheckConfigs compares what was asked for with the settings of the topic that is there.
func (t *Topic) CheckConfigs(configs map[string]string) error {
	want, asked := t.Configs[MaxMessageBytes]
	has, told := configs[MaxMessageBytes]
	if !asked || !told || has == want {
		return nil
	}
	return fmt.Errorf("A Kafka topic with the name '%s' already exists, and its %s is %s: MAX_MESSAGE_BYTES asks for %s. Leave MAX_MESSAGE_BYTES out to take the topic as it is, or "+
		"alter the topic first, as by: kafka-configs --bootstrap-server HOST:PORT --alter --entity-type topics --entity-name %s --add-config %s=%s",
		t.Name, MaxMessageBytes, has, want, t.Name, MaxMessageBytes, want)
}

// Check compares the topic with the one of its name that is there: it has so many partitions; exists is false where there is none.
func (t *Topic) Check(p *Plan, partitions int32, exists bool) error {
	switch {
	case exists && t.Partitions != 0 && t.Partitions != partitions && p.Query.Target() == nil:
		return fmt.Errorf("A Kafka topic with the name '%s' already exists, with different partition/replica configuration than required. "+
			"KSQL expects %d partitions (topic has %d).", t.Name, t.Partitions, partitions)
	case !exists && t.MustExist:
		return fmt.Errorf("Topic '%s' does not exist. If you want to create a new topic for the stream/table please re-run the statement "+
			"providing the required 'PARTITIONS' configuration in the WITH clause (and optionally 'REPLICAS'). For example: "+
			"CREATE STREAM abc (...) WITH (KAFKA_TOPIC='%s', PARTITIONS=4, ...);", t.Name, t.Name)
	}
	return nil
}

// Build plans a statement that defines what there is, or queries it. Others are the engine's own.
func Build(stmt ast.Statement, sql string, env *Env) (*Plan, error) {
	own := *env
	own.called = &[]string{}
	b := &builder{env: &own, sql: sql}
	switch s := stmt.(type) {
	case ast.Definition:
		p, err := b.define(s)
		if err == nil && p.Change.PutQuery != nil {
			p.Change.PutQuery.Functions = slices.Compact(slices.Sorted(slices.Values(*own.called)))
		}
		return p, err
	case *ast.Query:
		if s.From == nil {
			return b.constants(s)
		}
		if s.Emit == nil {
			return b.pull(s)
		}
		return b.push(s)
	default: // refused below
	}
	return nil, at(stmt.Pos(), "%T can't be planned", stmt)
}

type builder struct {
	env     *Env
	sql     string
	pushing bool        // the rows go to a client, who sees window bounds in *
	late    *lateStream // that LATE_STREAM asks for; nil without
	// replaces is the query that the one being planned takes over; nil where there is none.
	replaces *takeover
}

// queryID is the id of a new query.
func (b *builder) queryID(prefix, name string) string {
	if b.env.QueryID != "" {
		return b.env.QueryID
	}
	return fmt.Sprintf("%s%s_%d", prefix, strings.ToUpper(name), b.env.NextID)
}

func (b *builder) source(id ast.Ident) (*catalog.Source, error) {
	src, ok := b.env.Catalog.Source(id.Name)
	if ok {
		return src, nil
	}
	return nil, at(id.Pos(), "%s does not exist.%s", id.Name, b.didYouMeanSource(id.Name))
}

func (b *builder) didYouMeanSource(name string) string {
	var names []string
	for _, s := range b.env.Catalog.Sources() {
		if strings.EqualFold(s.Name, name) {
			return "\nDid you mean " + s.Name + "? Hint: try removing double quotes from the source name."
		}
		names = append(names, s.Name)
	}
	return strings.TrimPrefix(didYouMean(name, names), ".")
}

// Logged is the statement as the command log keeps it: what was inferred is written out.
func (p *Plan) Logged(stmt ast.Statement, text string) (string, error) {
	if f, ok := stmt.(*ast.CreateFunction); ok && p.Change.PutFunction != nil {
		whole := *f
		whole.SHA256 = p.Change.PutFunction.SHA256
		return ast.Format(&whole), nil
	}
	create, ok := stmt.(*ast.CreateSource)
	src := p.Change.PutSource
	if !ok || src == nil || len(create.Columns) == len(src.Schema) {
		return text, nil
	}
	columns := src.Schema.String()
	if src.IsTable {
		columns = src.Schema.TableString()
	}
	list, err := parser.ParseColumns(columns, parser.Options{})
	if err != nil {
		return "", err
	}
	whole := *create
	whole.Columns = list
	return ast.Format(&whole), nil
}
