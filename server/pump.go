package server

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// maxPending is how many bytes may wait for a slow client before the query waits too.
const maxPending = 1 << 20

// pending is what has been encoded and not yet sent.
type pending struct {
	mu   sync.Mutex
	cond *sync.Cond
	buf  []byte
	done bool // nothing follows
	gone bool // the client takes no more
}

// pump sends a feed to a client until either ends. While one batch is on its way, the next one gathers: rows that come one by one are
// sent one by one, and rows that come fast in large pieces.
func pump(ctx context.Context, w http.ResponseWriter, src feed, writeTimeout time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	p := &pending{buf: src.begin}
	p.cond = sync.NewCond(&p.mu)
	var wg sync.WaitGroup
	wg.Go(func() { p.fill(ctx, src) })
	p.drain(w, writeTimeout)
	cancel()
	wg.Wait()
}

func (p *pending) fill(ctx context.Context, src feed) {
	var piece []byte
	for {
		var err error
		if piece, err = src.next(ctx, piece[:0]); err != nil {
			if ctx.Err() == nil {
				piece = src.end(piece, err)
			}
			p.add(piece, true)
			return
		}
		if !p.add(piece, false) {
			return
		}
	}
}

// add hands on a piece, waiting while too much is pending; false when the client has gone.
func (p *pending) add(piece []byte, last bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.buf) > maxPending && !p.gone {
		p.cond.Wait()
	}
	p.buf = append(p.buf, piece...)
	p.done = p.done || last
	p.cond.Broadcast()
	return !p.gone
}

func (p *pending) drain(w http.ResponseWriter, timeout time.Duration) {
	ctl := http.NewResponseController(w)
	var batch []byte
	for {
		p.mu.Lock()
		for len(p.buf) == 0 && !p.done {
			p.cond.Wait()
		}
		batch, p.buf = p.buf, batch[:0]
		p.cond.Broadcast()
		p.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		ctl.SetWriteDeadline(time.Now().Add(timeout)) // not every writer has deadlines; without one the connection's end is what stops us
		_, err := w.Write(batch)
		if err == nil {
			err = ctl.Flush()
		}
		if err != nil {
			p.mu.Lock()
			p.gone = true
			p.cond.Broadcast()
			p.mu.Unlock()
			return
		}
	}
}
