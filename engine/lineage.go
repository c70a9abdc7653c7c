package engine

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/catalog"
	"weir/exec/task"
	"weir/exec/worker"
	"weir/planner"
	"weir/planner/plan"
	"weir/settings"
)

// lineage says which query writes a topic, as the catalog has it at one moment.
type lineage struct {
	of      *catalog.Snapshot
	writers map[string][]string // ids by topic
}

// writers are the queries that write a topic, late rows not counted.
func (e *Engine) writers(topic string) []string {
	now := e.catalog.Snapshot()
	l := e.lineage.Load()
	if l == nil || l.of != now {
		l = &lineage{now, map[string][]string{}}
		for _, q := range now.Queries() {
			if sink, ok := now.Source(q.Sink); ok {
				l.writers[sink.Topic] = append(l.writers[sink.Topic], q.ID)
			}
		}
		e.lineage.Store(l)
	}
	return l.writers[topic]
}

// woven says whether the rows of a source are put in order by what the queries tell that write its topic, or wrote it: there are such, none is
// made of what the reader makes, and all go by the same time.
func (e *Engine) woven(reader string, config map[string]string) func(scan *plan.Scan) bool {
	return func(scan *plan.Scan) bool {
		if scan.Time != nil || settings.IdleUpstream.In(config) == 0 {
			return false
		}
		by := e.writers(scan.Source.Topic)
		return len(by)+len(e.catalog.Snapshot().Ended(scan.Source.Topic)) > 0 && !slices.ContainsFunc(by, func(id string) bool { return id == reader || e.reads(id, reader, map[string]bool{}) || !e.tells(id) })
	}
}

// tells says whether a query tells how far it has come, by the time that its rows carry.
func (e *Engine) tells(id string) bool {
	r := e.runs(id)
	if r == nil || settings.IdleUpstream.In(r.config) == 0 {
		return false
	}
	sink, ok := r.query.Root.(*plan.Sink)
	return ok && sink.TimeSlot < 0
}

// reads says whether a query reads, by way of others too, what another one makes.
func (e *Engine) reads(query, other string, seen map[string]bool) bool {
	if seen[query] {
		return false
	}
	seen[query] = true
	now := e.catalog.Snapshot()
	q, ok := now.Query(query)
	if !ok {
		return false
	}
	for _, name := range q.Sources {
		source, ok := now.Source(name)
		if !ok {
			continue
		}
		for _, by := range e.writers(source.Topic) {
			if by == other || e.reads(by, other, seen) {
				return true
			}
		}
	}
	return false
}

// upstream are the queries that write a topic, and the numbers of those that have ended: that is so once their last commit has been made.
func (e *Engine) upstream(topic string) (out []worker.Upstream, ended []uint64) {
	for _, id := range e.writers(topic) {
		if w, ok := e.upstreams.Load(e.numberOf(id)); ok {
			out = append(out, w.(*worker.Worker))
		}
	}
	for _, number := range e.catalog.Snapshot().Ended(topic) {
		if w, ok := e.upstreams.Load(number); ok {
			out = append(out, w.(*worker.Worker))
		} else {
			ended = append(ended, number)
		}
	}
	return out, ended
}

// weave tells a topology which of its sources are written by queries of ours. before is how its state is laid out, nil for none.
func (e *Engine) weave(topo *task.Topology, config map[string]string, before task.Layout) error {
	return topo.Weave(e.woven(topo.Query.ID, config), before)
}

// numberOf is the number of a query of the catalog.
func (e *Engine) numberOf(id string) uint64 {
	if q, ok := e.catalog.Snapshot().Query(id); ok {
		return q.Number
	}
	return 0
}

// number gives the query of a plan its number. One that replaces another one goes on with that one's; one that came with an id of its own
// has the number of its command, since its id may have been there before.
func number(p *planner.Plan, c command, now catalog.Reader) {
	q := p.Change.PutQuery
	if q == nil {
		return
	}
	switch before, there := now.Query(q.ID); {
	case there:
		q.Number = before.Number
	case c.Begin.id() != "":
		q.Number = uint64(c.ID)
	default:
		q.Number = queryNumber(q.ID)
	}
}

// queryNumber is the number of a query that has its id of us: what stands at the end of it, which counts entries of the command log.
func queryNumber(id string) uint64 {
	if n, ok := idNumber(id); ok {
		return n
	}
	h := fnv.New32a()
	h.Write([]byte(id))
	return uint64(h.Sum32()) | 1<<32
}

// Wait says that rows of a query wait for what may come before them.
type Wait struct {
	worker.Wait
	Writers []string // the queries that write its topic
}

func (e *Engine) waits(list []worker.Wait) []Wait {
	var out []Wait
	for _, w := range list {
		out = append(out, Wait{w, e.writers(w.Topic)})
	}
	return out
}

// String says what is waited for.
func (w Wait) String() string {
	parts := make([]string, len(w.Partitions))
	for i, p := range w.Partitions {
		parts[i] = strconv.Itoa(int(p))
	}
	text := "topic " + w.Topic
	switch {
	case w.Own:
		text += ", which the query writes itself"
	case len(w.Writers) > 0:
		text += " of " + strings.Join(w.Writers, ", ")
	}
	return text + ", partition " + strings.Join(parts, ", ") + ", since " + w.Since.UTC().Format(time.RFC3339)
}
