package kafka

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The hashes are those that Kafka's own clients give, as signed numbers.
func TestMurmur2(t *testing.T) {
	for key, want := range map[string]int32{
		"21":                         -973932308,
		"foobar":                     -790332482,
		"a-little-bit-long-string":   -985981536,
		"a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
		"abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", key, got, want)
		}
	}
}

// franz-go's default partitioner follows Java's too.
func TestPartitionAgreesWithTheClient(t *testing.T) {
	p := kgo.StickyKeyPartitioner(nil).ForTopic("t")
	for i := range 2000 {
		key := fmt.Appendf(nil, "%0*d", i%23, i*7919)
		for _, n := range []int{1, 3, 4, 12, 100} {
			if got, want := int(Partition(key, int32(n))), p.Partition(&kgo.Record{Key: key}, n); got != want {
				t.Fatalf("Partition(%q, %d) = %d, want %d", key, n, got, want)
			}
		}
	}
	if got := Partition([]byte{}, 4); got < 0 || got > 3 {
		t.Errorf("the empty key goes to %d", got)
	}
}
