package kafka

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// What is compressed comes back, over the edges of blocks.
func TestLZ4(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 100, 1<<16 - 1, 1 << 16, 1<<16 + 1, 1 << 20} {
		src := make([]byte, n)
		for i := range src {
			src[i] = byte(rng.IntN(7))
		}
		var dst bytes.Buffer
		small, codec := compressor{}.Compress(&dst, src)
		got, err := kgo.DefaultDecompressor().Decompress(small, codec)
		if codec != kgo.CodecLz4 || err != nil || !bytes.Equal(got, src) || n > 1000 && len(small) > n*9/10 {
			t.Errorf("%d bytes: codec %d, %d small, %d back, %v", n, codec, len(small), len(got), err)
		}
	}
}
