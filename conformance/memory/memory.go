// Package memory carries out statements without a broker: queries run on local.Driver, topics, schemas and state are in
// memory, and nothing in it waits or reads a clock. It is what cases run on first.
package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"weir/catalog"
	"weir/exec/local"
	"weir/exec/state"
	"weir/exec/task"
	"weir/formats"
	"weir/functions"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
	"weir/registry"
	"weir/settings"
	"weir/types"
)

// Options say what an Engine works with.
type Options struct {
	Config    map[string]string   // the server's properties
	Functions *functions.Registry // nil for the standard ones
	// Internal names a query's own topics; nil for names of the Engine's making.
	Internal func(query, step, kind string) string
	// OnePartition makes every topic hold one partition, whatever statements ask for and are told.
	OnePartition bool
	// FirstID numbers the first query. CountAll lets every change of the catalog take a number, not only queries.
	FirstID  int
	CountAll bool
	// Now is the time that functions see; nil for 1970, always.
	Now func() time.Time
}

// Engine carries out statements.
type Engine struct {
	Driver   *local.Driver
	Registry registry.Client
	Bad      []Bad // records that could not be read, rows that could not be computed
	opt      Options
	session  map[string]string
	catalog  *catalog.Catalog
	db       *state.DB
	topics   map[string]int32 // partitions as statements are told
	queries  []*plan.Query    // running, in the order they were made
	next     int
}

// Bad is an entry of the processing log.
type Bad struct {
	Query string
	task.BadRecord
}

// New makes an Engine without streams and topics.
func New(o Options) (*Engine, error) {
	if o.Functions == nil {
		o.Functions = functions.Standard()
	}
	if o.Internal == nil {
		o.Internal = func(query, step, kind string) string { return "_" + query + "-" + step + "-" + kind }
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.UnixMilli(0) }
	}
	var err error
	if o.Config, err = settings.Read(o.Config, settings.Start); err != nil {
		return nil, err
	}
	db, err := state.Open("")
	if err != nil {
		return nil, err
	}
	e := &Engine{opt: o, session: map[string]string{}, catalog: catalog.New(), db: db, topics: map[string]int32{}, next: o.FirstID,
		Registry: registry.NewLocal(registry.NewStore())}
	e.Driver = local.NewDriver(e.env, db)
	return e, nil
}

// Close frees the state.
func (e *Engine) Close() error { return e.db.Close() }

// Catalog is the catalog as it stands.
func (e *Engine) Catalog() *catalog.Snapshot { return e.catalog.Snapshot() }

// Queries are the persistent queries that run, in the order they were made.
func (e *Engine) Queries() []*plan.Query { return e.queries }

// Topics are the topics with their numbers of partitions, as statements are told.
func (e *Engine) Topics() map[string]int32 { return e.topics }

// CreateTopic makes a topic; it leaves one alone that is there.
func (e *Engine) CreateTopic(name string, partitions int32) {
	if _, ok := e.topics[name]; ok {
		return
	}
	e.topics[name] = partitions
	if e.opt.OnePartition {
		partitions = 1
	}
	e.Driver.CreateTopic(name, partitions)
}

func (e *Engine) config() map[string]string {
	out := maps.Clone(e.opt.Config)
	maps.Copy(out, e.session)
	return out
}

// env is what a query's tasks run with.
func (e *Engine) env(query string) *task.Env {
	return &task.Env{
		Functions: e.functionEnv(),
		Registry:  e.Registry,
		Internal:  func(step, kind string) string { return e.opt.Internal(query, step, kind) },
		Bad:       func(b task.BadRecord) { e.Bad = append(e.Bad, Bad{query, b}) },
	}
}

func (e *Engine) functionEnv() *functions.Env {
	return &functions.Env{Now: e.opt.Now, Config: e.config()}
}

func (e *Engine) planEnv() *planner.Env {
	return &planner.Env{Catalog: e.catalog.Snapshot(), Functions: e.opt.Functions, Config: e.config(), NextID: e.next,
		Partitions: func(topic string) (int32, bool) {
			n, ok := e.topics[topic]
			return n, ok
		},
		Infer:   e.infer,
		Running: e.running,
	}
}

// running is the plan of a persistent query; nil where it does not run.
func (e *Engine) running(id string) *plan.Query {
	for _, q := range e.queries {
		if q.ID == id {
			return q
		}
	}
	return nil
}

func (e *Engine) infer(topic string, serde catalog.Serde, key bool) (types.Schema, error) {
	spec := plan.Spec(serde, key, topic)
	spec.Registry = e.Registry
	return formats.Infer(context.Background(), spec)
}

