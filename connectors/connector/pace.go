package connector

import (
	"context"
	"time"
)

// minSleep is how far ahead a source has to be before it pauses: sleeping for every row would cost more than it evens out.
const minSleep = 10 * time.Millisecond

// Pace holds a source back. The zero value doesn't.
type Pace struct {
	perSecond float64 // rows, or
	factor    float64 // times as fast as the rows' own time
	started   time.Time
	rows      int64
	first     int64 // the first row's own time, in milliseconds
	timed     bool
}

// RowsPerSecond is a pace of n rows in a second; n must be positive.
func RowsPerSecond(n float64) Pace { return Pace{perSecond: n} }

// TimesAsFast is a pace that goes through the rows' own times factor times as fast as they went; factor must be positive.
func TimesAsFast(factor float64) Pace { return Pace{factor: factor} }

// Apart is the time between two rows, where the pace is one of rows in a second.
func (p *Pace) Apart() (d time.Duration, ok bool) {
	if p.perSecond == 0 {
		return 0, false
	}
	return time.Duration(float64(time.Second) / p.perSecond), true
}

// Wait waits until the next row is due. rowTime is its own time in milliseconds, known if timed. What has been emitted is flushed
// before any pause.
func (p *Pace) Wait(ctx context.Context, out Output, rowTime int64, timed bool) error {
	due, ok := p.next(rowTime, timed)
	if !ok {
		return nil
	}
	wait := time.Until(p.started.Add(due))
	if wait < minSleep {
		return nil
	}
	if err := out.Flush(ctx); err != nil {
		return err
	}
	return Sleep(ctx, wait)
}

// next is when the next row is due, counted from the first.
func (p *Pace) next(rowTime int64, timed bool) (time.Duration, bool) {
	if p.started.IsZero() {
		p.started = time.Now()
	}
	switch {
	case p.perSecond > 0:
		due := time.Duration(float64(p.rows) / p.perSecond * float64(time.Second))
		p.rows++
		return due, true
	case p.factor > 0 && timed:
		if !p.timed {
			p.timed, p.first = true, rowTime
			p.started = time.Now()
		}
		return time.Duration(float64(rowTime-p.first) / p.factor * float64(time.Millisecond)), true
	}
	return 0, false
}

// Sleep waits for d, or until the context is done.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
