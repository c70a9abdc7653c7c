package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"weir/kafka"
	"weir/server/wire"
	"weir/tenants"
)

const boundToken, freeToken = "bound-not-to-be-seen", "free-not-to-be-seen-"

// rented is a server for two principals, of whom one has limits.
type rented struct {
	url     string
	path    string // of the file
	tenants *tenants.Tenants
	cluster *kafka.Cluster

	mu  sync.Mutex
	now time.Time
}

func (r *rented) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func (r *rented) write(t *testing.T, limits string) {
	t.Helper()
	text := `{"principals": [{"name": "bound", "token": "` + boundToken + `", "limits": {` + limits + `}}, {"name": "free", "token": "` + freeToken + `"}]}`
	if err := os.WriteFile(r.path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// rent starts one. The clock of rates stands still unless the test moves it.
func rent(t *testing.T, limits string) *rented {
	t.Helper()
	r := &rented{path: filepath.Join(t.TempDir(), "principals.json"), now: time.Unix(1000, 0)}
	r.write(t, limits)
	var err error
	r.tenants, err = tenants.Open(r.path, tenants.Options{Look: 5 * time.Millisecond, Now: func() time.Time { r.mu.Lock(); defer r.mu.Unlock(); return r.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.tenants.Close)
	e, cluster, _ := newNodeOf(t, r.tenants)
	r.cluster = cluster
	r.url = start(t, e, Options{Tenants: r.tenants})
	r.ask(t, freeToken, `CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`, 200)
	return r
}

// ask sends statements to /ksql, or where they are a SELECT to /query-stream.
func (r *rented) ask(t *testing.T, token, sql string, want int) string {
	t.Helper()
	path := "/ksql"
	if strings.HasPrefix(sql, "SELECT") {
		path = "/query-stream"
	}
	status, body := send(t, "POST", r.url+path, sql, "Content-Type", wire.SQL, "Authorization", "Bearer "+token)
	if status != want {
		t.Errorf("%s: %d %s, want %d", sql, status, body, want)
	}
	if strings.Contains(body, token) {
		t.Errorf("a token is shown: %s", body)
	}
	return body
}

// stream opens an answer that goes on, of a connection of its own.
func (r *rented) stream(t *testing.T, token, path string) (body io.ReadCloser, status int) {
	t.Helper()
	return r.streamBy(t, &http.Transport{DisableKeepAlives: true}, token, path)
}

func (r *rented) streamBy(t *testing.T, transport *http.Transport, token, path string) (body io.ReadCloser, status int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp.Body, resp.StatusCode
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come: " + what)
		}
	}
}

// TestLogin: all but /healthcheck wants a token, which comes in the ways that clients have for it, and no longer does once it is taken out of the file.
func TestLogin(t *testing.T) {
	r := rent(t, ``)
	get := func(path string, header func(*http.Request)) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		header(req)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	basic := func(user, password string) func(*http.Request) {
		return func(req *http.Request) { req.SetBasicAuth(user, password) }
	}
	raw := func(value string) func(*http.Request) {
		return func(req *http.Request) { req.Header.Set("Authorization", value) }
	}
	nobody := func(*http.Request) {}
	for _, c := range []struct {
		name   string
		path   string
		header func(*http.Request)
		want   int
	}{
		{"nobody", "/info", nobody, 401}, {"nobody", "/metrics", nobody, 401}, {"nobody", "/", nobody, 401}, {"nobody", "/tables/t/changes", nobody, 401}, {"nobody", "/healthcheck", nobody, 200},
		{"a bearer", "/info", raw("Bearer " + boundToken), 200}, {"in other letters", "/info", raw("bearer " + freeToken), 200}, {"a user", "/info", basic("bound", boundToken), 200},
		{"a wrong token", "/info", raw("Bearer " + boundToken + "x"), 401}, {"no token", "/info", raw("Bearer "), 401}, {"another scheme", "/info", raw("Digest " + boundToken), 401},
		{"the token of another", "/info", basic("bound", freeToken), 401}, {"no user", "/info", basic("", boundToken), 401}, {"somebody else", "/info", basic("nobody", "nothing"), 401},
	} {
		resp := get(c.path, c.header)
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != c.want {
			t.Errorf("%s: %d %s %v, want %d", c.name, resp.StatusCode, body, err, c.want)
		}
		if c.want == 401 && (!strings.Contains(string(body), `{"@type":"generic_error","error_code":40100,"message":"Unauthorized: `) || len(resp.Header.Values("WWW-Authenticate")) != 2) {
			t.Errorf("%s: %s %v", c.name, body, resp.Header)
		}
	}
	dial := func(token string) error {
		c, _, err := websocket.Dial(t.Context(), r.url+"/streams/s/changes", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + token}}})
		if err == nil {
			t.Cleanup(func() { c.CloseNow() })
			_, _, err = c.Read(t.Context())
		}
		return err
	}
	if err := dial(freeToken); err != nil {
		t.Error(err)
	}
	if err := dial("wrong"); err == nil || !strings.Contains(err.Error(), "401") {
		t.Error(err)
	}

	events, status := r.stream(t, boundToken, "/streams/s/changes")
	others, _ := r.stream(t, freeToken, "/streams/s/changes")
	if status != 200 {
		t.Fatal(status)
	}
	if err := os.WriteFile(r.path, []byte(`{"principals": [{"name": "free", "token": "`+freeToken+`"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, events); err != nil && t.Context().Err() != nil { // ends with the token
		t.Error(err)
	}
	r.ask(t, boundToken, `SHOW STREAMS;`, 401)
	r.ask(t, freeToken, `INSERT INTO s VALUES ('a', 1);`, 200)
	found := make([]byte, 0, 4096)
	for buf := make([]byte, 4096); !strings.Contains(string(found), `"V":1`); {
		n, err := others.Read(buf)
		found = append(found, buf[:n]...)
		if err != nil {
			t.Fatalf("%s %v", found, err)
		}
	}
}

// TestTenantConnections: who has as many connections as it may have is refused another one, until one of its own ends; nobody else is.
func TestTenantConnections(t *testing.T) {
	r := rent(t, `"connections": 3`)
	h2 := &http.Transport{Protocols: new(http.Protocols)}
	h2.Protocols.SetUnencryptedHTTP2(true)
	second, status := r.streamBy(t, h2, boundToken, "/streams/s/changes")
	if status != 200 {
		t.Fatal(status)
	}
	if _, status := r.streamBy(t, h2, boundToken, "/info"); status != 200 { // over the same one
		t.Fatal(status)
	}
	first, status := r.stream(t, boundToken, "/streams/s/changes")
	if status != 200 {
		t.Fatal(status)
	}
	ws, _, err := websocket.Dial(t.Context(), r.url+"/streams/s/changes", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + boundToken}}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		body, status := r.stream(t, boundToken, "/info")
		if text, _ := io.ReadAll(body); status != 429 || !strings.Contains(string(text), `"error_code":42900,"message":"principal bound has 3 connections, and may have 3`) {
			t.Errorf("%d %s", status, text)
		}
	}
	for range 5 {
		if _, status := r.stream(t, freeToken, "/streams/s/changes"); status != 200 {
			t.Errorf("the other one: %d", status)
		}
	}
	for what, end := range map[string]func(){"an answer": func() { first.Close() }, "a WebSocket": func() { ws.CloseNow() },
		"HTTP/2": func() { second.Close(); h2.CloseIdleConnections() }} {
		end()
		eventually(t, "room after "+what, func() bool {
			_, status := r.stream(t, boundToken, "/streams/s/changes")
			return status == 200
		})
		if _, status := r.stream(t, boundToken, "/info"); status != 429 {
			t.Errorf("after %s: %d", what, status)
		}
	}
}

