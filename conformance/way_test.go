package conformance

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/conformance/cases"
	"weir/registry"
)

// way is a place where a case runs.
type way interface {
	// createTopic makes a topic.
	createTopic(ctx context.Context, name string, partitions int32) error
	// execute carries out statements and gives what they say, a line or table per statement.
	execute(ctx context.Context, sql string) ([]string, error)
	// refuse is execute for a statement that is to fail.
	refuse(ctx context.Context, sql string) ([]string, error)
	// produce writes records, in order, and lets the queries read them. Partition -1 is for the key to tell.
	produce(ctx context.Context, recs []*kgo.Record) error
	// settle waits until no query has anything left to read.
	settle(ctx context.Context) error
	// records are a topic's records, by partition.
	records(ctx context.Context, topic string) ([][]*kgo.Record, error)
	restart(ctx context.Context) error
	closeWindows(ctx context.Context) error
	sources() *catalog.Snapshot
	registry() registry.Client
	close(ctx context.Context) error
}

// run is one case in one way.
type run struct {
	way        way
	partitions int
	rewrite    bool
	held       bool                       // changes of tables are held back
	topics     map[string]*catalog.Source // by topic: the last ones seen, since a case may drop them
	coalesced  map[string]settledRows     // topics of which only each key's last record is sure, because changes are held back
	slow       map[string]bool            // topics whose windows close some time after everything is read
}

// differs is what a block got instead of what it wants; the case goes on.
type differs struct {
	block     *cases.Block
	got, want []string
}

func (d *differs) Error() string {
	return fmt.Sprintf("line %d: %s %s\n%s", d.block.Line, d.block.Verb, d.block.Arg, diff(d.want, d.got))
}

// diff shows both answers line by line.
func diff(want, got []string) string {
	var b strings.Builder
	for i := range max(len(want), len(got)) {
		w, g := lineOf(want, i), lineOf(got, i)
		if w == g {
			fmt.Fprintf(&b, "    %s\n", w)
			continue
		}
		if i < len(want) {
			fmt.Fprintf(&b, "  - %s\n", w)
		}
		if i < len(got) {
			fmt.Fprintf(&b, "  + %s\n", g)
		}
	}
	return b.String()
}

func lineOf(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// all runs the blocks of a case.
func (r *run) all(ctx context.Context, c *cases.Case) error {
	var errs []error
	for _, b := range c.Blocks {
		if b.Partitions != 0 && b.Partitions != r.partitions || b.Partitions == 0 && r.hasOwn(c, b) {
			continue
		}
		err := r.block(ctx, b)
		var d *differs
		if errors.As(err, &d) {
			if r.rewrite {
				d.apply()
				continue
			}
			errs = append(errs, err)
			continue
		}
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("line %d: %s: %w", b.Line, b.Verb, err))...)
		}
	}
	return errors.Join(errs...)
}

// hasOwn says whether another block tells the answer for this number of partitions: one of the same verb and topic, or
// statement, right beside it.
func (r *run) hasOwn(c *cases.Case, b *cases.Block) bool {
	i := slices.Index(c.Blocks, b)
	for j := i + 1; j < len(c.Blocks); j++ {
		o := c.Blocks[j]
		if o.Verb != b.Verb || o.Arg != b.Arg || !slices.Equal(o.Text, b.Text) || o.Partitions == 0 {
			return false
		}
		if o.Partitions == r.partitions {
			return true
		}
	}
	return false
}

// apply makes what came the answer that is wanted.
func (d *differs) apply() {
	if d.block.Verb != cases.Expect {
		d.block.Result = d.got
		return
	}
	d.block.Records = d.block.Records[:0]
	for _, line := range d.got {
		rec, err := cases.ParseRecord(line)
		if err != nil {
			panic(err) // it was printed by Record.String
		}
		d.block.Records = append(d.block.Records, rec)
	}
}

