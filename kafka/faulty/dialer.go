// Package faulty stands between a client and a Kafka broker and spoils what tests name: it refuses requests with errors that a broker
// could answer, delays them, cuts the connection before a request is carried out, or after, so that its answer is lost. It is for tests.
//
// A Dialer wraps another dialer, the embedded broker's pipe or the network's; what it is to spoil is told by rules, which count the
// requests of one kind over all connections.
package faulty

import (
	"context"
	"errors"
	"maps"
	"net"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// DialFunc is what kgo.Dialer takes.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// Dialer makes connections that spoil requests. All methods may be called from several goroutines.
type Dialer struct {
	dial  DialFunc
	mu    sync.Mutex
	rules []*Armed
	seen  map[kmsg.Key]int
	conns map[*conn]bool
	away  bool
}

// New wraps a dialer; nil is the network's.
func New(dial DialFunc) *Dialer {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return &Dialer{dial: dial, seen: map[kmsg.Key]int{}, conns: map[*conn]bool{}}
}

var errAway = errors.New("faulty: the broker is away")

// Dial connects; it is meant for kgo.Dialer.
func (d *Dialer) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if d.isAway() {
		return nil, errAway
	}
	inner, err := d.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := newConn(d, inner)
	d.mu.Lock()
	d.conns[c] = true
	away := d.away
	d.mu.Unlock()
	if away { // in the meantime
		return nil, errors.Join(errAway, c.Close())
	}
	return c, nil
}

func (d *Dialer) isAway() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.away
}

// Away cuts all connections and lets no new one come about, until it is called with false.
func (d *Dialer) Away(away bool) {
	d.mu.Lock()
	d.away = away
	var cut []*conn
	if away {
		for c := range d.conns {
			cut = append(cut, c)
		}
	}
	d.mu.Unlock()
	for _, c := range cut {
		_ = c.Close()
	}
}

// Seen is how many requests of each kind have come by.
func (d *Dialer) Seen() map[kmsg.Key]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.seen)
}

func (d *Dialer) forget(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, c)
}
