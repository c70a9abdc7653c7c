package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/engine"
	"weir/planner/plan"
)

// settle waits until every running query has read all that there is and has committed what came of it. Draining does just
// that, and closes windows too: with EMIT FINAL, which that would alter, the figures of the queries have to tell.
func (w *engineWay) settle(ctx context.Context) error {
	final := false
	for _, q := range w.engine.Queries() {
		if q.Kind == plan.Persistent && q.State == engine.Failed {
			return fmt.Errorf("query %s failed: %s", q.ID, q.Error)
		}
		final = final || strings.Contains(strings.ToUpper(q.SQL), "EMIT FINAL")
	}
	if !final {
		return w.engine.Drain(ctx)
	}
	return w.quiet(ctx)
}

const (
	quietFor = 80 * time.Millisecond // several commit intervals
	pollGap  = 5 * time.Millisecond
)

// figures are how far the queries are, together.
type figures struct {
	sources, ends int64 // records in the topics of the sources, and in these and the queries' own
	in, read, out int64 // records of sources that were read, rows of all stages, records written
	behind        bool
}

// quiet waits until the queries have read all there is and nothing has moved for several commit intervals.
func (w *engineWay) quiet(ctx context.Context) error {
	since := time.Now()
	var last figures
	for {
		now, err := w.figures(ctx)
		switch {
		case err != nil:
			return err
		case now.behind || now != last:
			since = time.Now()
		case time.Since(since) >= quietFor:
			return nil
		}
		last = now
		select {
		case <-ctx.Done():
			return fmt.Errorf("the queries have not caught up: %+v", now)
		case <-time.After(pollGap):
		}
	}
}

func (w *engineWay) figures(ctx context.Context) (figures, error) {
	var f figures
	sources, own, err := w.inputs(ctx)
	if err != nil {
		return f, err
	}
	for _, q := range w.engine.Queries() {
		if q.Kind != plan.Persistent || q.State != engine.Running {
			continue
		}
		inputs := append(sources[q.ID], own[q.ID]...)
		ends, err := w.cluster.StableOffsets(ctx, inputs...)
		if err != nil {
			return f, err
		}
		at, err := w.cluster.CommittedOffsets(ctx, q.Group)
		if err != nil {
			return f, err
		}
		for _, topic := range inputs {
			for p, end := range ends[topic] {
				f.ends += end
				if slices.Contains(sources[q.ID], topic) {
					f.sources += end
				}
				// The group of a query on the embedded broker follows about once a second.
				f.behind = f.behind || !w.options.Embedded && at[topic][p] < end
			}
		}
		f.in += q.Stats.RowsIn + w.readBefore[q.ID]
		f.read += q.Stats.Read
		f.out += q.Stats.RowsOut
		f.behind = f.behind || q.Stats.Lag > 0
	}
	f.behind = f.behind || w.options.Embedded && f.in < f.sources
	return f, nil
}

// inputs are the topics that each query reads: those of its sources, and its own.
func (w *engineWay) inputs(ctx context.Context) (sources, own map[string][]string, err error) {
	all, err := w.cluster.Topics(ctx)
	if err != nil {
		return nil, nil, err
	}
	snap := w.engine.Snapshot()
	sources, own = map[string][]string{}, map[string][]string{}
	for _, q := range snap.Queries() {
		for _, name := range q.Sources {
			if s, ok := snap.Source(name); ok {
				sources[q.ID] = append(sources[q.ID], s.Topic)
			}
		}
		for _, t := range all {
			if strings.HasPrefix(t.Name, "_weir-"+w.prefix+"-"+q.ID+"-") && strings.HasSuffix(t.Name, "-repartition") {
				own[q.ID] = append(own[q.ID], t.Name)
			}
		}
	}
	return sources, own, nil
}
