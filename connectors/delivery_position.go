package connectors

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"weir/connectors/connector"
	"weir/kafka"
)

// lookUp finds the topics, and gives their ids.
func (r *deliveryRun) lookUp(ctx context.Context) (map[string][16]byte, error) {
	ids := map[string][16]byte{}
	r.partitions = map[string]int{}
	for i := range r.in {
		t, err := r.cfg.Cluster.Topic(ctx, r.in[i].Topic)
		if err != nil {
			return nil, err
		}
		ids[t.Name], r.partitions[t.Name] = t.ID, len(t.Partitions)
		r.in[i].ID = t.ID
	}
	return ids, nil
}

// place finds out where to begin in each partition: where the sink says, or else where the progress says, or else at an end of the topic.
func (r *deliveryRun) place(ctx context.Context, ids map[string][16]byte, begun connector.Begun) error {
	names := r.in.topics()
	starts, err := r.cfg.Cluster.StartOffsets(ctx, names...)
	if err != nil {
		return err
	}
	ends, err := r.cfg.Cluster.EndOffsets(ctx, names...)
	if err != nil {
		return err
	}
	if r.stable, err = r.cfg.Cluster.StableOffsets(ctx, names...); err != nil {
		return err
	}
	latest := r.opener.values.Text(connector.PropReset) == "latest"
	first := r.done.Topics == nil
	r.read = kafka.Offsets{}
	positions := connector.Positions{}
	for _, name := range names {
		was, known := r.done.Topics[name]
		anew := known && was != ids[name]
		if anew {
			r.env.Logger.Warn("the topic was created anew: the connector starts from its beginning", "topic", name)
		}
		for p := range starts[name] {
			at, has := begun.Positions[name][p]
			if !has {
				at, has = r.done.Positions[name][p]
			}
			switch {
			case anew:
				at = starts[name][p]
			case !has && latest && first:
				at = ends[name][p]
			case !has:
				at = starts[name][p]
			}
			r.read.Set(name, p, r.within(name, p, at, starts[name][p], ends[name][p]))
			positions.Set(name, p, r.read[name][p])
		}
	}
	state, err := stored(begun.State)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.done.Class, r.done.Topics, r.done.Positions = r.class.Name, ids, positions
	if state != nil {
		r.done.State = state
	}
	done := r.done
	r.mu.Unlock()
	return r.store(done)
}

// within moves a position that is outside of the partition, and says so.
func (r *deliveryRun) within(topic string, p int32, at, start, end int64) int64 {
	switch {
	case at < start:
		r.env.Logger.Warn("records were deleted before they were delivered", "topic", topic, "partition", p, "from", at, "to", start-1)
		return start
	case at > end:
		r.env.Logger.Warn("the topic is shorter than what was delivered: the connector goes on at its end", "topic", topic, "partition", p, "position", at, "end", end)
		return end
	}
	return at
}

// stored is a sink's state as it is kept; nil for none.
func stored(state any) (json.RawMessage, error) {
	if state == nil {
		return nil, nil
	}
	data, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("the state of a connector cannot be stored: %w", err)
	}
	return data, nil
}

func (r *deliveryRun) store(p progress) error {
	if err := p.write(r.file); err != nil {
		return fmt.Errorf("cannot store the connector's progress: %w", err)
	}
	return nil
}

// wrote counts a group that was written, and stores the position behind it.
func (r *deliveryRun) wrote(g *group, state any) error {
	kept, err := stored(state)
	if err != nil {
		return err
	}
	r.mu.Lock()
	n := int64(len(g.records)) - r.refused
	r.done.Rows += n
	r.done.Bytes += g.bytes
	r.done.Bad += r.refused
	for topic, partitions := range g.next {
		for p, next := range partitions {
			r.done.Positions.Set(topic, p, next)
		}
	}
	if kept != nil {
		r.done.State = kept
	}
	r.lastErr = ""
	r.meter.add(time.Now(), n)
	done := r.done // its maps are this goroutine's alone
	r.mu.Unlock()
	return r.store(done)
}

// has says whether all before the offsets has been read.
func (r *deliveryRun) has(target kafka.Offsets) bool {
	for topic, partitions := range target {
		for p, end := range partitions {
			if r.read[topic][p] < end {
				return false
			}
		}
	}
	return true
}

// tellLag tells how many records there are that are not delivered.
func (r *deliveryRun) tellLag() {
	lag := int64(r.pending.rows)
	for topic, partitions := range r.stable {
		for p, end := range partitions {
			lag += max(0, end-r.read[topic][p])
		}
	}
	r.mu.Lock()
	r.lag, r.lagKnown = lag, true
	r.mu.Unlock()
}

// goal is what somebody waits to be delivered.
type goal struct {
	mu     sync.Mutex
	target kafka.Offsets
	done   chan struct{}
}

func (g *goal) get() kafka.Offsets {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.target
}

// set asks for all before the offsets to be delivered, without waiting for more; the channel is closed when it is.
func (g *goal) set(target kafka.Offsets) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.done == nil {
		g.done = make(chan struct{})
	}
	g.target = target
	return g.done
}

func (g *goal) reached(target kafka.Offsets) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.done == nil {
		return
	}
	close(g.done)
	g.target, g.done = nil, nil
}

// delivered waits until the sink has written all that is in its topics now. A sink that does not run is not waited for.
func (d *delivery) delivered(ctx context.Context) error {
	ends, err := d.cfg.Cluster.StableOffsets(ctx, d.topics...)
	if err != nil {
		return fmt.Errorf("connector %s: %w", d.env.Name, err)
	}
	done := d.goal.set(ends)
	for {
		d.mu.Lock()
		state, lastErr, changed, gone := d.state, d.lastErr, d.changed, d.gone
		d.mu.Unlock()
		switch {
		case state == Failed:
			return fmt.Errorf("connector %s failed: %s", d.env.Name, lastErr)
		case state != Running, gone:
			return nil
		}
		select {
		case <-done:
			return nil
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
