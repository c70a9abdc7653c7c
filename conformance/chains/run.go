package chains

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// trial is a pipeline with its data and how it is run.
type trial struct {
	seed     uint64
	disorder int64
	p        *pipeline
	recs     []*record
	course   *course
}

// draw draws a trial from a seed.
func draw(seed uint64, w width, ways []way) (*trial, error) {
	p := &pipeline{}
	for again := uint64(0); len(p.queries) == 0; again += 10 { // where only some kinds are asked for, there may be nothing for them to read
		if again > 1000 {
			return nil, fmt.Errorf("no pipeline has queries of the kinds %v", w.only)
		}
		judge, err := newInMemory()
		if err != nil {
			return nil, err
		}
		p, err = drawPipeline(rand.New(rand.NewPCG(seed, 1+again)), w, func(sql string) error { return judge.execute(context.Background(), sql) })
		if err := errors.Join(err, judge.Close()); err != nil {
			return nil, fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	t := &trial{seed: seed, disorder: w.disorder, p: p, course: drawCourse(rand.New(rand.NewPCG(seed, 3)), p, ways)}
	// In memory what was made first comes first, whichever input it is of.
	t.recs = drawData(rand.New(rand.NewPCG(seed, 2)), p, w.disorder, t.course.way == memoryWay)
	return t, nil
}

// run runs it, and gives the differences to the model.
func (t *trial) run(ctx context.Context, addr, dir string) (diffs []string, err error) {
	var w place
	prefix := ""
	if t.course.way == memoryWay {
		w, err = newInMemory()
	} else {
		var b *onBroker
		if b, err = newOnBroker(ctx, t.course, addr, dir); err == nil {
			w, prefix = b, b.prefix
		}
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if failed := w.close(closing); failed != nil && err == nil {
			err = failed
		}
	}()
	for _, s := range t.p.sources {
		if err := w.execute(ctx, s.declare(prefix)); err != nil {
			return nil, err
		}
	}
	kept := map[*query][]row{}
	for _, a := range t.course.acts {
		if err := t.act(ctx, w, a, prefix, kept); err != nil {
			return nil, err
		}
	}
	late, err := w.drain(ctx)
	if err != nil {
		return nil, err
	}
	m := newModel(t.p, t.recs, kept)
	for _, q := range t.p.queries {
		got, err := q.results(ctx, w, prefix)
		if err != nil {
			return nil, err
		}
		diffs = append(diffs, m.check(q, got)...)
	}
	for _, id := range slices.Sorted(maps.Keys(late)) {
		diffs = append(diffs, fmt.Sprintf("%d rows are late in %s", late[id], id))
	}
	return diffs, nil
}

// results are the records of a query's topic.
func (q *query) results(ctx context.Context, w place, prefix string) ([]result, error) {
	recs, err := w.records(ctx, q.out.topic(prefix))
	if err != nil {
		return nil, err
	}
	out := make([]result, len(recs))
	for i, rec := range recs {
		if out[i], err = q.read(rec); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *trial) act(ctx context.Context, w place, a act, prefix string, kept map[*query][]row) error {
	switch {
	case a.produce > 0:
		var recs []*kgo.Record
		for _, r := range t.course.slice(t.recs, a.produce) {
			recs = append(recs, &kgo.Record{Topic: r.source.topic(prefix), Partition: int32(r.partition), Timestamp: time.UnixMilli(r.at), Key: r.keyBytes(), Value: r.value()})
		}
		return w.produce(ctx, recs)
	case a.create != nil:
		return w.execute(ctx, a.create.cache()+"\n"+a.create.sql(prefix, a.create.view))
	case a.pause != nil:
		return w.pause(ctx, a.pause, true)
	case a.resume != nil:
		return w.pause(ctx, a.resume, false)
	case a.settle:
		return w.settle(ctx)
	case a.again != nil:
		return a.again.run(ctx, w, prefix, kept)
	default:
		return w.restart(ctx)
	}
}

func (t *trial) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, disorder %d: %s\n%d records; %s\n%s", t.seed, t.disorder, t.p.shape(), len(t.recs), t.course, t.p.text())
	return b.String()
}
