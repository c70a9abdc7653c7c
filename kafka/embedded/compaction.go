package embedded

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Compaction is kfake's, which deletes the files of a partition before it writes new ones, goes over all topics that have cleanup.policy,
// and heeds neither open transactions nor who may still have to find its batches. So kfake knows of no such setting (see topics_file.go), and a topic is
// compacted by giving it one for a moment, in which nothing else is served: its files are linked aside, compacted, and the links are taken
// away once what takes their place is on disk. After a kill in between they are put back. What Kafka's compaction keeps and kfake's doesn't is
// noted: where the partition begins (see starts.go), and the last numbers of producers (see numbers.go).

// compactionInterval is Kafka's log.cleaner.backoff.ms.
const compactionInterval = 15 * time.Second

const (
	leastToCompact = 1 << 20   // below, there is nothing to gain
	mostToCompact  = 256 << 20 // above, it would hold all clients up for seconds, and take as much memory
)

// errOpenTransaction is why a topic is not compacted now.
var errOpenTransaction = errors.New("a transaction is open")

// compactAll compacts the topics that have grown to twice what they were. sizes are those after their last compaction.
func (b *Broker) compactAll(ctx context.Context, sizes map[string]int64) error {
	topics, err := b.topicPartitions(ctx)
	if err != nil {
		return err
	}
	for topic := range sizes {
		if topics[topic] == 0 {
			delete(sizes, topic)
		}
	}
	var errs []error
	for topic := range topics {
		info := b.cluster.TopicInfo(topic)
		if info == nil || !strings.Contains(b.answers.topics.value("cleanup.policy", info.Configs), "compact") ||
			number(b.answers.topics.value("min.compaction.lag.ms", info.Configs)) > 0 { // kfake can't wait
			continue
		}
		size := b.topicSize(topic)
		if size < max(leastToCompact, 2*sizes[topic]) {
			continue
		}
		if size > mostToCompact {
			b.opts.Logger.Warn("a topic is too large to be compacted: it grows on", "topic", topic, "bytes", size, "limit", mostToCompact)
			sizes[topic] = size
			continue
		}
		switch err := b.compact(ctx, topic); {
		case errors.Is(err, errOpenTransaction): // next time
		case err != nil:
			errs = append(errs, fmt.Errorf("topic %s: %w", topic, err))
		default:
			sizes[topic] = b.topicSize(topic)
			b.opts.Logger.Debug("topic compacted", "topic", topic, "from", size, "to", sizes[topic])
		}
	}
	return errors.Join(errs...)
}

func (b *Broker) topicSize(topic string) int64 {
	size := int64(0)
	for _, p := range b.cluster.PartitionInfos(topic) {
		size += p.NumBytes
	}
	return size
}

// compact compacts one topic, at a moment in which no transaction is open in it.
func (b *Broker) compact(ctx context.Context, topic string) (err error) {
	policy := "compact"
	if err := b.alterInside(ctx, topic, kmsg.IncrementalAlterConfigOpSet, &policy); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.alterInside(ctx, topic, kmsg.IncrementalAlterConfigOpDelete, nil)) }()
	giveUp := time.NewTimer(b.opts.momentTimeout)
	defer giveUp.Stop()
	for {
		err := errOpenTransaction
		if !b.openTransaction(topic) {
			err = b.standStill(ctx, topic)
		}
		if !errors.Is(err, errOpenTransaction) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-giveUp.C:
			return err
		case <-time.After(time.Millisecond):
		}
	}
}

// momentTimeout bounds the wait for a moment without transactions. An application that commits ten times a second leaves several.
const momentTimeout = 5 * time.Second

func (b *Broker) openTransaction(topic string) bool {
	return slices.ContainsFunc(b.cluster.PartitionInfos(topic), func(p *kfake.PartitionInfo) bool { return p.LastStableOffset != p.HighWatermark })
}

type compactionJob struct {
	topic  string
	result chan error
}

// standStill has compactNow run while nothing else is served: when kfake comes to a request that asks for what is not there.
func (b *Broker) standStill(ctx context.Context, topic string) error {
	job := &compactionJob{topic, make(chan error, 1)}
	b.compacting.Store(job)
	defer b.compacting.Store(nil)
	req := kmsg.NewPtrDescribeConfigsRequest()
	res := kmsg.NewDescribeConfigsRequestResource()
	res.ResourceType, res.ResourceName = kmsg.ConfigResourceTypeTopic, b.secret
	req.Resources = append(req.Resources, res)
	if _, err := req.RequestWith(ctx, b.client); err != nil {
		return err
	}
	select {
	case err := <-job.result:
		return err
	default:
		return errors.New("the compaction was not carried out")
	}
}