// TestTenantQueriesOverHTTP: the limit is told as ksqlDB tells of limits.
func TestTenantQueriesOverHTTP(t *testing.T) {
	r := rent(t, `"queries": 1`)
	if _, status := r.stream(t, boundToken, "/streams/s/changes"); status != 200 {
		t.Fatal(status)
	}
	const want = `principal bound has 1 query, and may have 1`
	if body := r.ask(t, boundToken, `CREATE STREAM a AS SELECT * FROM s;`, 429); !strings.Contains(body, `"@type":"statement_error","error_code":42900,"message":"`+want) {
		t.Error(body)
	}
	if body := r.ask(t, boundToken, `SELECT * FROM s EMIT CHANGES;`, 429); !strings.Contains(body, want) {
		t.Error(body)
	}
	for _, path := range []string{"/streams/s/changes", "/queries?sql=SELECT+*+FROM+s+EMIT+CHANGES"} {
		if _, status := r.stream(t, boundToken, path); status != 429 {
			t.Errorf("%s: %d", path, status)
		}
	}
	r.ask(t, freeToken, `CREATE STREAM a AS SELECT * FROM s; CREATE STREAM b AS SELECT * FROM s;`, 200)
	status, metrics := send(t, "GET", r.url+"/metrics", "", "Authorization", "Bearer "+freeToken)
	if status != 200 || !strings.Contains(metrics, "weir_principal_queries{principal=\"bound\"} 1\n") || !strings.Contains(metrics, "weir_principal_queries{principal=\"free\"} 2\n") ||
		!strings.Contains(metrics, "weir_principal_refused_total{principal=\"bound\"} 4\n") {
		t.Errorf("%d %.3000s", status, metrics)
	}
}

