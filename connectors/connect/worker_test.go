package connect

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/security"
)

// serve is a worker that answers as told, and Worker for it.
func serve(t *testing.T, o Options, answer http.HandlerFunc) *Worker {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	o.URL = server.URL + "/"
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	w := New(o)
	t.Cleanup(w.Close)
	return w
}

// TestBusy: a worker that shares out its connectors is asked again, one that has a connector of the name is not.
func TestBusy(t *testing.T) {
	asked := 0
	w := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		switch asked++; asked {
		case 1, 2:
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"error_code":409,"message":"Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)"}`)
		case 3:
			w.WriteHeader(http.StatusCreated)
		default:
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"error_code":409,"message":"Connector X already exists"}`)
		}
	})
	if err := w.Create(t.Context(), "X", nil); err != nil || asked != 3 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	if err := w.Create(t.Context(), "X", nil); !IsThere(err) || !IsRefusal(err) || asked != 4 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

func TestLogin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials")
	login, err := security.ForHTTP(security.Properties{"basic.auth.credentials.source": "FILE", "basic.auth.credentials.file": file}, nil, "ksql.connect.", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, Options{Transport: login}, func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "weir" || password != "not to be seen" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `[{"class":"a.B","type":"source","version":"1"}]`)
	})
	for _, c := range []struct{ text, want string }{
		{"username=weir\n", "expected a line username=... and a line password=..."},
		{"username=weir\npassword=old\n", "does not let us in (401 Unauthorized): the settings ksql.connect.basic.auth.credentials.source=FILE"},
		{"# of the worker\nusername = weir\npassword=not to be seen\n", ""},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := w.Plugins(t.Context())
		if c.want == "" && (err != nil || len(list) != 1) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: %v, %v", c.text, list, err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Plugins(t.Context()); err == nil || !strings.Contains(err.Error(), "can't be used") {
		t.Error(err)
	}
}

func TestAway(t *testing.T) {
	w := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") })
	if _, err := w.Connectors(t.Context()); err == nil || !strings.Contains(err.Error(), "is no Kafka Connect") {
		t.Error(err)
	}
	w = serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "what?", http.StatusBadGateway) })
	if err := w.Delete(t.Context(), "x"); IsRefusal(err) || err == nil || !strings.Contains(err.Error(), "answers 502 Bad Gateway: what?") {
		t.Error(err)
	}
	gone := New(Options{URL: "http://127.0.0.1:1", Timeout: time.Minute})
	if _, err := gone.Plugins(t.Context()); err == nil || !strings.Contains(err.Error(), "Kafka Connect at http://127.0.0.1:1 does not answer") || !strings.Contains(err.Error(), "ksql.connect.url") {
		t.Error(err)
	}
	free := make(chan struct{})
	w = serve(t, Options{Timeout: time.Millisecond}, func(http.ResponseWriter, *http.Request) { <-free })
	if _, err := w.Plugins(t.Context()); err == nil || !strings.Contains(err.Error(), "no answer within 1ms") {
		t.Error(err)
	}
	close(free)
}

func TestSummary(t *testing.T) {
	task := func(states ...string) (out []Task) {
		for i, s := range states {
			out = append(out, Task{ID: i, State: s, Trace: strings.Repeat("why\nwhere", i)})
		}
		return out
	}
	for want, c := range map[string]Connector{
		"RUNNING (2/2 tasks RUNNING)": {State: "RUNNING", Tasks: task("RUNNING", "RUNNING")},
		"WARNING (1/2 tasks RUNNING)": {State: "RUNNING", Tasks: task("RUNNING", "FAILED")},
		"FAILED (0/1 tasks RUNNING)":  {State: "RUNNING", Tasks: task("FAILED")},
		"RUNNING (0/0 tasks RUNNING)": {State: "RUNNING"},
		"PAUSED":                      {State: "PAUSED", Tasks: task("PAUSED")},
	} {
		if got := c.Summary(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got := c.Reason(); len(c.Tasks) > 1 && got != "why" {
			t.Errorf("%s: %q", want, got)
		}
	}
	for _, name := range []string{"a.b.LinesConnector", "LinesConnector", "Lines"} {
		if !(Plugin{Class: "a.b.LinesConnector"}).Is(name) {
			t.Error(name)
		}
	}
}
