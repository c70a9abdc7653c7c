package tenants

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const shopToken, deskToken = "shop-token-0123456789", "desk-token-0123456789"

// buffer is a log that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func write(t *testing.T, path, principals string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(`{"principals": [`+principals+`]}`), 0o600); err != nil {
		t.Fatal(err)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come: " + what)
		}
	}
}

func shop(limits string) string {
	return `{"name": "shop", "token": "` + shopToken + `", "limits": {` + limits + `}}`
}

func open(t *testing.T, principals string, o Options) (*Tenants, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "principals.json")
	write(t, path, principals)
	tt, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tt.Close)
	return tt, path
}

// TestFile: what is wrong in a file is told, and no token with it.
func TestFile(t *testing.T) {
	const secret = "not-to-be-seen-anywhere"
	for text, want := range map[string]string{
		``:                   "expected {\"principals\"",
		`[]`:                 "expected {\"principals\"",
		`{"principals": []}`: "there are no principals",
		`{"principals": [{"name": "a", "token": "` + secret + `"}]} x`:                                          "something follows",
		`{"principals": [{"name": "a", "tokn": "` + secret + `"}]}`:                                             `unknown field "tokn"`,
		`{"principals": [{"token": "` + secret + `"}]}`:                                                         `principal 1 (""): name: expected a text`,
		`{"principals": [{"name": "a:b", "token": "` + secret + `"}]}`:                                          "name: expected a text without colons",
		`{"principals": [{"name": "a"}]}`:                                                                       "expected either token or token_sha256",
		`{"principals": [{"name": "a", "token": "` + secret + `", "token_sha256": "00"}]}`:                      "expected either token or token_sha256",
		`{"principals": [{"name": "a", "token": "short"}]}`:                                                     "expected 16 characters or more",
		`{"principals": [{"name": "a", "token_sha256": "` + secret + `"}]}`:                                     "64 hexadecimal digits",
		`{"principals": [{"name": "a", "token": "` + secret + `"}, {"name": "a", "token": "` + secret + `2"}]}`: `the name "a" is there twice`,
		`{"principals": [{"name": "a", "token": "` + secret + `"}, {"name": "b", "token": "` + secret + `"}]}`:  `"a" and "b" have the same token`,
		`{"principals": [{"name": "a", "token": "` + secret + `", "limits": {"rows_per_second": 0}}]}`:          "rows_per_second: expected a number from 1, got 0",
		`{"principals": [{"name": "a", "token": "` + secret + `", "limits": {"connections": "many"}}]}`:         "cannot unmarshal string",
		`{"principals": [{"name": "a", "token": "` + secret + `", "limits": {"queries": -1}}]}`:                 "queries: expected a number from 0",
	} {
		_, err := parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "nope"), Options{}); err == nil || !strings.Contains(err.Error(), "can't be read") {
		t.Error(err)
	}
}

// TestReload: a changed file is taken over, one that is wrong is not, and who is shown out ends what it was doing.
func TestReload(t *testing.T) {
	var log buffer
	hash := sha256.Sum256([]byte(deskToken))
	desk := `{"name": "desk", "token_sha256": "` + hex.EncodeToString(hash[:]) + `"}`
	tt, path := open(t, shop(`"queries": 1`)+","+desk, Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Look: time.Millisecond})
	p, d := tt.Find(shopToken), tt.Find(deskToken)
	if p.Name() != "shop" || d.Name() != "desk" || tt.Find(shopToken+"x") != nil || tt.Find("") != nil || len(tt.All()) != 2 {
		t.Fatalf("%v %v", p, d)
	}
	if err := errors.Join(p.Begin("q1", ""), d.Begin("q2", ""), d.Begin("q3", "")); err != nil {
		t.Fatal(err)
	}
	if err := p.Begin("q4", ""); err == nil {
		t.Error("a second query")
	}
	doing, stop := p.While(t.Context())
	defer stop()
	others, stop := d.While(t.Context())
	defer stop()

	write(t, path, shop(`"queries": 2`)+","+desk)
	until(t, "the higher limit", func() bool { return p.Begin("q4", "") == nil })
	write(t, path, shop(`"queries": "many"`))
	until(t, "a word on the error", func() bool { return strings.Contains(log.String(), "what it said before stays in force") })
	if tt.Find(shopToken) != p || doing.Err() != nil {
		t.Error("a wrong file changes something")
	}
	write(t, path, desk)
	<-doing.Done()
	if context.Cause(doing) != errRevoked || others.Err() != nil || tt.Find(shopToken) != nil || tt.Named("shop") != p {
		t.Errorf("%v, %v", context.Cause(doing), others.Err())
	}
	if again, _ := p.While(t.Context()); again.Err() == nil {
		t.Error("who was shown out begins anew")
	}
	if f := p.Figures(); f.Queries != 2 || f.Refused == 0 {
		t.Errorf("%+v", f)
	}
	write(t, path, desk+`,{"name": "shop", "token": "another-token-of-shop"}`)
	until(t, "the new token", func() bool { return tt.Find("another-token-of-shop") == p })
	if strings.Contains(log.String(), shopToken) {
		t.Error(log.String())
	}
}

