package clicks

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"
	"time"
)

func all(t *testing.T, s Set, n int) (cs []Click) {
	t.Helper()
	if err := s.Each(n, func(c *Click) error { cs = append(cs, *c); return nil }); err != nil {
		t.Fatal(err)
	}
	return cs
}

func TestJSON(t *testing.T) {
	size := 0
	cs := all(t, Few, 1_000)
	for _, c := range cs {
		text := c.AppendJSON(nil)
		size += len(text)
		var back Click
		if err := json.Unmarshal(text, &back); err != nil || back != c {
			t.Fatalf("%s comes back as %+v: %v", text, back, err)
		}
	}
	if mean := size / len(cs); mean < 190 || mean > 225 {
		t.Errorf("a record has %d bytes, and is to have about 200", mean)
	}
}

func TestTheSameEachTime(t *testing.T) {
	if !slices.Equal(all(t, Few, 1_000), all(t, Few, 1_000)) {
		t.Error("two loads differ")
	}
}

func TestLateness(t *testing.T) {
	n, late, last := 100_000, 0, int64(0)
	for i, c := range all(t, Few, n) {
		due := Base.UnixMilli() + int64(i)*Few.Span.Milliseconds()/int64(n)
		if c.TS < due-Lateness.Milliseconds() || c.TS > due+1 {
			t.Fatalf("record %d is at %d, %d ms off", i, c.TS, c.TS-due)
		}
		if c.TS < last {
			late++
		}
		last = max(last, c.TS)
	}
	if late < n*4/100 || late > n*6/100 {
		t.Errorf("%d of %d come out of order, which is not 5 %%", late, n)
	}
}

func TestUsers(t *testing.T) {
	count := func(s Set) map[string]int {
		by := map[string]int{}
		for _, c := range all(t, s, 200_000) {
			by[c.User]++
		}
		return by
	}
	if by := count(Few); len(by) != Few.Users {
		t.Errorf("%d users come, of %d", len(by), Few.Users)
	}
	by := count(Skewed) // the k-th has 1/k of what the first one has, which is 1/14.4 of a million's
	for k := 1; k <= 4; k *= 2 {
		want := 200_000 / 14.39 / float64(k)
		if got := by["u"+string(rune('0'+k-1))]; math.Abs(float64(got)-want) > want/10 {
			t.Errorf("user %d comes %d times, and is to come %.0f times", k-1, got, want)
		}
	}
}

func TestBursts(t *testing.T) {
	times := map[string][]int64{}
	for _, c := range all(t, Bursts, 400_000) {
		times[c.User] = append(times[c.User], c.TS)
	}
	for user, ts := range times {
		slices.Sort(ts)
		for i := range ts[1:] {
			if d := ts[i+1] - ts[i]; d > 10_000 && d < 80_000 {
				t.Fatalf("%s rests for %d ms: sessions of 30 s would hang on chance", user, d)
			}
		}
	}
}

func TestAnErrorEndsIt(t *testing.T) {
	stop, n := errors.New("stop"), 0
	if err := Few.Each(10, func(*Click) error { n++; return stop }); err != stop || n != 1 {
		t.Error(n, err)
	}
}

func TestClosers(t *testing.T) {
	for _, s := range []Set{Few, Many, Skewed, Paged, Bursts, Hours} {
		if c := s.Closer(Mark); c.TS < Base.Add(s.Span+2*time.Hour).UnixMilli() {
			t.Errorf("%s: a closer at %d leaves windows of an hour open", s.Name, c.TS)
		}
	}
}
