package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/answer"
	"weir/exec/task"
	"weir/kafka"
	"weir/planner/plan"
	"weir/settings"
)

// cantAsk says that Kafka does not answer: no statement is to blame for that.
type cantAsk struct{ error }

func (e *cantAsk) Unwrap() error { return e.error }

// place says where the query of a statement begins.
func (r *importing) place(ctx context.Context, one *Imported, f Foreign, q *plan.Query) error {
	topo, err := task.Build(q)
	if err != nil {
		return err
	}
	p := &placing{importing: r, ctx: ctx, one: one, f: f, query: q, topo: topo}
	if err := p.members(); err != nil {
		return err
	}
	if !f.Ended {
		p.readsAgain()
	}
	switch {
	case f.Ended:
		one.Begins = "its query was terminated: it does not run"
		return nil
	case q.Target() == nil:
		p.fromStart("")
		return nil
	case r.in.FromStart:
		p.fromStart("what it has written lies there already, and is written again")
		return p.deleted()
	case f.Group == "":
		return p.byProperty()
	}
	return p.byGroup()
}

// placing finds where a query begins.
type placing struct {
	*importing
	ctx   context.Context
	one   *Imported
	f     Foreign
	query *plan.Query
	topo  *task.Topology
}

func (p *placing) differs(format string, args ...any) {
	p.one.Differences = append(p.one.Differences, fmt.Sprintf(format, args...))
}

// members notes who still runs the query.
func (p *placing) members() error {
	if p.f.Group == "" || p.f.Ended {
		return nil
	}
	members, err := p.kafka().Members(p.ctx, p.f.Group)
	if err != nil {
		return &cantAsk{err}
	}
	if len(members) > 0 {
		p.report.Running = append(p.report.Running, p.f.Group)
	}
	return nil
}

// fromStart has the query read its topics from their beginning. again says what that means for what it writes; empty for nothing.
func (p *placing) fromStart(again string) {
	p.one.Begins = "at the start of its topics"
	p.one.session.Properties[settings.OffsetReset.About().Name] = "earliest"
	if t := p.query.Target(); t != nil && again != "" {
		if n, err := p.kafka().Topic(p.ctx, t.Topic); err == nil && len(n.Partitions) > 0 {
			p.differs("%s", again)
			p.again[t.Topic] = true
		}
	}
}

// byProperty is where a query begins that nothing is known of beside its statement.
func (p *placing) byProperty() error {
	if p.config(p.one.session)[settings.OffsetReset.About().Name] == "latest" {
		p.one.Begins = "at the end of its topics, as auto.offset.reset says"
		return nil
	}
	p.one.Begins = "at the start of its topics"
	return nil
}

// byGroup is where a query begins that goes on for one elsewhere.
func (p *placing) byGroup() error {
	committed, err := p.kafka().CommittedOffsets(p.ctx, p.f.Group)
	if err != nil {
		return &cantAsk{err}
	}
	if !plan.Memoryless(p.query.Root) {
		switch p.in.Stateful {
		case Rebuild:
			return p.rebuild()
		case Continue:
			p.differs("%s", p.forgets())
		case Undecided:
			p.one.open = true
			p.differs("it needs a choice. %q: it reads its topics from the start, and so has all that is still in them; %s. %q: %s",
				Rebuild, p.writesAgain(), Continue, p.forgets())
		}
	}
	if err := p.inFlight(committed); err != nil {
		return err
	}
	return p.goOnAt(committed)
}

// forgets says what going on without state means.
func (p *placing) forgets() string {
	if p.query.Target().IsTable {
		return "it goes on where its group stands and knows of no row before: what it counts begins from nothing, and takes the place of what its topic has for the same key"
	}
	return "it goes on where its group stands and knows of no row before: a row finds no match that came before it"
}

// writesAgain says what a rebuild means for who reads the result.
func (p *placing) writesAgain() string {
	if p.query.Target().IsTable {
		return "its topic is given the changes of each key again, the last of which is what it has now"
	}
	return "its topic is given the rows again that lie in it already"
}

// rebuild has a query with state read its topics from the start.
func (p *placing) rebuild() error {
	p.fromStart(p.writesAgain())
	if p.reset() == "latest" {
		p.differs("it had begun at the end of its topics (auto.offset.reset=latest): rebuilt, it has what lay in them before, too")
	}
	return p.deleted()
}

