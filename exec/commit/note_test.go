package commit

import (
	"reflect"
	"testing"
)

func TestNote(t *testing.T) {
	full := note{topic: [16]byte{1, 15: 2}, commit: "beef", ahead: []ofFeed{{0, 1, 7}, {12, 0, 1 << 62}}, paths: []ofFeed{{0, 0, -5}, {3, 1, 1_600_000_000_000}}}
	for text, want := range map[string]note{
		full.String(): full,
		"topic=01000000000000000000000000000002,commit=beef,ahead=0.1:7,ahead=12.0:4611686018427387904,path=0.0:-5,path=3.1:1600000000000": full,
		// earlier versions
		"topic=01000000000000000000000000000002,commit=beef,ahead=0.1:7": {topic: full.topic, commit: "beef", ahead: []ofFeed{{0, 1, 7}}},
		"topic=01000000000000000000000000000002,commit=beef":             {topic: full.topic, commit: "beef"},
		"topic=01000000000000000000000000000002":                         {topic: full.topic},
		"":                                                               {},
		"what another tool wrote, by itself":                             {},
		"topic=01,ahead=x,ahead=1.1":                                     {},
	} {
		if got := parseNote(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}
