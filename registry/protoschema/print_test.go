package protoschema

import (
	"encoding/base64"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// printed are schemas with all that a .proto file can have.
var printed = []string{
	`syntax = "proto3"; message A { int32 a = 1; }`,
	`message Old { required int32 a = 1 [default = -7]; optional string s = 2 [default = "q\"\\\n\303\244"]; optional bytes b = 3 [default = "\001\"x\377"];
		optional double d = 4 [default = inf]; optional E e = 5 [default = Y]; repeated group Inner = 6 { optional int32 x = 1; } repeated int32 p = 7 [packed = true];
		enum E { X = 0; Y = -1; } extensions 100 to 199; extensions 1000 to 536869999; reserved 20, 30 to 40, 536870000 to max; reserved "gone", "too"; }
		extend Old { optional int32 more = 100; optional group Extra = 101 { optional int32 y = 1; } } message Holder { extend Old { optional Old again = 102; } }`,
	`syntax = "proto3"; package a.b; option java_package = "x.y"; option java_multiple_files = true; option optimize_for = CODE_SIZE;
		import "google/protobuf/timestamp.proto"; import public "event.proto"; import "confluent/type/decimal.proto"; import "confluent/meta.proto";
		message A { option deprecated = true; option (confluent.message_meta) = { doc: "what \"it\" is", tags: ["PII", "X"] };
			message In { int32 x = 1; message In { A a = 1; .a.b.A.In b = 2; } In in = 2; } In in = 1; map<string, In> m = 2; map<int32, E> n = 3;
			oneof o { string s = 4; google.protobuf.Timestamp t = 5; } optional int32 maybe = 6; repeated E es = 7 [packed = false, deprecated = true];
			confluent.type.Decimal c = 8 [(confluent.field_meta) = { params: [{ key: "precision", value: "4" }, { key: "scale", value: "2" }]}];
			ev.Event e = 9; string odd_name = 10 [json_name = "oddest"]; reserved 11; }
		enum E { option allow_alias = true; Z = 0; NULL = 0 [deprecated = true]; reserved 5, 7 to max; reserved "Q"; }
		message b { message a { int32 i = 1; } a a1 = 1; .a.b.E e = 2; }
		service S { rpc Do(A) returns (stream A.In); rpc Up(stream b.a) returns (A) { option deprecated = true; } }`,
	`syntax = "proto2"; import "google/protobuf/descriptor.proto"; message Opt { optional float f = 1; repeated int32 n = 2; optional Opt o = 3; optional bytes b = 4; extensions 10; }
		extend Opt { optional string note = 10; } extend google.protobuf.FieldOptions { optional Opt opt = 50001; repeated string words = 50002; optional int64 big = 50003; }
		message M { optional int32 a = 1 [(opt) = { f: -1.5, n: [1, 2], o: { b: "\000\377" [note]: "n" } }, (words) = "a", (words) = "b", (big) = -9223372036854775808]; }`,
	`edition = "2023"; option features.field_presence = IMPLICIT; message M { int32 a = 1 [features.field_presence = EXPLICIT]; M m = 2 [features.message_encoding = DELIMITED]; reserved gone; }`,
	`syntax = "proto3"; package p; message string { int32 a = 1; } message M { .p.string s = 1; string t = 2; repeated .p.string u = 3; }`,
}

var printedImports = map[string]string{"event.proto": `syntax = "proto3"; package a.ev; message Event { int64 at = 1; }`}

// TestPrint: a schema that comes as a descriptor becomes a text that means the same.
func TestPrint(t *testing.T) {
	for _, text := range printed {
		f, err := Parse(text, printedImports)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		samePrinted(t, f)
	}
}

func samePrinted(t *testing.T, f protoreflect.FileDescriptor) {
	t.Helper()
	data, err := Serialized(f)
	if err != nil {
		t.Fatal(err)
	}
	if !IsSerialized(data) {
		t.Fatalf("%s is not taken for a descriptor", data)
	}
	text, err := FromSerialized(data, printedImports)
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	again, err := Parse(text, printedImports)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	want, got := protodesc.ToFileDescriptorProto(f), protodesc.ToFileDescriptorProto(again)
	one, err := proto.MarshalOptions{Deterministic: true}.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	two, err := proto.MarshalOptions{Deterministic: true}.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if string(one) != string(two) {
		t.Errorf("%s\nis\n%v\nnot\n%v", text, got, want)
	}
}

// TestNoJSONNames: descriptors in programs have none.
func TestNoJSONNames(t *testing.T) {
	f, err := Parse(`syntax = "proto3"; message M { int32 a_b = 1; message In { int32 c = 1; int32 d = 2; } string e = 2; }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	file := protodesc.ToFileDescriptorProto(f)
	m := file.MessageType[0]
	for _, field := range append(m.Field, m.NestedType[0].Field...) {
		field.JsonName = nil
	}
	data, err := proto.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := FromSerialized(base64.StdEncoding.EncodeToString(data), nil)
	if err != nil || strings.Contains(text, "json_name") {
		t.Errorf("%s, %v", text, err)
	}
}

func TestSerializedErrors(t *testing.T) {
	for text, want := range map[string]string{
		"AAAA":                         "FileDescriptorProto in base64",
		"CgFhGghuby5wcm90bw==":         `no schema to import as "no.proto"`,
		strings.Repeat("AAAA", 2<<20):  "bytes, more than",
		"IgkKAU0SBAoBYRgB":             "", // one message with a field that has no type
		"syntax = \"proto3\";":         "expected base64",
		"CgFhIgkKAU0qAwgKYgZwcm90bzM=": "",
	} {
		if _, err := FromSerialized(text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v, want an error with %q", text, err, want)
		}
	}
	if IsSerialized(`syntax = "proto3";`) || IsSerialized("message M{}") {
		t.Error("a text is taken for base64")
	}
}
