package embedded

import (
	"context"
	"encoding/json"
	"path/filepath"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"weir/disk"
)

// endsInterval is how often what topics hold is put on disk, and it is written down how far they reach. After a power loss or damage that tells what
// is missing at their ends.
const endsInterval = time.Second

const endsFile = "ends"

// endsTurn is the size from which on the file is written anew.
const endsTurn = 1 << 20

// reach is how far a partition reached: from the first offset that is kept to the one behind the last.
type reach struct {
	ID        string `json:"i"` // of the topic, as kfake writes it
	Topic     string `json:"t"`
	Partition int32  `json:"p"`
	Start     int64  `json:"s"`
	End       int64  `json:"e"`
}

type partitionKey struct {
	id        string
	partition int32
}

func (r reach) key() partitionKey { return partitionKey{r.ID, r.Partition} }

// readEnds gives the last entry of each partition, and what of the file can't be read.
func readEnds(dir string) (map[partitionKey]reach, []span, error) {
	bodies, bad, err := readFrames(filepath.Join(dir, endsFile))
	out := map[partitionKey]reach{}
	for _, b := range bodies {
		var r reach
		if json.Unmarshal(b, &r) == nil {
			out[r.key()] = r
		}
	}
	return out, bad, err
}

// ends writes down how far partitions reach.
type ends struct {
	mu    sync.Mutex
	dir   string
	known map[partitionKey]reach
	size  int
}

// note writes down what has changed, and with all, everything. It is on disk when note returns.
func (e *ends) note(now []reach, all bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []byte
	all = all || e.size > endsTurn
	known := make(map[partitionKey]reach, len(now))
	for _, r := range now {
		// What is being deleted just now may still have been there.
		r.Start = max(r.Start, e.known[r.key()].Start)
		known[r.key()] = r
		if !all && e.known[r.key()] == r {
			continue
		}
		body, err := json.Marshal(r)
		if err != nil {
			return err
		}
		out = appendFrame(out, body)
	}
	path := filepath.Join(e.dir, endsFile)
	switch {
	case all:
		if err := disk.Replace(path, out); err != nil {
			return err
		}
		e.size = 0
	case len(out) == 0:
		return nil
	default:
		if err := disk.Append(path, out); err != nil {
			return err
		}
	}
	e.size += len(out)
	e.known = known
	return nil
}

// begins writes down where a partition begins from now on, before it does: after a kill kfake knows it by whole batches only, or files.
func (e *ends) begins(r reach) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	was, there := e.known[r.key()]
	if there && was.Start >= r.Start {
		return nil
	}
	r.End = was.End // what is behind it may not be on disk
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	out := appendFrame(nil, body)
	if err := disk.Append(filepath.Join(e.dir, endsFile), out); err != nil {
		return err
	}
	e.size += len(out)
	if e.known == nil {
		e.known = map[partitionKey]reach{}
	}
	e.known[r.key()] = r
	return nil
}

// noteStart writes down where a partition begins.
func (b *Broker) noteStart(topic string, p *kfake.PartitionInfo, start int64) error {
	info := b.cluster.TopicInfo(topic)
	if info == nil {
		return nil
	}
	r := reachOf(topic, info, p)
	r.Start = start
	return b.ends.begins(r)
}

// reaches are how far all partitions reach now.
func (b *Broker) reaches(ctx context.Context) ([]reach, error) {
	topics, err := b.topicPartitions(ctx)
	if err != nil {
		return nil, err
	}
	var out []reach
	for topic := range topics {
		info := b.cluster.TopicInfo(topic)
		if info == nil { // deleted meanwhile
			continue
		}
		for _, p := range b.cluster.PartitionInfos(topic) {
			r := reachOf(topic, info, p)
			r.Start = b.starts.begins(topic, p.Partition, p.LogStartOffset)
			out = append(out, r)
		}
	}
	return out, nil
}

func reachOf(topic string, info *kfake.TopicInfo, p *kfake.PartitionInfo) reach {
	return reach{idText(info.TopicID), topic, p.Partition, p.LogStartOffset, p.HighWatermark}
}

// noteEnds has on disk what there is, and then how far it reaches.
func (b *Broker) noteEnds(ctx context.Context, now []reach, all bool) error {
	if err := b.Durable(ctx, endsOf(now)); err != nil {
		return err
	}
	return b.ends.note(now, all)
}

func endsOf(now []reach) map[string]map[int32]int64 {
	out := map[string]map[int32]int64{}
	for _, r := range now {
		if out[r.Topic] == nil {
			out[r.Topic] = map[int32]int64{}
		}
		out[r.Topic][r.Partition] = r.End
	}
	return out
}

func (b *Broker) watchEnds() {
	tick := time.NewTicker(endsInterval)
	defer tick.Stop()
	failed := false
	for {
		select {
		case <-b.stop:
			return
		case <-tick.C:
		}
		ctx, cancel := b.untilStop()
		now, err := b.reaches(ctx)
		if err == nil {
			err = b.noteEnds(ctx, now, false)
		}
		if err != nil && ctx.Err() == nil && !failed { // once, not every second
			b.opts.Logger.Warn("how far partitions reach cannot be written down: after a power loss nobody can tell what is missing", "err", err)
		}
		failed = err != nil
		cancel()
	}
}
