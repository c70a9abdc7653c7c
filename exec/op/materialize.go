package op

import (
	"encoding/binary"
	"slices"

	"weir/exec/state"
	"weir/types"
)

// Materialize keeps the rows of a table by key, so that every change carries the row before it. With Coalesce on, it
// hands on only the last change of a key, at Flush.
type Materialize struct {
	host     *Host
	next     Op
	key      []int // slots
	windowed bool
	table    *state.Table // one word: which of rows, from 1; 0 for a row that is gone
	rows     [][]byte     // encoded
	free     []uint64     // places in rows
	dirty    []rowChange
	out      types.Batch
	keyBuf   []byte
	width    int
	coalesce bool
	bytes    int // of rows
	// keep is for how long windows are kept from their start, or a session's end, in milliseconds of stream time; 0 for ever.
	keep    int64
	session bool
	latest  int64 // latest timestamp seen
	swept   int64 // as it was when windows were last let go of
	// passDeletes hands on deletes of rows that are not there, too.
	passDeletes bool
	lacks       bool // rows that have not changed for long are not here: see Lacks
}

type rowChange struct {
	ref    state.Ref
	before []byte // as committed; nil where there was none
	at     int64  // the place of the row that first changed it
}

// NewMaterialize makes the operator for rows whose key is in the slots. It coalesces only where asked to.
func NewMaterialize(h *Host, key []int, windowed bool, width int, coalesce bool, next Op) *Materialize {
	return &Materialize{host: h, next: next, key: key, windowed: windowed, table: state.NewTable(1), width: width,
		rows: make([][]byte, 1), coalesce: coalesce && h.Coalesce, latest: types.NoTime, swept: types.NoTime}
}

// KeepWindows lets windows go so long after their start, or a session's end, in milliseconds of stream time; 0 keeps all.
func (o *Materialize) KeepWindows(ms int64, session bool) { o.keep, o.session = ms, session }

// PassDeletes makes the operator hand on deletes of rows that are not there, where it does not coalesce.
func (o *Materialize) PassDeletes() { o.passDeletes = !o.coalesce }

// Lacks says whether the operator was added to a query that had read the table already. Of a row that is not here nothing is
// known then: it goes on with MayHaveOld, its delete too, and who keeps the result knows what that means.
func (o *Materialize) Lacks(rows bool) { o.lacks = rows }

// Push stores the rows. Rows without key are counted and left out, and so is the delete of a row that is not there.
func (o *Materialize) Push(b *types.Batch) error {
	o.out.Reset(o.width)
	for i := range b.N {
		m, row := b.Meta[i], b.Row(i)
		if !o.encodeKey(row, &m) {
			continue
		}
		o.latest = max(o.latest, m.Timestamp)
		hash := state.Hash(o.keyBuf)
		if m.Flags&types.NullRow != 0 && !o.passDeletes && !o.lacks {
			if ref, ok := o.table.Get(o.keyBuf, hash); !ok || o.stored(ref) == nil {
				o.host.Counts.Filtered++
				continue
			}
		}
		ref, _ := o.table.GetOrAdd(o.keyBuf, hash)
		before := o.stored(ref)
		o.touch(ref, before, m.Place())
		if m.Flags&types.Unseen != 0 {
			o.hide(ref, m)
			continue
		}
		o.store(ref, row, m)
		if o.coalesce {
			continue
		}
		if err := o.append(m, row, before); err != nil {
			return err
		}
	}
	return o.emit()
}

func (o *Materialize) emit() error {
	if o.out.N == 0 {
		return nil
	}
	err := o.next.Push(&o.out)
	o.out.Reset(o.width)
	return err
}

func (o *Materialize) encodeKey(row []types.Value, m *types.Meta) bool {
	o.keyBuf = o.keyBuf[:0]
	if o.windowed {
		o.keyBuf = types.AppendKey(o.keyBuf, []types.Value{types.BigintValue(m.WindowStart), types.BigintValue(m.WindowEnd)})
	}
	for _, s := range o.key {
		if row[s].IsNull() && len(o.key) == 1 {
			o.host.Counts.NullKey++
			o.host.report(Problem{NullKey, "table", "the primary key is NULL: the row is skipped", *m})
			return false
		}
		o.keyBuf = types.AppendKey(o.keyBuf, row[s:s+1])
	}
	return true
}

func (o *Materialize) stored(ref state.Ref) []byte { return o.rows[o.table.Words(ref)[0]] }

