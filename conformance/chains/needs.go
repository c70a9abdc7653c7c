package chains

import (
	"fmt"
	"slices"
)

// needs says what a trial asks for that is not promised (docs/time.md: rows without a match), or that the Driver does not do, which feeds
// records in the order in which they were made; it is empty where there is nothing. Such trials are left out unless -chains.all is given.
func (t *trial) needs() string {
	for _, q := range t.p.queries {
		timed := q.windowed() || q.does(streamJoin) || q.does(lookup) || q.ordered
		memory := t.course.way == memoryWay
		switch {
		case t.course.late.slices > 0 && q.ordered:
			return fmt.Sprintf("%s: records in order that come when what was there has been read", q.out.name)
		case q.does(lookup) && mixed(q.in[1]):
			return fmt.Sprintf("%s: versions of a table that is made of several rows of others, which put their changes together", q.out.name)
		case memory && q.inner == streamJoin && q.join != "INNER":
			return fmt.Sprintf("%s: the Driver closes the windows of a task before all rows without a match are there", q.out.name)
		case q.more != nil && q.does(streamJoin) && q.join != "INNER", q.does(lookup) && behindOuter(q):
			return fmt.Sprintf("%s: a table as of the time of a row without a match, which is put out later", q.out.name)
		case q.ordered && (q.inner == streamJoin && q.join != "INNER" || behindOuter(q)):
			return fmt.Sprintf("%s: rows without a match in the order of time", q.out.name)
		case memory && q.does(lookup) && slices.ContainsFunc(q.in, func(s *source) bool { return s.table && s.made != nil }):
			return fmt.Sprintf("%s: the Driver joins with a query's table in the order in which records were made", q.out.name)
		case memory && timed && (behindOuter(q) || behindFinal(q)):
			return fmt.Sprintf("%s: the Driver tells no query of rows that another one puts out later", q.out.name)
		}
	}
	return ""
}

// mixed says whether a table is joined, or grouped, of others whose changes are put together: its rows are made of newer ones and older ones meanwhile,
// as there are at no time.
func mixed(s *source) bool {
	if s.made == nil {
		return false
	}
	several := s.made.kind == tableJoin || s.made.kind == foreignJoin || s.made.kind == regroup
	return slices.ContainsFunc(s.made.in, func(in *source) bool { return several && !in.exact() || mixed(in) })
}

// behindOuter says whether rows come from an outer join of streams, some of which are put out later than others of their time.
func behindOuter(q *query) bool {
	for _, in := range q.in {
		if in.made != nil && (in.made.does(streamJoin) && in.made.join != "INNER" || behindOuter(in.made)) {
			return true
		}
	}
	return false
}

// behindFinal says whether rows come from windows that go out when they have closed.
func behindFinal(q *query) bool {
	return slices.ContainsFunc(q.in, func(in *source) bool { return in.made != nil && (in.made.final || behindFinal(in.made)) })
}
