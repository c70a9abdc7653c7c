package task

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/op"
)

// ProblemKind is the kind of an entry of the processing log, named as in ksqlDB.
type ProblemKind string

// The kinds.
const (
	DeserializationError  ProblemKind = "DESERIALIZATION_ERROR"
	RecordProcessingError ProblemKind = "RECORD_PROCESSING_ERROR"
	// RecordsLost is our own: records that were to be read, or were written, are gone.
	RecordsLost ProblemKind = "RECORDS_LOST"
	// KeysAstray is our own too: keys of a source that is joined lie in other partitions than they are looked for in. It is told once for each
	// query and source, and no row is left out for it.
	KeysAstray ProblemKind = "KEYS_ASTRAY"
)

// BadRecord is an entry for the processing log: a record that was left out, or of which a part could not be computed.
type BadRecord struct {
	Topic     string
	Partition int32
	Offset    int64
	Time      int64 // of the record
	Kind      ProblemKind
	Message   string
	Key       []byte // of a DeserializationError: shares memory with the record
	Value     []byte
	LeftOut   bool // it is counted as bad: nothing of it was used, or written
}

// refusal is a record that makes no row, and why; nil for a missing key.
type refusal struct {
	rec *kgo.Record
	err error
}

// refuse counts a record that makes no row, and logs it.
func (t *Task) refuse(in *input, r refusal) {
	rec, err, bad := r.rec, r.err, r.err != nil
	if !bad {
		in.counts.NullKey++
		err = fmt.Errorf("the record has no key: a row of a table needs one")
	} else {
		in.counts.Bad++
	}
	if t.env.Bad != nil {
		t.env.Bad(BadRecord{Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset, Time: rec.Timestamp.UnixMilli(),
			Kind: DeserializationError, Message: err.Error(), Key: rec.Key, Value: rec.Value, LeftOut: bad})
	}
}

// report logs what an operator could not do with a row, with the record that the row came from where it is at hand.
func (t *Task) report(p op.Problem) {
	if t.env.Bad == nil || t.env.Functions.Interrupted() {
		return
	}
	in := t.inputs[p.Row.Input]
	offset := in.offset(p.Row.Offset)
	b := BadRecord{Topic: in.topic, Partition: t.Partition, Offset: max(offset, -1), Time: p.Row.Timestamp,
		Kind: RecordProcessingError, LeftOut: p.Reason == op.Unwritten, Message: fmt.Sprintf("%s: %s: %s", p.Operator, p.Reason, p.Message)}
	if rec := in.record(offset); rec != nil && !in.repartitioned {
		b.Key, b.Value = rec.Key, rec.Value
	}
	t.env.Bad(b)
}
