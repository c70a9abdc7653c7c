package connectors

import (
	"math"
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	begin := time.Unix(1_000_000, 0)
	var m meter
	if m.rate(begin) != 0 {
		t.Error("a rate before anything happened")
	}
	m.begin(begin)
	at := func(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }
	for i := range 200 { // 100 rows each tenth of a second, for 20 s
		m.add(at(float64(i)/10), 100)
	}
	for seconds, want := range map[float64]float64{19.95: 1000, 21: 880, 22.5: 600, 30: 0, 1e6: 0} {
		c := m // reading moves the buckets
		if got := c.rate(at(seconds)); math.Abs(got-want) > 0.15*want+1e-9 && want > 0 || want == 0 && got != 0 {
			t.Errorf("after %v s the rate is %v, want about %v", seconds, got, want)
		}
	}
	if got := m.average(); math.Abs(got-1000) > 10 {
		t.Errorf("on average %v", got)
	}
}
