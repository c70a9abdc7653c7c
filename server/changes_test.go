package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// event is one as a browser sees it.
type event struct{ id, name, data string }

// source is what a browser's EventSource does.
type eventSource struct {
	t      *testing.T
	url    string
	lastID string
	body   io.ReadCloser
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

func listen(t *testing.T, url, lastID string) *eventSource {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	s := &eventSource{t: t, url: url, lastID: lastID, cancel: cancel}
	t.Cleanup(s.close)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	s.body = resp.Body
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	s.lines = bufio.NewScanner(resp.Body)
	s.lines.Buffer(nil, 1<<20)
	return s
}

// next is the next event other than begin; false at the end.
func (s *eventSource) next() (event, bool) {
	var e event
	id := s.lastID
	for s.lines.Scan() {
		field, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch field {
		case "id":
			id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			if value != "" {
				continue // a comment
			}
			if s.lastID = id; e.data != "" && e.name != eventBegin {
				e.id = id
				return e, true
			}
			e = event{}
		}
	}
	return e, false
}

func (s *eventSource) want(name, data string) event {
	s.t.Helper()
	e, ok := s.next()
	if !ok || e.name != name || data != "" && e.data != data {
		s.t.Fatalf("got %+v %v, want %s %s", e, ok, name, data)
	}
	return e
}

func (s *eventSource) close() {
	s.cancel()
	s.body.Close()
}

// writer writes records to topics.
func writer(t *testing.T, c *kafka.Cluster) func(topic, key, value string) {
	client, err := c.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return func(topic, key, value string) {
		t.Helper()
		r := &kgo.Record{Topic: topic, Key: []byte(key)}
		if value != "" {
			r.Value = []byte(value)
		}
		if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

const changesSQL = "CREATE TABLE t (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=3);" +
	"CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=3);"

// A client that leaves after any number of events and comes back with the id of the last one misses nothing and sees nothing twice: in the rows that the
// table has, among its changes, and where it has been away for long.
func TestChangesGoOn(t *testing.T) {
	e, cluster, _ := newNode(t)
	url := start(t, e, Options{})
	ksql(t, url, changesSQL)
	write := writer(t, cluster)
	rng := rand.New(rand.NewPCG(7, 7))
	var history []string // of each record, as an event; the key says the partition
	rows := map[string]string{}
	step := func(n int) {
		for range n {
			k := fmt.Sprint("k", rng.IntN(12))
			if rng.IntN(4) == 0 {
				write("t", k, "")
				history = append(history, fmt.Sprintf(`delete {"K":"%s"}`, k))
				delete(rows, k)
			} else {
				v := rng.IntN(1000)
				write("t", k, fmt.Sprintf(`{"V":%d}`, v))
				row := fmt.Sprintf(`{"K":"%s","V":%d}`, k, v)
				history = append(history, "row "+row)
				rows[k] = row
			}
		}
	}
	step(60)
	contents, before := maps.Clone(rows), len(history)
	whole := listen(t, url+"/tables/t/changes", "")
	var seen []string
	last := ""
	for range contents { // one at a time
		s := listen(t, url+"/tables/t/changes", last)
		e, _ := s.next()
		seen, last = append(seen, e.data), e.id
		s.close()
		step(1) // changes go on meanwhile, and are none of the contents
	}
	want := slices.Sorted(maps.Values(contents))
	if got := slices.Sorted(slices.Values(seen)); !slices.Equal(got, want) {
		t.Errorf("contents:\n%s\nwant\n%s", got, want)
	}
	for range len(contents) {
		whole.want(eventRow, "")
	}
	whole.want(eventReady, "{}")
	s := listen(t, url+"/tables/t/changes", last)
	last = s.want(eventReady, "{}").id
	s.close()
	var after, through []string
	for len(after) < len(history)-before { // a few at a time, while more come
		s := listen(t, url+"/tables/t/changes", last)
		for range min(1+rng.IntN(4), len(history)-before-len(after)) {
			e, _ := s.next()
			after, last = append(after, e.name+" "+e.data), e.id
		}
		s.close()
		if len(history) < 150 {
			step(rng.IntN(5))
		}
	}
	for range len(history) - before {
		e, _ := whole.next()
		through = append(through, e.name+" "+e.data)
	}
	byKey := func(list []string) map[string][]string {
		out := map[string][]string{}
		for _, l := range list {
			_, data, _ := strings.Cut(l, " ")
			var row struct{ K string }
			if err := json.Unmarshal([]byte(data), &row); err != nil {
				t.Fatal(err)
			}
			out[row.K] = append(out[row.K], l)
		}
		return out
	}
	for name, got := range map[string][]string{"come again": after, "in one go": through} {
		if got, want := byKey(got), byKey(history[before:]); !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s:\n%v\nwant\n%v", name, got, want)
		}
	}
	all := listen(t, url+"/tables/t/changes?from=earliest", "")
	var earliest []string
	for range history {
		e, _ := all.next()
		earliest = append(earliest, e.name+" "+e.data)
	}
	if got, want := byKey(earliest), byKey(history); !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("from the beginning:\n%v\nwant\n%v", got, want)
	}
}

// Where a client cannot go on, it is told so and begins anew.
func TestChangesReset(t *testing.T) {
	e, cluster, _ := newNode(t)
	url := start(t, e, Options{})
	ksql(t, url, changesSQL)
	write := writer(t, cluster)
	write("t", "a", `{"V":1}`)
	write("s", "a", `{"V":1}`)
	write("s", "a", `{"V":2}`) // the broker keeps the last record
	s := listen(t, url+"/tables/t/changes", "")
	s.want(eventRow, `{"K":"a","V":1}`)
	id := s.want(eventReady, "{}").id
	parts := strings.Split(id, ".")
	streamed := listen(t, url+"/streams/s/changes?from=earliest", "").want(eventRow, `{"K":"a","V":1}`).id
	anew := func(last, reason string) {
		t.Helper()
		s := listen(t, url+"/tables/t/changes", last)
		if e := s.want(eventReset, ""); !strings.Contains(e.data, reason) {
			t.Errorf("%s, want %s", e.data, reason)
		}
		s.want(eventRow, `{"K":"a","V":1}`)
		s.want(eventReady, "{}")
		s.close()
	}
	anew("what", "'what'")
	anew(strings.Join([]string{parts[0], "1", parts[2]}, "."), "may be forgotten")
	anew(strings.Join([]string{parts[0], parts[1], "z-z-z"}, "."), "was lost")
	head := strings.SplitN(streamed, ".", 3)
	if err := cluster.DeleteRecords(t.Context(), "s", map[int32]int64{int32(strings.Index(strings.ReplaceAll(head[2], "-", ""), "1")): 1}); err != nil {
		t.Fatal(err)
	}
	if e := listen(t, url+"/streams/s/changes", head[0]+"."+head[1]+".0-0-0").want(eventReset, ""); !strings.Contains(e.data, "no longer there") {
		t.Error(e.data)
	}
	listen(t, url+"/streams/s/changes?after="+head[0]+"."+head[1]+".0-0-0", "").want(eventReset, "")
	s.close()
	ksql(t, url, "DROP TABLE t DELETE TOPIC;")
	if status, body := send(t, "GET", url+"/tables/t/changes", ""); status != 404 || !strings.Contains(body, "There is no table t") {
		t.Error(status, body)
	}
	ksql(t, url, "CREATE TABLE t (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=3);")
	writer(t, cluster)("t", "a", `{"V":1}`)
	anew(id, "made anew")
}

// A client that takes nothing for a while misses nothing of what the memory no longer has; one that takes nothing at all is cut. Others feel nothing of either.
func TestSlowClients(t *testing.T) {
	e, cluster, _ := newNode(t)
	var log lockedBuffer
	impatient := start(t, e, Options{WriteTimeout: 200 * time.Millisecond, MaxPending: 4096, Log: slog.New(slog.NewTextHandler(&log, nil))})
	url := start(t, e, Options{})
	ksql(t, url, changesSQL)
	const rows = 30_000
	slow := listen(t, impatient+"/streams/s/changes", "")
	quick := listen(t, url+"/streams/s/changes", "")
	client, err := cluster.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	pad := strings.Repeat("x", 400)
	for i := range rows {
		client.Produce(t.Context(), &kgo.Record{Topic: "s", Key: []byte(fmt.Sprint(i, pad)), Value: []byte(fmt.Sprintf(`{"V":%d}`, i))}, nil)
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	count := func(s *eventSource, n int) {
		t.Helper()
		seen := map[string]bool{}
		for range n {
			e, ok := s.next()
			if !ok || e.name != eventRow || seen[e.data] {
				t.Fatalf("after %d rows: %v %.60v", len(seen), ok, e)
			}
			seen[e.data] = true
		}
	}
	count(quick, rows)
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, metrics := send(t, "GET", impatient+"/metrics", ""); strings.Contains(metrics, "weir_http_slow_clients_total 1") {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the slow client was not cut")
		}
	}
	if !strings.Contains(log.String(), "weir.http.write.timeout") {
		t.Error(log.String())
	}
	n := 0
	for _, ok := slow.next(); ok; _, ok = slow.next() {
		n++
	}
	if n == 0 || n >= rows {
		t.Fatalf("the slow client was given %d rows", n)
	}
	count(listen(t, url+"/streams/s/changes", slow.lastID), rows-n)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A query over a WebSocket begins when its client comes and ends when it leaves; the changes of a table go on behind an event.
func TestWebSocket(t *testing.T) {
	e, cluster, _ := newNode(t)
	url := start(t, e, Options{Heartbeat: 10 * time.Millisecond})
	ksql(t, url, changesSQL)
	write := writer(t, cluster)
	dial := func(path string, header http.Header) (*websocket.Conn, func(want string) string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		t.Cleanup(cancel)
		c, _, err := websocket.Dial(ctx, url+path, &websocket.DialOptions{HTTPHeader: header})
		if err != nil {
			return nil, nil, err
		}
		t.Cleanup(func() { c.CloseNow() })
		return c, func(want string) string {
			t.Helper()
			_, data, err := c.Read(ctx)
			if err != nil || !strings.Contains(string(data), want) {
				t.Fatalf("%s %v, want %s", data, err, want)
			}
			return string(data)
		}, nil
	}
	queries := func(want int) {
		t.Helper()
		for end := time.Now().Add(time.Minute); len(e.Queries()) != want; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d queries, want %d", len(e.Queries()), want)
			}
		}
	}
	c, read, err := dial("/queries?sql=SELECT+k,+v+%2B+1+AS+w+FROM+s+EMIT+CHANGES", nil)
	if err != nil {
		t.Fatal(err)
	}
	read(`{"event":"begin","data":{"queryId":"transient_S_1","columnNames":["K","W"],"columnTypes":["STRING","INTEGER"],"key":["K"]}}`)
	queries(1)
	write("s", "a", `{"V":1}`)
	read(`{"event":"row","data":{"K":"a","W":2}}`)
	c.Close(websocket.StatusNormalClosure, "")
	queries(0)
	_, read, err = dial("/queries?sql=SELECT+v+FROM+s+EMIT+CHANGES+LIMIT+1%3B&auto.offset.reset=earliest", nil)
	if err != nil {
		t.Fatal(err)
	}
	read(`"begin"`)
	read(`{"event":"row","data":{"V":1}}`)
	read(`{"event":"end","data":{"reason":"Limit Reached"}}`)
	queries(0)
	write("t", "a", `{"V":1}`)
	c, read, err = dial("/tables/t/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	read(`"begin"`)
	read(`"data":{"K":"a","V":1}}`)
	var last struct{ ID string }
	if err := json.Unmarshal([]byte(read(`{"event":"ready","id":"`)), &last); err != nil {
		t.Fatal(err)
	}
	c.CloseNow() // as a client that is torn away
	queries(0)
	write("t", "a", "")
	_, read, err = dial("/tables/t/changes?after="+last.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	read(`"begin"`)
	read(`"data":{"K":"a"}}`)
	if _, _, err := dial("/tables/t/changes", http.Header{"Origin": {"http://elsewhere"}}); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a page of another origin: %v", err)
	}
	if _, _, err := dial("/tables/none/changes", nil); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a table that is not there: %v", err)
	}
}

