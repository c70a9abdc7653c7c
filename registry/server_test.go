package registry

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each case is a conversation: a request, then what its answer has to be.
const conversation = `
GET /subjects
	200 []
POST /subjects/a/versions {"schema":"{\"type\": \"string\"}"}
	200 {"id":1,"version":1}
POST /subjects/b/versions {"schema":"{}","schemaType":"json"}
	200 {"id":2,"version":1}
GET /subjects?subjectPrefix=b
	200 ["b"]
GET /subjects/a/versions/latest
	200 {"subject":"a","id":1,"version":1,"schema":"{\"type\":\"string\"}"}
GET /subjects/b/versions/-1
	200 {"subject":"b","id":2,"version":1,"schemaType":"JSON","schema":"{}"}
GET /subjects/a/versions/1/schema
	200 {"type":"string"}
GET /subjects/a/versions/0
	422 "error_code":42202
GET /subjects/a/versions/x
	422 "error_code":42202
GET /subjects/a/versions/7
	404 "error_code":40402
GET /subjects/c/versions
	404 {"error_code":40401,"message":"Subject 'c' not found."}
GET /schemas/ids/2
	200 {"schemaType":"JSON","schema":"{}"}
GET /schemas/ids/1/schema
	200 {"type":"string"}
GET /schemas/ids/1/subjects
	200 ["a"]
GET /schemas/ids/1/versions
	200 [{"subject":"a","version":1}]
GET /schemas/ids/9
	404 "error_code":40403
GET /schemas/types
	200 ["JSON","PROTOBUF","AVRO"]
GET /schemas?latestOnly=true&subjectPrefix=a
	200 [{"subject":"a","id":1,"version":1,"schema":"{\"type\":\"string\"}"}]
POST /subjects/a {"schema":"{\"type\":\"string\"}"}
	200 {"subject":"a","id":1,"version":1,"schema":"{\"type\":\"string\"}"}
POST /subjects/a {"schema":"\"int\""}
	404 "error_code":40403
POST /subjects/c {"schema":"\"int\""}
	404 "error_code":40401
POST /subjects/a/versions {"schema":"\"int\""}
	409 "error_code":409
POST /subjects/a/versions {"schema":"{"}
	422 "error_code":42201
POST /subjects/a/versions {"schema":"x","schemaType":"XML"}
	422 expected AVRO, JSON or PROTOBUF
POST /subjects/a/versions nonsense
	400 is not valid JSON
POST /compatibility/subjects/a/versions/latest {"schema":"\"int\""}
	200 {"is_compatible":false}
POST /compatibility/subjects/a/versions/latest?verbose=true {"schema":"\"int\""}
	200 "messages":["the new schema cannot read data of version 1
POST /compatibility/subjects/a/versions {"schema":"{\"type\":\"bytes\"}"}
	200 {"is_compatible":true}
POST /compatibility/subjects/a/versions/9 {"schema":"\"int\""}
	404 "error_code":40402
GET /config
	200 {"compatibilityLevel":"BACKWARD"}
GET /config/a
	404 "error_code":40408
GET /config/a?defaultToGlobal=true
	200 {"compatibilityLevel":"BACKWARD"}
PUT /config/a {"compatibility":"none"}
	200 {"compatibility":"NONE"}
GET /config/a
	200 {"compatibilityLevel":"NONE"}
PUT /config {"compatibility":"SOME"}
	422 "error_code":42203
POST /subjects/a/versions {"schema":"\"int\""}
	200 {"id":3,"version":2}
DELETE /config/a
	200 {"compatibilityLevel":"NONE"}
DELETE /config/a
	404 "error_code":40408
GET /mode
	200 {"mode":"READWRITE"}
PUT /mode/a {"mode":"READONLY"}
	200 {"mode":"READONLY"}
POST /subjects/a/versions {"schema":"\"long\""}
	422 "error_code":42205
GET /mode/b
	404 "error_code":40409
PUT /mode {"mode":"SIDEWAYS"}
	422 "error_code":42204
DELETE /mode/a
	200 {"mode":"READONLY"}
POST /subjects/r/versions {"schema":"{\"type\":\"record\",\"name\":\"p.R\",\"fields\":[]}"}
	200 {"id":4,"version":1}
POST /subjects/u/versions {"schema":"{\"type\":\"array\",\"items\":\"p.R\"}","references":[{"name":"p.R","subject":"r","version":1}]}
	200 {"id":5,"version":1}
GET /subjects/r/versions/1/referencedby
	200 [5]
DELETE /subjects/r
	422 "error_code":42206
DELETE /subjects/a/versions/1?permanent=true
	404 "error_code":40407
DELETE /subjects/a/versions/1
	200 1
DELETE /subjects/a/versions/1
	404 "error_code":40406
GET /subjects/a/versions
	200 [2]
GET /subjects/a/versions?deleted=true
	200 [1,2]
GET /subjects/a/versions/1
	404 "error_code":40402
DELETE /subjects/a/versions/1?permanent=true
	200 1
DELETE /subjects/a?permanent=true
	404 "error_code":40405
DELETE /subjects/a
	200 [2]
DELETE /subjects/a
	404 "error_code":40404
GET /subjects
	200 ["b","r","u"]
GET /subjects?deletedOnly=true
	200 ["a"]
POST /subjects/a/versions {"schema":"\"int\""}
	200 {"id":3,"version":3}
GET /subjects/a/versions
	200 [3]
GET /nothing
	404 "error_code":404
PATCH /subjects
	404 "error_code":404
GET /
	200 {}
`

