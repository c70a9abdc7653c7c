package types

// BatchRows is the number of rows that a batch is cut to.
const BatchRows = 1000

// NoTime is the timestamp of a row that has none.
const NoTime = int64(-1) << 63

// Meta is what a row carries beside its columns.
type Meta struct {
	Timestamp   int64 // event time, milliseconds since the epoch
	StreamTime  int64 // how far its path had come, at or above Timestamp; NoTime where that says nothing new
	Order       int64 // where it stands among other rows of its path; NoTime where its time, or that of its path, says so
	Offset      int64 // place in the task's input partition: grows from row to row of one input
	WindowStart int64 // milliseconds; only where the stream or table is windowed
	WindowEnd   int64
	Input       uint8 // which input of the task the row came from
	Flags       Flags
}

// At is the Meta of a row that was made at a time.
func At(ms int64) Meta { return Meta{Timestamp: ms, StreamTime: NoTime, Order: NoTime} }

// Place is the time by which a row is put in order with others: see Meta.Order.
func (m *Meta) Place() int64 {
	if m.Order != NoTime {
		return m.Order
	}
	return max(m.Timestamp, m.StreamTime)
}

// Flags say what a row means.
type Flags uint8

const (
	// NullRow: the record's value is null. In a stream the value columns are NULL; in a table it deletes the key.
	NullRow Flags = 1 << iota
	// NoKey: the record's key is null, or a part of it could not be computed.
	NoKey
	// HasOld: the row changes a table's row that was there before; Batch.Old has its columns.
	HasOld
	// Final: a windowed result that will not change again.
	Final
	// MayHaveOld: the row changes a table of whose row before nothing is known, not even whether there was one.
	MayHaveOld
	// Unseen goes with NullRow: the row is there, and does not pass a condition; whether it did before is not known.
	Unseen
	// Combined: the row is what several rows of a group come to, from before a repartition; its first column has that as BYTES.
	Combined
)

// Batch is a run of rows in order, row-major: row i is Vals[i*Width : (i+1)*Width]. Batches are reused: whoever keeps a
// value beyond the call clones it.
type Batch struct {
	Width int
	N     int
	Vals  []Value
	Old   []Value // the former columns of a table's rows that have HasOld; nil in streams
	Meta  []Meta
}

// Reset empties the batch for rows of the width and drops every pointer it held.
func (b *Batch) Reset(width int) {
	clear(b.Vals)
	clear(b.Old)
	b.Width, b.N = width, 0
	b.Vals, b.Old, b.Meta = b.Vals[:0], b.Old[:0], b.Meta[:0]
}

// Row is row i.
func (b *Batch) Row(i int) []Value { return b.Vals[i*b.Width : (i+1)*b.Width : (i+1)*b.Width] }

// OldRow is the former columns of row i; only where HasOld is set.
func (b *Batch) OldRow(i int) []Value { return b.Old[i*b.Width : (i+1)*b.Width : (i+1)*b.Width] }

// Append adds a row of NULLs and returns it.
func (b *Batch) Append(m Meta) []Value {
	at := len(b.Vals)
	b.Vals = growNull(b.Vals, b.Width)
	if b.Old != nil {
		b.Old = growNull(b.Old, b.Width)
	}
	b.Meta = append(b.Meta, m)
	b.N++
	return b.Vals[at : at+b.Width : at+b.Width]
}

// AppendChange adds a row of a table, with its former columns where there were any.
func (b *Batch) AppendChange(m Meta) (row, old []Value) {
	if b.Old == nil {
		b.Old = make([]Value, len(b.Vals), max(cap(b.Vals), b.Width))
	}
	row = b.Append(m)
	at := len(b.Old) - b.Width
	return row, b.Old[at : at+b.Width : at+b.Width]
}

// Truncate drops the rows from n on.
func (b *Batch) Truncate(n int) {
	clear(b.Vals[n*b.Width:])
	b.Vals = b.Vals[:n*b.Width]
	if b.Old != nil {
		clear(b.Old[n*b.Width:])
		b.Old = b.Old[:n*b.Width]
	}
	b.Meta, b.N = b.Meta[:n], n
}

// Slice is the rows from..to of the batch, which share its memory.
func (b *Batch) Slice(from, to int) Batch {
	out := Batch{Width: b.Width, N: to - from, Vals: b.Vals[from*b.Width : to*b.Width : to*b.Width], Meta: b.Meta[from:to:to]}
	if b.Old != nil {
		out.Old = b.Old[from*b.Width : to*b.Width : to*b.Width]
	}
	return out
}

func growNull(vals []Value, n int) []Value {
	at := len(vals)
	if cap(vals)-at >= n {
		vals = vals[:at+n]
		clear(vals[at:])
		return vals
	}
	grown := make([]Value, at+n, max(2*cap(vals), at+n, 64))
	copy(grown, vals)
	return grown
}
