package tenants

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"weir/answer"
)

// Principal is somebody who uses the server, and what it takes. Nil is somebody without limits.
type Principal struct {
	name string
	now  func() time.Time

	mu          sync.Mutex
	limits      Limits
	hash        [sha256.Size]byte // of its token
	valid       context.Context   // ends when the token is no longer good; nil for one that has none
	end         context.CancelCauseFunc
	queries     map[string]bool  // by id
	state       map[string]int64 // bytes, by id of the query
	connections int64
	rows        rate
	all         Figures
}

// Figures are what a principal has now, and what it has had: those of rows and refusals only grow.
type Figures struct {
	Queries, Connections, StateBytes int64
	Rows, Refused                    int64
}

// LimitError says that a principal has as much as it may have.
type LimitError struct {
	Msg   string
	Retry time.Duration // when there is room again; 0 where that depends on others
}

func (e *LimitError) Error() string { return e.Msg }

// errRevoked is why what a principal was doing has ended.
var errRevoked = errors.New("the token is no longer good")

// set takes over what the file says.
func (p *Principal) set(e entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.valid != nil && p.hash != e.hash {
		p.end(errRevoked)
		p.valid = nil
	}
	if p.valid == nil {
		p.valid, p.end = context.WithCancelCause(context.Background())
	}
	p.limits, p.hash = e.Limits, e.hash
	p.rows.limit(e.Limits.Rows, p.now())
}

// revoke ends what the principal is doing. Its queries go on, within the limits that it had.
func (p *Principal) revoke() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.valid != nil {
		p.end(errRevoked)
		p.valid = nil
	}
}

// Name is what the file calls it; empty for nobody.
func (p *Principal) Name() string {
	if p == nil {
		return ""
	}
	return p.name
}

// While is a context that ends with another one, or when the principal's token is no longer good. stop gives back what it takes.
func (p *Principal) While(ctx context.Context) (of context.Context, stop func()) {
	if p == nil {
		return ctx, func() {}
	}
	p.mu.Lock()
	valid := p.valid
	p.mu.Unlock()
	of, end := context.WithCancelCause(ctx)
	if valid == nil {
		end(errRevoked)
		return of, func() {}
	}
	let := context.AfterFunc(valid, func() { end(context.Cause(valid)) })
	return of, func() { let(); end(nil) }
}

// refuse counts a refusal; p.mu is held.
func (p *Principal) refuse(retry time.Duration, format string, args ...any) error {
	p.all.Refused++
	return &LimitError{Msg: fmt.Sprintf("principal %s ", p.name) + fmt.Sprintf(format, args...), Retry: retry}
}

// Begin counts a query, if there may be one more. instead is the id of one that it is to take the place of, if that is the principal's.
func (p *Principal) Begin(id, instead string) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if most := p.limits.Queries; most != nil && !p.queries[id] && !p.queries[instead] && int64(len(p.queries)) >= *most {
		return p.refuse(0, "has %s, and may have %d: end one first, or let the file of principals have a higher limit of \"queries\"", answer.Counted(int64(len(p.queries)), "query"), *most)
	}
	p.queries[id] = true
	return nil
}

// Own counts a query that is there, whatever the limit says.
func (p *Principal) Own(id string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queries[id] = true
}

// End says that a query has ended, with its state.
func (p *Principal) End(id string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.queries, id)
	delete(p.state, id)
}

// Hold says how many bytes of state a query has. The error says that it may not have as many: only who takes more than before meets it.
func (p *Principal) Hold(id string, bytes int64) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	others := int64(0)
	for other, n := range p.state {
		if other != id {
			others += n
		}
	}
	if most := p.limits.State; most != nil && bytes > p.state[id] && others+bytes > *most {
		return p.refuse(0, "may have %d bytes of state, and its queries would have %d: drop what is no longer needed, give windows less retention, or let the file of principals have a higher limit of \"state_bytes\", "+
			"and start the server again or make the query anew", *most, others+bytes)
	}
	p.state[id] = bytes
	return nil
}

// Connect counts a connection, if there may be one more.
func (p *Principal) Connect() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if most := p.limits.Connections; most != nil && p.connections >= *most {
		return p.refuse(0, "has %s, and may have %d: close one first, or let the file of principals have a higher limit of \"connections\"", answer.Counted(p.connections, "connection"), *most)
	}
	p.connections++
	return nil
}

// Disconnect says that a connection has ended, or is somebody else's now.
func (p *Principal) Disconnect() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.connections--
}

// Figures are what it has.
func (p *Principal) Figures() Figures {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.all
	f.Queries, f.Connections = int64(len(p.queries)), p.connections
	for _, n := range p.state {
		f.StateBytes += n
	}
	return f
}