// What a client asks for that is not there, or too much.
func TestChangesRefused(t *testing.T) {
	e, _, _ := newNode(t)
	url := start(t, e, Options{MaxStreams: 1})
	ksql(t, url, changesSQL)
	cases := []struct {
		path   string
		status int
		want   string
	}{
		{"/tables/s/changes", 404, "/streams/s/changes"},
		{"/streams/t/changes", 404, "/tables/t/changes"},
		{"/tables/tt/changes", 404, "There is no table tt"},
		{"/tables/t/changes?from=now", 400, "expected snapshot, earliest or latest, got 'now'"},
		{"/streams/s/changes?from=snapshot", 400, "begin at earliest or latest"},
		{"/tables/t/changes?frm=latest", 400, "there is no parameter 'frm'"},
		{"/tables/t/changes?from=latest&from=latest", 400, "2 times"},
		{"/queries", 400, "the request holds no SQL"},
		{"/queries?sql=SELECT+FROM", 400, "SELECT FROM"},
		{"/queries?sql=DROP+TABLE+t", 400, "takes SELECT"},
		{"/queries?sql=SELECT+*+FROM+s+EMIT+CHANGES&no.such=1", 400, "no.such"},
		{"/queries/CTAS_1/changes", 404, "There is no persistent query CTAS_1"},
	}
	for _, c := range cases {
		if status, body := send(t, "GET", url+c.path, ""); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s, want %d %s", c.path, status, body, c.status, c.want)
		}
	}
	s := listen(t, url+"/tables/t/changes", "")
	s.want(eventReady, "{}")
	if status, body := send(t, "GET", url+"/tables/t/changes", ""); status != 429 || !strings.Contains(body, "max-streams") {
		t.Error(status, body)
	}
}

