// Package memory carries out statements without a broker: queries run on local.Driver, topics, schemas and state are in
// memory, and nothing in it waits or reads a clock. It is what cases run on first.
package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/exec/local"
	"weir/exec/state"
	"weir/exec/task"
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
		Coalesce:  settings.Buffering.In(e.config()) != 0,
		Bad:       func(b task.BadRecord) { e.Bad = append(e.Bad, Bad{query, b}) },
	}
}

func (e *Engine) functionEnv() *functions.Env {
	return &functions.Env{Now: e.opt.Now, Config: e.config()}
}

func (e *Engine) planEnv() *planner.Env {
	return &planner.Env{Catalog: e.catalog.Snapshot(), Functions: e.opt.Functions, Config: e.config(), NextID: e.next, Registry: e.Registry, MakeTopics: settings.MakeTopics.In(e.config()),
		Partitions: func(topic string) (int32, bool) {
			n, ok := e.topics[topic]
			return n, ok
		},
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

// Rows are what a query answered.
type Rows struct {
	Columns types.Schema
	Rows    []local.Row
}

// Execute carries out one statement. Queries answer with rows, other statements with nil.
func (e *Engine) Execute(stmt parser.Stmt) (*Rows, error) {
	switch n := stmt.Node.(type) {
	case *ast.Set:
		return nil, settings.Put(e.session, n.Name, n.Value, settings.Session)
	case *ast.Unset:
		delete(e.session, settings.Canonical(n.Name))
		return nil, settings.Known(n.Name, settings.Session)
	case *ast.InsertValues:
		return nil, e.insert(n)
	case *ast.Terminate:
		return nil, e.terminate(n)
	default: // about these alone
	}
	p, err := planner.Build(stmt.Node, stmt.Text, e.planEnv())
	if err != nil || p.Exists != "" {
		return nil, err
	}
	if _, ok := stmt.Node.(*ast.Query); ok {
		rows, err := e.Driver.Ask(p.Query)
		return &Rows{p.Query.Columns, rows}, err
	}
	return nil, e.apply(p)
}

// apply changes the catalog, makes topics and schemas, and starts and stops queries.
func (e *Engine) apply(p *planner.Plan) error {
	if _, err := e.catalog.Snapshot().With(p.Change); err != nil {
		return err
	}
	for _, t := range []*planner.Topic{p.Topic, p.LateTopic} {
		if t == nil {
			continue
		}
		n, exists := e.topics[t.Name]
		if e.opt.OnePartition {
			n = t.Partitions
		}
		if err := t.Check(p, n, exists); err != nil {
			return err
		}
		e.CreateTopic(t.Name, max(t.New(), 1))
	}
	if err := p.RegisterSchemas(context.Background(), e.Registry); err != nil {
		return err
	}
	if err := e.catalog.Apply(p.Change); err != nil {
		return err
	}
	for _, id := range p.Change.Ends() {
		e.stop(id)
	}
	for _, topic := range p.Change.Deletes() {
		delete(e.topics, topic)
		e.Driver.DeleteTopic(topic)
		planner.ForgetSchemas(context.Background(), e.Registry, topic)
	}
	if e.opt.CountAll || p.Query != nil {
		e.next++
	}
	if p.Query == nil {
		return nil
	}
	if p.Replaces {
		e.queries[slices.IndexFunc(e.queries, func(q *plan.Query) bool { return q.ID == p.Query.ID })] = p.Query
		return e.Driver.Replace(p.Query)
	}
	e.queries = append(e.queries, p.Query)
	return e.Driver.Start(p.Query, p.Query.Target() == nil || settings.OffsetReset.In(e.config()) != "latest")
}

func (e *Engine) stop(id string) {
	e.Driver.Stop(id)
	e.queries = slices.DeleteFunc(e.queries, func(q *plan.Query) bool { return q.ID == id })
}

func (e *Engine) terminate(n *ast.Terminate) error {
	ids, err := e.catalog.Snapshot().Terminates(n.All, n.QueryID.Name)
	if err != nil {
		return err
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

// insert writes the rows of an INSERT INTO ... VALUES; without ROWTIME the time of one is 0.
func (e *Engine) insert(n *ast.InsertValues) error {
	vs, rows, err := e.Rows(n, e.catalog.Snapshot())
	if err != nil {
		return err
	}
	recs := make([]*kgo.Record, len(rows))
	for i, row := range rows {
		target := vs[i].Target
		if recs[i], err = task.NewRowEncoder(target, e.Registry).Record(row.Values); err != nil {
			return fmt.Errorf("Failed to insert values into '%s'. %w", target.Name, err)
		}
		recs[i].Partition, recs[i].Timestamp = -1, row.Time
	}
	for _, rec := range recs {
		if err := e.Driver.Produce(rec); err != nil {
			return err
		}
	}
	return nil
}

// Rows computes the rows of an INSERT. The target is looked up in the catalog given.
func (e *Engine) Rows(n *ast.InsertValues, in catalog.Reader) ([]*plan.Values, []task.Inserted, error) {
	env := e.planEnv()
	env.Catalog = in
	vs, err := planner.BuildValues(n, env)
	if err != nil {
		return nil, nil, err
	}
	rows := make([]task.Inserted, len(vs))
	for i, v := range vs {
		if rows[i], err = task.Insert(v, e.functionEnv()); err != nil {
			return nil, nil, fmt.Errorf("Failed to insert values into '%s'. %w", v.Target.Name, err)
		}
	}
	return vs, rows, nil
}
