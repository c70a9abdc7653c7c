package task

import (
	"math"
	"slices"

	"weir/types"
)

// idling is by how much each of what feeds a task has gone on because it was idle: its upstream tasks, or its inputs where
// the stage reads sources alone. The task's own stream time goes on by the least of them.
type idling struct {
	went []int64 // since it last moved; never where nobody waits for it
	told []int64 // the latest stream time that an upstream task has announced
}

const never = math.MaxInt64

func newIdling(inputs []*input, upstream int) idling {
	n := max(upstream, len(inputs))
	i := idling{went: make([]int64, n), told: slices.Repeat([]int64{types.NoTime}, n)}
	streams := slices.ContainsFunc(inputs, func(in *input) bool { return !in.table })
	for at, in := range inputs {
		to := n
		if at+1 < len(inputs) {
			to = inputs[at+1].feeder()
		}
		for f := in.feeder(); streams && in.table && f < to; f++ {
			i.went[f] = never // a row of a table that a stream is joined with moves no stream time
		}
	}
	return i
}

// feeder is where the input, or the first of the upstream tasks behind it, stands in idling.
func (in *input) feeder() int {
	if in.upstream >= 0 {
		return in.upstream
	}
	return int(in.number)
}

func (i *idling) least() int64 { return slices.Min(i.went) }

// came says that a source has brought something.
func (i *idling) came(in *input) {
	if at := in.feeder(); !in.repartitioned && i.went[at] != never {
		i.went[at] = 0
	}
}

// heard takes what an upstream task says of itself, and gives by how much the task goes on with it.
func (i *idling) heard(from int, a note) (by int64) {
	if from >= len(i.went) || i.went[from] == never {
		return 0
	}
	before := i.least()
	if a.streamTime > i.told[from]+a.idled || a.idled == 0 && !a.atEnd {
		i.went[from] = 0
	}
	i.told[from] = max(i.told[from], a.streamTime)
	i.went[from] += a.idled
	return i.least() - before
}

// Idle lets the stream time of a source go on by so many milliseconds, because nothing comes from it, and hands on what that
// closes. The next Flush tells the tasks behind a repartition.
func (t *Task) Idle(number int, by int64) error {
	in := t.inputs[number]
	from := in.feeder()
	if t.idle.went[from] == never {
		return nil
	}
	before := t.idle.least()
	t.idle.went[from] += by
	goesOn := t.idle.least() - before
	if in.upstream >= 0 {
		if err := t.announceIdle(from, by); err != nil {
			return err
		}
	} else if goesOn > 0 {
		for _, w := range t.windowed {
			if err := w.Idle(goesOn); err != nil {
				return err
			}
		}
	}
	t.goOn(goesOn)
	return nil
}

// goOn lets the stream time go on that the tasks behind the stage are told.
func (t *Task) goOn(by int64) {
	if by > 0 && t.repart != nil {
		t.repart.idle(by)
	}
}

func (t *Task) announceIdle(from int, by int64) error {
	for _, w := range t.windowed {
		if err := w.AnnounceIdle(from, by); err != nil {
			return err
		}
	}
	return nil
}
