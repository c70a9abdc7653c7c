// Package catalog holds what exists: streams, tables, named types, functions that statements made, and queries with their lineage. It is changed only by
// a Change, which applies whole or not at all.
package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"weir/types"
)

// Serde is how keys or values are written: a format and its properties, named as in WITH (VALUE_DELIMITER, ...).
type Serde struct {
	Format string
	Props  map[string]string
}

// WindowKind is the kind of window that a windowed key carries.
type WindowKind string

// The kinds. Tumbling and hopping keys carry the start, session keys start and end.
const (
	Tumbling WindowKind = "TUMBLING"
	Hopping  WindowKind = "HOPPING"
	Session  WindowKind = "SESSION"
)

// Windowed says that a source's key is windowed. Size is in milliseconds; 0 for sessions.
type Windowed struct {
	Kind WindowKind
	Size int64
}

// Source is a stream or table. It is never changed once it is in a catalog; a Change replaces it.
type Source struct {
	Name      string
	IsTable   bool
	ReadOnly  bool // CREATE SOURCE ...
	Schema    types.Schema
	Topic     string
	Key       Serde
	Value     Serde
	Windowed  *Windowed
	Timestamp string // column that holds the event time; empty for the record's own
	TimeFmt   string // its format where it is a STRING
	// Repartition says that others choose the partitions of its keys: a join sends its rows through a topic of the query's own.
	Repartition bool
	SQL         string   // the statement that made it, or changed it last
	Before      []string // the statements before that one, the first first
	Query       string   // id of the query that made it with CREATE ... AS, or that keeps a SOURCE TABLE's rows; else empty
	// Materialized says that pull queries can look rows up.
	Materialized bool
	// Replays is the table that it is computed anew for, whose place its query will take; empty for none.
	Replays string
}

// Kind is "stream" or "table".
func (s *Source) Kind() string {
	if s.IsTable {
		return "table"
	}
	return "stream"
}

// Query is the lineage of a persistent query.
type Query struct {
	ID      string
	SQL     string
	Sink    string // empty for a source table's own query
	Late    string // the stream of its late rows; empty for none
	Sources []string
	// Functions are those that statements made and that the query calls.
	Functions []string
	OwnTime   bool // its rows carry a time of their own, of a column that WITH names
	// Number stands for it in the rows that it writes. No other query has it, one of the same id that was there before included.
	Number uint64
}

// Reader is a catalog as the planner sees it.
type Reader interface {
	Source(name string) (*Source, bool)
	Sources() []*Source // by name
	Type(name string) (*types.Type, bool)
	Has(kind, name string) bool
	Types() map[string]*types.Type
	Function(name string) (*Function, bool)
	Functions() []*Function // by name
	Query(id string) (*Query, bool)
	Queries() []*Query // in the order they were made
	Cascade(name string) *Cascade
	Replayed(name string) error
}

// Change is a set of alterations that belong together.
type Change struct {
	PutSource  *Source
	PutLate    *Source // the stream of the rows that come too late for PutQuery's windows
	DropSource string
	PutType    string
	Type       *types.Type // of PutType
	DropType   string
	// PutFunction is made, in the place of one of its name.
	PutFunction  *Function
	DropFunction string
	PutQuery     *Query
	DropQuery    string
	Built        string   // the table that PutQuery has written until now, and that goes
	DropTopic    string   // to be deleted, with its schemas
	Drop         *Cascade // what goes by DROP ... CASCADE
}

// Ends are the ids of the queries that it ends.
func (c Change) Ends() []string {
	switch {
	case c.Drop != nil:
		return c.Drop.Queries
	case c.DropQuery != "":
		return []string{c.DropQuery}
	}
	return nil
}

// Deletes are the topics that it deletes.
func (c Change) Deletes() []string {
	switch {
	case c.Drop != nil:
		return c.Drop.Topics
	case c.DropTopic != "":
		return []string{c.DropTopic}
	}
	return nil
}

// Empty says whether the change alters nothing.
func (c Change) Empty() bool { return c == Change{} }

// Catalog is the live catalog: read it from any goroutine, change it from one.
type Catalog struct{ now atomic.Pointer[Snapshot] }