// TestTenantRows goes by a clock that stands still: who has brought as many rows as a second allows brings no more, who takes them is given no more, and
// the other one both brings and takes all.
func TestTenantRows(t *testing.T) {
	r := rent(t, `"rows_per_second": 5`)
	post := func(token string) (int, string, http.Header) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/topics/s", strings.NewReader(`{"V":1}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body), resp.Header
	}
	for i := range 8 {
		switch status, body, header := post(boundToken); {
		case i < 5 && status != 200:
			t.Errorf("%d: %d %s", i, status, body)
		case i >= 5 && (status != 429 || header.Get("Retry-After") != "1" || !strings.Contains(body, "more than 5 rows a second")):
			t.Errorf("%d: %d %s %v", i, status, body, header)
		}
	}
	r.ask(t, boundToken, `INSERT INTO s VALUES ('a', 1);`, 429)
	for range 20 {
		if status, body, _ := post(freeToken); status != 200 {
			t.Errorf("the other one: %d %s", status, body)
		}
	}
	count := func(token string, got chan<- int) {
		body, status := r.stream(t, token, "/queries?auto.offset.reset=earliest&sql=SELECT+*+FROM+s+EMIT+CHANGES+LIMIT+25")
		if status != 200 {
			t.Errorf("%d", status)
		}
		var all []byte
		for buf := make([]byte, 64<<10); ; {
			n, err := body.Read(buf)
			all = append(all, buf[:n]...)
			select {
			case got <- strings.Count(string(all), "event: row"):
			case <-t.Context().Done():
			}
			if err != nil {
				close(got)
				return
			}
		}
	}
	free := make(chan int, 1000)
	go count(freeToken, free)
	last := 0
	for n := range free {
		last = n
	}
	if last != 25 {
		t.Errorf("the other one is given %d rows", last)
	}
	bound := make(chan int, 1000)
	go count(boundToken, bound)
	given := 0
	for seconds := 1; ; seconds++ { // what has come in so many seconds is no more than what they allow
		r.pass(time.Second)
		open := true
		for n := 0; open && given < min(seconds*5, 25); given = max(given, n) {
			n, open = <-bound
		}
		if given > seconds*5 {
			t.Fatalf("%d rows in %d seconds", given, seconds)
		}
		if !open || given == 25 {
			break
		}
	}
	if given != 25 {
		t.Errorf("%d rows", given)
	}

	// Of several INSERTs in one request all are carried out, in their time.
	r.pass(time.Minute)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.ask(t, boundToken, strings.Repeat(`INSERT INTO s VALUES ('b', 2);`, 12), 200)
	}()
	eventually(t, "five rows", func() bool { return r.rows(t) == 25+5 })
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-time.After(5 * time.Millisecond):
			r.pass(100 * time.Millisecond)
		}
	}
	if n := r.rows(t); n != 25+12 {
		t.Errorf("%d rows", n)
	}
}

// rows is how many the topic holds.
func (r *rented) rows(t *testing.T) int64 {
	t.Helper()
	ends, err := r.cluster.EndOffsets(context.WithoutCancel(t.Context()), "s")
	if err != nil {
		t.Fatal(err)
	}
	return ends["s"][0]
}

// TestTenantState over HTTP: the query that ends is shown to all, and the server is well.
func TestTenantStateOverHTTP(t *testing.T) {
	r := rent(t, `"state_bytes": 0`)
	r.ask(t, boundToken, `CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`, 200)
	r.ask(t, freeToken, `CREATE TABLE u AS SELECT k, COUNT(*) AS n FROM s GROUP BY k; INSERT INTO s VALUES ('a', 1);`, 200)
	eventually(t, "an ERROR", func() bool {
		return strings.Contains(r.ask(t, freeToken, `SHOW QUERIES;`, 200), `"ERROR"`)
	})
	eventually(t, "the other one's row", func() bool {
		return strings.Contains(r.ask(t, freeToken, `SELECT n FROM u WHERE k = 'a';`, 200), "[1]")
	})
	if status, body := send(t, "GET", r.url+"/info", "", "Authorization", "Bearer "+boundToken); status != 200 || !strings.Contains(body, fmt.Sprintf("principal bound may have %d bytes of state", 0)) {
		t.Errorf("%d %s", status, body)
	}
}
