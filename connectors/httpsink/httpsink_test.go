package httpsink

import (
	"context"
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

	"weir/connectors/connector"
	"weir/types"
)

// server answers as it is told, and keeps what it got.
type server struct {
	*httptest.Server
	mu      sync.Mutex
	got     []string
	answers []func(http.ResponseWriter, string) // the first ones, by body; afterwards 204
}

func serve(t *testing.T, answers ...func(http.ResponseWriter, string)) *server {
	t.Helper()
	s := &server{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got = append(s.got, fmt.Sprintf("%s %s %s %s %s%s", r.Method, r.URL, r.Header.Get("Content-Type"), r.Header.Get("Idempotency-Key"), r.Header.Get("X-Token"), body))
		if len(s.answers) > 0 {
			s.answers[0](w, string(body))
			s.answers = s.answers[1:]
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(s.Close)
	return s
}

func status(code int, text string, header ...string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
	}
}

var alerts = connector.Relation{Topic: "alerts", Name: "ALERTS", Columns: []connector.Column{
	{Name: "PATH", Type: types.TString, Key: true}, {Name: "N", Type: types.TBigint}, {Name: "AT", Type: types.TTimestamp},
}}

func alert(offset int64, path string, n int64) connector.Row {
	return connector.Row{Partition: 3, Offset: offset, Value: []byte("raw " + path), Values: []types.Value{types.StringValue(path), types.BigintValue(n), types.TimestampValue(0)}}
}

func open1(url string, props ...string) (connector.Opened, error) {
	settings := []connector.Setting{{Name: "url", Value: url}}
	for i := 0; i < len(props); i += 2 {
		settings = append(settings, connector.Setting{Name: props[i], Value: props[i+1]})
	}
	values, err := connector.Check(Class(), settings)
	if err != nil {
		return connector.Opened{}, err
	}
	s, err := open(connector.Env{Name: "c", Logger: slog.New(slog.DiscardHandler)}, values)
	if err == nil {
		err = s.Check([]connector.Relation{alerts})
	}
	return s, err
}

// write writes rows, again while it is not said to be hopeless, and gives the refused ones.
func write(t *testing.T, s connector.Opened, rows ...connector.Row) (refused []string, err error) {
	t.Helper()
	in := connector.In{Relations: []connector.Relation{alerts}, Refuse: func(_ context.Context, row *connector.Row, reason error) error {
		refused = append(refused, fmt.Sprintf("%d %v", row.Offset, reason))
		return nil
	}}
	if _, err := s.Begin(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	_, err = s.Write(t.Context(), connector.Batch{Rows: rows})
	return refused, err
}

func TestRequests(t *testing.T) {
	deleted := alert(9, "/gone", 0)
	deleted.Value = nil
	for name, c := range map[string]struct {
		props []string
		want  []string
	}{
		"object":   {nil, []string{`POST /hook application/json c/alerts/3/7-7 {"PATH":"/a\"b","N":5,"AT":0}`, `POST /hook application/json c/alerts/3/8-8 {"PATH":"/c","N":6,"AT":0}`}},
		"array":    {[]string{"flush.size", "10"}, []string{`POST /hook application/json c/alerts/3/7-9 [{"PATH":"/a\"b","N":5,"AT":0},{"PATH":"/c","N":6,"AT":0}]`}},
		"json":     {[]string{"flush.size", "10", "format", "json", "deletes", "true"}, []string{"POST /hook application/x-ndjson c/alerts/3/7-9 {\"PATH\":\"/a\\\"b\",\"N\":5,\"AT\":0,\"__deleted\":false}\n{\"PATH\":\"/c\",\"N\":6,\"AT\":0,\"__deleted\":false}\n{\"PATH\":\"/gone\",\"N\":0,\"AT\":0,\"__deleted\":true}\n"}},
		"lines":    {[]string{"flush.size", "10", "format", "lines", "method", "put"}, []string{"PUT /hook application/octet-stream c/alerts/3/7-9 raw /a\"b\nraw /c\n"}},
		"template": {[]string{"body", `{"text":"{path} has {N} at {AT}, {"}`, "headers.X-Token", "t"}, []string{`POST /hook application/json c/alerts/3/7-7 t{"text":"/a\"b has 5 at 1970-01-01T00:00:00.000, {"}`, `POST /hook application/json c/alerts/3/8-8 t{"text":"/c has 6 at 1970-01-01T00:00:00.000, {"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			to := serve(t)
			s, err := open1(to.URL+"/hook", c.props...)
			if err != nil {
				t.Fatal(err)
			}
			rows := []connector.Row{alert(7, `/a"b`, 5), alert(8, "/c", 6), deleted}
			if s.Writer.(*sink).alone {
				for i := range rows {
					if _, err := write(t, s, rows[i]); err != nil {
						t.Fatal(err)
					}
				}
			} else if _, err := write(t, s, rows...); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(to.got, c.want) {
				t.Errorf("got  %q\nwant %q", to.got, c.want)
			}
		})
	}
}

func TestColumnsInTheAddress(t *testing.T) {
	to := serve(t)
	s, err := open1(to.URL + "/items/{path}?n={N}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := write(t, s, alert(1, "a/b c?", 2)); err != nil {
		t.Fatal(err)
	}
	if len(to.got) != 1 || !strings.HasPrefix(to.got[0], "POST /items/a%2Fb%20c%3F?n=2 ") {
		t.Errorf("%q", to.got)
	}
}

// TestAnswers: what is tried again, what fails the connector, and which row is refused.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answers  []func(http.ResponseWriter, string)
		hopeless bool
		want     string   // in the error
		refused  []string // prefixes
		requests int
	}{
		"taken":        {nil, false, "", nil, 1},
		"busy":         {[]func(http.ResponseWriter, string){status(503, "wait\na bit", "Retry-After", "0")}, false, "the server answers 503 Service Unavailable wait a bit", nil, 1},
		"too many":     {[]func(http.ResponseWriter, string){status(429, "")}, false, "429", nil, 1},
		"unauthorized": {[]func(http.ResponseWriter, string){status(401, "who are you")}, true, "401 Unauthorized who are you", nil, 1},
		"redirect":     {[]func(http.ResponseWriter, string){status(302, "", "Location", "/x")}, true, "302 Found", nil, 1},
		"one refused":  {[]func(http.ResponseWriter, string){status(400, "all"), status(200, ""), status(422, "N is too large")}, false, "", []string{"2 the server answers 422 Unprocessable Entity N is too large"}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			to := serve(t, c.answers...)
			s, err := open1(to.URL, "flush.size", "10")
			if err != nil {
				t.Fatal(err)
			}
			refused, err := write(t, s, alert(1, "a", 1), alert(2, "b", 2), alert(3, "c", 3))
			if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) || connector.IsUser(err) != c.hopeless {
				t.Errorf("%v", err)
			}
			if !slices.Equal(refused, c.refused) || len(to.got) != c.requests {
				t.Errorf("%d requests, refused %q", len(to.got), refused)
			}
		})
	}
}

