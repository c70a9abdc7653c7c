package op

import "weir/types"

// This file is all that a task asks of operators. It finds out once, when it makes one, which of these it is.

// Op is an operator, or whatever stands at the end of a chain of them. A batch belongs to the operator it is pushed to
// until Push returns: it may change it, and keeps nothing of it.
type Op interface {
	Push(b *types.Batch) error
	// Flush hands on what was held back since the last one. It ends a commit interval.
	Flush() error
}

// Stateful is an operator with state, as it goes to disk and comes from there.
type Stateful interface {
	// Changed says whether anything has changed since the last commit that Dirty would give.
	Changed() bool
	// Dirty gives every entry that changed since the last commit; a nil value deletes. Bytes are valid during the call.
	Dirty(put func(key, value []byte))
	// Expired gives ranges of keys, from (included) to to (excluded), that are no longer wanted.
	Expired(drop func(from, to []byte))
	// Committed says that what Dirty gave is durable.
	Committed()
	// Load puts back an entry that Dirty once gave; before the first Push.
	Load(key, value []byte) error
	// Size is the number of entries in memory, and their bytes.
	Size() (entries, bytes int)
}

// Holder is an operator that hands on at Flush what changed since the last one.
type Holder interface {
	Op
	// HeldBack is how many rows it would hand on.
	HeldBack() int
}

// Windowed is a Stateful operator with a stream time. Each of these hands on what it closes.
type Windowed interface {
	Stateful
	// Advance says that nothing before a time comes any more.
	Advance(bound int64) error
	// UpTo is said before rows that come straight from one of several sources: how far the others let these rows close windows.
	UpTo(bound int64)
	// Idle lets the stream time go on because nothing comes from anybody: to a bound, or where that is behind the rows, by so many milliseconds.
	Idle(by, bound int64) error
	// CloseAll moves the stream time just far enough to close all that is open: the input has ended for good.
	CloseAll() error
	// Bound is the time before which the operator hands on no row any more.
	Bound() int64
	// Front is the place before which the operator hands on no row any more, where it hands on nothing but final results; else ok is false.
	Front() (place int64, ok bool)
}

// Evicter is a Stateful operator that can let go of memory: what it needs again, it reads back.
type Evicter interface {
	Stateful
	// Back says where committed entries can be read.
	Back(b Backing)
	// Evict drops what is committed from memory; to be called right after a commit that is durable.
	Evict()
	// Full says, while entries are loaded, that the others are to stay where they are.
	Full()
}

// Backing reads a store's committed entries.
type Backing interface {
	// Get reads an entry; nil where there is none.
	Get(key []byte) ([]byte, error)
	// Scan gives the entries from lo (included) to hi (excluded). Bytes are valid during the call.
	Scan(lo, hi []byte, f func(key, value []byte) error) error
}
