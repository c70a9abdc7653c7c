package commit

import (
	"encoding/binary"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/types"
)

// address is what is stored beside an outbox: the producer that sends it, and the first offset at which its records can
// lie in each partition.
func (e *Outbox) address(tps []assignment.TP) []byte {
	buf := binary.AppendVarint(nil, e.producer.ID)
	buf = binary.AppendVarint(buf, int64(e.producer.Epoch))
	for _, tp := range tps {
		buf = appendBytes(buf, []byte(tp.Topic))
		buf = binary.AppendVarint(buf, int64(tp.Partition))
		buf = binary.AppendVarint(buf, e.ends[tp])
	}
	return buf
}

type decoded struct {
	producer producerID
	first    map[assignment.TP]int64
	recs     []kgo.Record
}

func decodeOutbox(address, blob []byte) (*decoded, error) {
	c := &cursor{src: address}
	o := &decoded{producer: producerID{c.varint(), int16(c.varint())}, first: map[assignment.TP]int64{}}
	var tps []assignment.TP
	for len(c.src) > 0 && !c.bad {
		tp := assignment.TP{Topic: string(c.take(c.uvarint())), Partition: int32(c.varint())}
		o.first[tp] = c.varint()
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

func decodeOffsets(blob []byte) (map[assignment.FeedID]int64, error) {
	c := &cursor{src: blob}
	out := map[assignment.FeedID]int64{}
	for len(c.src) > 0 {
		id := assignment.FeedID{Topic: string(c.take(c.uvarint())), Partition: int32(c.varint()), Stage: int(c.varint()), Input: int(c.varint())}
		out[id] = c.varint()
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
