package embedded

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// frame is a request of a declared size and key, followed by the body.
func frame(size uint32, key, version int16, body string) []byte {
	b := binary.BigEndian.AppendUint32(nil, size)
	b = binary.BigEndian.AppendUint16(b, uint16(key))
	b = binary.BigEndian.AppendUint16(b, uint16(version))
	b = binary.BigEndian.AppendUint32(b, 1)
	return append(b, body...)
}

func TestGarbageClosesTheConnectionOnly(t *testing.T) {
	b := start(t, Options{})
	for name, sent := range map[string][]byte{
		"http":            []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
		"unknown key":     frame(14, 9999, 0, "abcdef"),
		"negative key":    frame(14, -7, 0, "abcdef"),
		"bad version":     frame(14, 18, -1, "abcdef"),
		"too large":       frame(DefaultMaxFrameBytes+1, 18, 0, ""),
		"too short":       frame(4, 18, 0, ""),
		"second is bad":   append(frame(10, 18, 0, "\xff\xff"), frame(14, 9999, 0, "abcdef")...),
		"unreadable body": frame(14, 19, 5, "\xff\xff\xff\xff\xff\xff"),
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", b.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(time.Minute))
			if _, err := conn.Write(sent); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection is still open")
			}
		})
	}
	if err := client(t, kgo.SeedBrokers(b.Addr())).Ping(within(t)); err != nil {
		t.Errorf("the broker is gone: %v", err)
	}
}

func TestTooManyConnections(t *testing.T) {
	b := start(t, Options{MaxConnections: 2})
	var conns []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	conns[2].SetDeadline(time.Now().Add(time.Minute))
	if _, err := conns[2].Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the third connection stays open: %v", err)
	}
	if err := client(t, b.ClientOpts()...).Ping(within(t)); err != nil {
		t.Errorf("connections within the process are refused: %v", err)
	}
	conns[0].Close()
	conns[1].Close()
	ctx := within(t)
	for err := errors.New("not asked"); err != nil; time.Sleep(time.Millisecond) { // the broker learns of a close on its own time
		if err = client(t, kgo.SeedBrokers(b.Addr())).Ping(ctx); ctx.Err() != nil {
			t.Fatalf("places are not given back: %v", err)
		}
	}
}

func TestBrokerSettingsAreFixed(t *testing.T) {
	b := start(t, Options{})
	adm := kadm.NewClient(client(t, b.ClientOpts()...))
	off := kadm.AlterConfig{Op: kadm.SetConfig, Name: "log.cleaner.backoff.ms", Value: kadm.StringPtr("1")}
	for range 2 { // the guard stays
		resp, err := adm.AlterBrokerConfigs(within(t), []kadm.AlterConfig{off}, 0)
		if err != nil || !errors.Is(resp[0].Err, kerr.PolicyViolation) {
			t.Errorf("the broker's settings were altered: %v, %v", resp, err)
		}
		resp, err = adm.AlterBrokerConfigsState(within(t), []kadm.AlterConfig{off}, 0)
		if err != nil || !errors.Is(resp[0].Err, kerr.PolicyViolation) {
			t.Errorf("the broker's settings were altered: %v, %v", resp, err)
		}
	}
}

// A copy of the live directory is what a killed process leaves.
func TestTrimmedPartitionKeepsItsEndOverAKill(t *testing.T) {
	dir, left := t.TempDir(), t.TempDir()
	b := start(t, Options{DataDir: dir})
	cl := client(t, append(b.ClientOpts(), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	adm := kadm.NewClient(cl)
	if _, err := adm.CreateTopic(within(t), 2, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	produce(t, cl, "t", "1", "2", "3", "4")
	for _, c := range [][2]int64{{2, 2}, {1, 2}, {4, 3}, {-1, 3}} {
		at, want := c[0], c[1]
		resp, err := adm.DeleteRecords(within(t), kadm.Offsets{"t": {0: {Topic: "t", At: at}}})
		if err != nil || resp["t"][0].Err != nil || resp["t"][0].LowWatermark != want {
			t.Fatalf("delete up to %d: %v, %v", at, resp, err)
		}
	}
	empty, err := adm.DeleteRecords(within(t), kadm.Offsets{"t": {1: {Topic: "t", Partition: 1, At: -1}}})
	if err != nil || empty["t"][1].Err != nil || empty["t"][1].LowWatermark != 0 {
		t.Fatalf("delete in an empty partition: %v, %v", empty, err)
	}
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	next := kadm.NewClient(client(t, start(t, Options{DataDir: left}).ClientOpts()...))
	starts, err := next.ListStartOffsets(within(t), "t")
	if begin, _ := starts.Lookup("t", 0); err != nil || begin.Offset != 3 {
		t.Errorf("after a kill the partition begins at %d, %v: what was deleted is back", begin.Offset, err)
	}
	ends, err := next.ListEndOffsets(within(t), "t")
	if end, _ := ends.Lookup("t", 0); err != nil || end.Offset != 4 {
		t.Errorf("after a kill the partition ends at %d, %v", end.Offset, err)
	}
}

func TestWarnSize(t *testing.T) {
	log := &syncBuffer{}
	b := start(t, Options{MaxDataWarn: 1000, Logger: slog.New(slog.NewTextHandler(log, nil))})
	cl := client(t, append(b.ClientOpts(), kgo.ProducerBatchCompression(kgo.NoCompression()))...)
	if _, err := kadm.NewClient(cl).CreateTopic(within(t), 1, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	produce(t, cl, "t", strings.Repeat("x", 5000))
	size, err := b.DataSize()
	if err != nil || size < 5000 || size > 50_000 {
		t.Errorf("size %d, %v", size, err)
	}
	next := b.warnSize(1000)
	if !strings.Contains(log.String(), "grown large") || next <= size || next > 2*size+1000 {
		t.Errorf("next warning at %d of %d; log:\n%s", next, size, log.String())
	}
	if b.warnSize(next) != next {
		t.Error("it warns again at once")
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(frame(10, 18, 0, "\xff\xff"))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		conn := &frameConn{Conn: &readConn{Reader: bytes.NewReader(in)}, answers: &answers{}, maxFrame: 1 << 10, log: slog.New(slog.DiscardHandler), closed: func() {}}
		out, _ := io.ReadAll(conn)
		if !bytes.HasPrefix(in, out) {
			t.Fatalf("bytes were changed: %q of %q", out, in)
		}
		for len(out) >= sizeLen {
			size := int(binary.BigEndian.Uint32(out))
			if size < headerLen || size > 1<<10 || kmsg.RequestForKey(int16(binary.BigEndian.Uint16(out[4:]))) == nil {
				t.Fatalf("a bad frame passed: %q", out)
			}
			out = out[min(len(out), sizeLen+size):]
		}
	})
}

type readConn struct {
	net.Conn
	io.Reader
}

func (c *readConn) Read(p []byte) (int, error) { return c.Reader.Read(p) }
func (c *readConn) RemoteAddr() net.Addr       { return advertised("test:1") }

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
