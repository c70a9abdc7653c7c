package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
	"weir/parser/ast"
)

// insertJournal is where the database remembers the INSERTs of scripts: a name that no query has.
const insertJournal = "(inserts)"

// journaled is an INSERT of a script: about to be written from an offset on, or there.
type journaled struct {
	Done      bool   `json:"done"`
	Partition int32  `json:"partition"`
	From      int64  `json:"from"` // the record can't lie before it
	Time      int64  `json:"time"` // of the record, in milliseconds
	Key       []byte `json:"key"`
	Value     []byte `json:"value"`
}

// insertOnce writes the records of an INSERT INTO ... VALUES that an earlier run of the script did not write. What tells one INSERT
// from another is the script, the topic itself, the text, and how often the text stood in the script before.
func (e *Engine) insertOnce(ctx context.Context, s *Session, n *ast.InsertValues, topic kafka.Topic, recs []*kgo.Record) (Result, error) {
	text := ast.Format(n)
	if s.inserted == nil {
		s.inserted = map[string]int{}
	}
	s.inserted[text]++
	done := &Done{Warning: "unchanged", Sequence: -1}
	for i, rec := range recs {
		name := fmt.Appendf(nil, "%s\x00%x\x00%s\x00%d", s.Script, topic.ID, text, s.inserted[text])
		if i > 0 {
			name = fmt.Appendf(name, "\x00%d", i)
		}
		sum := sha256.Sum256(name)
		wrote, err := e.writeOnce(ctx, hex.EncodeToString(sum[:]), rec)
		if err != nil {
			return nil, err
		}
		if wrote {
			done.Warning = ""
		}
	}
	return done, nil
}

// writeOnce writes the record of a row unless that is there.
func (e *Engine) writeOnce(ctx context.Context, name string, rec *kgo.Record) (wrote bool, err error) {
	there, err := e.insertedBefore(ctx, rec.Topic, name)
	if err != nil || there {
		return false, err
	}
	ends, err := e.opt.Cluster.EndOffsets(ctx, rec.Topic)
	if err != nil {
		return false, err
	}
	j := journaled{Partition: rec.Partition, From: ends[rec.Topic][rec.Partition], Time: rec.Timestamp.UnixMilli(), Key: rec.Key, Value: rec.Value}
	if err := e.journal(name, j); err != nil {
		return false, err
	}
	e.failPoint("insert journaled")
	if err := e.send(ctx, rec); err != nil {
		return false, err
	}
	e.failPoint("insert written")
	return true, e.journal(name, journaled{Done: true})
}

func (e *Engine) journal(name string, j journaled) error {
	blob, err := json.Marshal(j)
	if err != nil {
		return err
	}
	return e.state.SetMeta(insertJournal, name, blob)
}

// insertedBefore says whether the row is in its topic. If the process died while it was written, the topic tells.
func (e *Engine) insertedBefore(ctx context.Context, topic, name string) (bool, error) {
	blob, err := e.state.Meta(insertJournal, name)
	if err != nil || blob == nil {
		return false, err
	}
	var j journaled
	if err := json.Unmarshal(blob, &j); err != nil {
		return false, fmt.Errorf("what is remembered of an INSERT can't be read: %w", err)
	}
	if j.Done {
		return true, nil
	}
	there, err := e.find(ctx, topic, &j)
	if err == nil && there {
		err = e.journal(name, journaled{Done: true})
	}
	return there, err
}

// find looks for the record of an INSERT where it can lie.
func (e *Engine) find(ctx context.Context, topic string, j *journaled) (bool, error) {
	ends, err := e.opt.Cluster.StableOffsets(ctx, topic)
	if err != nil {
		return false, err
	}
	end := ends[topic][j.Partition]
	if end <= j.From {
		return false, nil
	}
	client, err := e.opt.Cluster.NewClient(kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(250*time.Millisecond),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {j.Partition: kgo.NewOffset().At(j.From)}}))
	if err != nil {
		return false, err
	}
	defer kafka.Close(client)
	found := false
	for next := j.From; next < end && !found; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return false, err
		}
		if err := fetches.Err(); err != nil {
			return false, err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			next = r.Offset + 1
			found = found || r.Timestamp.UnixMilli() == j.Time && bytes.Equal(r.Key, j.Key) && bytes.Equal(r.Value, j.Value)
		})
	}
	return found, nil
}
