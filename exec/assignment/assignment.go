// Package assignment holds the tasks that this node has of a query, with the partitions that feed them and how far each
// has been read. The worker fills it, and a commit makes its positions durable.
package assignment

import (
	"cmp"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/state"
	"weir/exec/task"
	"weir/kafka"
)

// TP is a topic's partition.
type TP struct {
	Topic     string
	Partition int32
}

// Assignment is a query on this node. The worker's goroutine owns it.
type Assignment struct {
	Topology *task.Topology
	Env      *task.Env
	Earliest bool             // says where a source is read from when the query is new
	Begin    kafka.Offsets    // where a new query reads these partitions of its sources from instead
	Parts    []int32          // tasks of each stage
	Topics   map[string]Topic // as they were when the session began
	Tasks    []*Task          // by stage and partition
	Feeds    map[TP][]*Feed
	// AtOnce says that nothing is waited for, as weir.idle.upstream=0 asks: a source which has been read to its end holds back no windows from
	// that moment on, and rows go on in the order in which they come from upstream tasks.
	AtOnce bool
	Idle   time.Duration // how long rows wait for what has been read to its end
	Number uint64        // of the query, which stands in the trails of its rows; 0 leaves them out
	Room   *task.Room    // for what the tasks make between two commits
	Budget *state.Budget // of the memory of the tasks' state; nil for no bound
}

// New is an assignment without tasks.
func New(topo *task.Topology, env *task.Env, earliest bool) *Assignment {
	return &Assignment{Topology: topo, Env: env, Feeds: map[TP][]*Feed{}, Earliest: earliest}
}

// Query is the query's id.
func (a *Assignment) Query() string { return a.Topology.Query.ID }

// Clear forgets all tasks.
func (a *Assignment) Clear() {
	for _, t := range a.Tasks {
		a.Budget.Free(t.Task)
		t.Removed = true
	}
	a.Tasks, a.Feeds = nil, map[TP][]*Feed{}
}

// Add lets a task take part.
func (a *Assignment) Add(t *Task) {
	a.Tasks = append(a.Tasks, t)
	slices.SortFunc(a.Tasks, func(x, y *Task) int {
		return cmp.Or(cmp.Compare(x.Stage.Index, y.Stage.Index), cmp.Compare(x.Partition, y.Partition))
	})
	for _, f := range t.Feeds {
		t.Expect(f.Input, f.Next < f.End()) // the other inputs wait for what is there already
		a.Feeds[f.TP] = append(a.Feeds[f.TP], f)
		for _, other := range a.Feeds[f.TP] {
			other.Task.Share(other.Input, len(a.Feeds[f.TP]) > 1)
		}
	}
}

// Remove takes a task out.
func (a *Assignment) Remove(t *Task) {
	a.Budget.Free(t.Task)
	t.Removed = true
	a.Tasks = slices.DeleteFunc(a.Tasks, func(o *Task) bool { return o == t })
	for _, f := range t.Feeds {
		a.Feeds[f.TP] = slices.DeleteFunc(a.Feeds[f.TP], func(o *Feed) bool { return o == f })
	}
}

// Positions are the next offsets to be processed: the least where several feeds read a partition.
func (a *Assignment) Positions() map[TP]int64 {
	out := make(map[TP]int64, len(a.Feeds))
	for tp, feeds := range a.Feeds {
		for i, f := range feeds {
			if at := f.Position(); i == 0 || at < out[tp] {
				out[tp] = at
			}
		}
	}
	return out
}

// Offsets are Positions as a client takes them.
func (a *Assignment) Offsets() map[string]map[int32]kgo.Offset {
	out := map[string]map[int32]kgo.Offset{}
	for tp, at := range a.Positions() {
		if out[tp.Topic] == nil {
			out[tp.Topic] = map[int32]kgo.Offset{}
		}
		out[tp.Topic][tp.Partition] = kgo.NewOffset().At(at)
	}
	return out
}

// Changed says whether anything is to be committed: records were processed, or there is something to write.
func (a *Assignment) Changed() bool {
	return slices.ContainsFunc(a.Tasks, func(t *Task) bool { return t.Moved() || len(t.Out.Records)+len(t.Told.Records) > 0 })
}

// Results counts the records of the interval that are rows of the query's result, and their bytes.
func (a *Assignment) Results() (rows, bytes int64) {
	for _, t := range a.Tasks {
		if task.IsRepartition(t.Stage.End) {
			continue
		}
		topic := t.Out.Topics[0]
		for i := range t.Out.Records {
			if r := &t.Out.Records[i]; r.Topic == topic {
				rows, bytes = rows+1, bytes+int64(len(r.Key)+len(r.Value))
			}
		}
	}
	return rows, bytes
}

// Begins is where a feed of a new query begins, where that is given by its offset. A table that is joined is read whole all the same.
func (a *Assignment) Begins(f *Feed) (at int64, given bool) {
	if f.Repartitioned() || a.Topology.ReadsWhole(f.Task.Stage.Inputs[f.Input]) {
		return 0, false
	}
	at, given = a.Begin[f.TP.Topic][f.TP.Partition]
	return at, given
}

// FromStart says whether a feed of a new query begins with the first record.
func (a *Assignment) FromStart(f *Feed) bool {
	return a.Earliest || a.Topology.ReadsWhole(f.Task.Stage.Inputs[f.Input])
}

// InputTopics are the topics that the stages read, each once.
func (a *Assignment) InputTopics() []string {
	var out []string
	for _, s := range a.Topology.Stages {
		for i := range s.Inputs {
			if topic := s.Topic(i, a.Env); !slices.Contains(out, topic) {
				out = append(out, topic)
			}
		}
	}
	return out
}

// Outputs are the rows of all tasks, then their announcements.
func (a *Assignment) Outputs() []*task.Output {
	tasks := make([]*task.Task, len(a.Tasks))
	for i, t := range a.Tasks {
		tasks[i] = t.Task
	}
	return task.Outputs(tasks)
}
