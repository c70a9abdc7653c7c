package protoschema

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	imports := map[string]string{"event.proto": `syntax = "proto3"; message Event { int64 at = 1; }`}
	f, err := Parse(`syntax = "proto3"; package p; import "event.proto"; import "google/type/date.proto"; import "google/protobuf/timestamp.proto";
		import "confluent/type/decimal.proto";
		message A { message In { int32 x = 1; } Event e = 1; google.type.Date d = 2;
			confluent.type.Decimal c = 3 [(confluent.field_meta) = { params: [{ value: "4", key: "precision" }, { value: "2", key: "scale" }]}]; }
		message B { google.protobuf.Timestamp t = 1; }`, imports)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]int{"": {0}, "p.A": {0}, "p.A.In": {0, 0}, "p.B": {1}} {
		m, path, err := Message(f, name)
		if err != nil || !slices.Equal(path, want) {
			t.Errorf("%s: got %v, %v, want %v", name, path, err, want)
			continue
		}
		if at, err := At(f, path); err != nil || at != m {
			t.Errorf("%v: got %v, %v", path, at, err)
		}
	}
	if params := Params(f.Messages().Get(0).Fields().ByName("c")); params["precision"] != "4" || params["scale"] != "2" {
		t.Errorf("params: %v", params)
	}
	if _, _, err := Message(f, "p.C"); err == nil || !strings.Contains(err.Error(), "it has p.A, p.B") {
		t.Errorf("a message that is not there: %v", err)
	}
	if _, err := At(f, []int{0, 1}); err == nil {
		t.Error("a path that leads nowhere is followed")
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"syntax = \"proto3\";\nmessage A { int32 a = 1 }":                         "line 2, column 25",
		`syntax = "proto3"; import "no.proto"; message A {}`:                      `no schema to import as "no.proto"`,
		`syntax = "proto3"; message A { B b = 1; }`:                               "B",
		`syntax = "proto3"; message A { int32 a = 1; int32 b = 1; }`:              "1",
		`syntax = "proto3"; ` + strings.Repeat("message A {", maxDepth+1):         "nested more than",
		`syntax = "proto3"; //` + strings.Repeat("x", maxText):                    "bytes, more than",
		`syntax = "proto3"; import "bad.proto"; message A { int32 a = 1; }`:       "in bad.proto, line 1",
		`syntax = "proto3"; message A { map<float, string> a = 1; } message B {}`: "line 1",
	} {
		if _, err := Parse(text, map[string]string{"bad.proto": "nonsense"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, want an error with %q", text, err, want)
		}
	}
}

func TestIncompatible(t *testing.T) {
	const old = `message A { int32 a = 1; string s = 2; In in = 3; repeated int64 l = 4; map<string, int32> m = 5; message In { bool b = 1; } } enum E { X = 0; }`
	for _, c := range []struct{ next, want string }{
		{old, ""},
		{`message A { int64 renamed = 1; bytes s = 2; string more = 9; In in = 3; message In { bool b = 1; } }`, ""},
		{`message A { message In { E b = 1; } In in = 3; } message New { } enum E { X = 0; }`, ""},
		{`package other; message A { message In { E b = 1; } In in = 3; } message New { } enum E { X = 0; }`, `the package was "" and is "other"`},
		{`message A { string a = 1; message In {} }`, "field a (number 1) of message A was of type int32 and is of type string"},
		{`message A { sint32 a = 1; message In {} }`, "of type sint32"},
		{`message A { Out in = 3; message Out { } message In {} }`, "was of type In and is of type Out"},
		{`message A { In in = 3; message In { double b = 1; } }`, "field b (number 1) of message In"},
		{`message A { int64 l = 4; message In {} }`, "between one value and a list"},
		{`message A { map<string, string> m = 5; message In {} }`, "field value (number 2)"},
		{`message B { }`, "message A is gone"},
		{`message A { oneof o { int32 a = 1; string s = 2; } message In {} }`, "moved into the oneof o"},
	} {
		r, err := Parse(`syntax = "proto3"; `+c.next, nil)
		if err != nil {
			t.Fatal(err)
		}
		w, err := Parse(`syntax = "proto3"; `+old, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(Incompatible(r, w), "; ")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.next, got, c.want)
		}
	}
	for _, c := range []struct{ next, want string }{
		{`message A { string s = 1; oneof o { int32 a = 2; int32 b = 3; int32 c = 4; } }`, ""},
		{`message A { string s = 1; oneof o { int32 a = 2; string more = 9; int32 b = 3; } oneof new { string t = 5; } }`, ""},
		{`message A { string s = 1; }`, ""}, // all of it
		{`message A { string s = 1; oneof o { int32 a = 2; } }`, "field b (number 3) is no more in the oneof o"},
		{`message A { string s = 1; int32 b = 3; oneof o { int32 a = 2; } }`, "field b (number 3) is no more in the oneof o"},
		{`message A { oneof o { string s = 1; int32 a = 2; int32 b = 3; } }`, "moved into the oneof o, which was there"},
	} {
		r, err := Parse(`syntax = "proto3"; `+c.next, nil)
		if err != nil {
			t.Fatal(err)
		}
		w, err := Parse(`syntax = "proto3"; message A { string s = 1; oneof o { int32 a = 2; int32 b = 3; } string t = 5; }`, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(Incompatible(r, w), "; ")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.next, got, c.want)
		}
	}
	r, _ := Parse(`syntax = "proto2"; message A { required int32 a = 1; }`, nil)
	w, _ := Parse(`syntax = "proto2"; message A { required int32 b = 2; }`, nil)
	if got := Incompatible(r, w); len(got) != 2 {
		t.Errorf("required fields: %v", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`syntax = "proto3"; import "google/protobuf/wrappers.proto"; message A { repeated google.protobuf.Int32Value a = 1 [deprecated = true]; enum E { X = 0; } oneof o { E e = 2; } }`)
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		file, err := Parse(text, nil)
		if took := time.Since(start); took > time.Minute {
			t.Fatalf("%q takes %s to parse", text, took)
		}
		if err != nil {
			return
		}
		if reasons := Incompatible(file, file); len(reasons) > 0 {
			t.Fatalf("%q does not fit itself: %v", text, reasons)
		}
		samePrinted(t, file)
	})
}