// store keeps a row as: timestamp, then its columns. What was stored before is never written to.
func (o *Materialize) store(ref state.Ref, row []types.Value, m types.Meta) {
	w := o.table.Words(ref)
	if w[0] == 0 {
		w[0] = o.place()
	}
	o.bytes -= len(o.rows[w[0]])
	if m.Flags&types.NullRow != 0 {
		o.rows[w[0]] = nil
		return
	}
	o.rows[w[0]] = types.AppendRow(binary.AppendVarint(nil, m.Timestamp), row)
	o.bytes += len(o.rows[w[0]])
}

// hide takes a row out that did not leave by its own doing: a condition came while the query ran. As in ksqlDB, whoever reads the
// topic is told once the row changes again or goes; pull queries miss it at once. What is stored is its time alone.
func (o *Materialize) hide(ref state.Ref, m types.Meta) {
	at := o.table.Words(ref)[0]
	o.bytes -= len(o.rows[at])
	o.rows[at] = binary.AppendVarint(nil, m.Timestamp)
	o.bytes += len(o.rows[at])
}

// hidden says whether a stored row is one that hide has left.
func hidden(stored []byte) bool {
	_, n := binary.Varint(stored)
	return stored != nil && n == len(stored)
}

// place is a free place for a row.
func (o *Materialize) place() uint64 {
	o.bytes += rowOverhead
	if n := len(o.free); n > 0 {
		at := o.free[n-1]
		o.free = o.free[:n-1]
		return at
	}
	o.rows = append(o.rows, nil)
	return uint64(len(o.rows) - 1)
}

func (o *Materialize) touch(ref state.Ref, before []byte, at int64) {
	if o.table.Flags(ref)&dirty == 0 {
		o.table.SetFlags(ref, dirty)
		o.dirty = append(o.dirty, rowChange{ref, before, at})
	}
}

func (o *Materialize) append(m types.Meta, row []types.Value, before []byte) error {
	m.Flags &^= types.HasOld | types.MayHaveOld
	if before != nil {
		m.Flags |= types.HasOld
	}
	if o.lacks && (before == nil || m.Flags&types.NullRow != 0) {
		m.Flags |= types.MayHaveOld // a delete goes on for the sake of a hidden row
	}
	next, old := o.out.AppendChange(m)
	copy(next, row)
	if before == nil {
		return nil
	}
	_, n := binary.Varint(before)
	return types.DecodeRowPrefix(before[n:], old)
}

// Flush hands on the last change of each key since the last time.
func (o *Materialize) Flush() error {
	if o.coalesce {
		o.out.Reset(o.width)
		for _, ch := range o.dirty {
			if err := o.emitChange(ch); err != nil {
				return err
			}
		}
		if err := o.emit(); err != nil {
			return err
		}
	}
	o.expire()
	return o.next.Flush()
}

// HeldBack is how many keys have such a change.
func (o *Materialize) HeldBack() int {
	if o.coalesce {
		return len(o.dirty)
	}
	return 0
}

// expire lets go of windows that are over, without telling: their results stand.
func (o *Materialize) expire() {
	if o.keep == 0 || o.latest == types.NoTime || o.swept != types.NoTime && o.latest-o.swept < o.keep/16 {
		return
	}
	o.swept = o.latest
	o.table.Each(func(ref state.Ref) bool {
		var bounds [2]types.Value
		before := o.stored(ref)
		if _, err := types.DecodeKey(o.table.Key(ref), bounds[:]); err != nil || before == nil {
			return true
		}
		from := bounds[0].Int()
		if o.session {
			from = bounds[1].Int()
		}
		if from+o.keep <= o.latest {
			o.touch(ref, before, types.NoTime)
			o.bytes -= len(before)
			o.rows[o.table.Words(ref)[0]] = nil
		}
		return true
	})
}

func (o *Materialize) emitChange(ch rowChange) error {
	now := o.stored(ch.ref)
	if now == nil && ch.before == nil || hidden(now) {
		return nil
	}
	if o.out.N == types.BatchRows {
		if err := o.emit(); err != nil {
			return err
		}
	}
	m := types.Meta{StreamTime: types.NoTime, Order: ch.at}
	row := make([]types.Value, o.width)
	if now != nil {
		ts, n := binary.Varint(now)
		m.Timestamp = ts
		if err := types.DecodeRowPrefix(now[n:], row); err != nil {
			return err
		}
	} else {
		m.Flags = types.NullRow
		if err := o.keyColumns(ch.ref, row, &m); err != nil {
			return err
		}
		m.Timestamp, _ = binary.Varint(ch.before)
	}
	if o.windowed {
		if err := o.keyColumns(ch.ref, row, &m); err != nil {
			return err
		}
	}
	return o.append(m, row, ch.before)
}

