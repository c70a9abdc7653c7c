// Package hostile writes statements and records that ask for as much memory and time as they can get, and gives them to a server that has a
// gigabyte: it has to go on, and whatever it was asked has to end, or to let itself be ended.
package hostile

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/cli"
)

var (
	seed   = flag.Uint64("hostile.seed", 1, "where the random numbers begin")
	during = flag.Duration("hostile.time", 0, "how long statements are given; 0 for not at all")
	memory = flag.Uint64("hostile.memory", 1<<30, "bytes of memory that the server may write to")
	say    = flag.Bool("hostile.say", false, "log each statement")
)

const asServer = "TEST_HOSTILE_SERVER"

func TestMain(m *testing.M) {
	if limit := os.Getenv(asServer); limit != "" {
		n, err := strconv.ParseUint(limit, 10, 64)
		if err == nil {
			err = limitMemory(n)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(cli.Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// patience is how long a client waits before it leaves; and grace is how long the server may take to end what it was at, on a machine that
// has other things to do.
const patience, grace = 10 * time.Second, 2 * time.Minute

// server is the process that is tried.
type server struct {
	t          *testing.T
	cmd        *exec.Cmd
	api, kafka string
	ended      chan struct{}
	log        string
}

func startServer(t *testing.T) *server {
	t.Helper()
	if err := exec.Command(os.Args[0], "-test.run", "^$").Run(); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	s := &server{t: t, api: free(t), kafka: free(t), ended: make(chan struct{}), log: filepath.Join(dir, "log")}
	s.cmd = exec.Command(os.Args[0], "server", "--listen", s.api, "--kafka-listen", s.kafka, "--registry-listen", free(t), "--data-dir", filepath.Join(dir, "data"))
	s.cmd.Env = append(os.Environ(), asServer+"="+strconv.FormatUint(*memory, 10))
	log, err := os.Create(s.log)
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait()
		log.Close()
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.ended
	})
	s.until("it answers", func() bool { return s.lives() })
	return s
}

func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func (s *server) lives() bool {
	status, _, err := s.send(context.Background(), "/ksql", "SHOW STREAMS;")
	return err == nil && status == http.StatusOK
}

// gone fails the test where the process has ended.
func (s *server) gone() {
	s.t.Helper()
	select {
	case <-s.ended:
		s.t.Fatalf("the server has ended: %v\n%s", s.cmd.ProcessState, tail(s.log))
	default:
	}
}

func tail(name string) string {
	data, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	for _, begin := range []string{"fatal error:", "panic:"} {
		if at := bytes.Index(data, []byte(begin)); at >= 0 {
			return string(data[at:min(len(data), at+6000)])
		}
	}
	return string(data[max(0, len(data)-4000):])
}

func (s *server) until(what string, cond func() bool) {
	s.t.Helper()
	for end := time.Now().Add(grace); !cond(); time.Sleep(20 * time.Millisecond) {
		s.gone()
		if time.Now().After(end) {
			s.t.Fatalf("not within %v: %s\n%s", grace, what, tail(s.log))
		}
	}
}

// send posts statements, and reads the answer up to some size.
func (s *server) send(ctx context.Context, path, sql string) (status int, body string, err error) {
	field := "ksql"
	if path == "/query-stream" {
		field = "sql"
	}
	data, err := json.Marshal(map[string]any{field: sql, "streamsProperties": map[string]string{}, "properties": map[string]string{"auto.offset.reset": "earliest"}})
	if err != nil {
		return 0, "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.api+path, bytes.NewReader(data))
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	var b strings.Builder
	_, err = io.Copy(&b, io.LimitReader(resp.Body, 1<<20))
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
	}
	return resp.StatusCode, b.String(), err
}

// settled says whether no query of a client is left.
func (s *server) settled() bool {
	_, body, err := s.send(context.Background(), "/ksql", "SHOW QUERIES;")
	return err == nil && !strings.Contains(body, "transient_")
}

// peak is the most memory that the process has had, in bytes; 0 where that is not told.
func (s *server) peak() int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return n << 10
		}
	}
	return 0
}

