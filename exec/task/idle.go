package task

import (
	"slices"

	"weir/types"
)

// idling is by how much each of what feeds a task has gone on because it was idle: its upstream tasks, or its inputs where
// the stage reads sources alone. The task's own stream time goes on by the least of them.
type idling struct {
	went []int64 // since it last moved; never where nobody waits for it
	told []int64 // the latest stream time that an upstream task has announced
}

func newIdling(inputs []*input, feeders []feeder) idling {
	i := idling{went: make([]int64, len(feeders)), told: slices.Repeat([]int64{types.NoTime}, len(feeders))}
	for f := range feeders {
		if feeders[f].free {
			i.went[f] = never
		}
	}
	return i
}

func (i *idling) least() int64 { return slices.Min(i.went) }

// came says that a source has brought something.
func (i *idling) came(in *input) {
	if at := in.feeder; !in.repartitioned && i.went[at] != never {
		i.went[at] = 0
	}
}

// heard takes what an upstream task says of itself, and gives by how much the task goes on with it. The upstream task has moved where its bound
// has, by more than it idled, and where it is at its end no longer; that it has caught up with something, or puts its rows in order up to
// another place, is no reason to begin anew.
func (i *idling) heard(from int, a note, wasAtEnd bool) (by int64) {
	if from >= len(i.went) || i.went[from] == never {
		return 0
	}
	before := i.least()
	if a.bound > i.told[from]+a.idled || a.idled == 0 && wasAtEnd && !a.atEnd {
		i.went[from] = 0
	}
	i.told[from] = max(i.told[from], a.bound)
	i.went[from] += a.idled
	return i.least() - before
}

// Idle lets the stream time of a source go on by so many milliseconds, because nothing comes from it, and hands on what that
// closes. The next Flush tells the tasks behind a repartition.
func (t *Task) Idle(number int, by int64) error {
	in := t.inputs[number]
	from := in.feeder
	if t.idle.went[from] == never {
		return nil
	}
	before := t.idle.least()
	t.idle.went[from] += by
	t.feeders[from].goOn(by)
	return t.advance(t.idle.least() - before)
}

// goOn lets a bound go on, where one is known.
func (f *feeder) goOn(by int64) {
	if f.bound != types.NoTime {
		f.bound += by
	}
}
