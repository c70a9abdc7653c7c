package commit

import (
	"context"
	"time"

	"weir/exec/task"
	"weir/kafka"
)

// tell commits the offsets, as they were before the batch that is on its way, to the query's group about once a second, for lag and as the floor of a rebuild, and trims
// repartition topics of what was consumed.
func (e *Outbox) tell(ctx context.Context) error {
	if time.Since(e.told) < time.Second {
		return nil
	}
	e.told = time.Now()
	offsets := kafka.Offsets{}
	for tp, at := range e.durable {
		offsets.Set(tp.Topic, tp.Partition, at)
	}
	if err := e.opt.Cluster.CommitOffsets(ctx, e.opt.Group, offsets); err != nil {
		return err
	}
	e.opt.FailPoint("told")
	return e.trim(ctx)
}

// trimEvery is how many records a repartition topic collects before they are deleted.
const trimEvery = 100_000

func (e *Outbox) trim(ctx context.Context) error {
	for _, s := range e.tasks.Topology.Stages {
		if !task.IsRepartition(s.End) {
			continue
		}
		topic := s.Output(e.tasks.Env)
		below := map[int32]int64{}
		for tp, at := range e.durable {
			// What an outbox refers to lies at or above the end that was known when it was written.
			if at = min(at, e.reached[tp]); tp.Topic == topic && at-e.trimmed[tp] >= trimEvery {
				below[tp.Partition], e.trimmed[tp] = at, at
			}
		}
		if len(below) > 0 {
			if err := e.opt.Cluster.DeleteRecords(ctx, topic, below); err != nil {
				return err
			}
		}
	}
	return nil
}
