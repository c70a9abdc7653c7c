package task

import (
	"encoding/binary"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/eval"
	"weir/exec/op"
	"weir/formats"
	"weir/kafka"
	"weir/planner/plan"
	"weir/types"
)

// A repartitioned record's key is encoded as the plan says, so that its partition is what any Kafka client would choose.
// Its value begins with flags:
//
//	row:           flags; upstream task (uvarint) where hasTask, stream time (varint) where hasTime, place (varint) where hasOrder, the row before
//	               where hasOld, the row where hasNew
//	state:         as a row's, with what op.Combine has made behind it
//	announcement:  see note
const (
	hasTime   = 1 << iota // the path on which the row came is ahead of the record's timestamp
	hasOld                // what the row was before, to be taken out of its group
	hasNew                // the row
	announces             // no row: an upstream task tells its bound
	hasTask               // the upstream task that sent it; else the first
	hasOrder              // its place among other rows of its path, where its time and that of the path don't say so
	hasState              // no row, but what rows of its group come to: see op.Combine
)

// repartition ends a stage: it sends rows to the partition of their new key.
type repartition struct {
	host    *op.Host
	plan    *plan.Repartition
	out     *Output // rows
	notes   *Output // announcements
	parts   int32
	takes   Limits
	clock   func() time.Time
	key     []eval.Fn
	ctx     *eval.Ctx
	enc     formats.Encoder
	vals    []types.Value
	keyBuf  []byte
	oldKey  []byte
	onePath bool   // all rows come from one partition of one source, in its order
	note    note   // as it will be announced
	told    note   // as it was last announced
	due     bool   // it is to be announced again, whether or not it has changed
	spoke   bool   // it has been announced in this session
	why     *int64 // counts the row at hand where nothing of it goes
	sent    int64  // rows and states
}

func newRepartition(h *op.Host, p *plan.Repartition, onePath bool, task int, out, notes *Output, to Target, env *Env) (*repartition, error) {
	spec := plan.Spec(p.Serde, true, "")
	spec.Registry = env.Registry
	if !registers(spec.Format) {
		spec.Registry = nil
	}
	k := &eval.Compiler{Env: env.Functions}
	r := &repartition{host: h, plan: p, out: out, notes: notes, parts: max(to.Partitions, 1), takes: to.Limits, clock: env.Functions.Now, key: k.All(p.Key),
		vals: make([]types.Value, len(p.Key)), onePath: onePath}
	r.note = note{upstream: task, bound: types.NoTime, order: types.NoTime}
	r.told = r.note
	r.ctx = k.NewCtx()
	from := make([]int, len(p.Columns))
	for i := range from {
		from[i] = i
	}
	var err error
	r.enc, err = formats.NewEncoder(internalKey(spec, p.Columns), p.Columns, from)
	return r, err
}

// internalKey is the format of a repartitioned key: the source's where it can hold the columns and needs no registry,
// otherwise JSON, which can hold all.
func internalKey(spec formats.Spec, cols types.Schema) formats.Spec {
	if spec.Format != formats.None && !registers(spec.Format) && formats.Check(spec, cols) == nil {
		return spec
	}
	if len(cols) == 1 && formats.Check(formats.Spec{Format: formats.Kafka, IsKey: true}, cols) == nil {
		return formats.Spec{Format: formats.Kafka, IsKey: true}
	}
	return formats.Spec{Format: formats.JSON, IsKey: true}
}

func registers(format string) bool {
	f, err := formats.Lookup(format)
	return err == nil && f.Registry
}

// encode computes and encodes a row's key; ok is false where a part is NULL and such rows are skipped.
func (r *repartition) encode(dst []byte, row []types.Value, m types.Meta) ([]byte, bool) {
	r.ctx.Enter(row)
	for i, f := range r.key {
		r.vals[i] = f(r.ctx)
	}
	if r.ctx.Err != nil {
		r.fail(op.Failed, r.ctx.Err.Error(), m)
		r.ctx.Err = nil
	}
	for i := range r.vals {
		if r.vals[i].IsNull() && r.plan.SkipNull {
			r.why = &r.host.Counts.NullKey
			r.fail(op.NullKey, "a part of the new key is NULL: the row is skipped", m)
			return nil, false
		}
	}
	out, err := r.enc.Append(dst[:0], r.vals)
	if err != nil {
		r.why = &r.host.Counts.Bad
		r.fail(op.Unwritten, err.Error(), m)
		return nil, false
	}
	return out, true
}