func (b *Broker) stoodStill(r kmsg.Request) kmsg.Response {
	req := r.(*kmsg.DescribeConfigsRequest)
	if job := b.compacting.Load(); job != nil && len(req.Resources) == 1 && req.Resources[0].ResourceName == b.secret {
		b.compacting.Store(nil) // the client may ask again
		job.result <- b.compactNow(job.topic)
	}
	return nil
}

// alterInside changes the setting that kfake heeds.
func (b *Broker) alterInside(ctx context.Context, topic string, op kmsg.IncrementalAlterConfigOp, value *string) error {
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	res := kmsg.NewIncrementalAlterConfigsRequestResource()
	res.ResourceType, res.ResourceName = kmsg.ConfigResourceTypeTopic, topic
	c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	c.Name, c.Op, c.Value = b.secret+"cleanup.policy", op, value
	res.Configs = append(res.Configs, c)
	req.Resources = append(req.Resources, res)
	resp, err := req.RequestWith(ctx, b.client)
	if err != nil {
		return err
	}
	for _, r := range resp.Resources {
		if err := kerr.ErrorForCode(r.ErrorCode); err != nil {
			return err
		}
	}
	return nil
}

// fromInside recognizes a change of alterInside.
func (b *Broker) fromInside(r kmsg.Request) bool {
	req, ok := r.(*kmsg.IncrementalAlterConfigsRequest)
	if !ok || len(req.Resources) != 1 || len(req.Resources[0].Configs) != 1 {
		return false
	}
	c := &req.Resources[0].Configs[0]
	name, ok := strings.CutPrefix(c.Name, b.secret)
	c.Name = name
	return ok
}

func (b *Broker) compactNow(topic string) error {
	if b.openTransaction(topic) {
		return errOpenTransaction
	}
	partitions := b.cluster.PartitionInfos(topic)
	begin := make([]int64, len(partitions))
	var dirs []string
	for i, p := range partitions {
		begin[i] = b.starts.begins(topic, p.Partition, p.LogStartOffset)
		if err := errors.Join(b.noteStart(topic, p, begin[i]), b.noteNumbers(topic, p.Partition)); err != nil {
			return err
		}
		dirs = append(dirs, b.partitionDir(topic, p.Partition))
	}
	if err := setAside(b.opts.DataDir, dirs); err != nil {
		return err
	}
	b.opts.failPoint("aside")
	b.cluster.Compact()
	b.opts.failPoint("compacted")
	for i, p := range partitions {
		b.compactedTo(topic, p.Partition, begin[i])
		if err := errors.Join(b.intact(topic, p.Partition, p.HighWatermark), b.syncAll(topic, p.Partition)); err != nil {
			return errors.Join(err, keepAside(b.opts.DataDir, topic))
		}
	}
	return dropAside(b.opts.DataDir)
}

// intact says whether the files of a partition hold what kfake believes that they do.
func (b *Broker) intact(topic string, partition int32, end int64) error {
	segments, err := b.segments(topic, partition)
	if err != nil {
		return err
	}
	size := int64(0)
	for _, s := range segments {
		size += s.size
	}
	if p := b.cluster.PartitionInfo(topic, partition); p.HighWatermark != end || p.NumBytes != size {
		return fmt.Errorf("partition %d has %d bytes in its files after its compaction, and %d were written", partition, size, p.NumBytes)
	}
	return nil
}

// eachHead gives the heads of the batches of a file.
func eachHead(path string, each func([]byte) error) error {
	const size = 61
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<16)
	head := make([]byte, size)
	for {
		if _, err := io.ReadFull(in, head); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return err
		}
		if err := each(head); err != nil {
			return err
		}
		if _, err := in.Discard(12 + int(binary.BigEndian.Uint32(head[8:])) - size); err != nil {
			return nil // the last one is not whole
		}
	}
}

// watchCompaction compacts every now and then until the broker stops.
func (b *Broker) watchCompaction() {
	tick := time.NewTicker(b.opts.compactionInterval)
	defer tick.Stop()
	sizes := map[string]int64{}
	for {
		select {
		case <-b.stop:
			return
		case <-tick.C:
		}
		ctx, cancel := b.untilStop()
		if err := b.compactAll(ctx, sizes); err != nil && ctx.Err() == nil {
			b.opts.Logger.Warn("topics cannot be compacted", "err", err)
		}
		cancel()
	}
}
