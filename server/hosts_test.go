package server

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// While it listens on a loopback address, a server answers to this machine's names and to those that it is told, whatever the headers that a
// page of the web has a browser send.
func TestHosts(t *testing.T) {
	own, _ := os.Hostname()
	for _, c := range []struct {
		at     string
		others []string
		host   string
		want   int
	}{
		{"127.0.0.1", nil, "localhost:8088", 200},
		{"127.0.0.1", nil, "LOCALHOST.", 200},
		{"127.0.0.1", nil, "127.0.0.1:8088", 200},
		{"127.0.0.1", nil, "127.1.2.3", 200},
		{"::1", nil, "[::1]:8088", 200},
		{"127.0.0.1", nil, own, 200},
		{"127.0.0.1", nil, "evil.example:8088", 403},
		{"127.0.0.1", nil, "localhost.evil.example", 403},
		{"127.0.0.1", nil, "10.0.0.1:8088", 403},
		{"::1", nil, "evil.example", 403},
		{"127.0.0.1", []string{"weir.example"}, "Weir.Example:443", 200},
		{"127.0.0.1", []string{"weir.example"}, "evil.example", 403},
		{"127.0.0.1", []string{"*"}, "evil.example", 200},
		{"10.0.0.1", nil, "weir.example:8088", 200},
	} {
		answered := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
		r := httptest.NewRequest(http.MethodPost, "/ksql", nil)
		r.Host = c.host
		r.Header.Set("Origin", "http://"+c.host)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		w := httptest.NewRecorder()
		OwnHosts(&net.TCPAddr{IP: net.ParseIP(c.at), Port: 8088}, c.others, answered).ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s at %s, told %v: got %d %s, want %d", c.host, c.at, c.others, w.Code, w.Body, c.want)
		}
		if c.want == 403 && !strings.Contains(w.Body.String(), "weir.http.hosts") {
			t.Errorf("%s: the answer does not name the setting: %s", c.host, w.Body)
		}
	}
}

// The server that listens does so; and what it makes for clients reads no file of the machine's user.
func TestRebound(t *testing.T) {
	url := start(t, newEngine(t), Options{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/info", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example"
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("got %s", resp.Status)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, body := send(t, "POST", url+"/ksql", `{"ksql":"CREATE SOURCE CONNECTOR f WITH ('connector.class'='file', 'path'='`+secret+`', 'topic'='stolen');"}`)
	if status != 400 || !strings.Contains(body, "weir.file.root") {
		t.Errorf("got %d %s", status, body)
	}
}
