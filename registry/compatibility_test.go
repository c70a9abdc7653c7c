package registry

import (
	"slices"
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
