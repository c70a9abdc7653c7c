package commit

import (
	"encoding/binary"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/task"
	"weir/types"
)

// place is where the records of an outbox begin in a partition: the first offset at which they can lie, and the number of
// the first one among all that the producer wrote there.
type place struct{ offset, number int64 }

// address is what is stored beside an outbox: the producer that sends it, and where its records lie.
func (e *Outbox) address(tps []assignment.TP) []byte {
	buf := binary.AppendVarint(nil, e.producer.ID)
	buf = binary.AppendVarint(buf, int64(e.producer.Epoch))
	for _, tp := range tps {
		buf = appendBytes(buf, []byte(tp.Topic))
		for _, n := range []int64{int64(tp.Partition), e.ends[tp], e.sent[tp]} {
			buf = binary.AppendVarint(buf, n)
		}
	}
	return buf
}

// decoded is an outbox as it was stored.
type decoded struct {
	producer producerID
	first    map[assignment.TP]place
	recs     []kgo.Record
}

func decodeOutbox(address, blob []byte) (*decoded, error) {
	c := &cursor{src: address}
	o := &decoded{producer: producerID{c.varint(), int16(c.varint())}, first: map[assignment.TP]place{}}
	var tps []assignment.TP
	for len(c.src) > 0 && !c.bad {
		tp := assignment.TP{Topic: string(c.take(c.uvarint())), Partition: int32(c.varint())}
		o.first[tp] = place{c.varint(), c.varint()}
		tps = append(tps, tp)
	}
	if c.bad {
		return nil, types.ErrCorrupt
	}
	c.src = blob
	for len(c.src) > 0 && !c.bad {
		i := c.uvarint()
		if i >= uint64(len(tps)) {
			return nil, types.ErrCorrupt
		}
		o.recs = append(o.recs, kgo.Record{Topic: tps[i].Topic, Partition: tps[i].Partition, Timestamp: time.UnixMilli(c.varint()),
			Key: c.nullable(), Value: c.nullable(), Headers: c.headers()})
	}
	if c.bad {
		return nil, types.ErrCorrupt
	}
	return o, nil
}

func appendOffset(dst []byte, id assignment.FeedID, at int64) []byte {
	dst = appendBytes(dst, []byte(id.Topic))
	for _, n := range []int64{int64(id.Partition), int64(id.Stage), int64(id.Input), at} {
		dst = binary.AppendVarint(dst, n)
	}
	return dst
}

func encodePositions(a *assignment.Assignment) []byte {
	return encodeAtLeast(a, nil)
}

// encodeAtLeast lists positions, those that are below a floor as the floor.
func encodeAtLeast(a *assignment.Assignment, floor map[assignment.TP]int64) []byte {
	var offsets []byte
	for _, t := range a.Tasks {
		for _, f := range t.Feeds {
			offsets = appendOffset(offsets, f.ID(), max(f.Position(), floor[f.TP]))
		}
	}
	return offsets
}

// encodePaths lists the times that belong to the positions.
func encodePaths(a *assignment.Assignment) []byte {
	var out []byte
	for _, t := range a.Tasks {
		for _, f := range t.Feeds {
			if at := t.Path(f.Input); at != task.NoTime {
				out = appendOffset(out, f.ID(), at)
			}
		}
	}
	return out
}

// decodePaths puts the times to the positions. There are none from earlier versions.
func decodePaths(blob []byte, positions map[assignment.FeedID]stored) error {
	c := &cursor{src: blob}
	for len(c.src) > 0 {
		id := assignment.FeedID{Topic: string(c.take(c.uvarint())), Partition: int32(c.varint()), Stage: int(c.varint()), Input: int(c.varint())}
		at := c.varint()
		if s, ok := positions[id]; ok {
			s.path = at
			positions[id] = s
		}
	}
	if c.bad {
		return types.ErrCorrupt
	}
	return nil
}

// A note lies beside an outbox: its address, and the positions that the query had when it was written.
func encodeNote(address, positions, topics []byte) []byte {
	return appendBytes(appendBytes(appendBytes(nil, address), positions), topics)
}

func decodeNote(note []byte) (address, places []byte, positions map[assignment.FeedID]stored, err error) {
	c := &cursor{src: note}
	address, places = c.take(c.uvarint()), c.take(c.uvarint())
	topics := c.take(c.uvarint())
	if c.bad {
		return nil, nil, nil, types.ErrCorrupt
	}
	positions, err = decodePositions(places, topics)
	return address, places, positions, err
}

// encodeTopics is which topics positions are of: one that is made anew under the same name is another one.
func encodeTopics(a *assignment.Assignment) []byte {
	var out []byte
	for _, topic := range a.InputTopics() {
		id := a.Topics[topic].ID
		out = append(appendBytes(out, []byte(topic)), id[:]...)
	}
	return out
}

func decodePositions(offsets, topics []byte) (map[assignment.FeedID]stored, error) {
	c := &cursor{src: topics}
	ids := map[string][16]byte{}
	for len(c.src) > 0 {
		name := string(c.take(c.uvarint()))
		if id := c.take(16); len(id) == 16 {
			ids[name] = [16]byte(id)
		}
	}
	c.src = offsets
	out := map[assignment.FeedID]stored{}
	for len(c.src) > 0 {
		id := assignment.FeedID{Topic: string(c.take(c.uvarint())), Partition: int32(c.varint()), Stage: int(c.varint()), Input: int(c.varint())}
		out[id] = stored{at: c.varint(), topic: ids[id.Topic], path: task.NoTime, known: true}
	}
	if c.bad {
		return nil, types.ErrCorrupt
	}
	return out, nil
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// appendNullable writes length+1 and the bytes, or 0 for nil.
func appendNullable(dst, b []byte) []byte {
	if b == nil {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(b))+1), b...)
}

// cursor reads what the functions above wrote.
type cursor struct {
	src []byte
	bad bool
}

func (c *cursor) uvarint() uint64 {
	n, used := binary.Uvarint(c.src)
	if used <= 0 {
		c.bad, c.src = true, nil
		return 0
	}
	c.src = c.src[used:]
	return n
}

func (c *cursor) varint() int64 {
	n, used := binary.Varint(c.src)
	if used <= 0 {
		c.bad, c.src = true, nil
		return 0
	}
	c.src = c.src[used:]
	return n
}

func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.src)) {
		c.bad, c.src = true, nil
		return nil
	}
	out := c.src[:n:n]
	c.src = c.src[n:]
	return out
}

func (c *cursor) nullable() []byte {
	n := c.uvarint()
	if n == 0 {
		return nil
	}
	if out := c.take(n - 1); out != nil {
		return out
	}
	return []byte{}
}

func (c *cursor) headers() []kgo.RecordHeader {
	var out []kgo.RecordHeader
	for n := c.uvarint(); n > 0 && !c.bad; n-- {
		out = append(out, kgo.RecordHeader{Key: string(c.nullable()), Value: c.nullable()})
	}
	return out
}
