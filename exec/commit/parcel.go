package commit

import (
	"encoding/binary"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/state"
	"weir/exec/task"
)

// parcel is what one commit has to bring: a batch, and the outbox in it.
type parcel struct {
	batch   *state.Batch
	blob    []byte // the outbox as it is stored: which partition of tps, timestamp, key, value, per record
	tps     []assignment.TP
	topic   string           // of index
	index   []int            // number of a partition of topic in tps, plus 1
	others  map[string][]int // indexes of other topics
	recs    [][]kgo.Record   // per task
	release []func()
	offsets map[assignment.TP]int64 // of the inputs
	count   Counting                // nil where it brings what another left
	leftOut []string                // topics of records that are not in it any more
}

// owed is what is to be counted when a parcel that is in the database has arrived.
type owed struct {
	count   Counting
	leftOut []string
}

// owe takes in that a parcel is in the database.
func (e *Outbox) owe(p *parcel) {
	if p.count != nil {
		e.owed = &owed{count: p.count}
	}
	if e.owed != nil {
		e.owed.leftOut = append(e.owed.leftOut, p.leftOut...)
	}
}

// pay counts what has arrived.
func (e *Outbox) pay() {
	if e.owed != nil {
		e.owed.count(e.owed.leftOut, e.ends)
	}
	e.owed = nil
}

// add takes an output into the parcel.
func (p *parcel) add(out *task.Output) {
	if len(out.Records) == 0 {
		return
	}
	full := out.Take()
	p.recs = append(p.recs, full.Records)
	p.release = append(p.release, func() { out.Release(full) })
	p.blob = slices.Grow(p.blob, full.Bytes+16*len(full.Records))
	for i := range full.Records {
		p.append(&full.Records[i])
	}
}

func (p *parcel) append(r *kgo.Record) {
	p.blob = binary.AppendUvarint(p.blob, uint64(p.place(r.Topic, r.Partition)))
	p.blob = binary.AppendVarint(p.blob, r.Timestamp.UnixMilli())
	p.blob = appendNullable(appendNullable(p.blob, r.Key), r.Value)
	p.blob = binary.AppendUvarint(p.blob, uint64(len(r.Headers)))
	for _, h := range r.Headers {
		p.blob = appendNullable(appendNullable(p.blob, []byte(h.Key)), h.Value)
	}
}

// place numbers the output partitions of the parcel. Records of one topic come together.
func (p *parcel) place(topic string, part int32) int {
	if topic != p.topic {
		if p.others == nil {
			p.others = map[string][]int{}
		}
		p.others[p.topic] = p.index
		p.topic, p.index = topic, p.others[topic]
	}
	for int(part) >= len(p.index) {
		p.index = append(p.index, 0)
	}
	if p.index[part] == 0 {
		p.tps = append(p.tps, assignment.TP{Topic: topic, Partition: part})
		p.index[part] = len(p.tps)
	}
	return p.index[part] - 1
}