// Execute carries out one statement. Queries answer with rows, other statements with nil.
func (e *Engine) Execute(stmt parser.Stmt) (*Rows, error) {
	switch n := stmt.Node.(type) {
	case *ast.Set:
		return nil, settings.Put(e.session, n.Name, n.Value, settings.Session)
	case *ast.Unset:
		delete(e.session, settings.Canonical(n.Name))
		return nil, nil
	case *ast.InsertValues:
		return nil, e.insert(n)
	case *ast.Terminate:
		return nil, e.terminate(n)
	case *ast.Query:
		return e.query(stmt, n)
	default: // about these alone
	}
	p, err := planner.Build(stmt.Node, stmt.Text, e.planEnv())
	if err != nil || p.Exists != "" {
		return nil, err
	}
	return nil, e.apply(stmt.Node, p)
}

// apply changes the catalog, makes topics and schemas, and starts and stops queries.
func (e *Engine) apply(n ast.Statement, p *planner.Plan) error {
	if _, err := e.catalog.Snapshot().With(p.Change); err != nil {
		return err
	}
	if t := p.Topic; t != nil {
		if _, ok := e.topics[t.Name]; !ok && t.MustExist {
			return fmt.Errorf("Topic '%s' does not exist. Give PARTITIONS in the WITH clause to make it.", t.Name)
		}
		e.CreateTopic(t.Name, max(t.Partitions, 1))
	}
	if t := p.LateTopic; t != nil {
		e.CreateTopic(t.Name, max(t.Partitions, 1))
	}
	for _, src := range []*catalog.Source{p.Change.PutSource, p.Change.PutLate} {
		if err := e.registerSchemas(n, src); err != nil {
			return err
		}
	}
	if err := e.catalog.Apply(p.Change); err != nil {
		return err
	}
	if id := p.Change.DropQuery; id != "" {
		e.stop(id)
	}
	if e.opt.CountAll || p.Query != nil {
		e.next++
	}
	if p.Query == nil {
		return nil
	}
	if p.Replaces {
		return e.replace(p.Query)
	}
	e.queries = append(e.queries, p.Query)
	if err := e.Driver.Start(p.Query); err != nil {
		return err
	}
	if settings.OffsetReset.In(e.config()) == "latest" {
		e.Driver.SkipToEnd(p.Query.ID)
	}
	return nil
}

// replace lets a query go on where the one with its id stands.
func (e *Engine) replace(q *plan.Query) error {
	for i := range e.queries {
		if e.queries[i].ID == q.ID {
			e.queries[i] = q
		}
	}
	return e.Driver.Replace(q)
}

func (e *Engine) stop(id string) {
	e.Driver.Stop(id)
	e.queries = slices.DeleteFunc(e.queries, func(q *plan.Query) bool { return q.ID == id })
}

// registerSchemas makes sure of the schemas of what the statement defines. A source's own schema gives way to one that is
// there; a query's result needs its own.
func (e *Engine) registerSchemas(n ast.Statement, src *catalog.Source) error {
	if src == nil {
		return nil
	}
	_, declared := n.(*ast.CreateSource)
	for _, side := range []struct {
		key   bool
		role  types.Role
		serde catalog.Serde
		name  string
	}{{true, types.KeyColumn, src.Key, "-key"}, {false, types.ValueColumn, src.Value, "-value"}} {
		cols := src.Schema.With(side.role)
		if len(cols) == 0 {
			continue
		}
		if declared {
			if _, err := e.Registry.Latest(context.Background(), src.Topic+side.name); err == nil {
				continue
			}
		}
		spec := plan.Spec(side.serde, side.key, src.Topic)
		spec.Registry = e.Registry
		if _, err := formats.Register(context.Background(), spec, cols); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) terminate(n *ast.Terminate) error {
	var ids []string
	for _, q := range e.catalog.Snapshot().Queries() {
		switch {
		case n.All && q.Sink != "":
			ids = append(ids, q.ID)
		case n.All || q.ID != n.QueryID.Name:
		case q.Sink == "":
			return fmt.Errorf("Cannot terminate query '%s' as it is linked to a source table. DROP the table instead.", q.ID)
		default:
			ids = append(ids, q.ID)
		}
	}
	if len(ids) == 0 && !n.All {
		return fmt.Errorf("Unknown queryId: %s", n.QueryID.Name)
	}
	for _, id := range ids {
		if err := e.catalog.Apply(catalog.Change{DropQuery: id}); err != nil {
			return err
		}
		e.stop(id)
	}
	if e.opt.CountAll {
		e.next++
	}
	return nil
}
