package changes

import (
	"reflect"
	"testing"
	"time"
)

func TestPosition(t *testing.T) {
	for _, p := range []Position{
		{Topic: [16]byte{1, 2, 255}, Next: []int64{0, 5, 1 << 60}, Current: 1_800_000_000},
		{Next: []int64{0}, Ends: []int64{12}},
	} {
		text := string(p.Append(nil))
		if got, err := Parse(text); err != nil || !reflect.DeepEqual(*got, p) {
			t.Errorf("%s: %+v %v, want %+v", text, got, err, p)
		}
	}
	for _, text := range []string{"", "..", "AAAAAAAAAAAAAAAAAAAAAA.1.", "AAAAAAAAAAAAAAAAAAAAAA.1.0--1", "AAAAAAAAAAAAAAAAAAAAAA.1.0~0-1", "AAAA.1.0", "AAAAAAAAAAAAAAAAAAAAAA.!.0", "AAAAAAAAAAAAAAAAAAAAAA.1.0.0"} {
		if p, err := Parse(text); err == nil {
			t.Errorf("%q: %+v", text, p)
		}
	}
}

// A position that leads on, and those that do not.
func TestGap(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	tail := &Tail{src: Source{Table: true}, forgets: time.Hour}
	at := func(next, ends []int64, ago time.Duration) *Position {
		return &Position{Next: next, Ends: ends, Current: now.Add(-ago).Unix()}
	}
	cases := []struct {
		p    *Position
		gone bool
	}{
		{at([]int64{5, 5}, nil, 0), false},
		{at([]int64{5}, nil, 0), false}, // a partition has come since
		{at([]int64{9, 9}, nil, 59*time.Minute), false},
		{at([]int64{9, 9}, nil, 61*time.Minute), true},
		{at([]int64{1, 5}, nil, 0), true},
		{at([]int64{1, 5}, []int64{9, 9}, 0), false}, // rows that are deleted meanwhile are none of the table's
		{at([]int64{1, 5}, []int64{9, 10}, 0), true},
		{at([]int64{5, 10}, nil, 0), true},
		{at([]int64{5, 5, 0}, nil, 0), true},
		{&Position{Topic: [16]byte{1}, Next: []int64{5, 5}, Current: now.Unix()}, true},
	}
	for _, c := range cases {
		if reason := c.p.gap(now, tail, []int64{2, 2}, []int64{9, 9}); (reason != "") != c.gone {
			t.Errorf("%+v: %q", c.p, reason)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("AAAAAAAAAAAAAAAAAAAAAA.tp8dby.0-5-1~7-8-9")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(string(p.Append(nil))); err != nil || !reflect.DeepEqual(p, again) {
			t.Errorf("%q: %+v, then %+v %v", text, p, again, err)
		}
	})
}
