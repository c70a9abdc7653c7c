package embedded

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// retentionInterval is Kafka's log.retention.check.interval.ms.
const retentionInterval = 5 * time.Minute

// expire deletes what topics keep no longer: the records at the beginning of a partition that are older than retention.ms, by their own
// times, and the files at its beginning above retention.bytes. kfake's own retention deletes up to the last record that is too old, with
// whatever lies before it, and also the last one: opened again after a kill, a partition without any begins at offset 0.
func (b *Broker) expire(ctx context.Context) error {
	topics, err := b.topicPartitions(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for topic, partitions := range topics {
		keep, ok := b.keeps(topic)
		if !ok {
			continue
		}
		errs = append(errs, b.expireTopic(ctx, topic, partitions, keep, time.Now()))
	}
	return errors.Join(errs...)
}

// keep is what a topic keeps: of a time, and of bytes in a partition; -1 is no bound.
type keep struct{ millis, bytes int64 }

// keeps reads a topic's settings; false if it keeps all.
func (b *Broker) keeps(topic string) (keep, bool) {
	info := b.cluster.TopicInfo(topic)
	if info == nil { // deleted meanwhile
		return keep{}, false
	}
	policy := b.answers.topics.value("cleanup.policy", info.Configs)
	k := keep{number(b.answers.topics.value("retention.ms", info.Configs)), number(b.answers.topics.value("retention.bytes", info.Configs))}
	return k, strings.Contains(policy, "delete") && (k.millis >= 0 || k.bytes >= 0)
}

func number(s string) int64 {
	if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
		return n
	}
	return -1 // of an earlier version, which checked nothing
}

func (b *Broker) expireTopic(ctx context.Context, topic string, partitions int32, k keep, now time.Time) error {
	before := make([]int64, partitions)
	if k.millis >= 0 {
		at, err := b.firstSince(ctx, topic, partitions, now.UnixMilli()-k.millis)
		if err != nil {
			return err
		}
		before = at
	}
	for p, to := range before {
		info := b.cluster.PartitionInfo(topic, int32(p))
		if info == nil {
			continue
		}
		if k.bytes >= 0 {
			at, err := b.firstWithin(topic, int32(p), k.bytes)
			if err != nil {
				return err
			}
			to = max(to, at)
		}
		if to = min(to, info.LastStableOffset, info.HighWatermark-1); to <= info.LogStartOffset {
			continue
		}
		if err := b.trim(topic, info, to); err != nil {
			return err
		}
		b.opts.Logger.Debug("records have expired", "topic", topic, "partition", p, "from", info.LogStartOffset, "to", to)
	}
	return nil
}

// trim deletes the records of a partition before an offset, for good.
func (b *Broker) trim(topic string, p *kfake.PartitionInfo, to int64) error {
	if err := b.noteStart(topic, p, to); err != nil {
		return err
	}
	return b.cluster.DeleteRecords(topic, p.Partition, to)
}

// firstSince gives for each partition the offset before which all records are older than a time.
func (b *Broker) firstSince(ctx context.Context, topic string, partitions int32, millis int64) ([]int64, error) {
	out := make([]int64, partitions)
	var ask []int32
	for p := range out {
		switch info := b.cluster.PartitionInfo(topic, int32(p)); {
		case info == nil || info.LogStartOffset >= info.HighWatermark-1 || info.MaxTimestamp < 0: // a time is not known
		case info.MaxTimestamp < millis:
			out[p] = info.HighWatermark
		default:
			ask = append(ask, int32(p))
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID = -1
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = topic
	for _, p := range ask {
		x := kmsg.NewListOffsetsRequestTopicPartition()
		x.Partition, x.Timestamp = p, max(millis, 0)
		t.Partitions = append(t.Partitions, x)
	}
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(ctx, b.client)
	if err != nil {
		return nil, err
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return nil, err
			}
			if p.Offset >= 0 && int(p.Partition) < len(out) { // else there is one, and kfake does not find it
				out[p.Partition] = p.Offset
			}
		}
	}
	return out, nil
}

// firstWithin is the offset at which a partition's files begin that hold what it keeps; as with Kafka, whole files go.
func (b *Broker) firstWithin(topic string, partition int32, keep int64) (int64, error) {
	segments, err := b.segments(topic, partition)
	if err != nil {
		return 0, err
	}
	excess := -keep
	for _, s := range segments {
		excess += s.size
	}
	to := int64(0)
	for i := range len(segments) - 1 {
		if excess -= segments[i].size; excess < 0 {
			break
		}
		to = segments[i+1].base
	}
	return to, nil
}

type segment struct{ base, size int64 }

// segments are the files of a partition, in order.
func (b *Broker) segments(topic string, partition int32) ([]segment, error) {
	files, err := os.ReadDir(b.partitionDir(topic, partition))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []segment
	for _, f := range files {
		base, isData := strings.CutSuffix(f.Name(), ".dat")
		if n, err := strconv.ParseInt(base, 10, 64); isData && err == nil {
			if info, err := f.Info(); err == nil {
				out = append(out, segment{n, info.Size()})
			}
		}
	}
	slices.SortFunc(out, func(a, b segment) int { return int(min(max(a.base-b.base, -1), 1)) })
	return out, nil
}

// partitionDir is where kfake keeps a partition.
func (b *Broker) partitionDir(topic string, partition int32) string {
	return filepath.Join(b.opts.DataDir, "partitions", url.PathEscape(topic)+"-"+strconv.Itoa(int(partition)))
}

// topicPartitions are all topics, with the numbers of their partitions.
func (b *Broker) topicPartitions(ctx context.Context) (map[string]int32, error) {
	req := kmsg.NewPtrMetadataRequest()
	resp, err := req.RequestWith(ctx, b.client)
	if err != nil {
		return nil, err
	}
	out := map[string]int32{}
	for _, t := range resp.Topics {
		if t.Topic != nil {
			out[*t.Topic] = int32(len(t.Partitions))
		}
	}
	return out, nil
}

// watchRetention expires records every now and then until the broker stops.
func (b *Broker) watchRetention() {
	tick := time.NewTicker(b.opts.RetentionInterval)
	defer tick.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-tick.C:
		}
		ctx, cancel := b.untilStop()
		if err := b.expire(ctx); err != nil && ctx.Err() == nil {
			b.opts.Logger.Warn("old records cannot be deleted", "err", err)
		}
		cancel()
	}
}

// untilStop is a context that ends when the broker is closed.
func (b *Broker) untilStop() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-b.stop:
		case <-ctx.Done():
		}
		cancel()
	}()
	return ctx, cancel
}

// inner is a client of the broker's own.
func (b *Broker) inner() (*kgo.Client, error) {
	return kgo.NewClient(append(b.ClientOpts(), kgo.ClientID("weir-broker"))...)
}