func TestQueries(t *testing.T) {
	tt, _ := open(t, shop(`"queries": 2`), Options{})
	p := tt.Find(shopToken)
	if err := errors.Join(p.Begin("a", ""), p.Begin("b", ""), p.Begin("b", ""), p.Begin("c", "b")); err != nil {
		t.Fatal(err)
	}
	p.End("b")
	var limit *LimitError
	if err := p.Begin("d", "nobody's"); !errors.As(err, &limit) || !strings.Contains(err.Error(), `principal shop has 2 queries, and may have 2: end one first`) || limit.Retry != 0 {
		t.Error(err)
	}
	p.Own("e")
	p.End("a")
	p.End("c")
	if err := p.Begin("d", ""); err != nil {
		t.Error(err)
	}
}

func TestState(t *testing.T) {
	tt, path := open(t, shop(`"state_bytes": 100`), Options{Look: time.Millisecond})
	p := tt.Find(shopToken)
	if err := errors.Join(p.Hold("a", 60), p.Hold("b", 40)); err != nil {
		t.Fatal(err)
	}
	if err := p.Hold("b", 41); err == nil || !strings.Contains(err.Error(), "may have 100 bytes of state, and its queries would have 101") {
		t.Error(err)
	}
	if err := errors.Join(p.Hold("a", 60), p.Hold("a", 50), p.Hold("b", 50)); err != nil {
		t.Error(err)
	}
	p.End("b")
	if err := p.Hold("a", 100); err != nil || p.Figures().StateBytes != 100 {
		t.Error(err, p.Figures())
	}
	write(t, path, shop(`"state_bytes": 10`))
	until(t, "the lower limit", func() bool { return p.Hold("c", 1) != nil })
	if err := errors.Join(p.Hold("a", 100), p.Hold("a", 90)); err != nil { // it takes no more
		t.Error(err)
	}
}

func TestConnections(t *testing.T) {
	tt, _ := open(t, shop(`"connections": 1`), Options{})
	p := tt.Find(shopToken)
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	if err := p.Connect(); err == nil || !strings.Contains(err.Error(), "has 1 connection, and may have 1") {
		t.Error(err)
	}
	p.Disconnect()
	if err := p.Connect(); err != nil {
		t.Error(err)
	}
}

// TestRows goes by a clock of its own: so many rows at once as a second brings, then one by one, never more.
func TestRows(t *testing.T) {
	var mu sync.Mutex
	now := time.Unix(1000, 0)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	tt, path := open(t, shop(`"rows_per_second": 10`)+`,{"name": "desk", "token": "`+deskToken+`"}`, Options{Now: clock, Look: time.Millisecond})
	p, d := tt.Find(shopToken), tt.Find(deskToken)
	bring := func(of *Principal) (n int) {
		for n < 1000 && of.Bring() == nil {
			n++
		}
		return n
	}
	if n := bring(p); n != 10 {
		t.Errorf("%d at once", n)
	}
	if n := bring(d); n != 1000 {
		t.Errorf("the other one: %d", n)
	}
	var limit *LimitError
	if err := p.Bring(); !errors.As(err, &limit) || limit.Retry != 100*time.Millisecond || !strings.Contains(err.Error(), "more than 10 rows a second") {
		t.Errorf("%v %+v", err, limit)
	}
	pass(350 * time.Millisecond)
	if n := bring(p); n != 3 {
		t.Errorf("%d after 350 ms", n)
	}
	pass(time.Hour)
	if n := bring(p); n != 10 {
		t.Errorf("%d after an hour", n)
	}
	for range 5 {
		p.Spend() // rows that had been made before it was known
	}
	pass(500 * time.Millisecond)
	if n := bring(p); n != 0 {
		t.Errorf("%d with a debt", n)
	}
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Await(short); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	waited := make(chan error, 1)
	go func() { waited <- p.Await(t.Context()) }()
	pass(time.Second)
	if err := <-waited; err != nil {
		t.Error(err)
	}
	write(t, path, shop(``))
	until(t, "no limit", func() bool { return bring(p) == 1000 })
	if err := d.Await(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestNobody: where everybody may use a server, nobody has limits.
func TestNobody(t *testing.T) {
	var tt *Tenants
	p := tt.Find(shopToken)
	if p != nil || tt.Named("shop") != nil || tt.All() != nil || p.Name() != "" {
		t.Error("somebody")
	}
	p.Own("a")
	p.Spend()
	p.Disconnect()
	p.End("a")
	if err := errors.Join(p.Begin("a", ""), p.Hold("a", 1), p.Connect(), p.Bring(), p.Await(t.Context())); err != nil {
		t.Error(err)
	}
	ctx, stop := p.While(t.Context())
	stop()
	if ctx.Err() != nil {
		t.Error(ctx.Err())
	}
	tt.Close()
}