// Where a topic has more partitions than it had, and where a table is dropped, the connection ends: who comes again goes on, or learns what has become of it.
func TestChangesMoved(t *testing.T) {
	e, cluster, _ := newNode(t)
	url := start(t, e, Options{})
	ksql(t, url, changesSQL)
	s, dropped := listen(t, url+"/streams/s/changes?from=earliest", ""), listen(t, url+"/tables/t/changes", "")
	dropped.want(eventReady, "{}")
	write := writer(t, cluster)
	write("s", "a", `{"V":1}`)
	last := s.want(eventRow, `{"K":"a","V":1}`).id
	if err := cluster.GrowTopic(t.Context(), "s", 20); err != nil {
		t.Fatal(err)
	}
	ksql(t, url, "DROP TABLE t;")
	if e, ok := s.next(); ok {
		t.Fatalf("%+v", e)
	}
	if e, ok := dropped.next(); ok {
		t.Fatalf("%+v", e)
	}
	write = writer(t, cluster)
	want := map[string]bool{}
	for i := range 40 {
		write("s", fmt.Sprint("b", i), fmt.Sprintf(`{"V":%d}`, i))
		want[fmt.Sprintf(`{"K":"b%d","V":%d}`, i, i)] = true
	}
	again := listen(t, url+"/streams/s/changes", last)
	for range 40 {
		e := again.want(eventRow, "")
		if !want[e.data] {
			t.Fatalf("%+v", e)
		}
		delete(want, e.data)
	}
}