func (r *run) block(ctx context.Context, b *cases.Block) error {
	switch b.Verb {
	case cases.Topic:
		return r.way.createTopic(ctx, b.Arg, int32(r.partitions))
	case cases.SQL:
		_, err := r.way.execute(ctx, r.fill(b.Text))
		r.remember()
		return err
	case cases.Produce:
		return r.produce(ctx, b)
	case cases.Expect:
		return r.expect(ctx, b)
	case cases.Query:
		return r.query(ctx, b)
	case cases.Error:
		return r.fails(ctx, b)
	case cases.Answer:
		got, err := r.way.execute(ctx, r.fill(b.Text))
		r.remember()
		if err != nil {
			return err
		}
		return compare(b, b.Result, r.unfill(got))
	case cases.Restart:
		return r.way.restart(ctx)
	case cases.Close:
		return r.way.closeWindows(ctx)
	}
	return fmt.Errorf("no such verb")
}

var idOf = regexp.MustCompile(`\{query ([A-Za-z0-9_]+)\}`)

// fill puts in the number of partitions, and the ids of queries by the name of what they write.
func (r *run) fill(text []string) string {
	s := strings.ReplaceAll(strings.Join(text, "\n"), "{partitions}", strconv.Itoa(r.partitions))
	return idOf.ReplaceAllStringFunc(s, func(ref string) string {
		name := strings.ToUpper(idOf.FindStringSubmatch(ref)[1])
		for _, q := range r.way.sources().Queries() {
			if makes(q) == name {
				return q.ID
			}
		}
		return ref
	})
}

// makes is the stream or table that a query writes, or keeps.
func makes(q *catalog.Query) string {
	if q.Sink == "" {
		return q.Sources[0]
	}
	return q.Sink
}

// unfill is the reverse of fill for answers: ids differ from way to way.
func (r *run) unfill(lines []string) []string {
	out := slices.Clone(lines)
	for _, q := range r.way.sources().Queries() {
		for i := range out {
			out[i] = strings.ReplaceAll(out[i], q.ID, "{query "+makes(q)+"}")
		}
	}
	return out
}

func (r *run) remember() {
	snap := r.way.sources()
	for _, s := range snap.Sources() {
		r.topics[s.Topic] = s
		q, ok := snap.Query(s.Query)
		if !ok || !r.held || !s.IsTable || q.Sink != s.Name {
			continue
		}
		if isFinal(q.SQL) {
			r.slow[s.Topic] = true
			continue
		}
		rows := settledRows{}
		for _, name := range q.Sources {
			if from, ok := snap.Source(name); ok && from.IsTable {
				rows.anyTime = true
			}
		}
		r.coalesced[s.Topic] = rows
	}
}

// settledRows say what of a table is sure when changes are held back: each key's last record, but for its timestamp where the query
// reads a table. A group's last change may be one that another has made undone.
type settledRows struct{ anyTime bool }

// isFinal says whether a query puts out each window once, so that there is nothing to hold back.
func isFinal(sql string) bool { return strings.Contains(strings.ToUpper(sql), "EMIT FINAL") }

func compare(b *cases.Block, want, got []string) error {
	got = slices.DeleteFunc(slices.Clone(got), func(s string) bool { return strings.TrimSpace(s) == "" })
	for i := range got {
		got[i] = strings.TrimRight(got[i], " \t")
	}
	if slices.Equal(want, got) {
		return nil
	}
	return &differs{b, got, want}
}

// query compares rows: in order with one partition, as a set with more.
func (r *run) query(ctx context.Context, b *cases.Block) error {
	if err := r.way.settle(ctx); err != nil {
		return err
	}
	got, err := r.way.execute(ctx, r.fill(b.Text))
	if err != nil {
		return err
	}
	want := b.Result
	if r.partitions > 1 && len(want) > 0 && len(got) > 0 {
		want = append(slices.Clone(want[:1]), slices.Sorted(slices.Values(want[1:]))...)
		got = append(slices.Clone(got[:1]), slices.Sorted(slices.Values(got[1:]))...)
	}
	return compare(b, want, got)
}

func (r *run) fails(ctx context.Context, b *cases.Block) error {
	got, err := r.way.refuse(ctx, r.fill(b.Text))
	if err == nil {
		return fmt.Errorf("there was no error, but: %s", strings.Join(got, " "))
	}
	return compare(b, b.Result, r.unfill(strings.Split(err.Error(), "\n")))
}