func TestServer(t *testing.T) { converse(t, conversation) }

// guids are in every answer that has a schema.
var guids = regexp.MustCompile(`,"guid":"[-0-9a-f]{36}"|"guid":"[-0-9a-f]{36}",?`)

func converse(t *testing.T, conversation string) {
	t.Helper()
	srv := httptest.NewServer(NewServer(NewStore(), ServerOptions{}))
	defer srv.Close()
	lines := bufio.NewScanner(strings.NewReader(strings.TrimSpace(conversation)))
	for lines.Scan() {
		request := lines.Text()
		lines.Scan()
		status, want, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		method, rest, _ := strings.Cut(request, " ")
		path, body, _ := strings.Cut(rest, " ")
		req, err := http.NewRequest(method, srv.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		got := guids.ReplaceAllString(strings.TrimSpace(string(data)), "")
		if !strings.HasPrefix(resp.Status, status) || resp.Header.Get("Content-Type") != ContentType ||
			got != want && (status == "200" && !strings.HasPrefix(want, `"`) || !strings.Contains(got, want)) {
			t.Errorf("%s\n\tgives %s %s\n\twant  %s %s", request, resp.Status, got, status, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestLargeRequest(t *testing.T) {
	s := NewServer(NewStore(), ServerOptions{MaxBodyBytes: 100})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("POST", "/subjects/a/versions", strings.NewReader(strings.Repeat(" ", 200))))
	if w.Code != 413 || !strings.Contains(w.Body.String(), "larger than 100 bytes") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestStoreSurvivesAKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "registry")
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, ctx := NewLocal(s), t.Context()
	for _, text := range []string{record(fieldA), record(fieldA + "," + fieldBDefault)} {
		if _, err := c.Register(ctx, "s", Schema{Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Register(ctx, "gone", Schema{Type: JSON, Text: `true`}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.DeleteSubject(ctx, "gone", false); err != nil {
		t.Fatal(err)
	}
	if err := c.SetCompatibility(ctx, "", Full); err != nil {
		t.Fatal(err)
	}
	// Not closed, and the last line half written: as a kill leaves it.
	path := filepath.Join(dir, FileName)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"op":"register","subject":"torn`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	for range 2 {
		again, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		c := NewLocal(again)
		latest, err := c.Latest(ctx, "s")
		if err != nil || latest.ID != 2 || latest.Version != 2 {
			t.Errorf("latest %+v, %v", latest, err)
		}
		if subjects, _ := c.Subjects(ctx); !slices.Equal(subjects, []string{"s"}) {
			t.Errorf("subjects %q", subjects)
		}
		if level, _ := c.Compatibility(ctx, "s"); level != Full {
			t.Errorf("level %s", level)
		}
		if found, err := c.Register(ctx, "s", Schema{Text: record(fieldA)}); err != nil || found.ID != 1 || found.Version != 1 {
			t.Errorf("registered again: %+v, %v", found, err)
		}
		if found, err := c.Register(ctx, "new", Schema{Text: `"long"`}); err != nil || found.ID != 4 {
			t.Errorf("a new schema: %+v, %v", found, err)
		}
		if _, err := again.deleteSubject("new", false); err != nil {
			t.Fatal(err)
		}
		again.Close()
	}
	s.Close()
	// What is damaged is taken from the copy, once.
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{FileName, copyName} {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Replace(sound, []byte("long"), []byte("lonG"), 1), 0o644); err != nil {
			t.Fatal(err)
		}
		if wrong, err := Check(dir); err != nil || len(wrong) != 1 {
			t.Errorf("Check: %q, %v", wrong, err)
		}
		again, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Mended()) != 1 {
			t.Errorf("%s: mended %q", name, again.Mended())
		}
		again.Close()
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, sound) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	if err := os.Remove(filepath.Join(dir, copyName)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("{\"op\":\"config\",\"compatibility\":\"FULL\"}\nrubbish\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "line 2 is damaged") || !strings.Contains(err.Error(), path) {
		t.Errorf("a damaged file: %v", err)
	}
}

func FuzzServer(f *testing.F) {
	for line := range strings.Lines(conversation) {
		if method, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(rest, "/") {
			path, body, _ := strings.Cut(rest, " ")
			f.Add(method, path, body)
		}
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		req, err := http.NewRequest(method, "http://x"+path, strings.NewReader(body))
		if err != nil {
			t.Skip()
		}
		s := NewStore()
		if _, err := s.register("a", Schema{Text: record(fieldA)}, terms{}); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		NewServer(s, ServerOptions{MaxBodyBytes: 1 << 16}).ServeHTTP(w, req)
		if w.Code >= 500 {
			t.Fatalf("%s %s %s: %d %s", method, path, body, w.Code, w.Body)
		}
	})
}