func (r *repartition) fail(reason op.Reason, message string, m types.Meta) {
	if r.host.Report != nil {
		r.host.Report(op.Problem{Reason: reason, Operator: "repartition", Message: message, Row: m})
	}
}

// Push sends the rows. A change of a table whose key changes with it goes to both places.
func (r *repartition) Push(b *types.Batch) error {
	for i := range b.N {
		r.why = &r.host.Counts.Filtered // a row without value, and none before
		if m := b.Meta[i]; !r.row(b, i, m) {
			*r.why++
		}
		if r.out.past {
			if err := r.out.relieve(); err != nil {
				return err
			}
		}
	}
	return nil
}

// row sends a row; sent says whether any of it went.
func (r *repartition) row(b *types.Batch, i int, m types.Meta) (sent bool) {
	if b.Old != nil {
		return r.change(b, i, m)
	}
	if m.Flags&types.NullRow != 0 {
		return false
	}
	key, ok := r.encode(r.keyBuf, b.Row(i), m)
	if !ok {
		return false
	}
	r.keyBuf = key
	return r.send(key, m, nil, b.Row(i))
}

func (r *repartition) change(b *types.Batch, i int, m types.Meta) (sent bool) {
	var oldKey, newKey []byte
	var before, now bool
	if m.Flags&types.HasOld != 0 {
		if oldKey, before = r.encode(r.oldKey, b.OldRow(i), m); before {
			r.oldKey = oldKey
		}
	}
	if m.Flags&types.NullRow == 0 {
		if newKey, now = r.encode(r.keyBuf, b.Row(i), m); now {
			r.keyBuf = newKey
		}
	}
	if before && now && string(oldKey) == string(newKey) {
		return r.send(newKey, m, b.OldRow(i), b.Row(i))
	}
	if before {
		sent = r.send(oldKey, m, b.OldRow(i), nil)
	}
	if now {
		sent = r.send(newKey, m, nil, b.Row(i)) || sent
	}
	return sent
}

func (r *repartition) send(key []byte, m types.Meta, old, row []types.Value) (sent bool) {
	path := m.StreamTime
	if r.onePath {
		r.note.bound = max(r.note.bound, m.Timestamp)
		path = r.note.bound
	}
	val, at := r.head(key, m, path)
	if old != nil {
		val[at] |= hasOld
		val = types.AppendRow(val, old)
	}
	if row != nil {
		val[at] |= hasNew
		val = types.AppendRow(val, row)
	}
	return r.end(key, val, m)
}

// head begins a record; at is where its flags are.
func (r *repartition) head(key []byte, m types.Meta, path int64) (val []byte, at int) {
	val = append(r.out.begin(key), hasTask)
	at = len(val) - 1
	val = binary.AppendUvarint(val, uint64(r.note.upstream))
	if path > m.Timestamp {
		val[at] |= hasTime
		val = binary.AppendVarint(val, path)
	}
	if m.Order != types.NoTime && m.Order != max(path, m.Timestamp) {
		val[at] |= hasOrder
		val = binary.AppendVarint(val, m.Order)
	}
	return val, at
}

// end ends a record, and takes it back where the topic would not have it.
func (r *repartition) end(key, val []byte, m types.Meta) (sent bool) {
	rec := r.out.end(val, 0, kafka.Partition(key, r.parts), m.Timestamp)
	if err := r.takes.Check(rec, r.clock); err != nil {
		r.out.undo()
		r.why = &r.host.Counts.Bad
		r.fail(op.Unwritten, err.Error(), m)
		return false
	}
	r.sent++
	return true
}

