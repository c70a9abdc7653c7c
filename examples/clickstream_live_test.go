package examples

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/twmb/franz-go/pkg/kgo"
)

// An event is one of GET /tables/.../changes or /queries.
type event struct {
	Event string
	Data  json.RawMessage
}

// serverSent reads server-sent events until the test ends.
func serverSent(t *testing.T, ctx context.Context, address string) <-chan event {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream") {
		t.Fatalf("%s: %s, %s", address, resp.Status, kind)
	}
	out := make(chan event, 1000)
	go func() {
		defer resp.Body.Close()
		defer close(out)
		var e event
		for in := bufio.NewScanner(resp.Body); in.Scan(); {
			if name, ok := strings.CutPrefix(in.Text(), "event: "); ok {
				e.Event = name
			} else if data, ok := strings.CutPrefix(in.Text(), "data: "); ok {
				e.Data = json.RawMessage(data)
				out <- e
			}
		}
	}()
	return out
}

// overWebSocket reads events as messages. What it returns ends the connection.
func overWebSocket(t *testing.T, ctx context.Context, address string) (<-chan event, func()) {
	t.Helper()
	conn, resp, err := websocket.Dial(ctx, address, nil)
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	if resp.Body != nil {
		resp.Body.Close()
	}
	out := make(chan event, 1000)
	go func() {
		defer close(out)
		for {
			_, data, err := conn.Read(ctx)
			if err != nil {
				return
			}
			var e event
			if json.Unmarshal(data, &e) != nil {
				e.Event = "not JSON: " + string(data)
			}
			out <- e
		}
	}()
	return out, func() { conn.Close(websocket.StatusNormalClosure, "") }
}

// lists is what events make of the table.
type lists map[span]int

func (l lists) apply(t *testing.T, e event) {
	t.Helper()
	var row struct {
		URL                    string
		WindowStart, WindowEnd int64
		Views                  int
	}
	switch e.Event {
	case "begin", "ready":
		return
	case "row", "delete":
	default:
		t.Fatalf("event %s: %s", e.Event, e.Data)
	}
	if err := json.Unmarshal(e.Data, &row); err != nil {
		t.Fatal(err)
	}
	if s := (span{row.URL, row.WindowStart, row.WindowEnd}); e.Event == "delete" {
		delete(l, s)
	} else {
		l[s] = row.Views
	}
}

// follow applies events until nothing is different from what is wanted.
func (l lists) follow(t *testing.T, what string, events <-chan event, want map[span]int) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for {
		if fmt.Sprint(l) == fmt.Sprint(lists(want)) {
			return
		}
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatalf("%s ended", what)
			}
			l.apply(t, e)
		case <-deadline:
			same(t, what, l, want)
			t.FailNow()
		}
	}
}

// TestClickstreamLive sends lines over TCP and follows the list by server-sent events and over a WebSocket, beside a query that begins with its client and ends
// with it.
func TestClickstreamLive(t *testing.T) {
	t.Parallel()
	n := clickstreamProgram(t)
	n.start()
	n.await("what the script makes", func() bool { return strings.Contains(n.ask(t, "SHOW QUERIES;"), "TOP_URLS") })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	wire := dialLines(t, n.lines)
	fmt.Fprint(wire, "early\t/before\n")
	n.await("the list", func() bool { return len(n.views(t)) == 1 })
	byEvents := serverSent(t, ctx, "http://"+n.api+"/tables/top_urls/changes")
	bySocket, _ := overWebSocket(t, ctx, "ws://"+n.api+"/tables/top_urls/changes")
	query, leave := overWebSocket(t, ctx, "ws://"+n.api+"/queries?sql="+url.QueryEscape("SELECT visitor, url FROM clicks EMIT CHANGES;"))
	if e := <-query; e.Event != "begin" {
		t.Fatalf("%s %s", e.Event, e.Data)
	}

	// Three senders at a time; one ends its lines as Windows does, and one leaves its last line without an end.
	var sent []string
	for i, end := range []string{"\n", "\r\n", "\n"} {
		other := dialLines(t, n.lines)
		var text strings.Builder
		for j := range 40 {
			visitor, page := fmt.Sprintf("v%d", i), fmt.Sprintf("/p%d", j*j*(i+2)%17)
			sent = append(sent, visitor+" "+page)
			text.WriteString(visitor + "\t" + page + "\tand more" + end)
		}
		fmt.Fprint(other, strings.TrimSuffix(text.String(), "\n"))
		other.Close()
	}
	fmt.Fprint(wire, "none of the kind\n") // not a view: it has no TAB
	var got []string
	for len(got) < len(sent) {
		e, ok := <-query
		var row struct{ Visitor, URL string }
		if err := json.Unmarshal(e.Data, &row); !ok || e.Event != "row" || err != nil {
			t.Fatalf("%s %s: %v", e.Event, e.Data, err)
		}
		got = append(got, row.Visitor+" "+row.URL)
	}
	slices.Sort(got)
	if slices.Sort(sent); !slices.Equal(got, sent) {
		t.Errorf("the query gave %q\nwant %q: all that came since it began", got, sent)
	}
	if !strings.Contains(n.ask(t, "SHOW QUERIES;"), "transient_CLICKS") {
		t.Errorf("the query is not listed: %s", n.ask(t, "SHOW QUERIES;"))
	}
	leave()
	n.await("the end of the query", func() bool { return !strings.Contains(n.ask(t, "SHOW QUERIES;"), "transient_CLICKS") })

	// The lists, as of when the lines came.
	counts, _ := onTime([][]view{n.views(t)}, func(v view) string { return v.url }, 30000, 5000, 24*60*60*1000)
	want := map[span]int{}
	for _, list := range best(counts, 10) {
		for _, s := range list {
			want[s] = counts[s]
		}
	}
	lists{}.follow(t, "the list by server-sent events", byEvents, want)
	lists{}.follow(t, "the list over a WebSocket", bySocket, want)

	// Batches of the clock on the wall: what came is in them once, and the last one is closed without a further line.
	n.await("the batches", func() bool {
		got := numbers(windows[counted](t, n.records(t, "views_per_batch"), 5000))
		want, _ := onTime([][]view{n.views(t)}, func(view) string { return "all" }, 5000, 5000, 24*60*60*1000)
		return fmt.Sprint(got) == fmt.Sprint(want)
	})
}

func dialLines(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// records reads a topic of the program.
func (p *program) records(t *testing.T, topic string) []*kgo.Record {
	t.Helper()
	return (&node{broker: p.broker}).records(t, topic)
}

// views are what is in the topic clicks, with the times at which the lines came.
func (p *program) views(t *testing.T) (out []view) {
	t.Helper()
	for _, r := range p.records(t, "clicks") {
		var v struct{ URL string }
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, view{string(r.Key), v.URL, r.Timestamp.UnixMilli()})
	}
	slices.SortFunc(out, func(a, b view) int { return int(a.ms - b.ms) })
	return out
}