// The windows of a table are told apart by their bounds, and so are those that a condition lets go of.
func TestChangesOfWindows(t *testing.T) {
	e, cluster, _ := newNode(t)
	url := start(t, e, Options{})
	ksql(t, url, changesSQL+"CREATE TABLE w AS SELECT k, SUM(v) AS n FROM s WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY k HAVING SUM(v) < 5 EMIT CHANGES;")
	client, err := cluster.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	s := listen(t, url+"/queries/"+e.Snapshot().Queries()[0].ID+"/changes", "")
	s.want(eventReady, "{}")
	for _, step := range []struct {
		hour  time.Duration
		v     int
		event string
		data  string
	}{
		{0, 1, eventRow, `{"K":"a","WINDOWSTART":0,"WINDOWEND":3600000,"N":1}`},
		{1, 2, eventRow, `{"K":"a","WINDOWSTART":3600000,"WINDOWEND":7200000,"N":2}`},
		{1, 3, eventDelete, `{"K":"a","WINDOWSTART":3600000,"WINDOWEND":7200000}`},
	} {
		r := &kgo.Record{Topic: "s", Key: []byte("a"), Value: fmt.Appendf(nil, `{"V":%d}`, step.v), Timestamp: time.UnixMilli(0).Add(step.hour * time.Hour)}
		if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
		s.want(step.event, step.data)
	}
}

// A WebSocket is among the connections until it ends.
func TestSocketsCount(t *testing.T) {
	e, _, _ := newNode(t)
	url := start(t, e, Options{MaxConnections: 3})
	resp, err := http.Post(url+"/ksql", "application/sql", strings.NewReader(changesSQL))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	for range 2 {
		var open []*websocket.Conn
		for refused := false; !refused; { // until the count of those that have left is right
			c, resp, err := websocket.Dial(t.Context(), url+"/tables/t/changes", nil)
			switch {
			case err == nil:
				open = append(open, c)
			case resp != nil && resp.StatusCode == http.StatusTooManyRequests && len(open) == 3:
				refused = true
			case len(open) >= 3 || t.Context().Err() != nil:
				t.Fatal(len(open), err)
			default:
				time.Sleep(5 * time.Millisecond)
			}
		}
		for _, c := range open {
			c.CloseNow()
		}
	}
}
