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

// source is a stream or table: declared, or made by a query. It has a key k, or k and h, and the columns g, a text, and v, a number.
type source struct {
	name       string
	table      bool
	partitions int
	format     string // of the key: joined with one of another format it has to move
	two        bool   // its key has a second column, h
	made       *query // nil where it is declared
	leaf       bool   // no query reads it
	view       bool   // a stream that is declared over the topic of a query
	keyless    bool   // such, without the columns of the key
}

// query is one query of a pipeline.
type query struct {
	kind          kind
	inner         kind // of one that aggregates: streamJoin or lookup, where it joins first
	in            []*source
	out           *source
	join          string    // INNER, LEFT, RIGHT or FULL
	on            [2]string // what joins each side: see cols
	by            string    // what groups, or becomes the key
	view          *source   // a stream declared over its topic; nil where there is none
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
	q.out.leaf = q.windowed() || q.kind == lookup && q.join == "INNER" && q.open()
}

// open says whether several versions of a table are right for a row that is joined with it: where its changes were put together, and for rows of windows that
// closed when nothing came any more, so that the table may have gone on.
func (q *query) open() bool {
	return !q.in[1].exact() || behindFinal(q)
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

// keys are the names of the columns of the key.
func (s *source) keys() []string {
	switch {
	case s.keyless:
		return nil
	case s.two:
		return []string{"k", "h"}
	default:
		return []string{"k"}
	}
}

// cols are the columns that are meant by k, which is the whole key, by g, by 1, which is the first column of a key of two, or by kg, which is a
// key of one column with g.
func (s *source) cols(by string) []string {
	switch by {
	case "k":
		return s.keys()
	case "1":
		return []string{"k"}
	case "kg":
		return []string{"k", "g"}
	default:
		return []string{by}
	}
}

// windows says whether it is declared as having windows in its keys.
func (s *source) windows() bool { return s.view && !s.keyless && s.made.windowed() }

// readers are the queries that read a stream or table, or what queries make of it, in their order.
func (p *pipeline) readers(of ...*source) []*query {
	var out []*query
	for _, q := range p.queries {
		if slices.ContainsFunc(q.in, func(s *source) bool { return slices.Contains(of, s) }) {
			out = append(out, q)
			of = append(of, q.out)
			if q.view != nil {
				of = append(of, q.view)
			}
		}
	}
	return out
}
