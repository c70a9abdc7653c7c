package examples

import (
	"bufio"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"
)

// opened is what a file holds, unpacked where its name ends in .gz.
func opened(t *testing.T, name string) io.Reader {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if !strings.HasSuffix(name, ".gz") {
		return f
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// linesOf are the lines of files, one file behind the other.
func linesOf(t *testing.T, names ...string) (lines []string) {
	t.Helper()
	for _, name := range names {
		in := bufio.NewScanner(opened(t, name))
		for in.Scan() {
			lines = append(lines, in.Text())
		}
		if err := in.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return lines
}
