package chains

import "slices"

// kind is what a query does.
type kind string

const (
	filter      kind = "filter"
	rekey       kind = "partition by"
	aggregate   kind = "aggregate"
	tumbling    kind = "tumbling"
	hopping     kind = "hopping"
	session     kind = "session"
	streamJoin  kind = "stream-stream"
	lookup      kind = "stream-table"
	union       kind = "insert into"
	tableFilter kind = "table filter"
	tableJoin   kind = "table-table"
	foreignJoin kind = "foreign key"
	regroup     kind = "table aggregate"
)

// kinds are all of them.
var kinds = []kind{filter, rekey, aggregate, tumbling, hopping, session, streamJoin, lookup, union, tableFilter, tableJoin, foreignJoin, regroup}

// source is a stream or table: declared, or made by a query. It has a key k and the columns g, a text, and v, a number.
type source struct {
	name       string
	table      bool
	partitions int
	jsonKey    bool   // its keys are JSON: joined with others it has to move
	made       *query // nil where it is declared
	leaf       bool   // no query reads it
}

// query is one query of a pipeline.
type query struct {
	kind          kind
	inner         kind // of one that aggregates: streamJoin or lookup, where it joins first
	in            []*source
	out           *source
	join          string    // INNER, LEFT, RIGHT or FULL
	on            [2]string // what joins each side: k or g
	by            string    // what groups
	more          *source   // of a join, a table that its rows are joined with in their turn
	moreJoin      string    // INNER or LEFT
	moreOn        string    // what of the left row joins it: k is the key of the join before
	final         bool      // EMIT FINAL
	having        bool      // groups of one row are left out
	ordered       bool      // with aggregates that hang on the order of rows
	size, advance int64     // of windows; of a session the gap
	before, after int64     // of WITHIN
	grace         int64
	uncached      bool  // every change is written
	mod, plus     int64 // of filters
}

// pipeline is sources and the queries over them, in an order that dependencies permit.
type pipeline struct {
	sources []*source
	queries []*query
}

func (q *query) windowed() bool { return q.kind == tumbling || q.kind == hopping || q.kind == session }

// aggregates says whether it groups the rows of a stream.
func (q *query) aggregates() bool { return q.kind == aggregate || q.windowed() }

// does says whether it has a join of a kind.
func (q *query) does(k kind) bool {
	return q.kind == k || q.inner == k || k == lookup && q.more != nil
}

// leaf marks outputs that nothing can read: windows, which would be a table's changes read as a stream, and rows that are there or not
// as a table's changes were put together.
func (q *query) leaf() {
	q.out.leaf = q.windowed() || q.kind == lookup && q.join == "INNER" && !q.in[1].exact()
}

// exact says whether every version of a table is written.
func (s *source) exact() bool {
	if s.made == nil {
		return true
	}
	if s.table && !s.made.uncached {
		return false
	}
	for _, in := range s.made.in {
		if !in.exact() {
			return false
		}
	}
	return true
}

// has says whether there is a query of a kind.
func (p *pipeline) has(k kind) bool {
	return slices.ContainsFunc(p.queries, func(q *query) bool { return q.does(k) })
}
