package worker

import (
	"cmp"
	"slices"
	"time"

	"weir/exec/assignment"
	"weir/exec/task"
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
			for _, f := range roots(tasks, t.Feeds[i], t.WaitingSince.UnixMicro()) {
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
	}
	for i := range out {
		slices.Sort(out[i].Partitions)
		out[i].Partitions = slices.Compact(out[i].Partitions)
	}
	slices.SortFunc(out, func(a, b Wait) int { return cmp.Compare(a.Topic, b.Topic) })
	return out
}

// roots is what is behind a wait for a feed: of a repartition, the topics of other queries from which the tasks before it have not had all that
// there was at a time; the feed itself where there are none.
func roots(tasks []*assignment.Task, f *assignment.Feed, since int64) (out []*assignment.Feed) {
	for _, t := range tasks {
		if !f.Repartitioned() || !task.IsRepartition(t.Stage.End) || t.Stage.To != f.Task.Stage.Index || t.Stage.ToInput != f.Input {
			continue
		}
		for _, up := range t.Feeds {
			switch {
			case up.Repartitioned():
				if far := roots(tasks, up, since); len(far) > 0 && far[0] != up {
					out = append(out, far...)
				}
			case t.Woven(up.Input) && !t.HasAll(up.Input, since):
				out = append(out, up)
			}
		}
	}
	if len(out) == 0 {
		out = append(out, f)
	}
	return out
}