// Combined sends what rows of a group come to.
func (r *repartition) Combined(c *op.Combined) error {
	m := types.Meta{Timestamp: c.Time, StreamTime: c.Path, Order: c.Place, Offset: c.Offset}
	copy(r.vals, c.Group)
	key, err := r.enc.Append(r.keyBuf[:0], r.vals)
	if err != nil {
		r.host.Counts.Bad += c.Rows
		r.fail(op.Unwritten, err.Error(), m)
		return nil
	}
	r.keyBuf = key
	val, at := r.head(key, m, c.Path)
	val[at] |= hasState
	if !r.end(key, append(val, c.State...), m) {
		r.host.Counts.Bad += c.Rows
	}
	if r.out.past {
		return r.out.relieve()
	}
	return nil
}

// Takes are the times that the topic takes in any case.
func (r *repartition) Takes() (first, last int64) { return r.takes.times(r.clock) }

// Flush tells every far partition the task's bound, where anything has changed or it is due.
func (r *repartition) Flush() error {
	if r.onePath {
		r.note.order = r.note.bound
	}
	if !r.spoke || r.told.atEnd && !r.note.atEnd {
		r.rouse()
	}
	if r.note.quiet = !r.note.differs(r.told); r.note.quiet && !r.due {
		return nil
	}
	r.told = r.note
	for p := range r.parts {
		r.notes.end(r.note.append(r.notes.begin(nil)), 0, p, max(r.note.bound, 0))
	}
	r.note.idled, r.due = 0, false
	return nil
}

// rouse tells that the task is not at its end, before any task of the stage tells how far it has come: the far side would close windows
// by that, and this one has rows for them. A session says so first of all: what the far side reads of the one before may end in that it was.
func (r *repartition) rouse() {
	n := r.note
	n.bound, n.atEnd, n.idled, n.quiet = r.told.bound, false, 0, false
	for p := range r.parts {
		r.out.end(n.append(r.out.begin(nil)), 0, p, max(n.bound, 0))
	}
	r.spoke, r.told.atEnd = true, false
}

// reach takes the bound of the task, which the next Flush announces. by is how far it has gone on because nothing comes: after a
// restart the bound is not known until a row comes, and the far side goes on from what it has been told before.
func (r *repartition) reach(bound, by int64) {
	r.note.idled += by
	switch {
	case !r.onePath:
		r.note.bound = max(r.note.bound, bound)
	case r.note.bound != types.NoTime:
		r.note.bound += by
	}
}

// repartitionReader reads what repartition wrote.
type repartitionReader struct {
	cols   int
	table  bool
	states bool // what rows come to may be there in their place: see op.Combine
}

func (r *repartitionReader) width() int { return r.cols }

func (r *repartitionReader) reset() {}

func (r *repartitionReader) read(rec *kgo.Record, b *types.Batch) (bool, error) {
	val := rec.Value
	if len(val) == 0 {
		return false, types.ErrCorrupt
	}
	head, ok := headOf(rec)
	if !ok {
		return false, types.ErrCorrupt
	}
	flags, val := val[0], val[head.size:]
	m := types.Meta{Timestamp: rec.Timestamp.UnixMilli(), StreamTime: head.path, Order: head.order, Offset: rec.Offset}
	if flags&hasState != 0 && (!r.states || r.cols == 0) {
		return false, types.ErrCorrupt // nobody behind it could take it
	}
	if flags&hasState != 0 {
		m.Flags |= types.Combined
		b.Append(m)[0] = types.BytesValue(val)
		return true, nil
	}
	if !r.table {
		_, err := types.DecodeRow(val, b.Append(m))
		return err == nil, err
	}
	if flags&hasNew == 0 {
		m.Flags |= types.NullRow
	}
	if flags&hasOld != 0 {
		m.Flags |= types.HasOld
	}
	row, old := b.AppendChange(m)
	var err error
	if flags&hasOld != 0 {
		if val, err = types.DecodeRow(val, old); err != nil {
			return false, err
		}
	}
	if flags&hasNew != 0 {
		_, err = types.DecodeRow(val, row)
	}
	return err == nil, err
}
