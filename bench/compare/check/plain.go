package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/bench/compare/clicks"
	"weir/bench/compare/query"
)

const (
	minute  = 60_000 // milliseconds, as event times are
	within  = 10 * minute
	hour    = 60 * minute
	gap     = 30_000 // of sessions
	failing = 400    // statuses from here on pass the filter
)

// Plain computes a query's results from the clicks alone, one after the other, with nothing of any engine.
type Plain struct {
	shape  query.Shape
	rows   Digest           // of queries that make a row of a row
	counts map[uint64]int64 // of windows, by the hash of what they are of
	times  map[string][]int64
	orders map[string][]order // of each user
	buf    []byte
}

type order struct {
	id string
	at int64
}

// NewPlain begins a computation.
func NewPlain(s query.Shape) *Plain {
	return &Plain{shape: s, counts: map[uint64]int64{}, times: map[string][]int64{}, orders: map[string][]order{}, buf: make([]byte, 0, 128)}
}

// Order takes a record of the second stream, before any click.
func (p *Plain) Order(c *clicks.Click) error {
	p.orders[c.User] = append(p.orders[c.User], order{c.ID, c.TS})
	return nil
}

// Add takes a click, in any order. Those that only close windows are left out.
func (p *Plain) Add(c *clicks.Click) error {
	if strings.HasPrefix(c.User, clicks.Mark) {
		return nil
	}
	start := c.TS - c.TS%minute
	switch p.shape {
	case query.Filter:
		if c.Status >= failing {
			p.rows.add(fields(p.buf).text(c.User).text(c.Page).number(c.Bytes).hash())
		}
	case query.PerUser:
		p.counts[window(p.buf, c.User, start, 0)]++
	case query.PerPage:
		p.counts[window(p.buf, c.Page, start, 0)]++
	case query.Hops:
		for at := start - hour + minute; at <= start; at += minute {
			p.counts[window(p.buf, c.User, at, 0)]++
		}
	case query.Enrich:
		if i, err := strconv.Atoi(strings.TrimPrefix(c.Page, "/p/")); err != nil {
			return fmt.Errorf("a page is %q", c.Page)
		} else if i < clicks.Pages {
			p.rows.add(fields(p.buf).text(c.Page).text(c.User).text(clicks.Title(i)).hash())
		}
	case query.Pairs:
		for _, o := range p.orders[c.User] {
			if o.at >= c.TS-within && o.at <= c.TS+within {
				p.rows.add(fields(p.buf).text(c.User).text(c.ID).text(o.id).hash())
			}
		}
	case query.Sessions:
		p.times[c.User] = append(p.times[c.User], c.TS)
	}
	return nil
}

// Digest is that of all results. Nothing can be added from then on.
func (p *Plain) Digest() Digest {
	for id, n := range p.counts {
		p.rows.count(id, n)
	}
	for user, ts := range p.times {
		slices.Sort(ts)
		first := 0
		for i := range ts {
			if i+1 == len(ts) || ts[i+1]-ts[i] > gap {
				p.rows.count(window(p.buf, user, ts[first], ts[i]), int64(i+1-first))
				first = i + 1
			}
		}
	}
	return p.rows
}
