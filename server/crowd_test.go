package server

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// While all connections are in use the server tells how it is, says what is wrong to whoever wants more, and goes on once there is room.
func TestCrowded(t *testing.T) {
	base := start(t, newEngine(t), Options{MaxConnections: 2})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(method, path string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(`{"ksql":"SHOW STREAMS;"}`))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	until := func(status int) (body string) {
		t.Helper()
		var got int
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if got, body = ask(http.MethodPost, "/ksql"); got == status {
				return body
			}
		}
		t.Fatalf("status %d, want %d: %s", got, status, body)
		return ""
	}
	until(http.StatusOK)
	var held []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		held = append(held, c)
	}
	if body := until(http.StatusTooManyRequests); !strings.Contains(body, "weir.http.max.connections") {
		t.Error(body)
	}
	for range 3 * reserve {
		for _, path := range []string{"/info", "/healthcheck"} {
			if got, body := ask(http.MethodGet, path); got != http.StatusOK {
				t.Fatalf("%s: %d %s", path, got, body)
			}
		}
	}
	for _, c := range held {
		c.Close()
	}
	until(http.StatusOK)
}
