package assignment

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Feed is a partition of one input of a task.
type Feed struct {
	Task    *Task
	Input   int
	TP      TP
	Next    int64 // offset of the next record that the task takes
	High    int64 // end of the partition as last heard
	Saved   int64 // what was last committed: see Position; -1 for nothing
	Until   int64 // where it is bounded, no record from here on is taken for now
	Bounded bool
	Paused  bool          // so much waits in the task that no more is fetched
	Held    bool          // so much waits behind a repartition for what others bring
	Ended   time.Time     // since when it has been at its end with nothing coming
	Idled   time.Duration // how far its stream time has gone on since then
	seen    int64         // Next, as of the last look
	Looked  bool          // it has been asked to which time it has come, if there is nothing to read that tells
}

// FeedID names a feed in what is stored.
type FeedID struct {
	Topic        string
	Partition    int32
	Stage, Input int
}

// ID names the feed.
func (f *Feed) ID() FeedID { return FeedID{f.TP.Topic, f.TP.Partition, f.Task.Stage.Index, f.Input} }

// Repartitioned says whether the feed reads a repartition topic of the query's own.
func (f *Feed) Repartitioned() bool { return f.Task.Repartitioned(f.Input) }

// Position is the offset of the next record to be processed: what is fetched but waits for another input is behind it.
func (f *Feed) Position() int64 {
	if at, ok := f.Task.Position(f.Input); ok {
		return at
	}
	return f.Next
}

// AtEnd says whether the feed has been at its end for as long as it must be to hold no window open.
func (f *Feed) AtEnd(now time.Time, idle time.Duration) bool {
	if f.Next < f.High || f.Next != f.seen || f.Ended.IsZero() {
		f.Ended, f.seen = now, f.Next
	}
	return f.Next >= f.High && now.Sub(f.Ended) >= idle
}

// Moved says whether the feed has gone on since AtEnd was last asked.
func (f *Feed) Moved() bool { return f.Next != f.seen }

// IdleFor is how long a feed has been at its end; 0 where it is not, or where the task has yet to take what it brought.
func (f *Feed) IdleFor(now time.Time) time.Duration {
	idle := time.Duration(0)
	if f.Task.GoneOn(f.Input) {
		f.Ended = now
	}
	if f.AtEnd(now, 0) && !f.Task.Waits() {
		idle = now.Sub(f.Ended)
	}
	if idle < f.Idled {
		f.Idled = 0
		f.Task.Came(f.Input)
	}
	return idle
}

// Cut leaves out records from Until on. They are given again once it is lifted and the client is set back.
func (f *Feed) Cut(recs []*kgo.Record) []*kgo.Record {
	if !f.Bounded {
		return recs
	}
	for i, r := range recs {
		if r.Offset >= f.Until {
			f.Next = max(f.Next, f.Until)
			return recs[:i]
		}
	}
	return recs
}

// End is how far the feed can be read for now.
func (f *Feed) End() int64 {
	if f.Bounded {
		return min(f.High, f.Until)
	}
	return f.High
}