// readsAgain says that the query reads a stream that is given rows again. Of a table the last change of a key counts, however often it comes.
func (p *placing) readsAgain() {
	plan.Walk(p.query.Root, func(n plan.Node) bool {
		if scan, ok := n.(*plan.Scan); ok && !scan.Table() && p.again[scan.Source.Topic] {
			p.differs("topic %s is given rows again that lie in it already: they come to this query twice", scan.Source.Topic)
		}
		return true
	})
}

// deleted says where a query that reads its topics from the start does not find all that was in them.
func (p *placing) deleted() error {
	for _, topic := range p.topo.Sources() {
		if _, err := p.kafka().Topic(p.ctx, topic); err != nil {
			continue // it will be made
		}
		starts, err := p.kafka().StartOffsets(p.ctx, topic)
		if err != nil {
			return &cantAsk{err}
		}
		gone := int64(0)
		for _, at := range starts[topic] {
			gone += at
		}
		if gone > 0 {
			p.differs("%s of topic %s had been deleted by now: what came of that is not rebuilt", answer.Counted(gone, "record"), topic)
		}
	}
	return nil
}

// reset is where the query began to read what its group has no offset of.
func (p *placing) reset() string {
	if v, ok := p.one.session.Properties[settings.OffsetReset.About().Name]; ok {
		return v
	}
	if p.f.Reset != "" {
		return p.f.Reset
	}
	return "latest"
}

// inFlight refuses to go on where rows lie between the steps of the query elsewhere: they are read, and nothing has come of them.
func (p *placing) inFlight(committed kafka.Offsets) error {
	for _, topic := range slices.Sorted(maps.Keys(committed)) {
		if !strings.HasPrefix(topic, p.f.Group+"-") || !strings.HasSuffix(topic, "-repartition") {
			continue
		}
		ends, err := p.kafka().EndOffsets(p.ctx, topic)
		if err != nil {
			continue // it is gone, and what was in it
		}
		between := int64(0)
		for partition, end := range ends[topic] {
			between += max(0, end-committed[topic][partition])
		}
		if between > 0 {
			return fmt.Errorf("%[2]s holds %[1]s that had been read from the sources, and not processed yet. Run the query where it comes from until its group %[3]s has no lag, and stop it then; "+
				"or have it begin at the start of its topics.", answer.Counted(between, "row"), topic, p.f.Group)
		}
	}
	return nil
}

// goOnAt has the query begin where its group stands. What the group has no offset of begins where its reset says as things are now, so that nothing
// is passed over that comes before the query has started.
func (p *placing) goOnAt(committed kafka.Offsets) error {
	offsets := kafka.Offsets{}
	exact, read := true, 0
	for _, topic := range p.topo.Sources() {
		if slices.Contains(p.topo.Whole(), topic) {
			continue
		}
		if _, err := p.kafka().Topic(p.ctx, topic); err != nil {
			continue // it will be made, and is read from its start
		}
		list := p.kafka().StartOffsets
		if p.reset() == "latest" {
			list = p.kafka().StableOffsets
		}
		otherwise, err := list(p.ctx, topic)
		if err != nil {
			return &cantAsk{err}
		}
		for partition, at := range otherwise[topic] {
			if has, ok := committed[topic][partition]; ok {
				at = has
				read++
			} else {
				exact = false
			}
			offsets.Set(topic, partition, at)
		}
	}
	switch {
	case read == 0 && len(offsets) > 0:
		p.differs("group %s has no offsets: it begins as auto.offset.reset=%s says", p.f.Group, p.reset())
		p.one.Begins = "as auto.offset.reset=" + p.reset() + " says"
	case exact:
		p.one.Begins = "where group " + p.f.Group + " stands"
	default:
		p.one.Begins = fmt.Sprintf("where group %s stands; partitions of which it has no offset as auto.offset.reset=%s says", p.f.Group, p.reset())
	}
	p.one.session.Properties[settings.OffsetReset.About().Name] = p.reset()
	if len(offsets) == 0 {
		return nil
	}
	if p.one.begin == nil {
		p.one.begin = &Beginning{}
	}
	p.one.begin.Offsets = offsets
	return nil
}
