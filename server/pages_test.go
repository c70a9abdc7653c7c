package server

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Pages of other origins use the server where they are allowed to.
func TestOrigins(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	cases := []struct {
		allowed string
		method  string
		headers string
		status  int
		allow   string // Access-Control-Allow-Origin
	}{
		{"", "GET", "", 200, ""},
		{"", "POST", "", 200, ""},
		{"", "POST", "Origin: http://here:80", 200, ""},
		{"", "POST", "Origin: http://here:80; Sec-Fetch-Site: same-origin", 200, ""},
		{"", "GET", "Origin: https://a.example", 403, ""},
		{"", "GET", "Origin: https://a.example; Sec-Fetch-Site: cross-site", 403, ""},
		{"", "GET", "Origin: null", 403, ""},
		{"", "POST", "Sec-Fetch-Site: cross-site", 403, ""},
		{"", "POST", "Sec-Fetch-Site: cross-site; Sec-Fetch-Mode: navigate", 403, ""},
		{"", "GET", "Sec-Fetch-Site: cross-site; Sec-Fetch-Mode: no-cors", 403, ""},
		{"", "GET", "Sec-Fetch-Site: cross-site; Sec-Fetch-Mode: navigate", 200, ""},
		{"", "GET", "Sec-Fetch-Site: none", 200, ""},
		{"", "OPTIONS", "Origin: https://a.example; Access-Control-Request-Method: POST", 403, ""},
		{"https://a.example", "GET", "Origin: https://A.example; Sec-Fetch-Site: cross-site", 200, "https://A.example"},
		{"https://a.example", "POST", "Origin: https://a.example", 200, "https://a.example"},
		{"https://a.example", "OPTIONS", "Origin: https://a.example; Access-Control-Request-Method: POST", 204, "https://a.example"},
		{"https://a.example", "GET", "Origin: http://a.example", 403, ""},
		{"https://a.example", "GET", "Origin: https://a.example:444", 403, ""},
		{"https://a.example", "GET", "Origin: https://b.a.example", 403, ""},
		{"*", "GET", "Origin: https://b.example", 200, "https://b.example"},
		{"null", "GET", "Origin: null", 200, "null"},
	}
	for _, c := range cases {
		r, err := http.NewRequest(c.method, "http://here:80/info", nil)
		if err != nil {
			t.Fatal(err)
		}
		for h := range strings.SplitSeq(c.headers, "; ") {
			if name, value, ok := strings.Cut(h, ": "); ok {
				r.Header.Set(name, value)
			}
		}
		w := record{header: http.Header{}}
		var allowed []string
		if c.allowed != "" {
			allowed = []string{c.allowed}
		}
		origins(allowed, ok).ServeHTTP(&w, r)
		if w.status != c.status || w.header.Get("Access-Control-Allow-Origin") != c.allow {
			t.Errorf("%+v: %d %v", c, w.status, w.header)
		}
	}
}

type record struct {
	header http.Header
	status int
}

func (r *record) Header() http.Header         { return r.header }
func (r *record) WriteHeader(status int)      { r.status = status }
func (r *record) Write(p []byte) (int, error) { return len(p), nil }

// A folder is served beside the API, and nothing but what is to be seen.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	www := filepath.Join(dir, "www")
	for name, text := range map[string]string{
		"secret.txt": "secret", "www/index.html": "<p>home", "www/app.js": "1", "www/info": "never", "www/.env": "secret", "www/.git/config": "secret",
		"www/a/b.txt": "b", "www/sub/index.html": "sub",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret.txt", filepath.Join(www, "link.txt")); err != nil {
		t.Fatal(err)
	}
	files, err := Files(www)
	if err != nil {
		t.Fatal(err)
	}
	url := start(t, newEngine(t), Options{Files: files})
	cases := []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/", 200, "<p>home"}, {"GET", "/app.js", 200, "1"}, {"GET", "/a/b.txt", 200, "b"}, {"GET", "/sub/", 200, "sub"},
		{"GET", "/info", 200, "KsqlServerInfo"}, {"GET", "/a/", 404, "nothing at /a/"}, {"GET", "/none", 404, "nothing at /none"},
		{"GET", "/.env", 404, "nothing"}, {"GET", "/.git/config", 404, "nothing"}, {"GET", "/link.txt", 404, "nothing"},
		{"GET", "/%2e%2e/secret.txt", 404, "nothing"}, {"GET", "/a/..%2f..%2fsecret.txt", 404, "nothing"}, {"GET", "/a%00b", 404, "nothing"},
		{"POST", "/app.js", 405, "takes GET"},
	}
	for _, c := range cases {
		if status, body := send(t, c.method, url+c.path, ""); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, status, body, c.status, c.want)
		}
	}
	for _, no := range []string{filepath.Join(dir, "none"), filepath.Join(dir, "secret.txt")} {
		if _, err := Files(no); err == nil || !strings.Contains(err.Error(), "weir.http.www") {
			t.Errorf("%s: %v", no, err)
		}
	}
}
