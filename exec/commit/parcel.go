package commit

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/state"
	"weir/exec/task"
	"weir/kafka"
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
	read    kafka.Offsets           // how far the inputs have been read
	count   Counting                // nil where it brings what another left
	places  []byte                  // up to where in the inputs all has been put out with it
	topics  []byte                  // ids of the topics that places are in
	known   bool                    // the state in the database is as far as that
	leftOut []string                // topics of records that are not in it any more
}

// owed is what is to be counted when a parcel that is in the database has arrived. The database has the mark where it has the parcel: a
// write that failed may have been carried out.
type owed struct {
	mark    []byte
	count   Counting
	leftOut []string
}

// metaMark is where the mark of the last commit is.
const metaMark = "mark"

// owe writes down the mark of a parcel that is to be counted.
func (e *Outbox) owe(p *parcel) error {
	if p.count == nil {
		return nil
	}
	e.owed = &owed{mark: binary.BigEndian.AppendUint64(nil, rand.Uint64()), count: p.count}
	return p.batch.SetMeta(e.tasks.Query(), metaMark, e.owed.mark)
}

// forgive forgets what is owed where its parcel is not in the database: all of it is done again.
func (e *Outbox) forgive() error {
	if e.owed == nil {
		return nil
	}
	mark, err := e.opt.db.Meta(e.tasks.Query(), metaMark)
	if err == nil && !bytes.Equal(mark, e.owed.mark) {
		e.owed = nil
	}
	return err
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
