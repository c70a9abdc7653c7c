package connectors

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/connectors/connector"
)

// part is a partition, or the zero value for all of them together.
type part struct {
	topic     string
	partition int32
}

// group are records that will be written at once.
type group struct {
	records []*kgo.Record
	bytes   int64
	since   time.Time // of its first record
	next    connector.Positions
}

// pending are the records that have been read and not been written.
type pending struct {
	perPartition bool
	maxRows      int
	maxBytes     int64
	interval     time.Duration // 0 for no end
	groups       map[part]*group
	rows         int
	bytes        int64
}

func (p *pending) of(r *kgo.Record) *group {
	var at part
	if p.perPartition {
		at = part{r.Topic, r.Partition}
	}
	g := p.groups[at]
	if g == nil {
		g = &group{next: connector.Positions{}}
		p.groups[at] = g
	}
	return g
}

// add takes a record, and gives its group if that has to be written now. Records of the broker's own only move the position.
func (p *pending) add(r *kgo.Record, now time.Time) *group {
	g := p.of(r)
	g.next.Set(r.Topic, r.Partition, r.Offset+1)
	if r.Attrs.IsControl() {
		return nil
	}
	if len(g.records) == 0 {
		g.since = now
	}
	n := int64(len(r.Key) + len(r.Value))
	for _, h := range r.Headers {
		n += int64(len(h.Key) + len(h.Value))
	}
	g.records = append(g.records, r)
	g.bytes += n
	p.rows++
	p.bytes += n
	switch {
	case len(g.records) >= p.maxRows, g.bytes >= p.maxBytes:
		return g
	case p.bytes >= pendingBatches*p.maxBytes:
		return p.largest()
	}
	return nil
}

// pendingBatches bounds what all partitions of a sink that writes each for itself hold together, in batches of the largest size.
const pendingBatches = 8

func (p *pending) largest() (most *group) {
	for _, g := range p.groups {
		if most == nil || g.bytes > most.bytes {
			most = g
		}
	}
	return most
}

// due are the groups that have waited long enough, or all that have records.
func (p *pending) due(now time.Time, all bool) (out []*group) {
	for _, g := range p.groups {
		if len(g.records) > 0 && (all || p.interval > 0 && now.Sub(g.since) >= p.interval) {
			out = append(out, g)
		}
	}
	return out
}

// wait is how long it takes until the next group is due, at most limit.
func (p *pending) wait(now time.Time, limit time.Duration) time.Duration {
	for _, g := range p.groups {
		if len(g.records) > 0 && p.interval > 0 {
			limit = min(limit, p.interval-now.Sub(g.since))
		}
	}
	return max(limit, time.Millisecond)
}

// written empties a group.
func (p *pending) written(g *group) {
	p.rows -= len(g.records)
	p.bytes -= g.bytes
	clear(g.records)
	g.records, g.bytes = g.records[:0], 0
}
