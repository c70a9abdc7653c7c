package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
)

// listener is what the broker accepts from: guarded TCP connections and pipes from the same process.
// Its Addr is the advertised one, since kfake tells clients to connect there.
type listener struct {
	tcp      net.Listener
	addr     advertised
	conns    chan net.Conn
	done     chan struct{}
	once     sync.Once
	open     atomic.Int64
	max      int64
	maxFrame int
	answers  *answers
	log      *slog.Logger
	wg       sync.WaitGroup
}

type advertised string

func (advertised) Network() string  { return "tcp" }
func (a advertised) String() string { return string(a) }

func listen(opts Options, fixes *answers) (*listener, error) {
	host, _, err := net.SplitHostPort(opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("the embedded broker's address %q is not host:port, such as 127.0.0.1:9092", opts.Addr)
	}
	if ip := net.ParseIP(host); opts.Advertise == "" && (host == "" || ip != nil && ip.IsUnspecified()) {
		return nil, fmt.Errorf("the embedded broker listens on all interfaces (%s): say which host name clients are to connect to (the advertised address)", opts.Addr)
	}
	tcp, err := net.Listen("tcp", opts.Addr)
	if errors.Is(err, errInUse) {
		return nil, fmt.Errorf("the embedded broker cannot listen on %s: another program has that port (Kafka, or another Weir?); stop it, or choose another port (0 takes a free one)", opts.Addr)
	}
	if err != nil {
		return nil, fmt.Errorf("the embedded broker cannot listen on %s: %w", opts.Addr, err)
	}
	addr, err := advertise(opts.Advertise, tcp.Addr().String())
	if err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	l := &listener{
		tcp: tcp, addr: addr, conns: make(chan net.Conn), done: make(chan struct{}),
		max: int64(opts.MaxConnections), maxFrame: opts.MaxFrameBytes, answers: fixes, log: opts.Logger,
	}
	l.wg.Go(l.acceptTCP)
	return l, nil
}

// advertise completes what clients are told with the port listened on.
func advertise(want, bound string) (advertised, error) {
	if want == "" {
		return advertised(bound), nil
	}
	_, boundPort, err := net.SplitHostPort(bound)
	if err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(want)
	if err != nil {
		host, port = want, boundPort
	}
	if port == "0" {
		port = boundPort
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || host == "" {
		return "", fmt.Errorf("the advertised address %q is not host or host:port", want)
	}
	return advertised(net.JoinHostPort(host, port)), nil
}

func (l *listener) acceptTCP() {
	for {
		conn, err := l.tcp.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				l.log.Error("the embedded broker no longer accepts connections", "addr", l.tcp.Addr().String(), "err", err)
			}
			return
		}
		if l.open.Add(1) > l.max {
			l.open.Add(-1)
			l.log.Warn("connection refused: too many", "remote", conn.RemoteAddr().String(), "limit", l.max)
			conn.Close()
			continue
		}
		guarded := l.guard(conn, false, func() { l.open.Add(-1) })
		select {
		case l.conns <- guarded:
		case <-l.done:
			guarded.Close()
			return
		}
	}
}

func (l *listener) guard(conn net.Conn, inside bool, closed func()) *frameConn {
	return &frameConn{Conn: conn, inside: inside, maxFrame: l.maxFrame, answers: l.answers, log: l.log, closed: closed}
}

func (l *listener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, broker := net.Pipe()
	select {
	case l.conns <- l.guard(broker, true, func() {}):
		return client, nil
	case <-l.done:
		return nil, errors.New("the embedded broker is closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept returns the next connection, from outside or from within.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Addr() net.Addr { return l.addr }

func (l *listener) Close() error {
	var err error
	l.once.Do(func() {
		close(l.done)
		err = l.tcp.Close()
	})
	l.wg.Wait()
	return err
}
