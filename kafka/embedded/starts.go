package embedded

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// starts are the partitions whose first records a compaction has taken. With Kafka such a partition begins where it did, and whoever reads before
// the first record that is left gets that one; kfake has it begin with that record, and sends clients away that stand before it.
type starts struct {
	mu      sync.RWMutex
	by      map[topicPartition]beginning
	names   map[[16]byte]string // of the topics in it
	guarded bool                // fetches are looked at
}

type beginning struct {
	at    int64 // where it begins
	first int64 // the first record that is left
}

func (s *starts) of(topic string, partition int32) (beginning, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out, ok := s.by[topicPartition{topic, partition}]
	return out, ok
}

// begins is where a partition begins that does so for kfake at an offset.
func (s *starts) begins(topic string, partition int32, offset int64) int64 {
	if st, ok := s.of(topic, partition); ok && st.first == offset {
		return st.at
	}
	return offset
}

func (s *starts) set(topic string, id [16]byte, partition int32, st beginning) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := topicPartition{topic, partition}
	if st.at >= st.first {
		delete(s.by, p)
		return
	}
	if s.by == nil {
		s.by, s.names = map[topicPartition]beginning{}, map[[16]byte]string{}
	}
	s.by[p], s.names[id] = st, topic
}

// raise has a partition begin later, where it does not so already.
func (s *starts) raise(topic string, partition int32, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := topicPartition{topic, partition}
	if st, ok := s.by[p]; ok && at > st.at {
		st.at = min(at, st.first)
		s.by[p] = st
	}
}

// gone is for topics that are deleted: others of their names begin anew.
func (s *starts) gone(req *kmsg.DeleteTopicsRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := slices.Clone(req.TopicNames)
	for _, t := range req.Topics {
		if t.Topic != nil {
			names = append(names, *t.Topic)
		} else if name, ok := s.names[t.TopicID]; ok {
			names = append(names, name)
		}
	}
	maps.DeleteFunc(s.by, func(p topicPartition, _ beginning) bool { return slices.Contains(names, p.topic) })
	maps.DeleteFunc(s.names, func(_ [16]byte, topic string) bool { return slices.Contains(names, topic) })
}

// listed puts the beginnings right in an answer to a request for them.
func (s *starts) listed(req *kmsg.ListOffsetsRequest) completion {
	const earliest, earliestLocal = -2, -4
	asked := map[topicPartition]beginning{}
	for _, t := range req.Topics {
		for _, p := range t.Partitions {
			if st, ok := s.of(t.Topic, p.Partition); ok && (p.Timestamp == earliest || p.Timestamp == earliestLocal) {
				asked[topicPartition{t.Topic, p.Partition}] = st
			}
		}
	}
	if len(asked) == 0 {
		return nil
	}
	return func(r kmsg.Response) {
		for _, t := range r.(*kmsg.ListOffsetsResponse).Topics {
			for i := range t.Partitions {
				p := &t.Partitions[i]
				if st, ok := asked[topicPartition{t.Topic, p.Partition}]; ok && p.ErrorCode == 0 && p.Offset == st.first {
					p.Offset = st.at
				}
			}
		}
	}
}

// fetched has a fetch begin with the first record that is left.
func (s *starts) fetched(req *kmsg.FetchRequest) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, t := range req.Topics {
		topic := t.Topic
		if topic == "" {
			topic = s.names[t.TopicID]
		}
		for i := range t.Partitions {
			p := &t.Partitions[i]
			if st, ok := s.by[topicPartition{topic, p.Partition}]; ok && p.FetchOffset >= st.at {
				p.FetchOffset = max(p.FetchOffset, st.first)
			}
		}
	}
}

// guardFetches looks at fetches from now on. Where no compaction has taken anything, nothing stands in their way.
func (b *Broker) guardFetches() {
	b.starts.mu.Lock()
	before := b.starts.guarded
	b.starts.guarded = true
	b.starts.mu.Unlock()
	if !before {
		b.control(kmsg.Fetch, func(r kmsg.Request) kmsg.Response {
			b.starts.fetched(r.(*kmsg.FetchRequest))
			return nil
		})
	}
}

// compactedTo notes what a compaction has left of a partition that began at an offset.
func (b *Broker) compactedTo(topic string, partition int32, before int64) {
	now := b.cluster.PartitionInfo(topic, partition)
	info := b.cluster.TopicInfo(topic)
	if now == nil || info == nil {
		return
	}
	b.starts.set(topic, info.TopicID, partition, beginning{before, now.LogStartOffset})
	if now.LogStartOffset > before {
		b.guardFetches()
	}
}

// beginWhereItDid has partitions begin where they did before the broker was stopped or killed: kfake brings deleted records back after a kill, and
// knows nothing of those that a compaction has taken.
func (b *Broker) beginWhereItDid(ctx context.Context, known map[partitionKey]reach) error {
	now, err := b.reaches(ctx)
	if err != nil {
		return err
	}
	for _, r := range now {
		was, ok := known[r.key()]
		if !ok || was.Start == r.Start {
			continue
		}
		if was.Start > r.Start {
			if to := min(was.Start, r.End-1); to > r.Start {
				if err := b.cluster.DeleteRecords(r.Topic, r.Partition, to); err != nil {
					return err
				}
			}
			continue
		}
		if info := b.cluster.TopicInfo(r.Topic); info != nil && strings.Contains(b.answers.topics.value("cleanup.policy", info.Configs), "compact") {
			b.starts.set(r.Topic, info.TopicID, r.Partition, beginning{was.Start, r.Start})
			b.guardFetches()
		}
	}
	return nil
}
