package connectors

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TestLargeRows: a row is as large as its topic takes it, above what a client sends by default.
func TestLargeRows(t *testing.T) {
	p := newPlace(t)
	line := make([]byte, 3<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(line)
	for i, b := range line {
		line[i] = 'a' + b%26
	}
	if err := os.WriteFile(filepath.Join(p.dir, "large.txt"), append(line, "\nsmall\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	r := p.runtime()
	if err := r.Start(source("large", "connector.class", "file", "path", "large.txt", "topic", "large", "partitions", "1", "max.line.bytes", "4000000")); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(r); err != nil {
		t.Fatal(err)
	}
	if got := p.records("large"); len(got) != 2 || len(got[0].Value) != len(line) || string(got[1].Value) != "small" {
		t.Errorf("%d records", len(got))
	}
}