func TestNoServer(t *testing.T) {
	s, err := open1("http://127.0.0.1:1/secret-path")
	if err != nil {
		t.Fatal(err)
	}
	_, err = write(t, s, alert(1, "a", 1))
	if err == nil || connector.IsUser(err) || strings.Contains(err.Error(), "secret-path") || !strings.Contains(err.Error(), "POST 127.0.0.1:1:") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Write(ctx, connector.Batch{Rows: []connector.Row{alert(1, "a", 1)}}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWrong(t *testing.T) {
	for want, props := range map[string][]string{
		"begins with http:// or https://":             {"ftp://x"},
		"it goes with 'flush.size'='1'":               {"http://x/{N}", "flush.size", "2"},
		"property 'body' is made from one row":        {"http://x", "flush.size", "2", "body", "x"},
		"ALERTS has no column NOPE":                   {"http://x", "body", "{NOPE}"},
		"property 'url': ALERTS has no column nope":   {"http://x/{nope}"},
		"does not go with 'format' and 'deletes'":     {"http://x", "body", "x", "format", "csv"},
		"property 'headers.a b' is no header":         {"http://x", "headers.a b", "x"},
		"expected post or put or patch, got 'delete'": {"http://x", "method", "DELETE"},
		"has no place for __deleted":                  {"http://x", "format", "lines", "deletes", "true"},
	} {
		if _, err := open1(props[0], props[1:]...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v; want %q", props, err, want)
		}
	}
}
