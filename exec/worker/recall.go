package worker

import "context"

// recall finds out to which time sources have come that had been read to their ends before the session: there is nothing to read any more that
// tells. Those behind them may not have come so far, and would hold windows open until the next row.
func (w *Worker) recall(ctx context.Context) error {
	if w.assigned.AtOnce {
		return nil
	}
	type latest struct{ times, offsets map[int32]int64 }
	asked := map[string]latest{}
	for _, t := range w.assigned.Tasks {
		for _, f := range t.Feeds {
			if f.Looked {
				continue
			}
			f.Looked = true
			if !t.Recalls(f.Input) || f.Saved < 0 {
				continue
			}
			end, err := w.endOf(ctx, f)
			if err != nil {
				return err
			}
			if f.Next < end {
				continue // what is to be read tells
			}
			l, ok := asked[f.TP.Topic]
			if !ok {
				if l.times, l.offsets, err = w.opt.Cluster.LatestTimes(ctx, f.TP.Topic); err != nil { // not every broker tells
					w.opt.Log.Debug("it is not known to which time a topic has been read", "query", w.assigned.Query(), "topic", f.TP.Topic, "error", err)
				}
				asked[f.TP.Topic] = l
			}
			to, known := l.times[f.TP.Partition]
			if !known || l.offsets[f.TP.Partition] >= f.Next { // it has come since
				continue
			}
			if err := t.Recall(f.Input, to); err != nil {
				return err
			}
		}
	}
	return nil
}
