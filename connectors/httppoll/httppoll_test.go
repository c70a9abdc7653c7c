package httppoll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"weir/connectors/connector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// output keeps what is emitted, and the position as of the last flush, as the runtime does.
type output struct {
	mu      sync.Mutex
	of      connector.Reader
	rows    []string
	pending bool
	bad     []string
	stored  json.RawMessage
	room    int // records until Emit fails; -1 for no end
}

var errFull = errors.New("no more")

func (o *output) Emit(_ context.Context, r *connector.Record) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.room == 0 {
		return errFull
	}
	o.room--
	o.pending = true
	o.rows = append(o.rows, fmt.Sprintf("%s=%s", r.Key, r.Value))
	if o.room == 0 { // the batch is full
		return o.flush()
	}
	return nil
}

func (o *output) flush() (err error) {
	if o.pending {
		o.stored, err = json.Marshal(o.of.Position())
		o.pending = false
	}
	return err
}

func (o *output) Flush(context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.flush()
}

func (o *output) Partitions(string) int32 { return 3 }
func (o *output) SetTotal(int64)          {}
func (o *output) Bad(err error)           { o.bad = append(o.bad, err.Error()) }

func openSource(props ...string) (*source, error) {
	var settings []connector.Setting
	for i := 0; i < len(props); i += 2 {
		settings = append(settings, connector.Setting{Name: props[i], Value: props[i+1]})
	}
	values, err := connector.Check(Class(), settings)
	if err != nil {
		return nil, err
	}
	r, err := open(connector.Env{Logger: slog.New(slog.DiscardHandler)}, values)
	if err != nil {
		return nil, err
	}
	return r.(*source), nil
}

// load opens a source for a server and runs it, from where another output stood.
func load(t *testing.T, out *output, server *httptest.Server, props ...string) error {
	t.Helper()
	if server != nil {
		props = append(props, "url", server.URL)
	}
	s, err := openSource(append(props, "topic", "t", "interval", "1ms")...)
	if err != nil {
		t.Fatal(err)
	}
	out.of = s
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return s.Run(ctx, out, out.stored)
}

func serve(t *testing.T, f http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s
}

func TestFormats(t *testing.T) {
	text := ""
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	for _, c := range []struct {
		text  string
		props []string
		want  []string
		bad   int
	}{
		{`[{"id": 1, "n": "a"}, {"id": "x\n", "n": null}]`, nil, []string{`={"id":1,"n":"a"}`, `={"id":"x\n","n":null}`}, 0},
		{`[{"id": 1}, {"id": "x\n"}, {"id": null}, 7]`, []string{"key", "id"}, []string{`1={"id":1}`, "x\n=" + `{"id":"x\n"}`, `={"id":null}`, `=7`}, 2},
		{` {"id": 1} `, nil, []string{`={"id":1}`}, 0},
		{`{"data": {"items": [1, [2]], "more": false}}`, []string{"json.path", "data.items"}, []string{"=1", "=[2]"}, 0},
		{`{"data": null}`, []string{"json.path", "data"}, nil, 0},
		{``, nil, nil, 0},
		{"a\r\n\nb", []string{"format", "lines"}, []string{"=a", "=b"}, 0},
		{`{"k":1}` + "\n", []string{"format", "lines", "key", "k"}, []string{`1={"k":1}`}, 0},
		{"a\nb\n", []string{"format", "body"}, []string{"=a\nb\n"}, 0},
		{"", []string{"format", "body"}, nil, 0},
	} {
		text = c.text
		out := &output{room: -1}
		if err := load(t, out, server, append(c.props, "max.polls", "1")...); err != nil || !slices.Equal(out.rows, c.want) || len(out.bad) != c.bad {
			t.Errorf("%q %v: %q %q %v, want %q", c.text, c.props, out.rows, out.bad, err, c.want)
		}
	}
}

// TestUnchanged: what was loaded is not loaded again, whether the server says so or not, and over a restart.
func TestUnchanged(t *testing.T) {
	for _, validator := range []string{"ETag", "Last-Modified", "none"} {
		var asked, unchanged int
		version := func() string { return fmt.Sprintf(`"%d"`, 1+asked/5) } // another one from the 5th request on
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked++
			if r.Header.Get("Authorization") != "Bearer t" || r.Header.Get("X-Two") != "2" {
				t.Errorf("%v", r.Header)
			}
			for name, of := range map[string]string{"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"} {
				if validator == name {
					w.Header().Set(name, version())
				}
				if r.Header.Get(of) != "" && r.Header.Get(of) == version() {
					unchanged++
					w.WriteHeader(http.StatusNotModified)
					return
				}
			}
			_, _ = io.WriteString(w, "["+version()+"]")
		})
		props := []string{"headers.Authorization", "Bearer t", "headers.X-Two", "2"}
		out := &output{room: -1}
		if err := load(t, out, server, append(props, "max.polls", "2")...); err != nil {
			t.Fatal(err)
		}
		out.stored = json.RawMessage(strings.Replace(string(out.stored), `"polls":`, `"polls":-4,"was":`, 1)) // it may go on
		if err := load(t, out, server, append(props, "max.polls", "2")...); err != nil {
			t.Fatal(err)
		}
		if want := []string{`="1"`, `="2"`}; !slices.Equal(out.rows, want) {
			t.Errorf("%s: %q", validator, out.rows)
		}
		if told := unchanged > 0; told != (validator != "none") || asked != 8 {
			t.Errorf("%s: asked %d times, %d times unchanged", validator, asked, unchanged)
		}
	}
}