// keyColumns writes the key's columns and window from the record's key.
func (o *Materialize) keyColumns(ref state.Ref, row []types.Value, m *types.Meta) error {
	key := o.table.Key(ref)
	if o.windowed {
		var bounds [2]types.Value
		rest, err := types.DecodeKey(key, bounds[:])
		if err != nil {
			return err
		}
		key, m.WindowStart, m.WindowEnd = rest, bounds[0].Int(), bounds[1].Int()
	}
	vals := make([]types.Value, len(o.key))
	if _, err := types.DecodeKey(key, vals); err != nil {
		return err
	}
	for i, s := range o.key {
		row[s] = vals[i]
	}
	return nil
}

// Changed says whether a row has changed.
func (o *Materialize) Changed() bool { return len(o.dirty) > 0 }

// Dirty gives the rows that changed: entryKey and the key; the value is the stored row.
func (o *Materialize) Dirty(put func(key, value []byte)) {
	var key []byte
	for _, ch := range o.dirty {
		key = append(append(key[:0], entryKey), o.table.Key(ch.ref)...)
		put(key, o.stored(ch.ref))
	}
}

// Expired has nothing to give.
func (o *Materialize) Expired(func(from, to []byte)) {}

// Committed makes the state as it stands the committed one.
func (o *Materialize) Committed() {
	for _, ch := range o.dirty {
		if o.table.SetFlags(ch.ref, 0); o.stored(ch.ref) == nil {
			o.forget(ch.ref)
		}
	}
	clear(o.dirty)
	o.dirty = o.dirty[:0]
	if o.table.Garbage() > 0.5 {
		o.rebuild()
	}
}

// forget takes a row that is gone out of the table.
func (o *Materialize) forget(ref state.Ref) {
	if at := o.table.Words(ref)[0]; at != 0 {
		o.free = append(o.free, at)
		o.bytes -= rowOverhead
	}
	key := o.table.Key(ref)
	o.table.Remove(key, state.Hash(key))
}

// rebuild gives back the memory of rows that are gone.
func (o *Materialize) rebuild() {
	old := o.table
	o.table = state.NewTable(1)
	old.Each(func(ref state.Ref) bool {
		key := old.Key(ref)
		next, _ := o.table.GetOrAdd(key, state.Hash(key))
		o.table.Words(next)[0] = old.Words(ref)[0]
		return true
	})
}

// Load puts a row back.
func (o *Materialize) Load(key, value []byte) error {
	if len(key) == 0 || key[0] != entryKey {
		return types.ErrCorrupt
	}
	ref, _ := o.table.GetOrAdd(key[1:], state.Hash(key[1:]))
	o.rows = append(o.rows, slices.Clone(value))
	o.table.Words(ref)[0] = uint64(len(o.rows) - 1)
	o.bytes += rowOverhead + len(value)
	return nil
}

// Size counts the rows.
func (o *Materialize) Size() (entries, size int) {
	return o.table.Len(), o.table.Bytes() + o.bytes
}

// rowOverhead is what a row costs beside its bytes.
const rowOverhead = 24

// StoredRow reads an entry of a Materialize back as a row of the width, its key's columns included. A row that is not to be
// seen has NullRow.
func StoredRow(key, value []byte, windowed bool, row []types.Value) (types.Meta, error) {
	var m types.Meta
	ts, n := binary.Varint(value)
	if n <= 0 || len(key) == 0 {
		return m, types.ErrCorrupt
	}
	if hidden(value) {
		m.Flags = types.NullRow
		return m, nil
	}
	m.Timestamp = ts
	if windowed {
		var bounds [2]types.Value
		if _, err := types.DecodeKey(key[1:], bounds[:]); err != nil {
			return m, err
		}
		m.WindowStart, m.WindowEnd = bounds[0].Int(), bounds[1].Int()
	}
	return m, types.DecodeRowPrefix(value[n:], row)
}

// StoredKey is the key under which a Materialize without windows keeps a row.
func StoredKey(vals []types.Value) []byte { return types.AppendKey([]byte{entryKey}, vals) }
