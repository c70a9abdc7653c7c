package connectors

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"weir/connectors/connector"
)

// TestLoadOverHTTP: a server that asks to be left alone for an hour is, which shows at once; a connector that is started anew asks again, and loads what is new.
func TestLoadOverHTTP(t *testing.T) {
	var asked, content atomic.Int64
	content.Store(3)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1)%3 == 0 {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var after int64
		_, _ = fmt.Sscan(r.URL.Query().Get("after"), &after)
		var rows []string
		for i := after + 1; i <= content.Load(); i++ {
			rows = append(rows, fmt.Sprintf(`{"id":%d}`, i))
		}
		_, _ = fmt.Fprintf(w, "[%s]", strings.Join(rows, ","))
	}))
	defer server.Close()
	p := newPlace(t)
	spec := source("in", "connector.class", "http", "url", server.URL+"?after={cursor}&key=${file:key}", "cursor", "id", "key", "id", "interval", "1ms", "topic", "events", "partitions", "1")
	if err := os.WriteFile(p.dir+"/key", []byte("not-to-be-seen"), 0o600); err != nil {
		t.Fatal(err)
	}
	for round := range int64(2) {
		r := p.runtime()
		if err := r.Start(spec); err != nil {
			t.Fatal(err)
		}
		var s Status
		eventually(t, "it says what it waits for", func() bool {
			var err error
			if s, err = r.Status("in"); err != nil || s.State == Failed {
				t.Fatal(err, s.LastError)
			}
			return strings.Contains(s.LastError, "503")
		})
		if s.State != Running || s.Kind != connector.Source || strings.Contains(s.LastError, "not-to-be-seen") || asked.Load() != 3*(round+1) {
			t.Errorf("asked %d times: %+v", asked.Load(), s)
		}
		eventually(t, "all rows are there", func() bool { s, _ = r.Status("in"); return s.Rows == content.Load() })
		r.Close()
		content.Add(2)
	}
	var got []string
	for _, r := range p.records("events") {
		got = append(got, string(r.Key))
	}
	if strings.Join(got, "") != "12345" {
		t.Errorf("%q", got)
	}
}
