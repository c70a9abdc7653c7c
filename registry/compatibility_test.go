package registry

import (
	"slices"
	"strings"
	"testing"
)

func TestCompatibilityLevels(t *testing.T) {
	// The subject's versions are {a}, then {a, b with a default}.
	const (
		same     = fieldA + "," + fieldBDefault
		noB      = fieldA
		bNoDef   = fieldA + "," + fieldB
		addC     = same + `,{"name":"c","type":"int"}`
		addCDef  = same + `,{"name":"c","type":"int","default":0}`
		widerB   = fieldA + `,{"name":"b","type":"long","default":1}`
		onlyBDef = fieldBDefault
	)
	for _, c := range []struct {
		fields string
		fits   []Level
	}{
		{same, []Level{None, Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive}},
		{noB, []Level{None, Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive}},
		{bNoDef, []Level{None, Backward, Forward, ForwardTransitive, Full}}, // version 1 has no b
		{addC, []Level{None, Forward, ForwardTransitive}},
		{addCDef, []Level{None, Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive}},
		{widerB, []Level{None, Backward, BackwardTransitive}}, // version 2 would have to read a long as an int
		{onlyBDef, []Level{None, Backward, BackwardTransitive}},
	} {
		for _, level := range levels {
			s := NewStore()
			l := NewLocal(s)
			for _, fields := range []string{fieldA, fieldA + "," + fieldBDefault} {
				if _, err := l.Register(t.Context(), "s", Schema{Text: record(fields)}); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.SetCompatibility(t.Context(), "s", level); err != nil {
				t.Fatal(err)
			}
			want := slices.Contains(c.fits, level)
			ok, reasons, err := l.Compatible(t.Context(), "s", Schema{Text: record(c.fields)})
			if err != nil || ok != want {
				t.Errorf("%s at %s: %v %v %v", c.fields, level, ok, reasons, err)
			}
		}
	}
	l := NewLocal(NewStore())
	if _, err := l.Register(t.Context(), "s", Schema{Text: `"string"`}); err != nil {
		t.Fatal(err)
	}
	if ok, _, err := l.Compatible(t.Context(), "s", Schema{Type: JSON, Text: `{}`}); ok || err != nil {
		t.Errorf("another type fits: %v, %v", ok, err)
	}
}

func TestProtobufCompatibility(t *testing.T) {
	text := func(fields string) Schema {
		return Schema{Type: Protobuf, Text: `syntax = "proto3"; message M { ` + fields + ` }`}
	}
	l := NewLocal(NewStore())
	for _, c := range []struct {
		subject string
		level   Level
		fields  string
		ok      bool
	}{
		{"a", Backward, "int32 a = 1; string b = 2;", true},
		{"a", Backward, "int64 a = 1; int32 c = 3;", true},
		{"a", Backward, "string a = 1;", false},
		{"a", Forward, "string a = 1;", false},
		{"a", None, "string a = 1;", true},
	} {
		if err := l.SetCompatibility(t.Context(), c.subject, c.level); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Register(t.Context(), c.subject, text(c.fields)); (err == nil) != c.ok || err != nil && !IsIncompatible(err) {
			t.Errorf("%s at %s: %v", c.fields, c.level, err)
		}
	}
	if _, err := l.Register(t.Context(), "b", text("int32 a = x;")); err == nil || !strings.Contains(err.Error(), "invalid PROTOBUF schema: line 1") {
		t.Errorf("a schema with a fault: %v", err)
	}
}

func TestImport(t *testing.T) {
	l := NewLocal(NewStore())
	one, two := Schema{Text: `"string"`, ID: 50}, Schema{Text: `"long"`, ID: 50}
	if _, err := l.Register(t.Context(), "a", one); err == nil || !strings.Contains(err.Error(), "not in import mode") {
		t.Errorf("an id is taken: %v", err)
	}
	if err := l.SetMode("a", Import); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Register(t.Context(), "a", one); err != nil || got.ID != 50 || got.Version != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := l.Register(t.Context(), "a", two); err == nil || !strings.Contains(err.Error(), "not free") {
		t.Errorf("an id has two schemas: %v", err)
	}
	two.ID = 7
	if got, err := l.Register(t.Context(), "a", two); err != nil || got.ID != 7 || got.Version != 2 {
		t.Errorf("what is incompatible: %+v, %v", got, err)
	}
	if err := l.SetMode("a", "SIDEWAYS"); err == nil {
		t.Error("a mode that is none")
	}
	if got, err := l.Register(t.Context(), "b", Schema{Text: `"int"`}); err != nil || got.ID != 51 {
		t.Errorf("the next id: %+v, %v", got, err)
	}
}
