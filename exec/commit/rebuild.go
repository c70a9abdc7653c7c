package commit

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/task"
)

// floor finds out whether the query ran before and lost its state: then it emits nothing until it is where it was.
func (e *Outbox) floor(ctx context.Context) error {
	committed, err := e.opt.Cluster.CommittedOffsets(ctx, e.opt.Group)
	if err != nil {
		return err
	}
	rebuild := map[assignment.TP]int64{}
	for _, topic := range e.tasks.Topology.Sources() {
		for p, at := range committed[topic] {
			rebuild[assignment.TP{Topic: topic, Partition: p}] = at
		}
	}
	if len(rebuild) == 0 {
		return nil
	}
	e.rebuild = rebuild
	e.opt.Log.Warn("the state of a query is missing: it is made anew from the query's source. Streams may repeat the records after the last commit.",
		"query", e.tasks.Query())
	return nil
}

// suppress says whether what a task put out is not to be emitted, because it was before the state was lost.
func (e *Outbox) suppress(t *assignment.Task) bool {
	return e.rebuild != nil && !task.IsRepartition(t.Stage.End)
}

// rebuilt ends a rebuild once the sources are read to the floor and nothing is on its way between the stages. Nothing from
// behind the floor is processed before: what comes of that has to be emitted.
func (e *Outbox) rebuilt() {
	rebuild := e.rebuild
	if rebuild == nil {
		return
	}
	for _, t := range e.tasks.Tasks {
		for _, f := range t.Feeds {
			if floor, ok := rebuild[f.TP]; ok && f.Position() < floor && f.Position() < f.High {
				return
			}
			if f.Repartitioned() && f.Position() < f.High {
				return
			}
		}
		if task.IsRepartition(t.Stage.End) && len(t.Out.Records)+len(t.Told.Records) > 0 {
			return
		}
	}
	e.rebuild = nil
	again := map[string]map[int32]kgo.EpochOffset{}
	for tp, feeds := range e.tasks.Feeds {
		for _, f := range feeds {
			f.Until = 0
		}
		if _, held := rebuild[tp]; held {
			if again[tp.Topic] == nil {
				again[tp.Topic] = map[int32]kgo.EpochOffset{}
			}
			again[tp.Topic][tp.Partition] = kgo.EpochOffset{Epoch: -1, Offset: e.tasks.Positions()[tp]}
		}
	}
	e.kgo.SetOffsets(again) // what came from behind the floor was passed over
	e.opt.Log.Info("the state of a query is complete again", "query", e.tasks.Query())
}
