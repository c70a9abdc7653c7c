package worker

import (
	"cmp"
	"slices"
	"time"

	"weir/exec/assignment"
)

// Wait says that rows of a query, which are put in the order of event time, wait for what may come before them.
type Wait struct {
	Topic      string // from which nothing comes, or of which it is not known how far its writers have come
	Own        bool   // it is a topic between stages of the query
	Partitions []int32
	Since      time.Time // since when no row has gone on
}

// waitShown is from when on a wait is told of: rows always wait for a commit or two of what is upstream.
const waitShown = time.Second

// waiting finds what the tasks wait for; at a commit.
func waiting(tasks []*assignment.Task, now time.Time) []Wait {
	var out []Wait
	for _, t := range tasks {
		if t.Waiting(now) < waitShown {
			continue
		}
		for _, i := range t.Awaited() {
			f := t.Feeds[i]
			at := slices.IndexFunc(out, func(w Wait) bool { return w.Topic == f.TP.Topic })
			if at < 0 {
				at = len(out)
				out = append(out, Wait{Topic: f.TP.Topic, Own: f.Repartitioned(), Since: t.WaitingSince})
			}
			out[at].Partitions = append(out[at].Partitions, f.TP.Partition)
			if t.WaitingSince.Before(out[at].Since) {
				out[at].Since = t.WaitingSince
			}
		}
	}
	for i := range out {
		slices.Sort(out[i].Partitions)
	}
	slices.SortFunc(out, func(a, b Wait) int { return cmp.Compare(a.Topic, b.Topic) })
	return out
}
