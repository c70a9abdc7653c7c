package task

import (
	"sync/atomic"

	"weir/functions"
	"weir/types"
)

// Room is how much memory the tasks of a query may take together between two commits: for what they put out, what they will put out at the
// commit, and what their state grows by. From a part of it on they stop, and go on behind a commit that comes early. One step of one task may take
// them further; where it takes the whole room, TooMuchError ends the session, and the next one takes fewer rows between two commits.
type Room struct {
	bytes int64
	rows  int64 // between two commits; 0 for no bound
	held  atomic.Int64
	taken atomic.Int64 // rows since the last commit
}

// fullPart is the part of a room at which tasks stop. What is committed is held three times while it is on its way, and readers of the topic put
// rows of one or two commits in order.
const fullPart = 8

// NewRoom is a room of so many bytes.
func NewRoom(bytes int64) *Room { return &Room{bytes: bytes} }

// Full says whether tasks are to wait for a commit.
func (r *Room) Full() bool {
	return r.held.Load() >= r.bytes/fullPart || r.rows > 0 && r.taken.Load() >= r.rows
}

// Held is how much the tasks hold, in bytes, as last measured.
func (r *Room) Held() int64 { return r.held.Load() }

// Clear says that nothing is held any more, since it is committed or given up; between steps.
func (r *Room) Clear() {
	r.held.Store(0)
	r.taken.Store(0)
}

// cautious is how many times fewer rows are taken between two commits when those that were took too much.
const cautious = 16

// carefree is from how many rows on they need not be counted any more.
const carefree = 1 << 20

// Narrow takes fewer rows from now on between two commits; ok is false where it is one already.
func (r *Room) Narrow() (ok bool) {
	if r.rows == 1 {
		return false
	}
	n := r.taken.Load()
	if r.rows > 0 {
		n = min(n, r.rows)
	}
	r.rows = max(n/cautious, 1)
	return true
}

// Widen takes more of them, after a commit.
func (r *Room) Widen() {
	if r.rows *= 2; r.rows > carefree {
		r.rows = 0
	}
}

// TooMuchError says that what was made of the rows between two commits has no room in memory.
type TooMuchError struct{ *functions.LimitError }

func (e *TooMuchError) Unwrap() error { return e.LimitError }

func tooMuch(bytes int64) error {
	return &TooMuchError{functions.CommitLimit("what the query puts out at once, for a record or for windows that close,", bytes)}
}

// portion is how many rows a task takes before it measures what became of them, so that they are few where they become large.
type portion struct {
	rows    int   // in a portion
	taken   int   // of it
	unsized int   // rows since the stores were last asked for their sizes
	sizing  int   // rows after which they are again
	grown   int64 // by how much they had grown by then
	base    int64 // what they took at the last commit
	told    int64 // to the room
	change  int64 // what a change that is held back makes at a flush, about
}

const (
	firstPortion = 16
	mostUnsized  = 8 * types.BatchRows // stores of objects count them
	firstChange  = 64 << 10            // until a flush has shown what changes come to
)

func newPortion(r *Room) portion {
	p := portion{rows: types.BatchRows, sizing: firstPortion, change: firstChange}
	if r != nil {
		p.rows = r.atMost(firstPortion)
	}
	return p
}

func (r *Room) atMost(rows int) int {
	if r.rows > 0 {
		return int(min(int64(rows), r.rows))
	}
	return rows
}

// stopped says whether the task is to wait for a commit.
func (t *Task) stopped() bool { return t.room != nil && t.room.Full() }

// took counts rows that have gone on, and measures what they became once they make a portion.
func (t *Task) took(rows int) {
	if t.room == nil {
		return
	}
	if t.portion.taken += rows; t.portion.taken >= t.portion.rows {
		t.measure()
	}
}

// measure tells the room what the task holds, and finds how many rows the next portion may have.
func (t *Task) measure() {
	p := &t.portion
	n := int64(p.taken)
	p.taken = 0
	if p.unsized += int(n); p.unsized >= p.sizing {
		was := p.grown
		p.grown = t.grown()
		p.sizing = t.next(p.sizing, mostUnsized, p.grown-was, int64(p.unsized))
		p.unsized = 0
	}
	holds := t.put() + p.grown + int64(t.heldBack())*p.change
	by := holds - p.told
	p.told = holds
	p.rows = t.room.atMost(t.next(p.rows, types.BatchRows, by, n))
	t.room.held.Add(by)
	t.room.taken.Add(n)
}

// next is how many rows may be taken until the next look, where so many made so much: twice as many as before, or fewer.
func (t *Task) next(rows, most int, made, of int64) int {
	rows = min(2*rows, most)
	if made <= 0 || of == 0 {
		return rows
	}
	step := t.room.bytes / fullPart / fullPart
	return max(int(min(int64(rows), step*of/made)), 1)
}

// put is what the output takes, and grown by how much the state has grown since the last commit.
func (t *Task) put() int64   { return int64(t.Out.Size() + t.Told.Size()) }
func (t *Task) grown() int64 { return max(t.stateBytes()-t.portion.base, 0) }

// Made is how many bytes a commit is to make durable, about.
func (t *Task) Made() int64 { return t.put() + t.grown() }

// Settle begins a new interval: what the task holds now is committed.
func (t *Task) Settle() {
	p := &t.portion
	p.base, p.grown, p.told, p.taken, p.unsized = t.stateBytes(), 0, 0, 0, 0
}

// heldBack is how many changes wait for the next flush.
func (t *Task) heldBack() int {
	n := 0
	for _, h := range t.holders {
		n += h.HeldBack()
	}
	return n
}
