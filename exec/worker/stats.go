package worker

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/op"
)

// Stats are a query's figures, as of its last commit where a task holds them.
type Stats struct {
	RowsIn, BytesIn   int64 // of the sources; what passes between stages is not counted
	RowsOut, BytesOut int64 // of the result; what passes between stages is not counted
	op.Counts
	StateEntries, StateBytes int64
	Commits                  int64
	CommitTime               time.Duration // of the last commit
	Lag                      int64         // records of the inputs that are still to be read
	LastCommit               time.Time
}

type stats struct {
	held      atomic.Int64 // bytes of output not yet committed
	in, bytes atomic.Int64 // read since the last commit
	mu        sync.Mutex
	now       Stats     // as of the last commit
	gone      op.Counts // of tasks that have left, as of their last commit
}

func (s *stats) took(recs []*kgo.Record) {
	n := int64(0)
	for _, r := range recs {
		n += int64(len(r.Key) + len(r.Value))
	}
	s.in.Add(int64(len(recs)))
	s.bytes.Add(n)
}

// begin begins a session: what was not committed is done again, and counted then.
func (s *stats) begin() {
	s.held.Store(0)
	s.in.Store(0)
	s.bytes.Store(0)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = s.now.Counts
}

// changed takes in that tasks have come or gone, which happens right behind a commit.
func (s *stats) changed(tasks []*assignment.Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = s.now.Counts
	for _, t := range tasks {
		s.gone.Sub(t.Counts())
	}
	s.size(tasks)
}

// committed gathers the figures of the tasks, which are idle.
func (s *stats) committed(tasks []*assignment.Task, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Counts = s.gone
	for _, t := range tasks {
		s.now.Counts.Add(t.Counts())
	}
	s.now.RowsIn += s.in.Swap(0)
	s.now.BytesIn += s.bytes.Swap(0)
	s.size(tasks)
	s.now.Commits++
	s.now.CommitTime, s.now.LastCommit = took, time.Now()
}

// size adds up lag and state. Without tasks, what was known stands.
func (s *stats) size(tasks []*assignment.Task) {
	if len(tasks) == 0 {
		return
	}
	s.now.Lag, s.now.StateEntries, s.now.StateBytes = 0, 0, 0
	for _, t := range tasks {
		for _, f := range t.Feeds {
			s.now.Lag += max(f.High-f.Position(), 0)
		}
		for _, st := range t.Stores {
			n, b := st.Size()
			s.now.StateEntries += int64(n)
			s.now.StateBytes += int64(b)
		}
	}
}

func (s *stats) lag() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.Lag
}

func (s *stats) sent(rows, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.RowsOut += rows
	s.now.BytesOut += bytes
}

// Stats are the figures of the query on this node since it started, as of its last commit.
func (w *Worker) Stats() Stats {
	w.stats.mu.Lock()
	defer w.stats.mu.Unlock()
	return w.stats.now
}
