package changes

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/fault"
)

// From is where a client begins that has no position.
type From uint8

// The places.
const (
	Contents From = iota // of a table: with the rows that it has
	Earliest             // with the first record of the topic
	Latest               // with what comes from now on
)

const (
	// pieceRows and pieceBytes are from where on changes are handed on.
	pieceRows, pieceBytes = 1000, 1 << 20
	// finishLook is how often a follower that is to end looks whether there is more.
	finishLook = 20 * time.Millisecond
)

// Follower gives one client what comes.
type Follower struct {
	tail    *Tail
	rows    *reader
	at      *Position // behind what has been given
	reset   string    // why At is not where the client wanted to go on
	piece   []Change
	bytes   int
	give    func(context.Context, []Change) error
	finish  chan struct{}
	finish1 sync.Once
	current atomic.Int64 // see Change.Current
	waits   atomic.Bool
	given   atomic.Int64
	bad     atomic.Int64
}

// Follow begins behind a position or, where that is nil, at a place.
func (t *Tail) Follow(ctx context.Context, after *Position, from From) (*Follower, error) {
	f := &Follower{tail: t, finish: make(chan struct{})}
	var err error
	if f.rows, err = t.src.reader(); err != nil {
		return nil, err
	}
	starts, ends, err := t.bounds(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	f.current.Store(now.Unix())
	if after != nil {
		if f.reset = after.gap(now, t, starts, ends); f.reset == "" {
			f.at = after.grown(starts)
			f.current.Store(after.Current)
			return f, nil
		}
		if from = Earliest; t.src.Table {
			from = Contents
		}
	}
	f.at = t.begin(from, starts, ends)
	return f, nil
}

// begin is the position of a place.
func (t *Tail) begin(from From, starts, ends []int64) *Position {
	p := &Position{Topic: t.id, Next: starts, Current: time.Now().Unix()}
	switch from {
	case Contents:
		p.Ends = ends
	case Earliest:
	case Latest:
		p.Next = ends
	}
	return p
}

// bounds are the offsets at which the topic begins, and up to where it has been read.
func (t *Tail) bounds(ctx context.Context) (starts, ends []int64, err error) {
	t.mu.Lock()
	ends = append(ends, t.at...)
	err = t.err
	t.mu.Unlock()
	if err != nil {
		return nil, nil, err
	}
	offsets, err := t.src.Cluster.StartOffsets(ctx, t.src.Topic)
	if err != nil {
		return nil, nil, err
	}
	starts, err = vector(offsets[t.src.Topic], len(ends))
	for i := range starts {
		starts[i] = min(starts[i], ends[i])
	}
	return starts, ends, err
}

// Begin is the client's first position, before any change, and why that is not where it wanted to go on: empty where it is.
func (f *Follower) Begin() (at *Position, reset string) { return f.at.clone(), f.reset }

// Finish ends it once all that is there has been given.
func (f *Follower) Finish() { f.finish1.Do(func() { close(f.finish) }) }

// Given counts the changes handed on, and the records that could not be read.
func (f *Follower) Given() (changes, bad int64) { return f.given.Load(), f.bad.Load() }

// Current is Change.Current as of now, for a client that has taken all that was given.
func (f *Follower) Current() int64 {
	if f.waits.Load() {
		return time.Now().Unix()
	}
	return f.current.Load()
}

// gapError says that the topic no longer has what comes next.
type gapError struct{ reason string }

func (e *gapError) Error() string { return e.reason }

// Run gives changes until the context or the Tail ends, or Finish.
func (f *Follower) Run(ctx context.Context, give func(context.Context, []Change) error) (err error) {
	defer fault.Caught(&err, "what follows the changes")
	f.give = give
	for {
		err := f.run(ctx)
		var gap *gapError
		if !errors.As(err, &gap) {
			return err
		}
		if err := f.again(ctx, gap.reason); err != nil {
			return err
		}
	}
}

// again begins anew where the topic no longer has what comes next.
func (f *Follower) again(ctx context.Context, reason string) error {
	starts, ends, err := f.tail.bounds(ctx)
	if err != nil {
		return err
	}
	from := Earliest
	if f.tail.src.Table {
		from = Contents
	}
	to := f.tail.begin(from, starts, ends)
	if from == Earliest { // what is still there of a stream goes on
		for i := range to.Next {
			to.Next[i] = max(to.Next[i], f.at.Next[i])
		}
	}
	f.at = to
	return f.add(ctx, Change{Kind: Reset, Reason: reason, Position: to.clone()})
}

func (f *Follower) run(ctx context.Context) error {
	if f.at.Ends != nil {
		if err := f.contents(ctx); err != nil {
			return err
		}
	}
	cursor := int64(-1)
	for {
		took := f.tail.take(f.at.Next, cursor)
		if took.err != nil {
			return errors.Join(f.hand(ctx), took.err)
		}
		if took.behind {
			if err := f.catchUp(ctx, took.at); err != nil {
				return err
			}
			continue
		}
		for _, c := range took.changes {
			if err := f.add(ctx, c); err != nil {
				return err
			}
		}
		cursor = took.cursor
		if took.more {
			continue
		}
		f.at.Next = took.at
		if err := f.hand(ctx); err != nil {
			return err
		}
		f.current.Store(time.Now().Unix())
		if end, err := f.wait(ctx, took.changed); end || err != nil {
			return err
		}
	}
}

// wait waits for more; end says that there will be none.
func (f *Follower) wait(ctx context.Context, changed <-chan struct{}) (end bool, err error) {
	f.waits.Store(true)
	defer f.waits.Store(false)
	select {
	case <-changed:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	case <-f.finish:
	}
	stable, err := f.tail.src.Cluster.StableOffsets(ctx, f.tail.src.Topic)
	if err != nil {
		return false, err
	}
	end = true
	for p, at := range f.at.Next {
		end = end && at >= stable[f.tail.src.Topic][int32(p)]
	}
	if end {
		return true, nil
	}
	select {
	case <-changed:
	case <-ctx.Done():
	case <-time.After(finishLook):
	}
	return false, ctx.Err()
}

// taken is what a Tail has for a follower.
type taken struct {
	changes []Change
	cursor  int64   // for the next time
	more    bool    // there are further ones
	at      []int64 // up to where there is something to read; where the changes lead to, if there are no more
	behind  bool    // the changes have to be read from the topic, up to at
	changed <-chan struct{}
	err     error
}

// take gives the changes that come next. A cursor from before is where it went on then.
func (t *Tail) take(next []int64, cursor int64) taken {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := taken{at: append([]int64(nil), t.at...), changed: t.changed, err: t.err}
	if cursor < t.first {
		for p, at := range next {
			if at < t.held[p] {
				out.behind = true
				return out
			}
		}
		cursor = t.first
	}
	for end := t.first + int64(len(t.ring)); cursor < end; cursor++ {
		if len(out.changes) == pieceRows {
			out.more = true
			break
		}
		if c := &t.ring[cursor-t.first]; c.Offset >= next[c.Partition] {
			out.changes = append(out.changes, *c)
		}
	}
	out.cursor = cursor
	return out
}

// catchUp reads changes from the topic.
func (f *Follower) catchUp(ctx context.Context, to []int64) error {
	for p := range to {
		from := f.at.Next[p]
		if from >= to[p] {
			continue
		}
		err := f.scan(ctx, int32(p), from, to[p], func(r *kgo.Record) error { return f.record(ctx, r) })
		if err == nil {
			err = f.deleted(ctx, p, from)
		}
		if err != nil {
			return err
		}
		f.at.Next[p] = to[p]
	}
	return f.hand(ctx)
}

// deleted looks whether records were deleted before they could be read.
func (f *Follower) deleted(ctx context.Context, p int, from int64) error {
	starts, _, err := f.tail.bounds(ctx)
	if err == nil && starts[p] > from {
		err = &gapError{fmt.Sprintf("records from %d to %d of partition %d were deleted before they could be given", from, starts[p]-1, p)}
	}
	return err
}

// record gives what a record says.
func (f *Follower) record(ctx context.Context, r *kgo.Record) error {
	c, ok, err := f.rows.read(r)
	f.rows.Reset()
	if err != nil {
		f.bad.Add(1)
		return nil
	}
	if !ok {
		return nil
	}
	return f.add(ctx, c)
}

// scan reads a part of a partition.
func (f *Follower) scan(ctx context.Context, p int32, from, to int64, each func(*kgo.Record) error) error {
	return f.tail.src.Cluster.Read(ctx, f.tail.src.Topic, p, from, to, each)
}

// add gathers changes and hands them on.
func (f *Follower) add(ctx context.Context, c Change) error {
	c.Current = f.current.Load()
	f.piece = append(f.piece, c)
	if c.Position == nil {
		f.at.Next[c.Partition] = c.Offset + 1
	}
	if f.bytes += c.size(); len(f.piece) < pieceRows && f.bytes < pieceBytes {
		return nil
	}
	return f.hand(ctx)
}

func (f *Follower) hand(ctx context.Context) error {
	if len(f.piece) == 0 {
		return ctx.Err()
	}
	piece := f.piece
	f.piece, f.bytes = nil, 0
	if err := f.give(ctx, piece); err != nil {
		return err
	}
	f.given.Add(int64(len(piece)))
	return nil
}