// New is an empty catalog.
func New() *Catalog {
	c := new(Catalog)
	c.now.Store(&Snapshot{})
	return c
}

// Snapshot is the catalog as it stands; later changes don't touch it.
func (c *Catalog) Snapshot() *Snapshot { return c.now.Load() }

// Apply carries a change out, or refuses it and leaves everything as it was.
func (c *Catalog) Apply(ch Change) error {
	next, err := c.Snapshot().With(ch)
	if err != nil {
		return err
	}
	c.now.Store(next)
	return nil
}

// Snapshot is a catalog at one moment. It is never changed.
type Snapshot struct {
	sources   map[string]*Source
	types     map[string]*types.Type
	functions map[string]*Function
	queries   []*Query
	ended     map[string][]uint64 // numbers of queries that have written a topic, by topic, the last last
}

// With is the catalog after a change.
func (s *Snapshot) With(ch Change) (*Snapshot, error) {
	next := &Snapshot{maps.Clone(s.sources), maps.Clone(s.types), s.functions, slices.Clone(s.queries), maps.Clone(s.ended)}
	if next.sources == nil {
		next.sources, next.types, next.ended = map[string]*Source{}, map[string]*types.Type{}, map[string][]uint64{}
	}
	if ch.DropQuery != "" {
		if err := next.endQuery(ch.DropQuery); err != nil {
			return nil, err
		}
	}
	if ch.Drop != nil {
		if err := next.drop(ch.Drop); err != nil {
			return nil, err
		}
	}
	if ch.DropSource != "" {
		if err := next.mayDrop(ch.DropSource); err != nil {
			return nil, err
		}
		delete(next.sources, ch.DropSource)
	}
	if ch.DropTopic != "" {
		delete(next.ended, ch.DropTopic)
	}
	if ch.DropType != "" {
		delete(next.types, ch.DropType)
	}
	if ch.PutType != "" {
		next.types[ch.PutType] = ch.Type
	}
	if err := next.putFunction(ch); err != nil {
		return nil, err
	}
	if ch.PutSource != nil {
		next.sources[ch.PutSource.Name] = ch.PutSource
	}
	if ch.PutLate != nil {
		next.sources[ch.PutLate.Name] = ch.PutLate
	}
	if ch.PutQuery != nil {
		if err := next.putQuery(ch.PutQuery); err != nil {
			return nil, err
		}
	}
	if ch.Built != "" {
		if err := next.mayDrop(ch.Built); err != nil {
			return nil, err
		}
		delete(next.sources, ch.Built)
	}
	return next, nil
}

func (s *Snapshot) endQuery(id string) error {
	i := slices.IndexFunc(s.queries, func(q *Query) bool { return q.ID == id })
	if i < 0 {
		return fmt.Errorf("there is no query %s", id)
	}
	s.end(s.queries[i])
	s.queries = slices.Delete(s.queries, i, i+1)
	return nil
}

// maxEnded bounds how many queries that wrote a topic, and have ended, are remembered.
const maxEnded = 32

// end notes that a query writes its topic no more. What it wrote is still there, in the order in which it wrote it.
func (s *Snapshot) end(q *Query) {
	if sink, ok := s.sources[q.Sink]; ok && !q.OwnTime {
		all := append(slices.Clone(s.ended[sink.Topic]), q.Number)
		s.ended[sink.Topic] = all[max(len(all)-maxEnded, 0):]
	}
}

// Ended are the numbers of queries that wrote a topic and have ended.
func (s *Snapshot) Ended(topic string) []uint64 { return s.ended[topic] }

func (s *Snapshot) putQuery(q *Query) error {
	for _, name := range append([]string{q.Sink, q.Late}, q.Sources...) {
		if _, ok := s.sources[name]; !ok && name != "" {
			return fmt.Errorf("query %s refers to %s, which does not exist", q.ID, name)
		}
	}
	if i := slices.IndexFunc(s.queries, func(o *Query) bool { return o.ID == q.ID }); i >= 0 {
		s.queries[i] = q
		return nil
	}
	s.queries = append(s.queries, q)
	return nil
}

