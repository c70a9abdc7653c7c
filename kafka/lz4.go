package kafka

import (
	"bytes"
	"sync"

	"github.com/pierrec/lz4/v4"
	"github.com/twmb/franz-go/pkg/kgo"
)

// LZ4 compresses what a client produces in blocks of 64 KB, as Kafka's own producer does. kgo's default are blocks of 4 MB: writer and reader then hold
// buffers of twice that for a batch of one row. The checksum of the frame is left out, Kafka has one of the whole batch.
func LZ4() kgo.ProducerOpt { return kgo.WithCompressor(compressor{}) }

type compressor struct{}

var writers = sync.Pool{New: func() any {
	w := lz4.NewWriter(nil)
	if err := w.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.ChecksumOption(false)); err != nil {
		panic(err) // the options are constants
	}
	return w
}}

// Compress is kgo.Compressor's.
func (compressor) Compress(dst *bytes.Buffer, src []byte, _ ...kgo.CompressFlag) ([]byte, kgo.CompressionCodecType) {
	w := writers.Get().(*lz4.Writer)
	defer writers.Put(w)
	w.Reset(dst)
	if _, err := w.Write(src); err != nil {
		return nil, kgo.CodecError
	}
	if err := w.Close(); err != nil {
		return nil, kgo.CodecError
	}
	return dst.Bytes(), kgo.CodecLz4
}
