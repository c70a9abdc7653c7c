package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func record(fields string) string {
	return `{"type": "record", "name": "r", "fields": [` + fields + `]}`
}

const (
	fieldA        = `{"name":"a","type":"string"}`
	fieldB        = `{"name":"b","type":"int"}`
	fieldBDefault = `{"name":"b","type":"int","default":1}`
	fieldZ        = `{"name":"z","type":"int"}`
)

func overHTTP(t *testing.T, s *Store) *HTTP {
	t.Helper()
	srv := httptest.NewServer(NewServer(s, ServerOptions{}))
	c, err := NewHTTP(srv.URL, HTTPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); srv.Close() })
	return c
}

// Every client has to behave the same.
func TestClients(t *testing.T) {
	for name, open := range map[string]func(*testing.T) Client{
		"local": func(*testing.T) Client { return NewLocal(NewStore()) },
		"http":  func(t *testing.T) Client { return overHTTP(t, NewStore()) },
	} {
		t.Run(name, func(t *testing.T) { testClient(t, open(t)) })
	}
}

func testClient(t *testing.T, c Client) {
	ctx := t.Context()
	must := func(s Schema, err error) Schema {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const subject = "orders/v1 ä-value"
	one := must(c.Register(ctx, subject, Schema{Text: record(fieldA)}))
	again := must(c.Register(ctx, subject, Schema{Type: Avro, Text: strings.ReplaceAll(record(fieldA), " ", "\n  ")}))
	other := must(c.Register(ctx, "other", Schema{Text: `{"name":"r","type":"record","fields":[` + fieldA + `]}`}))
	if one.ID != 1 || one.Version != 1 || one.Type != Avro || again.ID != 1 || again.Version != 1 || other.ID != 1 {
		t.Errorf("one %+v, again %+v, other %+v", one, again, other)
	}
	two := must(c.Register(ctx, subject, Schema{Text: record(fieldA + "," + fieldBDefault)}))
	if two.ID != 2 || two.Version != 2 {
		t.Errorf("two %+v", two)
	}
	if _, err := c.Register(ctx, subject, Schema{Text: record(fieldZ)}); !IsIncompatible(err) || !strings.Contains(err.Error(), "BACKWARD") {
		t.Errorf("an incompatible schema: %v", err)
	}
	if ok, reasons, err := c.Compatible(ctx, subject, Schema{Text: record(fieldZ)}); ok || err != nil || len(reasons) != 1 || !strings.Contains(reasons[0], "version 2") {
		t.Errorf("compatible %v %v %v", ok, reasons, err)
	}
	if ok, _, err := c.Compatible(ctx, "new", Schema{Text: record(fieldB)}); !ok || err != nil {
		t.Errorf("a new subject takes anything: %v %v", ok, err)
	}
	if got := must(c.Latest(ctx, subject)); got.ID != 2 || got.Version != 2 || got.Subject != subject {
		t.Errorf("latest %+v", got)
	}
	if got := must(c.Version(ctx, subject, 1)); got.ID != 1 || !strings.Contains(got.Text, `"a"`) {
		t.Errorf("version 1 %+v", got)
	}
	for range 2 { // the second time from the cache
		if got := must(c.SchemaByID(ctx, 2)); got.ID != 2 || got.Version != 0 || got.Text != two.Text {
			t.Errorf("id 2 %+v", got)
		}
	}
	if got := must(c.Lookup(ctx, subject, Schema{Text: record(fieldA)})); got.Version != 1 {
		t.Errorf("lookup %+v", got)
	}
	if vs, err := c.Versions(ctx, subject); err != nil || !slices.Equal(vs, []int{1, 2}) {
		t.Errorf("versions %v, %v", vs, err)
	}
	if err := c.SetCompatibility(ctx, subject, None); err != nil {
		t.Error(err)
	}
	for s, want := range map[string]Level{subject: None, "other": Backward, "": Backward} {
		if got, err := c.Compatibility(ctx, s); err != nil || got != want {
			t.Errorf("compatibility of %q is %v, %v", s, got, err)
		}
	}
	if err := c.SetCompatibility(ctx, subject, "SOME"); err == nil || !strings.Contains(err.Error(), "BACKWARD_TRANSITIVE") {
		t.Errorf("set to SOME: %v", err)
	}
	must(c.Register(ctx, subject, Schema{Text: record(fieldB)}))
	proto := must(c.Register(ctx, "p", Schema{Type: Protobuf, Text: "syntax = \"proto3\"; message M {}", References: []Reference{{"x", subject, 1}}}))
	if got := must(c.SchemaByID(ctx, proto.ID)); got.Type != Protobuf || len(got.References) != 1 || got.References[0].Subject != subject {
		t.Errorf("protobuf %+v", got)
	}
	deps, err := Dependencies(ctx, c, proto)
	if err != nil || len(deps) != 1 || deps[0].ID != 1 {
		t.Errorf("dependencies %+v, %v", deps, err)
	}
	if subjects, err := c.Subjects(ctx); err != nil || !slices.Equal(subjects, []string{subject, "other", "p"}) {
		t.Errorf("subjects %q, %v", subjects, err)
	}
	if vs, err := c.DeleteSubject(ctx, "other", false); err != nil || !slices.Equal(vs, []int{1}) {
		t.Errorf("deleted %v, %v", vs, err)
	}
	if vs, err := c.DeleteSubject(ctx, "other", true); err != nil || !slices.Equal(vs, []int{1}) {
		t.Errorf("deleted for good %v, %v", vs, err)
	}
	var e *Error
	for what, err := range map[string]error{
		"latest":    second(c.Latest(ctx, "other")),
		"version":   second(c.Version(ctx, subject, 77)),
		"id":        second(c.SchemaByID(ctx, 77)),
		"lookup":    second(c.Lookup(ctx, subject, Schema{Text: `"string"`})),
		"delete":    second(c.DeleteSubject(ctx, "other", true)),
		"versions":  second(c.Versions(ctx, "nothing")),
		"reference": second(c.Version(ctx, "nothing", 1)),
	} {
		if !IsNotFound(err) || !errors.As(err, &e) || e.Code < 40400 {
			t.Errorf("%s of what doesn't exist: %v", what, err)
		}
	}
	for what, s := range map[string]Schema{
		"no text": {}, "no avro": {Text: `{"type":"rekord"}`}, "no json": {Type: JSON, Text: `{`}, "a number": {Type: JSON, Text: `1`}, "two": {Type: JSON, Text: `{} {}`},
		"no such reference": {Text: `"string"`, References: []Reference{{"x", "nothing", 1}}},
	} {
		if _, err := c.Register(ctx, "bad", s); !errors.As(err, &e) || e.Code != codeInvalidSchema {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestConcurrentUse(t *testing.T) {
	c := overHTTP(t, NewStore())
	var wg sync.WaitGroup
	ids := make([]int, 40)
	for i := range ids {
		wg.Go(func() {
			s, err := c.Register(t.Context(), fmt.Sprintf("s%d", i%4), Schema{Text: record(fmt.Sprintf(`{"name":"f%d","type":"int","default":0}`, i%10))})
			if err != nil {
				t.Error(err)
			}
			ids[i] = s.ID
		})
	}
	wg.Wait()
	for i, id := range ids {
		if id < 1 || id > 10 || id != ids[i%10] {
			t.Errorf("schema %d has id %d", i%10, id)
		}
	}
}

func TestHTTPErrors(t *testing.T) {
	for _, bad := range []string{"", "localhost:8081", "ftp://x", "http://a:1,b"} {
		if _, err := NewHTTP(bad, HTTPOptions{}); err == nil || !strings.Contains(err.Error(), "http://host:port") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u" || password != "p" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, "<html>")
	}))
	defer proxy.Close()
	away := "http://127.0.0.1:1"
	for _, c := range []struct{ urls, want string }{
		{away, "cannot reach the schema registry at " + away},
		{proxy.URL, "does not let us in (it answers 401 Unauthorized): ksql.schema.registry.basic.auth.credentials.source=USER_INFO"},
		{away + "," + strings.Replace(proxy.URL, "//", "//u:p@", 1), "isn't its API's"},
	} {
		h, err := NewHTTP(c.urls, HTTPOptions{Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Subjects(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%s: %v", c.urls, err)
		}
		h.Close()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := overHTTP(t, NewStore())
	if _, err := h.Subjects(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := h.Latest(t.Context(), ".."); err == nil {
		t.Error("a subject named .. leaves the path")
	}
}