func (s *Snapshot) mayDrop(name string) error {
	src, ok := s.sources[name]
	if !ok {
		return fmt.Errorf("Source %s does not exist.", name)
	}
	if err := s.Replayed(name); err != nil {
		return err
	}
	readers, writers := s.Users(name)
	results := s.results(readers)
	cascade := fmt.Sprintf("\nOr have all of that go with it: DROP %s %s CASCADE; EXPLAIN in front of it lists what would go.", strings.ToUpper(src.Kind()), types.QuoteName(name))
	switch {
	case len(readers) > len(results) || len(writers) > 0:
		readers = slices.DeleteFunc(readers, func(id string) bool { return s.makes(id) != "" })
		return fmt.Errorf("Cannot drop %s.\nThe following queries read from this source: [%s].\n"+
			"The following queries write into this source: [%s].\nYou need to terminate them before dropping %s.%s",
			name, strings.Join(readers, ", "), strings.Join(writers, ", "), name, cascade)
	case len(results) > 0:
		return fmt.Errorf("Cannot drop %s.\nThe following streams and/or tables read from this source: [%s].\n"+
			"You need to drop them before dropping %s.%s", name, strings.Join(results, ", "), name, cascade)
	}
	return nil
}

// Replayed says that a table is computed anew, and how that is given up; nil for one that isn't.
func (s *Snapshot) Replayed(name string) error {
	for _, src := range s.Sources() {
		if src.Replays == name {
			return fmt.Errorf("%s is about to take the place of %s. Wait for that, or give it up: DROP TABLE %s DELETE TOPIC;", src.Name, name, types.QuoteName(src.Name))
		}
	}
	return nil
}

// results are the streams and tables that go with those of the queries that made one.
func (s *Snapshot) results(queries []string) []string {
	var out []string
	for _, id := range queries {
		if name := s.makes(id); name != "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// makes is the stream or table that a query was created with; empty for INSERT INTO.
func (s *Snapshot) makes(query string) string {
	for _, q := range s.queries {
		if src := s.sources[q.Sink]; q.ID == query && src != nil && src.Query == query {
			return q.Sink
		}
	}
	return ""
}

// Users are the ids of the queries that read and write a source.
func (s *Snapshot) Users(name string) (readers, writers []string) {
	for _, q := range s.queries {
		if q.Sink == name || q.Late == name {
			writers = append(writers, q.ID)
		}
		if slices.Contains(q.Sources, name) {
			readers = append(readers, q.ID)
		}
	}
	return readers, writers
}

// Source finds a stream or table.
func (s *Snapshot) Source(name string) (*Source, bool) {
	src, ok := s.sources[name]
	return src, ok
}

// Sources lists streams and tables by name.
func (s *Snapshot) Sources() []*Source {
	out := slices.Collect(maps.Values(s.sources))
	slices.SortFunc(out, func(a, b *Source) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}

// Type finds a named type.
func (s *Snapshot) Type(name string) (*types.Type, bool) {
	t, ok := s.types[name]
	return t, ok
}

// Has says whether there is something of a kind: "type", "function", or "stream" and "table", which share their names.
func (s *Snapshot) Has(kind, name string) bool {
	var ok bool
	switch kind {
	case "stream", "table":
		_, ok = s.sources[name]
	case "type":
		_, ok = s.types[name]
	case "function":
		_, ok = s.functions[name]
	}
	return ok
}

// Types are all named types.
func (s *Snapshot) Types() map[string]*types.Type { return maps.Clone(s.types) }

// Query finds a persistent query.
func (s *Snapshot) Query(id string) (*Query, bool) {
	for _, q := range s.queries {
		if q.ID == id {
			return q, true
		}
	}
	return nil, false
}

// Terminates are the ids of the queries that TERMINATE ends, all or the one of an id: none where there is no such query. The query that keeps
// the rows of a source table ends with its table.
func (s *Snapshot) Terminates(all bool, id string) ([]string, error) {
	var out []string
	for _, q := range s.queries {
		switch {
		case q.Sink != "" && (all || q.ID == id):
			out = append(out, q.ID)
		case !all && q.ID == id:
			return nil, fmt.Errorf("Cannot terminate query '%s' as it is linked to a source table. DROP the table instead.", id)
		}
	}
	return out, nil
}

// Queries lists persistent queries in the order they were made.
func (s *Snapshot) Queries() []*Query { return slices.Clone(s.queries) }
