package registry

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"weir/registry/protoschema"
)

// Schemas with rules, contexts, and settings of subjects.
const contracts = `
POST /subjects/a/versions {"schema":"\"string\"","metadata":{"properties":{"owner":"x","v":"1"},"tags":null},"ruleSet":{"domainRules":[{"name":"enc","kind":"TRANSFORM","type":"ENCRYPT"}]}}
	200 {"id":1,"version":1}
GET /subjects/a/versions/latest
	200 {"subject":"a","id":1,"version":1,"metadata":{"properties":{"owner":"x","v":"1"}},"ruleSet":{"domainRules":[{"kind":"TRANSFORM","name":"enc","type":"ENCRYPT"}]},"schema":"\"string\""}
GET /schemas/ids/1
	200 {"metadata":{"properties":{"owner":"x","v":"1"}},"ruleSet":{"domainRules":[{"kind":"TRANSFORM","name":"enc","type":"ENCRYPT"}]},"schema":"\"string\""}
POST /subjects/a/versions {"schema":"{\"type\":\"string\"}"}
	200 {"id":1,"version":1}
POST /subjects/a {"schema":"\"string\""}
	200 "ruleSet":{"domainRules"
POST /subjects/a/versions {"schema":"\"bytes\""}
	200 {"id":2,"version":2}
GET /subjects/a/versions/2
	200 "ruleSet":{"domainRules"
POST /subjects/a/versions {"schema":"\"bytes\"","metadata":{"properties":{"v":"2"}}}
	200 {"id":3,"version":3}
GET /subjects/a/metadata?key=v&value=1
	200 "version":2
GET /subjects/a/metadata?key=v&value=2
	200 "version":3
GET /subjects/a/metadata?key=v&value=3
	404 "error_code":40403
POST /subjects/b/versions {"schema":"\"string\""}
	200 {"id":4,"version":1}
POST /subjects/b/versions {"schema":"\"string\"","metadata":[]}
	422 metadata is not an object
PUT /config/b {"compatibilityGroup":"v","normalize":true}
	200 {"compatibilityGroup":"v","normalize":true}
PUT /config/b {"compatibility":"full"}
	200 {"compatibility":"FULL"}
GET /config/b
	200 {"compatibilityLevel":"FULL","normalize":true,"compatibilityGroup":"v"}
POST /subjects/b/versions {"schema":"\"int\""}
	409 "error_code":409
POST /subjects/b/versions {"schema":"\"int\"","metadata":{"properties":{"v":"2"}}}
	200 {"id":5,"version":2}
PUT /config/b {"compatibilityGroup":null,"normalize":null}
	200 {"compatibilityGroup":null,"normalize":null}
GET /config/b?defaultToGlobal=true
	200 {"compatibilityLevel":"FULL"}
PUT /config/b {"alias":"a"}
	422 this registry has no setting alias
PUT /config/b {"compatibilityPolicy":"KIND"}
	422 expected STRICT or LENIENT
POST /subjects/j/versions {"schemaType":"JSON","schema":"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}"}
	200 {"id":6,"version":1}
POST /subjects/j/versions {"schemaType":"JSON","schema":"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"string\"}}}"}
	409 the property is new
PUT /config/j {"compatibilityPolicy":"LENIENT"}
	200 {"compatibilityPolicy":"LENIENT"}
POST /subjects/j/versions {"schemaType":"JSON","schema":"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"string\"}}}"}
	200 {"id":7,"version":2}
GET /contexts
	200 ["."]
POST /subjects/:.other:a/versions {"schema":"\"int\""}
	200 {"id":1,"version":1}
POST /contexts/.other/subjects/r/versions {"schema":"{\"type\":\"record\",\"name\":\"p.R\",\"fields\":[]}"}
	200 {"id":2,"version":1}
POST /contexts/.other/subjects/u/versions {"schema":"{\"type\":\"array\",\"items\":\"p.R\"}","references":[{"name":"p.R","subject":"r","version":1}]}
	200 {"id":3,"version":1}
GET /contexts
	200 [".",".other"]
GET /contexts?offset=1&limit=1
	200 [".other"]
GET /subjects
	200 [":.other:a",":.other:r",":.other:u","a","b","j"]
GET /subjects?subjectPrefix=:.other:
	200 [":.other:a",":.other:r",":.other:u"]
GET /contexts/.other/subjects
	200 [":.other:a",":.other:r",":.other:u"]
GET /subjects/:.:a/versions
	200 [1,2,3]
GET /contexts/.other/schemas/ids/1
	200 {"schema":"\"int\""}
GET /schemas/ids/1?subject=:.other:a
	200 {"schema":"\"int\""}
GET /schemas/ids/1/subjects?subject=:.other:a
	200 [":.other:a"]
GET /contexts/.other/subjects/r/versions/1/referencedby
	200 [3]
GET /contexts/.other/subjects/u/versions/1/schema?format=resolved
	200 {"items":{"fields":[],"name":"p.R","type":"record"},"type":"array"}
DELETE /subjects/:.other:r
	422 "error_code":42206
PUT /contexts/.other/config {"compatibility":"NONE"}
	200 {"compatibility":"NONE"}
POST /contexts/.other/subjects/a/versions {"schema":"\"string\""}
	200 {"id":4,"version":2}
GET /schemas/guids/00000000-0000-0000-0000-000000000000
	404 "error_code":40403
`

