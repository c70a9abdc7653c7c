package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The status tells a health check, and the words a person, how a server is.
func TestPing(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	answering := func(status int, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/chc/ready" {
				status, body = http.StatusNotFound, "asked for "+r.URL.Path
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	for _, c := range []struct {
		args           []string
		status         int
		stdout, stderr string
	}{
		{[]string{answering(200, "{}")}, 0, "ready, answered in ", ""},
		{[]string{answering(503, `{"@type":"generic_error","error_code":50300,"message":"the server is not ready: no broker"}`)}, 1, "", "weir: the server is not ready: no broker\n"},
		{[]string{"http://127.0.0.1:1"}, 1, "", "weir: cannot reach the server at http://127.0.0.1:1: dial tcp 127.0.0.1:1: "},
		{[]string{"--timeout", "-1s"}, 2, "", "expected a duration such as 5s"},
	} {
		status, stdout, stderr := call(t.Context(), "", append([]string{"ping"}, c.args...)...)
		if status != c.status || !strings.HasPrefix(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || c.stdout == "" && stdout != "" {
			t.Errorf("weir ping %s: %d\n%s\n%s", c.args, status, stdout, stderr)
		}
	}
}
