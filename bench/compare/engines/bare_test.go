package engines

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"weir/bench/compare/clicks"
	"weir/kafka/embedded"
)

// The bare consumer reads each record once, and says so.
func TestBare(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	broker, err := embedded.Start(embedded.Options{DataDir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	loader, err := clicks.NewLoader(broker.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer loader.Close()
	const n = 2_000
	if err := loader.Clicks(ctx, clicks.Few, n); err != nil {
		t.Fatal(err)
	}
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- Bare(ctx, broker.Addr(), clicks.Few.Topic(n), "g", strings.NewReader("GO\n"), in) }()
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "READY" {
		t.Fatal(lines.Text())
	}
	for lines.Scan() {
		if read, _, _ := strings.Cut(lines.Text(), " "); read == fmt.Sprint(n+clicks.Partitions) {
			break
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := Bare(context.Background(), broker.Addr(), "t", "g", strings.NewReader(""), io.Discard); err == nil || err.Error() != "standard input ended before GO" {
		t.Error(err)
	}
}
