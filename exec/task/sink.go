package task

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/op"
	"weir/formats"
	"weir/kafka"
	"weir/planner/plan"
	"weir/types"
)

// sink ends a query: it encodes rows and gives them to the output.
type sink struct {
	host  *op.Host
	plan  *plan.Sink
	out   *Output
	topic int
	parts int32
	key   formats.Encoder // nil without key columns
	value formats.Encoder
	buf   []byte
	next  int32 // partition of the next record without a key
	takes Limits
	now   func() time.Time
	trail trail  // of the rows; its query is 0 where they have none
	wrote []bool // the partitions that have been written since the last commit
}

func newSink(h *op.Host, s *plan.Sink, out *Output, topic int, to Target, task int, env *Env) (*sink, error) {
	k := &sink{host: h, plan: s, out: out, topic: topic, parts: max(to.Partitions, 1), takes: to.Limits, next: int32(task), now: env.Functions.Now,
		trail: trail{task: uint64(task), reached: Reached{Time: NoTime, Standing: unknown, Sent: never}}}
	k.wrote = make([]bool, k.parts)
	var err error
	if keys := s.Target.Schema.With(types.KeyColumn); len(keys) > 0 {
		spec := plan.Spec(s.Target.Key, true, s.Target.Topic)
		spec.Registry = env.Registry
		if k.key, err = formats.NewEncoder(spec, keys, s.KeySlots); err != nil {
			return nil, err
		}
	}
	spec := plan.Spec(s.Target.Value, false, s.Target.Topic)
	spec.Registry = env.Registry
	k.value, err = formats.NewEncoder(spec, s.Target.Schema.With(types.ValueColumn), s.ValueSlots)
	return k, err
}

// Push writes a record per row; a null value for a table's deleted row and for a stream's null value.
func (k *sink) Push(b *types.Batch) error {
	for i := range b.N {
		if err := k.row(b.Row(i), b.Meta[i]); err != nil {
			k.host.Counts.Bad++
			if k.host.Report != nil {
				k.host.Report(op.Problem{Reason: op.Unwritten, Operator: "sink", Message: err.Error(), Row: b.Meta[i]})
			}
		}
		if k.out.past {
			if err := k.out.relieve(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *sink) row(row []types.Value, m types.Meta) error {
	var key []byte
	part := int32(-1)
	if k.key != nil && !k.nullKey(row, m) {
		buf, err := k.key.Append(k.buf[:0], row)
		switch {
		case errors.Is(err, formats.ErrNullRecord):
		case err != nil:
			return err
		default:
			// All windows of a key go to one partition, as in Kafka Streams.
			part = kafka.Partition(buf, k.parts)
			if w := k.plan.Target.Windowed; w != nil {
				buf = appendWindow(buf, w, m)
			}
			k.buf, key = buf, buf
		}
	}
	if part < 0 {
		k.next = (k.next + 1) % k.parts
		part = k.next
	}
	ts := m.Timestamp
	if slot := k.plan.TimeSlot; slot >= 0 && m.Flags&types.NullRow == 0 {
		if row[slot].IsNull() {
			return fmt.Errorf("the event time, column %s, is NULL: the row is not written", k.plan.Target.Timestamp)
		}
		if ts = row[slot].Int(); ts < 0 {
			return fmt.Errorf("event time: column %s is %d, before 1970", k.plan.Target.Timestamp, ts)
		}
	}
	buf := k.out.begin(key)
	val, null := buf, m.Flags&types.NullRow != 0
	if !null {
		var err error
		val, err = k.value.Append(buf, row)
		if null = errors.Is(err, formats.ErrNullRecord); err != nil && !null {
			return err
		}
	}
	var rec *kgo.Record
	if null {
		rec = k.out.null(buf, k.topic, part, ts)
	} else {
		rec = k.out.end(val, k.topic, part, ts)
	}
	if slot := k.plan.HeaderSlot; slot >= 0 && row[slot].Len() > 0 {
		rec.Headers = recordHeaders(row[slot])
	}
	if k.trail.query != 0 {
		k.mark(rec, m)
	}
	if err := k.takes.Check(rec, k.now); err != nil {
		k.out.undo()
		return err
	}
	k.wrote[part] = true
	return nil
}

// mark gives a record its trail, where it is not what a reader takes it for without one.
func (k *sink) mark(rec *kgo.Record, m types.Meta) {
	t := &k.trail
	if t.order = m.Order; m.Order == max(m.Timestamp, m.StreamTime) {
		t.order = types.NoTime
	}
	if t.first = !k.wrote[rec.Partition]; t.first || t.order != types.NoTime || t.task != uint64(rec.Partition) {
		k.out.header(rec, trailHeader, t)
	}
}

// recordHeaders are the headers in an ARRAY of STRUCTs, in memory of their own. Those that name the schema of what was read stay behind:
// what is written names its own.
func recordHeaders(list types.Value) []kgo.RecordHeader {
	out := make([]kgo.RecordHeader, 0, list.Len())
	for _, h := range list.Items() {
		name := h.Items()[0].Str()
		if name == formats.KeySchemaHeader || name == formats.ValueSchemaHeader {
			continue
		}
		header := kgo.RecordHeader{Key: strings.Clone(name)}
		if v := h.Items()[1]; !v.IsNull() {
			header.Value = append([]byte{}, v.Bytes()...)
		}
		out = append(out, header)
	}
	return out
}

// nullKey says whether the record has no key: its column is NULL, or all of them are and the row had no key before. Several
// columns make an object of NULLs.
func (k *sink) nullKey(row []types.Value, m types.Meta) bool {
	if len(k.plan.KeySlots) > 1 && (k.plan.Rekeyed || m.Flags&types.NoKey == 0) {
		return false
	}
	for _, s := range k.plan.KeySlots {
		if !row[s].IsNull() {
			return false
		}
	}
	return true
}

// Flush has nothing to hand on: the output is taken by whoever runs the task.
func (k *sink) Flush() error {
	clear(k.wrote)
	return nil
}
