package tenants

import (
	"context"
	"math"
	"time"

	"weir/answer"
)

// rate lets rows through: so many a second on average, and those of one second at once. The zero value lets all through.
type rate struct {
	perSecond float64 // 0 for no limit
	left      float64 // rows that may go through now; below 0 where more have than was known
	at        time.Time
}

// limit sets how many a second; what is left stays, up to what a second brings.
func (r *rate) limit(perSecond *int64, now time.Time) {
	if perSecond == nil {
		*r = rate{}
		return
	}
	n := float64(*perSecond)
	if r.perSecond == 0 {
		r.left = n
	} else {
		r.fill(now)
	}
	r.perSecond, r.left, r.at = n, min(r.left, n), now
}

func (r *rate) fill(now time.Time) {
	if passed := now.Sub(r.at); passed > 0 {
		r.left = min(r.left+passed.Seconds()*r.perSecond, r.perSecond)
	}
	r.at = now
}

// wait is how long it takes until a row may go through; 0 where one may now.
func (r *rate) wait(now time.Time) time.Duration {
	if r.perSecond == 0 {
		return 0
	}
	r.fill(now)
	if r.left >= 1 {
		return 0
	}
	return max(time.Duration(math.Ceil((1-r.left)/r.perSecond*float64(time.Second))), 1)
}

// Bring counts a row that a client brings. The error says that it has brought too many.
func (p *Principal) Bring() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := p.rows.wait(p.now()); wait > 0 {
		return p.refuse(wait, "brings or takes more than %s a second, which is its limit: come again later, or let the file of principals have a higher limit of \"rows_per_second\"", answer.Counted(int64(p.rows.perSecond), "row"))
	}
	p.spend()
	return nil
}

func (p *Principal) spend() {
	p.rows.left--
	p.all.Rows++
}

// Spend counts a row that there is.
func (p *Principal) Spend() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spend()
}

// longestNap bounds how long Await sleeps at once: the limit may be raised meanwhile.
const longestNap = 100 * time.Millisecond

// Await waits until a row may go through: whoever makes rows for a client waits with it.
func (p *Principal) Await(ctx context.Context) error {
	if p == nil {
		return nil
	}
	for {
		p.mu.Lock()
		wait := p.rows.wait(p.now())
		p.mu.Unlock()
		if wait == 0 {
			return nil
		}
		nap := time.NewTimer(min(wait, longestNap))
		select {
		case <-ctx.Done():
			nap.Stop()
			return ctx.Err()
		case <-nap.C:
		}
	}
}
