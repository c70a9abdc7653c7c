package worker

import (
	"math"
	"sync"
	"time"

	"weir/exec/assignment"
	"weir/exec/commit"
	"weir/exec/op"
	"weir/exec/task"
)

// Stats are a query's figures: rows, bytes and counts are of what was committed and is where it belongs, and only grow.
type Stats struct {
	RowsIn, BytesIn   int64 // of the sources; what passes between stages is not counted
	RowsOut, BytesOut int64 // of the result; what passes between stages is not counted
	op.Counts               // of all steps; Read is RowsIn and what was read back between stages
	// Steps are the query's, in the order of EXPLAIN, each summed over its tasks; empty until there has been a commit.
	Steps                    []op.StepCounts
	StateEntries, StateBytes int64
	Commits                  int64
	CommitTime               time.Duration // of the last commit
	MostHeld                 int64         // bytes that a commit has had to make durable, at most: outputs, and what state had grown by
	Lag                      int64         // records of the inputs that are still to be read
	LastCommit               time.Time
	StreamTime               time.Time // no row before it is written any more; zero where that is not known
	// Waits are what rows wait for now, for a second or more, and GivenUp how often they have gone on in the end without it.
	Waits   []Wait
	GivenUp int64
}

type stats struct {
	topo *task.Topology
	mu   sync.Mutex
	now  Stats
	all  [][]op.StepCounts // by stage
}

// count takes what the tasks have done since the last commit: it counts when the commit is through, and never where it fails, since it
// is done again then.
func (s *stats) count(a *assignment.Assignment) commit.Counting {
	did := make([][]op.StepCounts, len(s.topo.Stages))
	for _, t := range a.Tasks {
		did[t.Stage.Index] = addSteps(did[t.Stage.Index], t.Uncounted())
	}
	rows, bytes := a.Results()
	result := s.topo.Last().Output(a.Env)
	return func(leftOut []string, _ map[assignment.TP]int64) {
		for _, topic := range leftOut {
			leaveOut(did, topic)
			if topic == result {
				rows--
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.now.RowsOut += rows
		s.now.BytesOut += bytes
		for i, steps := range did {
			s.all[i] = addSteps(s.all[i], steps)
			for _, c := range steps {
				s.now.add(c)
			}
		}
	}
}

// addSteps sums up the steps of tasks of one stage.
func addSteps(to, steps []op.StepCounts) []op.StepCounts {
	if to == nil {
		return steps
	}
	for i, c := range steps {
		to[i].Add(c)
	}
	return to
}

// leaveOut takes back that a record was written.
func leaveOut(stages [][]op.StepCounts, topic string) {
	for _, steps := range stages {
		for i := range steps {
			if c := &steps[i]; c.Writes == topic && c.Made > 0 {
				c.Made--
				c.Bad++
				return
			}
		}
	}
}

// add takes a step into the totals.
func (s *Stats) add(c op.StepCounts) {
	if c.Reads == op.ReadsSource {
		s.RowsIn += c.Read
		s.BytesIn += c.Bytes
	}
	if c.Reads == op.ReadsSteps {
		c.Read = 0
	}
	s.Counts.Add(c.Counts)
}

// committed notes a commit, where there was anything to commit, and gathers the sizes of the tasks, which are idle.
func (s *stats) committed(tasks []*assignment.Task, r task.Reached, took time.Duration, changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size(tasks)
	if r.Time != task.NoTime && r.Time != math.MaxInt64 {
		s.now.StreamTime = time.UnixMilli(r.Time)
	}
	s.now.Waits = waiting(tasks, time.Now())
	if changed {
		s.now.Commits++
		s.now.CommitTime, s.now.LastCommit = took, time.Now()
	}
}

// gaveUp counts that rows have waited for too long.
func (s *stats) gaveUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.GivenUp++
}

// changed takes in that tasks have come or gone.
func (s *stats) changed(tasks []*assignment.Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size(tasks)
}

// holds notes what a commit has to make durable.
func (s *stats) holds(tasks []*assignment.Task) {
	n := int64(0)
	for _, t := range tasks {
		n += t.Made()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.MostHeld = max(s.now.MostHeld, n)
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

// Stats are the figures of the query on this node since it started.
func (w *Worker) Stats() Stats {
	w.stats.mu.Lock()
	defer w.stats.mu.Unlock()
	out := w.stats.now
	out.Steps = w.stats.topo.InOrder(w.stats.all)
	return out
}
