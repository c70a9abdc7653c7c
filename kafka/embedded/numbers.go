package embedded

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"weir/disk"
)

// numbersFile has the last number that each producer of this process had written to a partition when that was compacted. Queries find out by the
// numbers in the heads of their batches how much of an outbox has arrived; Kafka's compaction leaves the last batch of each producer for
// that, and kfake's doesn't.
const numbersFile = "numbers"

// mostNumbers is how many producers of a partition are kept, the last ones: the outbox that may be asked for is of the last session of a query.
const mostNumbers = 1000

// lastNumber is the last one of a producer in a partition.
type lastNumber struct {
	ID        string `json:"i"` // of the topic, as kfake writes it
	Partition int32  `json:"p"`
	Producer  int64  `json:"w"`
	Epoch     int16  `json:"e"`
	Sequence  int32  `json:"n"`
	Offset    int64  `json:"o"` // of that record
}

type numbers struct {
	mu  sync.Mutex
	dir string
	all []lastNumber
}

func (n *numbers) read(dir string) error {
	bodies, _, err := readFrames(filepath.Join(dir, numbersFile))
	n.dir = dir
	for _, b := range bodies {
		var x lastNumber
		if json.Unmarshal(b, &x) == nil {
			n.all = append(n.all, x)
		}
	}
	return err
}

// add writes down the numbers of a partition. Those that were there before count where a compaction has taken their batches.
func (n *numbers) add(id string, partition int32, found map[lastNumber]lastNumber) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all, here []lastNumber
	for _, x := range n.all {
		if x.ID != id || x.Partition != partition {
			all = append(all, x)
		} else if have, ok := found[x.key()]; !ok || have.Offset < x.Offset {
			found[x.key()] = x
		}
	}
	for _, x := range found {
		here = append(here, x)
	}
	if len(here) == 0 {
		return nil
	}
	slices.SortFunc(here, func(a, b lastNumber) int { return cmp.Compare(b.Offset, a.Offset) })
	all = append(all, here[:min(len(here), mostNumbers)]...)
	var out []byte
	for _, x := range all {
		body, err := json.Marshal(x)
		if err != nil {
			return err
		}
		out = appendFrame(out, body)
	}
	if err := disk.Replace(filepath.Join(n.dir, numbersFile), out); err != nil {
		return err
	}
	n.all = all
	return nil
}

// forget drops those of topics that are gone.
func (n *numbers) forget(there map[string]bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = slices.DeleteFunc(n.all, func(x lastNumber) bool { return !there[x.ID] })
}

// key is a number without what it is.
func (x lastNumber) key() lastNumber {
	return lastNumber{ID: x.ID, Partition: x.Partition, Producer: x.Producer, Epoch: x.Epoch}
}

// Compacted is the number of the last record that a producer had written to a partition when that was last compacted, and its offset.
func (b *Broker) Compacted(topic string, partition int32, producer int64, epoch int16) (sequence int32, offset int64, ok bool) {
	info := b.cluster.TopicInfo(topic)
	if info == nil {
		return 0, 0, false
	}
	b.numbers.mu.Lock()
	defer b.numbers.mu.Unlock()
	want := lastNumber{ID: idText(info.TopicID), Partition: partition, Producer: producer, Epoch: epoch}
	for _, x := range b.numbers.all {
		if x.key() == want {
			return x.Sequence, x.Offset, true
		}
	}
	return 0, 0, false
}

// noteNumbers looks at the heads of a partition's batches for producers that may be queries of this process, and writes down their last numbers.
func (b *Broker) noteNumbers(topic string, partition int32) error {
	info := b.cluster.TopicInfo(topic)
	if info == nil {
		return fmt.Errorf("topic %s is gone", topic)
	}
	segments, err := b.segments(topic, partition)
	if err != nil {
		return err
	}
	found := map[lastNumber]lastNumber{}
	for _, s := range segments {
		err := eachHead(filepath.Join(b.partitionDir(topic, partition), fmt.Sprintf("%d.dat", s.base)), func(head []byte) error {
			const transactional = 0x10
			producer, attributes := int64(binary.BigEndian.Uint64(head[43:])), binary.BigEndian.Uint16(head[21:])
			if producer < 0 || attributes&transactional != 0 || b.answers.producers.outside(producer) {
				return nil
			}
			x := numberOf(head)
			x.ID, x.Partition = idText(info.TopicID), partition
			key := x.key()
			if found[key].Offset <= x.Offset {
				found[key] = x
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return b.numbers.add(idText(info.TopicID), partition, found)
}

// numberOf is that of the last record of a batch.
func numberOf(head []byte) lastNumber {
	more := binary.BigEndian.Uint32(head[23:])
	return lastNumber{Producer: int64(binary.BigEndian.Uint64(head[43:])), Epoch: int16(binary.BigEndian.Uint16(head[51:])),
		Sequence: int32((binary.BigEndian.Uint32(head[53:]) + more) & (1<<31 - 1)), Offset: int64(binary.BigEndian.Uint64(head)) + int64(more)}
}
