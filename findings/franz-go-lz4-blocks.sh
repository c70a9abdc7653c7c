#!/usr/bin/env bash
# franz-go 1.22.2 compresses each batch with LZ4 in a frame whose blocks may have 4 MB, whatever the batch is. The buffers are taken whole: making a
# producer with LZ4 allocates 8 MB before it has a record, and a reader whose pools a garbage collection has emptied allocates 8 MB for a batch
# of 48 bytes. gzip, snappy and zstd take at most 1.6 MB. Kafka's own producer writes blocks of 64 KB, for which the same library takes 0.3 MB.
#
# Who meets it: programs with many clients, or with batches of a few records now and then, under a memory limit; under Go's race detector, which
# drops a part of what is pooled, it is most of the time of a test. kgo.WithCompressor with a lz4.Writer of blocks of 64 KB goes around it.
#
# Guessed before: that buffers grow with the batch.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'E'
module lz4blocks

go 1.24

require (
	github.com/pierrec/lz4/v4 v4.1.33
	github.com/twmb/franz-go v1.22.2
)
E
cat >main.go <<'E'
package main

import (
	"bytes"
	"fmt"
	"runtime"

	"github.com/pierrec/lz4/v4"
	"github.com/twmb/franz-go/pkg/kgo"
)

// megabytes that f allocates with empty pools, rounded to tenths
func megabytes(f func()) float64 {
	for range 3 {
		runtime.GC()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64((after.TotalAlloc-before.TotalAlloc+50_000)/100_000) / 10
}

func main() {
	batch := bytes.Repeat([]byte("0123456789"), 10)
	for _, c := range []struct {
		name  string
		codec kgo.CompressionCodec
	}{{"gzip", kgo.GzipCompression()}, {"snappy", kgo.SnappyCompression()}, {"zstd", kgo.ZstdCompression()}, {"lz4", kgo.Lz4Compression()}} {
		var out []byte
		var used kgo.CompressionCodecType
		write := megabytes(func() {
			compressor, err := kgo.DefaultCompressor(c.codec)
			if err != nil {
				panic(err)
			}
			out, used = compressor.Compress(new(bytes.Buffer), batch)
		})
		out = bytes.Clone(out)
		read := megabytes(func() {
			if got, err := kgo.DefaultDecompressor().Decompress(out, used); err != nil || !bytes.Equal(got, batch) {
				panic(err)
			}
		})
		fmt.Printf("kgo %s: a batch of %d bytes; writing allocates %.1f MB, reading %.1f MB\n", c.name, len(batch), write, read)
		if c.name == "lz4" {
			fmt.Printf("its frame says blocks of at most %d KB\n", 1<<(8+2*(out[5]>>4&7))>>10)
		}
	}
	var small bytes.Buffer
	fmt.Printf("lz4 with blocks of 64 KB: writing allocates %.1f MB\n", megabytes(func() {
		w := lz4.NewWriter(&small)
		if err := w.Apply(lz4.BlockSizeOption(lz4.Block64Kb)); err != nil {
			panic(err)
		}
		if _, err := w.Write(batch); err != nil {
			panic(err)
		}
		if err := w.Close(); err != nil {
			panic(err)
		}
	}))
}
E
export GOFLAGS=-mod=mod
go mod tidy 2>/dev/null
go list -m github.com/twmb/franz-go github.com/pierrec/lz4/v4
go run . | tee out
awk '/^kgo lz4/ { gsub(/[^0-9. ]/, ""); if ($(NF-1) < 8 || $NF < 8) exit 1; seen = 1 }
     /^its frame/ { if ($0 !~ /4096 KB/) exit 1 }
     /^kgo (gzip|snappy|zstd)/ { line = $0; gsub(/[^0-9. ]/, "", line); n = split(line, f, " "); if (f[n-1] > 2) exit 1 }
     END { if (!seen) exit 1 }' out || { echo "this has changed"; exit 1; }