// TestCursor: each element is loaded once, also where the connector is stopped in the middle of an answer that has become another one meanwhile.
func TestCursor(t *testing.T) {
	for _, method := range []string{"get", "post"} {
		last := 5
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			after := 0
			if r.Method == http.MethodPost {
				var body struct{ After string }
				if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
					t.Error(err)
				}
				_, _ = fmt.Sscan(strings.TrimPrefix(body.After, `"n-`), &after)
			} else {
				_, _ = fmt.Sscan(strings.TrimPrefix(r.URL.Query().Get("after"), `"n-`), &after)
			}
			var list []map[string]string
			for i := after + 1; i <= last; i++ {
				list = append(list, map[string]string{"id": fmt.Sprintf(`"n-%d`, i)}) // with a quote, to be escaped
			}
			last++
			_ = json.NewEncoder(w).Encode(list)
		})
		props := []string{"cursor", "id", "cursor.start", `"n-0`}
		if method == "post" {
			props = append(props, "method", "post", "body", `{"After": "{cursor}"}`, "url", server.URL)
		} else {
			props = append(props, "url", server.URL+"?after={cursor}")
		}
		out := &output{room: 3}
		if err := load(t, out, nil, props...); !errors.Is(err, errFull) {
			t.Fatal(err)
		}
		out.room = 6
		if err := load(t, out, nil, props...); !errors.Is(err, errFull) {
			t.Fatal(err)
		}
		var want []string
		for i := range 9 {
			want = append(want, fmt.Sprintf(`={"id":"\"n-%d"}`, i+1))
		}
		if !slices.Equal(out.rows, want) {
			t.Errorf("%s: %q", method, out.rows)
		}
	}
}

// TestStopped in the middle of an answer: it goes on in there if the answer is the same, and else begins.
func TestStopped(t *testing.T) {
	text := "[1,2,3,4,5]"
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	out := &output{room: 3}
	if err := load(t, out, server); !errors.Is(err, errFull) {
		t.Fatal(err)
	}
	stood := slices.Clone(out.stored)
	out.room = 2
	if err := load(t, out, server, "max.polls", "1"); err != nil || strings.Join(out.rows, "") != "=1=2=3=4=5" {
		t.Errorf("%q %v", out.rows, err)
	}
	out = &output{room: -1, stored: stood}
	text = "[6,7]"
	if err := load(t, out, server, "max.polls", "1"); err != nil || strings.Join(out.rows, "") != "=6=7" {
		t.Errorf("%q %v", out.rows, err)
	}
}

// TestRefused: what may pass is tried again, when the server says, what does not fails the connector, and no error shows the address.
func TestRefused(t *testing.T) {
	var answer func(w http.ResponseWriter)
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w) })
	status := func(code int, headers ...string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, "because\nof this")
		}
	}
	text := func(s string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { _, _ = io.WriteString(w, s) }
	}
	for _, c := range []struct {
		answer func(http.ResponseWriter)
		want   string
		after  time.Duration
		user   bool
	}{
		{status(503), "the server answers 503 Service Unavailable because of this", 0, false},
		{status(429, "Retry-After", "17"), "the server answers 429 Too Many Requests because of this", 17 * time.Second, false},
		{status(503, "Retry-After", "99999999"), "503", 5 * time.Minute, false},
		{status(404), "the server answers 404 Not Found because of this", 0, true},
		{status(302, "Location", "http://127.0.0.1:1/"), "302 Found", 0, true},
		{text(`[1,`), "the answer is not JSON", 0, false},
		{text(`nothing`), "the answer is no JSON object with the path 'a.b'", 0, false},
		{text(`{"a": {"c": []}}`), "the answer has nothing at 'a.b' of 'json.path'", 0, false},
		{text(`{"a": {"b": [` + strings.Repeat(" ", 1000) + `]}}`), "the answer is larger than 1000 bytes, as 'max.bytes' has it", 0, false},
		{func(w http.ResponseWriter) { w.Header().Set("Content-Length", "10") }, "the answer breaks off", 0, false},
	} {
		answer = c.answer
		path := []string{"json.path", "a.b"}
		if strings.Contains(c.want, "not JSON") {
			path = nil
		}
		out := &output{room: -1}
		err := load(t, out, nil, append(path, "url", server.URL+"/?key=not-to-be-seen", "max.bytes", "1000")...)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "not-to-be-seen") || connector.IsUser(err) != c.user || connector.After(err) != c.after || len(out.rows) > 0 {
			t.Errorf("%v (%v, %v), want %s", err, connector.IsUser(err), connector.After(err), c.want)
		}
	}
	server.Close()
	if err := load(t, &output{}, server); err == nil || connector.IsUser(err) || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
}

func TestWrong(t *testing.T) {
	for want, props := range map[string][]string{
		"needs the property 'url'":                             {"topic", "t"},
		"property 'topic' is empty":                            {"topic", "", "url", "http://h"},
		"begins with http:// or https://":                      {"topic", "t", "url", "ftp://h"},
		"property 'headers.A B' is no header":                  {"topic", "t", "url", "http://h", "headers.A B", "x"},
		"property 'interval': expected a time above 0":         {"topic", "t", "url", "http://h", "interval", "0"},
		"property 'body' goes with 'method'='post'":            {"topic", "t", "url", "http://h", "body", "x"},
		"property 'json.path' goes with 'format'='json'":       {"topic", "t", "url", "http://h", "json.path", "x", "format", "lines"},
		"they don't go with 'format'='body'":                   {"topic", "t", "url", "http://h", "key", "x", "format", "body"},
		"put {cursor} into 'url' or 'body'":                    {"topic", "t", "url", "http://h", "cursor", "x"},
		"{cursor} stands for the value of a field: name that ": {"topic", "t", "url", "http://h?a={cursor}"},
	} {
		if _, err := openSource(props...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v; want %q", props, err, want)
		}
	}
}
