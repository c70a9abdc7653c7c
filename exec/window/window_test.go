package window

import (
	"slices"
	"testing"
)

func TestTime(t *testing.T) {
	for _, c := range []struct {
		w    Time
		at   int64
		want []int64
	}{
		{Time{10, 10}, 0, []int64{0}},
		{Time{10, 10}, 9, []int64{0}},
		{Time{10, 10}, 10, []int64{10}},
		{Time{10, 10}, -1, []int64{-10}},
		{Time{4, 2}, 7, []int64{4, 6}},
		{Time{4, 2}, 8, []int64{6, 8}},
		{Time{4, 2}, 1, []int64{0}},
		{Time{5, 2}, 10, []int64{6, 8, 10}},
		{Time{5, 2}, 11, []int64{8, 10}},
	} {
		var got []int64
		for s := c.w.First(c.at); s <= c.w.Last(c.at); s += c.w.Advance {
			got = append(got, s)
			if c.at < s || c.at >= s+c.w.Size {
				t.Errorf("%+v at %d: the window at %d does not hold it", c.w, c.at, s)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v at %d: got %v, want %v", c.w, c.at, got, c.want)
		}
	}
}
