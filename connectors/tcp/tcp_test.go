package tcp

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"weir/connectors/connector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// output keeps what is emitted.
type output struct {
	mu      sync.Mutex
	rows    []string
	bad     []string
	flushed int
}

func (o *output) Emit(_ context.Context, r *connector.Record) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(r.Headers) != 1 || r.Headers[0].Key != HeaderPeer || !strings.HasPrefix(string(r.Headers[0].Value), "127.0.0.1:") {
		return fmt.Errorf("headers %v", r.Headers)
	}
	o.rows = append(o.rows, fmt.Sprintf("%d %s=%s", r.Partition, r.Key, r.Value))
	return nil
}

func (o *output) Flush(context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flushed = len(o.rows)
	return nil
}

func (o *output) Partitions(string) int32 { return 3 }
func (o *output) SetTotal(int64)          {}
func (o *output) Bad(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bad = append(o.bad, err.Error())
}

func openSource(props ...string) (*source, error) {
	var settings []connector.Setting
	for i := 0; i < len(props); i += 2 {
		settings = append(settings, connector.Setting{Name: props[i], Value: props[i+1]})
	}
	values, err := connector.Check(Class(), settings)
	if err != nil {
		return nil, err
	}
	r, err := open(connector.Env{Logger: slog.New(slog.DiscardHandler)}, values)
	if err != nil {
		return nil, err
	}
	return r.(*source), nil
}

// TestLines: lines of several connections, cut anyhow on their way, with the last one not ended and one that is too long.
func TestLines(t *testing.T) {
	s, err := openSource("listen", "127.0.0.1:0", "topic", "t", "max.line.bytes", "100000", "key.regex", `^(\w+):`, "max.connections", "2")
	if err != nil {
		t.Fatal(err)
	}
	addr := make(chan net.Addr, 1)
	s.bound = func(a net.Addr) { addr <- a }
	out := &output{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, out, nil) }()
	at := (<-addr).String()
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	send := func(c net.Conn, parts ...string) {
		t.Helper()
		for _, p := range parts {
			if _, err := c.Write([]byte(p)); err != nil {
				t.Fatal(err)
			}
		}
	}
	one, two := dial(), dial()
	send(one, "a:1\r\nb", ":2\n\n", strings.Repeat("x", 100001), "\n", "c:", strings.Repeat("y", 99998), "\nlast")
	until(t, func() bool { out.mu.Lock(); defer out.mu.Unlock(); return len(out.rows) == 4 })
	send(two, "d\n")
	until(t, func() bool { out.mu.Lock(); defer out.mu.Unlock(); return out.flushed == 5 })
	three := dial() // one too many
	if _, err := three.Read(make([]byte, 1)); err == nil {
		t.Error("a third connection is served")
	}
	_ = three.Close()
	_ = one.Close()
	until(t, func() bool { out.mu.Lock(); defer out.mu.Unlock(); return len(out.rows) == 6 })
	cancel()
	if err := <-ended; err == nil {
		t.Error("it ended without an error")
	}
	_ = two.Close()
	for i := range out.rows {
		_, out.rows[i], _ = strings.Cut(out.rows[i], " ")
	}
	if want := []string{"a=a:1", "b=b:2", "=", "c=c:" + strings.Repeat("y", 99998), "=d", "=last"}; !slices.Equal(out.rows, want) {
		t.Errorf("%.300q", out.rows)
	}
	if len(out.bad) != 1 || !strings.Contains(out.bad[0], "longer than 100000 bytes") {
		t.Errorf("%q", out.bad)
	}
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come")
		}
	}
}

func TestWrong(t *testing.T) {
	for want, props := range map[string][]string{
		"needs the property 'listen'":              {"topic", "t"},
		"expected HOST:PORT":                       {"topic", "t", "listen", "9999"},
		"got 'x:99999'":                            {"topic", "t", "listen", "x:99999"},
		"property 'topic' is empty":                {"topic", "", "listen", ":1"},
		"put the part that is the key in parenthe": {"topic", "t", "listen", ":1", "key.regex", "a"},
	} {
		if _, err := openSource(props...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v; want %q", props, err, want)
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	s, err := openSource("listen", taken.Addr().String(), "topic", "t")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context(), &output{}, nil); err == nil || !strings.Contains(err.Error(), "cannot listen at") {
		t.Errorf("%v", err)
	}
}