func TestContracts(t *testing.T) { converse(t, contracts) }

func ask(t *testing.T, s *Server, method, path, body string, into any) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	data, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s %s: %d %s %v", method, path, w.Code, data, err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestOtherContext: a request in one context may name a subject of another.
func TestOtherContext(t *testing.T) {
	s := NewServer(NewStore(), ServerOptions{})
	var a registeredBody
	ask(t, s, "POST", "/subjects/a/versions", `{"schemaType":"PROTOBUF","schema":"syntax = \"proto3\"; message M {}"}`, &a)
	var found schemaBody
	if ask(t, s, "GET", "/contexts/.c/subjects/:.:a/versions/1?format=serialized", "", &found); !protoschema.IsSerialized(found.Text) {
		t.Errorf("%+v", found)
	}
}

// TestSerialized: a client that sends descriptors gets descriptors, one that sends texts gets texts, of one schema with one id.
func TestSerialized(t *testing.T) {
	s := NewServer(NewStore(), ServerOptions{})
	other, err := protoschema.Parse(`syntax = "proto3"; package p; message In { int64 n = 1; }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	const text = `syntax = "proto3"; package p; import "in.proto"; import "google/protobuf/timestamp.proto";
		message Out { In in = 1; map<string, In> more = 2; google.protobuf.Timestamp at = 3; } enum E { A = 0; }`
	file, err := protoschema.Parse(text, map[string]string{"in.proto": `syntax = "proto3"; package p; message In { int64 n = 1; }`})
	if err != nil {
		t.Fatal(err)
	}
	body := func(schema string, refs ...Reference) string {
		out, err := json.Marshal(schemaBody{Type: Protobuf, Text: schema, References: refs})
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	inner, err := protoschema.Serialized(other)
	if err != nil {
		t.Fatal(err)
	}
	outer, err := protoschema.Serialized(file)
	if err != nil {
		t.Fatal(err)
	}
	ref := Reference{Name: "in.proto", Subject: "in.proto", Version: 1}
	var a, b registeredBody
	ask(t, s, "POST", "/subjects/in.proto/versions", body(inner), &a)
	ask(t, s, "POST", "/subjects/t-value/versions", body(outer, ref), &a)
	ask(t, s, "POST", "/subjects/t-value/versions", body(text, ref), &b)
	if a != b || a.ID != 2 || a.Version != 1 || a.GUID == "" {
		t.Errorf("as a descriptor %+v, as a text %+v", a, b)
	}
	var found schemaBody
	ask(t, s, "POST", "/subjects/t-value", body(outer, ref), &found)
	if found.ID != 2 || !strings.Contains(found.Text, "map<string, In> more = 2;") {
		t.Errorf("looked up: %+v", found)
	}
	var fits compatibleBody
	if ask(t, s, "POST", "/compatibility/subjects/t-value/versions/latest", body(outer, ref), &fits); !fits.OK {
		t.Error("a schema does not fit itself")
	}
	for _, path := range []string{"/schemas/ids/2", "/subjects/t-value/versions/1", "/subjects/t-value/versions/latest", "/schemas/guids/" + strings.ToUpper(a.GUID)} {
		var found schemaBody
		if ask(t, s, "GET", path+"?format=serialized", "", &found); found.Text != outer || len(found.References) != 1 {
			t.Errorf("%s serialized: %+v", path, found)
		}
		if ask(t, s, "GET", path, "", &found); !strings.Contains(found.Text, "message Out {") {
			t.Errorf("%s: %+v", path, found)
		}
	}
	var places []struct {
		Context string
		ID      int
	}
	if ask(t, s, "GET", "/schemas/guids/"+a.GUID+"/ids", "", &places); len(places) != 1 || places[0].Context != "." || places[0].ID != 2 {
		t.Errorf("ids of the GUID: %+v", places)
	}
}

// TestContractsSurvive: what a schema came with is there after a restart, its GUID too.
func TestContractsSurvive(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "registry")
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	in := Schema{Text: `"string"`, Metadata: json.RawMessage(`{"properties":{"a":"b"}}`), RuleSet: json.RawMessage(`{"domainRules":[{"name":"r"}]}`)}
	before, err := NewLocal(s).Register(t.Context(), ":.c:s", in)
	if err != nil {
		t.Fatal(err)
	}
	normal := true
	if err := s.setConfig(":.c:s", func(c *config) error { c.Normalize, c.Group = &normal, "a"; return nil }); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if s, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	after, err := NewLocal(s).Latest(t.Context(), ":.c:s")
	if err != nil || after.GUID != before.GUID || before.GUID == "" || string(after.RuleSet) != string(in.RuleSet) || string(after.Metadata) != string(in.Metadata) {
		t.Errorf("before %+v, after %+v, %v", before, after, err)
	}
	if c := s.config(":.c:s"); !c.normalizes() || c.Group != "a" || c.Level != Backward {
		t.Errorf("config %+v", c)
	}
	over := overHTTP(t, s)
	if got, err := over.SchemaByGUID(t.Context(), before.GUID); err != nil || got.Text != in.Text {
		t.Errorf("by GUID: %+v, %v", got, err)
	}
}
