package commit

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// pool lends the client buffers for decompressed batches and slices of records; Record.Recycle gives them back. Built
// with the tag poison, what comes back is overwritten, so that a task that kept a piece of it is found out.
type pool struct {
	bytes   sync.Pool
	records sync.Pool
}

// FetchPool is the pool of every query on this node.
var FetchPool kgo.Pool = &pool{}

// GetDecompressBytes is the kgo.PoolDecompressBytes interface.
func (p *pool) GetDecompressBytes(compressed []byte, _ kgo.CompressionCodecType) []byte {
	if b, ok := p.bytes.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 0, 4*len(compressed))
}

// PutDecompressBytes is the kgo.PoolDecompressBytes interface.
func (p *pool) PutDecompressBytes(b []byte) {
	if poison {
		b = b[:cap(b)]
		for i := range b {
			b[i] = 0xDB
		}
	}
	b = b[:0]
	p.bytes.Put(&b)
}

// GetRecords is the kgo.PoolRecords interface.
func (p *pool) GetRecords(n int) []kgo.Record {
	if r, ok := p.records.Get().(*[]kgo.Record); ok && cap(*r) >= n {
		return (*r)[:0]
	}
	return make([]kgo.Record, 0, n)
}

// PutRecords is the kgo.PoolRecords interface.
func (p *pool) PutRecords(r []kgo.Record) {
	r = r[:0]
	p.records.Put(&r)
}
