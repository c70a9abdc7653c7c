package commit

import (
	"fmt"

	"weir/exec/assignment"
	"weir/exec/state"
	"weir/exec/task"
)

// Lost says that records are gone which a query has read, wrote, or was still to read.
type Lost struct {
	Topic     string
	Partition int32
	From, To  int64 // offsets, To excluded and -1 where it is not known
	Reason    string
}

func (l Lost) String() string {
	if l.To == l.From {
		return fmt.Sprintf("topic %s, partition %d: %s", l.Topic, l.Partition, l.Reason)
	}
	to := "on"
	if l.To >= 0 {
		to = fmt.Sprintf("to %d", l.To-1)
	}
	return fmt.Sprintf("topic %s, partition %d, offsets %d %s: %s", l.Topic, l.Partition, l.From, to, l.Reason)
}

// stored is a position as it was committed.
type stored struct {
	at    int64
	topic [16]byte // id of the topic that it was in; zero where that was not kept
	path  int64    // task.Path at the position; NoTime where it was not kept
	known bool
}

// Positions lie in the database under these names.
const (
	metaOffsets = "offsets"
	metaTopics  = "topics" // ids of the topics that offsets are of
	metaPaths   = "paths"  // to which times the rows before the positions have come
)

// writePositions puts the positions into the batch that holds the state they belong to.
func writePositions(b *state.Batch, a *assignment.Assignment) error {
	if err := b.SetMeta(a.Query(), metaTopics, encodeTopics(a)); err != nil {
		return err
	}
	if err := b.SetMeta(a.Query(), metaPaths, encodePaths(a)); err != nil {
		return err
	}
	return b.SetMeta(a.Query(), metaOffsets, encodePositions(a))
}

// positions are those of the last commit in the database; nil where there was none.
func (o *Options) positions(a *assignment.Assignment) (map[assignment.FeedID]stored, error) {
	blob, err := o.db.Meta(a.Query(), metaOffsets)
	if err != nil || blob == nil {
		return nil, err
	}
	names, err := o.db.Meta(a.Query(), metaTopics)
	if err != nil {
		return nil, err
	}
	out, err := decodePositions(blob, names)
	if err != nil {
		return nil, &task.FatalError{Err: fmt.Errorf("the stored offsets of %s can't be read: %w", a.Query(), err)}
	}
	blob, err = o.db.Meta(a.Query(), metaPaths)
	if err != nil {
		return nil, err
	}
	if err := decodePaths(blob, out); err != nil {
		return nil, &task.FatalError{Err: fmt.Errorf("the stored times of %s can't be read: %w", a.Query(), err)}
	}
	return out, nil
}

// bounds are where a partition begins and ends now.
type bounds struct{ from, to int64 }

// place sets where a feed goes on: at its committed position, or, where a query is new, where the query says. A position
// outside of the topic is an event: the records between are told of, and the query goes on behind them or fails, as
// weir.on.lost.records says.
func (o *Options) place(a *assignment.Assignment, f *assignment.Feed, s stored, b bounds, fresh int64) error {
	f.High = b.to
	f.Next, f.Saved = s.at, s.at
	if !s.known {
		// Not committed yet: it is at the first commit, so that a restart does not choose anew.
		f.Saved = -1
		if at, given := a.Begins(f); given {
			s.at = at
		} else {
			s.at = fresh
		}
		f.Next = s.at
	}
	lost := Lost{Topic: f.TP.Topic, Partition: f.TP.Partition, From: s.at}
	id := a.Topics[f.TP.Topic].ID
	switch {
	case s.topic != [16]byte{} && id != [16]byte{} && s.topic != id:
		f.Next, lost.To = b.from, -1
		f.Task.Renewed(f.Input)
		lost.Reason = fmt.Sprintf("the topic was deleted and made anew. What the old one held from there on was not read; the new one is read from offset %d", b.from)
	case s.at < b.from:
		f.Next, lost.To = b.from, b.from
		lost.Reason = fmt.Sprintf("they were deleted before the query read them, by retention or by hand. It goes on at offset %d", b.from)
	case s.at > b.to:
		f.Next, lost.From, lost.To = b.to, b.to, s.at
		f.Task.Renewed(f.Input)
		lost.Reason = fmt.Sprintf("the topic is shorter than it was: the query has read them, and they are no longer there. It goes on at offset %d with what is written from now on", b.to)
	default:
		if s.known {
			f.Task.GoOn(f.Input, s.path)
		}
		return nil
	}
	f.Saved = -1
	return o.lose(a, lost)
}

// passOver tells of records that the broker has lost and that a feed was still to read.
func (o *Options) passOver(a *assignment.Assignment, f *assignment.Feed) error {
	for _, l := range o.Gone {
		if l.Topic != f.TP.Topic || l.Partition != f.TP.Partition || f.Position() >= l.To {
			continue
		}
		l.From = max(l.From, f.Position())
		if err := o.lose(a, l); err != nil {
			return err
		}
	}
	return nil
}

// lose tells of lost records, and ends the query where it is to fail on them.
func (o *Options) lose(a *assignment.Assignment, l Lost) error {
	if o.FailOnLost {
		return &task.FatalError{Err: fmt.Errorf("records are gone: %s. SET 'weir.on.lost.records' = 'continue' lets the query go on without them", l)}
	}
	o.Log.Error("records are gone", "query", a.Query(), "topic", l.Topic, "partition", l.Partition, "from", l.From, "to", l.To, "why", l.Reason)
	if a.Env.Bad != nil {
		a.Env.Bad(task.BadRecord{Topic: l.Topic, Partition: l.Partition, Offset: l.From, Kind: task.RecordsLost, Message: l.String()})
	}
	return nil
}
