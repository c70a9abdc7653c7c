package task

import "testing"

// A burst's memory is kept for the next one, and let go where none comes.
func TestBankLetsGo(t *testing.T) {
	o := &Output{Topics: []string{"t"}, Bank: &Bank{}}
	fill := func(n int) {
		for range n {
			o.end(append(o.begin([]byte("key")), make([]byte, 100)...), 0, 0, 0)
		}
		o.Reset()
	}
	fill(100_000)
	if cap(o.Records) < 100_000 || len(o.chunks) < 10 {
		t.Fatalf("there is room for %d records and %d chunks after a burst", cap(o.Records), len(o.chunks))
	}
	for range 200 {
		fill(10)
	}
	if cap(o.Records) > keptRecords || len(o.chunks) > keptTimes {
		t.Errorf("there is room for %d records and %d chunks long after a burst", cap(o.Records), len(o.chunks))
	}
	if n := testing.AllocsPerRun(10, func() { fill(0) }); n > 0 {
		t.Errorf("a bank that is used again takes memory %v times", n)
	}
}
