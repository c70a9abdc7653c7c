package worker

import "time"

const minBackoff, maxBackoff = 100 * time.Millisecond, 15 * time.Second

// backoff is how long a query rests before its next session: longer from one that gets nowhere to the next. What ends a
// session that has committed something is a trouble of its own.
type backoff struct{ last time.Duration }

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, minBackoff), maxBackoff)
	return b.last
}

func (b *backoff) reset() { b.last = 0 }
