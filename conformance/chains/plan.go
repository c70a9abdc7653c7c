package chains

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// way is where a pipeline runs.
type way string

const (
	memoryWay way = "memory"       // the Driver, a record at a time
	outboxWay way = "embedded"     // an engine on the embedded broker
	txnWay    way = "transactions" // an engine on a broker in this process, as on Kafka
	kafkaWay  way = "kafka"        // an engine on the Kafka of WEIR_TEST_KAFKA
)

// act is one step of a run.
type act struct {
	produce int    // a slice of the data, from 1 on
	create  *query // a query is made
	settle  bool   // what is there is read, as far as it can be
	restart bool   // the engine is closed and opened again
	pause   *query // a query stops reading
	resume  *query // and goes on
	again   *again // queries are dropped, and made again
}

// course is how a pipeline is run.
type course struct {
	way      way
	live     bool // the data come while queries run
	slices   int
	fetch    int32 // bytes of a partition in one fetch; 0 for the client's own
	interval int   // milliseconds between commits
	acts     []act
	late     lateness // of one partition
}

// lateness says that records of one partition come some slices later than others of their times.
type lateness struct {
	source    *source
	partition int
	slices    int // 0 where none comes later
}

// taskIdle is for how long what has been read to its end is waited for: live, records of one slice come to several partitions at different
// moments.
func (c *course) taskIdle() string {
	if c.live {
		return "400"
	}
	return "0"
}

// drawCourse draws one. Queries are made in an order that dependencies permit; live, the data come in slices by event time.
func drawCourse(r *rand.Rand, p *pipeline, ways []way) *course {
	c := &course{way: ways[r.IntN(len(ways))], live: r.IntN(2) == 0, slices: 1 + r.IntN(6), fetch: []int32{0, 0, 300, 2000}[r.IntN(4)], interval: []int{5, 20, 100}[r.IntN(3)]}
	made, left := 0, slices.Clone(p.queries)
	create := func() {
		fit := slices.Clone(left)
		fit = slices.DeleteFunc(fit, func(q *query) bool {
			return slices.ContainsFunc(q.in, func(s *source) bool { return s.made != nil && slices.Contains(left, s.made) })
		})
		q := fit[r.IntN(len(fit))]
		left = slices.DeleteFunc(left, func(o *query) bool { return o == q })
		c.acts = append(c.acts, act{create: q})
		if r.IntN(4) == 0 {
			c.acts = append(c.acts, act{settle: true})
		}
	}
	if c.way == memoryWay {
		c.live = true // it feeds records in the order in which they were made
	}
	if c.live {
		atOnce := c.way == memoryWay || r.IntN(2) == 0
		for len(left) > 0 && (atOnce || r.IntN(2) == 0) {
			create()
		}
	}
	if c.live && c.way != memoryWay && c.slices > 1 && r.IntN(3) == 0 && !p.has(lookup) { // a table would be ahead of the stream
		s := p.sources[r.IntN(len(p.sources))]
		c.late = lateness{s, r.IntN(s.partitions), 1 + r.IntN(c.slices-1)}
	}
	for made < c.slices {
		made++
		c.acts = append(c.acts, act{produce: made})
		if !c.live {
			continue
		}
		if r.IntN(2) == 0 {
			c.acts = append(c.acts, act{settle: true})
		}
		for len(left) > 0 && r.IntN(3) == 0 {
			create()
		}
	}
	for len(left) > 0 {
		create()
	}
	if c.way != memoryWay && r.IntN(2) == 0 {
		first := slices.IndexFunc(c.acts, func(a act) bool { return a.create != nil })
		at := first + 1 + r.IntN(len(c.acts)-first)
		c.acts = slices.Insert(c.acts, at, act{restart: true})
	}
	if c.way != memoryWay && r.IntN(4) == 0 {
		q := p.queries[r.IntN(len(p.queries))]
		at := 1 + slices.IndexFunc(c.acts, func(a act) bool { return a.create == q })
		at += r.IntN(len(c.acts) - at + 1)
		c.acts = slices.Insert(c.acts, at, act{pause: q})
		c.acts = slices.Insert(c.acts, at+1+r.IntN(len(c.acts)-at), act{resume: q})
	}
	c.drawAgain(r, p)
	return c
}

func (c *course) String() string {
	how := "replayed"
	if c.live {
		how = "live"
	}
	var steps []string
	for _, a := range c.acts {
		switch {
		case a.produce > 0:
			steps = append(steps, fmt.Sprintf("data %d/%d", a.produce, c.slices))
		case a.create != nil:
			steps = append(steps, "make "+a.create.out.name)
		case a.settle:
			steps = append(steps, "settle")
		case a.pause != nil:
			steps = append(steps, "pause "+a.pause.out.name)
		case a.resume != nil:
			steps = append(steps, "resume "+a.resume.out.name)
		case a.again != nil:
			steps = append(steps, a.again.String())
		case a.restart:
			steps = append(steps, "restart")
		}
	}
	late := ""
	if c.late.slices > 0 {
		late = fmt.Sprintf(", partition %d of %s %d slices behind", c.late.partition, c.late.source.name, c.late.slices)
	}
	return fmt.Sprintf("%s, %s%s, fetch %d, commit %d ms: %s", c.way, how, late, c.fetch, c.interval, strings.Join(steps, ", "))
}

// slice is the records of a slice of all: by the order in which they are made.
func (c *course) slice(all []*record, number int) []*record {
	late := func(r *record) bool {
		return c.late.slices > 0 && r.source == c.late.source && r.partition == c.late.partition
	}
	out := slices.DeleteFunc(slices.Clone(c.part(all, number)), late)
	from := number - c.late.slices
	for n := max(1, from); c.late.slices > 0 && (n == from || n > 0 && number == c.slices && n <= c.slices); n++ {
		for _, r := range c.part(all, n) {
			if late(r) {
				out = append(out, r)
			}
		}
	}
	return out
}

func (c *course) part(all []*record, number int) []*record {
	return all[len(all)*(number-1)/c.slices : len(all)*number/c.slices]
}