// run is one trial.
type run struct {
	*server
	mu     sync.Mutex
	recent []string // the statements sent last
	counts map[string]int
}

func (r *run) note(sql, outcome string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(sql) > 3000 {
		sql = sql[:3000] + " ..."
	}
	r.recent = append(r.recent, outcome+": "+sql)
	if len(r.recent) > 12 {
		r.recent = r.recent[1:]
	}
	r.counts[outcome]++
	if *say {
		r.t.Log(outcome + ": " + sql)
	}
}

// client gives statements, one after the other, until the time is over.
func (r *run) client(g *generator, number int, until time.Time) {
	for i := 0; time.Now().Before(until); i++ {
		select {
		case <-r.ended:
			return
		default:
		}
		switch n := 1000*(number+1) + i; g.IntN(10) {
		case 0, 1:
			r.statement("insert", "/ksql", g.insert(), grace)
		case 2:
			r.statement("script", "/ksql", g.script(), grace)
		case 3, 4:
			statement, drop := g.create(n)
			r.statement("create", "/ksql", statement, grace)
			time.Sleep(time.Duration(g.IntN(1500)) * time.Millisecond)
			r.statement("drop", "/ksql", drop, grace)
		default:
			r.statement("ask", "/query-stream", g.ask(), patience)
		}
	}
}

func (r *run) statement(kind, path, sql string, wait time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	r.note(sql, kind+" sent")
	status, body, err := r.send(ctx, path, sql)
	switch {
	case err == nil && strings.Contains(body, "weir.max."):
		r.note(sql, kind+" bounded")
	case err == nil:
		r.note(sql, fmt.Sprintf("%s %d", kind, status))
	case ctx.Err() == nil:
		r.note(sql, kind+" cut: "+err.Error())
	case wait == grace:
		r.t.Errorf("not within %v: %s", grace, sql)
	default:
		r.note(sql, kind+" left")
	}
}

// feed writes records, some of which unpack to much.
func (r *run) feed(g *generator, until time.Time) {
	c, err := kgo.NewClient(kgo.SeedBrokers(r.kafka), kgo.ProducerBatchCompression(kgo.ZstdCompression()), kgo.ProducerBatchMaxBytes(256<<20), kgo.BrokerMaxWriteBytes(512<<20),
		kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck()), kgo.RecordRetries(1), kgo.RecordDeliveryTimeout(patience), kgo.ProduceRequestTimeout(patience))
	if err != nil {
		r.t.Error(err)
		return
	}
	defer c.Close()
	for time.Now().Before(until) {
		rec := &kgo.Record{Topic: pickOf(g, "s", "s", "r"), Key: fmt.Appendf(nil, "k%d", g.IntN(50)), Value: []byte(g.record())}
		if g.IntN(200) == 0 {
			rec.Value = bytes.Repeat([]byte("x"), 200<<20)
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_ = c.ProduceSync(ctx, rec) // some are refused
		cancel()
		time.Sleep(time.Duration(g.IntN(60)) * time.Millisecond)
	}
}

func TestHostile(t *testing.T) {
	if *during == 0 {
		t.Skip("-hostile.time says for how long")
	}
	r := &run{server: startServer(t), counts: map[string]int{}}
	status, body, err := r.send(t.Context(), "/ksql", setup)
	if err != nil || status != http.StatusOK {
		t.Fatalf("%d %s %v", status, body, err)
	}
	until := time.Now().Add(*during)
	var wg sync.WaitGroup
	wg.Go(func() { r.feed(newGenerator(*seed), until) })
	for i := range 2 {
		wg.Go(func() { r.client(newGenerator(*seed+uint64(i+1)<<32), i, until) })
	}
	wg.Wait()
	defer func() {
		t.Logf("seed %d: %v, at most %d MB", *seed, r.counts, r.peak()>>20)
		if t.Failed() {
			t.Logf("the last statements:\n%s", strings.Join(r.recent, "\n"))
		}
	}()
	r.gone()
	r.until("all that clients asked for has ended", r.settled)
	r.until("it answers", r.lives)
}
