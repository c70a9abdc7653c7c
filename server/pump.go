package server

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"weir/fault"
	"weir/server/wire"
)

// flow bounds what goes to a client.
type flow struct {
	pending   int           // bytes that may wait for it before the query waits too
	timeout   time.Duration // a client that takes nothing for so long is cut
	heartbeat time.Duration // how often something is sent at least, where a feed has something for that
}

// client is who takes a feed.
type client interface {
	// send gives it what has come: pieces end where cuts say.
	send(batch []byte, cuts []int) error
}

// pending is what has been encoded and not yet sent.
type pending struct {
	flow
	mu   sync.Mutex
	cond *sync.Cond
	buf  []byte
	cuts []int // the ends of the pieces in buf
	done bool  // nothing follows
	gone bool  // the client takes no more
}

// pump sends a feed to a client until either ends; the error is the client's. While one batch is on its way, the next one gathers: rows that come
// one by one are sent one by one, and rows that come fast in large pieces.
func pump(ctx context.Context, to client, src feed, f flow) error {
	if src.whole {
		return sendWhole(ctx, to, src)
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &pending{flow: f}
	p.cond = sync.NewCond(&p.mu)
	if len(src.begin) > 0 {
		p.buf, p.cuts = src.begin, []int{len(src.begin)}
	}
	var wg sync.WaitGroup
	wg.Go(func() { p.fill(ctx, src) })
	err := p.drain(to)
	cancel()
	wg.Wait()
	return err
}

// sendWhole sends a feed that does not wait, at once.
func sendWhole(ctx context.Context, to client, src feed) error {
	batch := src.begin
	var cuts []int
	cut := func() {
		if len(batch) > 0 && (len(cuts) == 0 || cuts[len(cuts)-1] < len(batch)) {
			cuts = append(cuts, len(batch))
		}
	}
	for {
		cut()
		more, err := src.piece(ctx, batch)
		switch {
		case err == nil:
			batch = more
		case ctx.Err() != nil:
			return nil
		default:
			batch = src.end(batch, err)
			cut()
			return to.send(batch, cuts)
		}
	}
}

// piece is what comes next.
func (f feed) piece(ctx context.Context, dst []byte) (out []byte, err error) {
	defer fault.Caught(&err, "the answer")
	return f.next(ctx, dst)
}

func (p *pending) fill(ctx context.Context, src feed) {
	var piece []byte
	waiting, cancel := ctx, context.CancelFunc(func() {})
	beat := func() {
		cancel()
		if src.beat != nil && p.heartbeat > 0 {
			waiting, cancel = context.WithTimeout(ctx, p.heartbeat)
		}
	}
	beat()
	defer func() { cancel() }()
	for {
		var err error
		piece, err = src.piece(waiting, piece[:0])
		switch {
		case err != nil && waiting != ctx && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) && waiting.Err() != nil:
			beat()
			piece = src.beat(piece[:0])
		case err != nil:
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
	for len(p.buf) > p.flow.pending && !p.gone {
		p.cond.Wait()
	}
	if len(piece) > 0 {
		p.buf = append(p.buf, piece...)
		p.cuts = append(p.cuts, len(p.buf))
	}
	p.done = p.done || last
	p.cond.Broadcast()
	return !p.gone
}

func (p *pending) drain(to client) error {
	var batch []byte
	var cuts []int
	for {
		p.mu.Lock()
		for len(p.buf) == 0 && !p.done {
			p.cond.Wait()
		}
		batch, p.buf = p.buf, batch[:0]
		cuts, p.cuts = p.cuts, cuts[:0]
		p.cond.Broadcast()
		p.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		if err := to.send(batch, cuts); err != nil {
			p.mu.Lock()
			p.gone = true
			p.cond.Broadcast()
			p.mu.Unlock()
			return err
		}
	}
}

// response is a client that takes the body of an answer.
type response struct {
	http.ResponseWriter
	ctl     *http.ResponseController
	timeout time.Duration
	apart   bool // each piece in a frame of its own
}

// respond answers a request. Of HTTP/2, each line is a frame of its own: some clients of ksqlDB take a frame for a line.
func respond(w http.ResponseWriter, r *http.Request, media string, timeout time.Duration) response {
	return response{w, http.NewResponseController(w), timeout, r.ProtoMajor == 2 && media == wire.Delimited}
}

func (r response) send(batch []byte, cuts []int) error {
	r.ctl.SetWriteDeadline(time.Now().Add(r.timeout)) // not every writer has deadlines; without one the connection's end is what stops us
	if !r.apart {
		return r.write(batch)
	}
	from := 0
	for _, to := range cuts {
		if err := r.write(batch[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

func (r response) write(piece []byte) error {
	if _, err := r.Write(piece); err != nil {
		return err
	}
	return r.ctl.Flush()
}
