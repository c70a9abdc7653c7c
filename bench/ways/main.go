//go:build linux

// Command ways measures the ways into a server, and prints each figure beside its target: pull queries by key, push subscribers to one query, /info
// while all connections are in use, and a long script.
//
//	go run ./bench/ways                               # this build
//	go run ./bench/ways -weir ./older -only pulls     # another one
//	go run ./bench/ways -only pulls -profile cpu.out  # where this one's time goes
//
// Server and client share the machine's cores. Rates and latencies count only where nobody else uses these; CPU times per request tell builds apart even where
// others do.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"time"
	_ "time/tzdata" // as in the program itself
)

var (
	weir    = flag.String("weir", "", "binary to measure; this build if empty")
	only    = flag.String("only", "pulls,push,script", "what to measure, separated by commas")
	keys    = flag.Int("keys", 10_000, "keys of the table that pull queries ask")
	conns   = flag.Int("conns", 16, "connections of pull queries; over HTTP/2 they are streams of two connections")
	length  = flag.Duration("time", 5*time.Second, "how long pull queries of a kind are measured")
	crowd   = flag.Int("subscribers", 1_000, "push subscribers, each with a connection of its own: all that there may be")
	rows    = flag.Int("rows", 100, "rows that each of them gets")
	steps   = flag.Int("statements", 10_000, "statements of the script")
	profile = flag.String("profile", "", "file for a CPU profile of the server, while pull queries are measured; of this build alone")
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == serving {
		os.Exit(serve(os.Args[1:]))
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Printf("%d cores, %s\n", runtime.NumCPU(), runtime.Version())
	for _, part := range strings.Split(*only, ",") {
		measure := map[string]func(context.Context) error{"pulls": pulls, "push": push, "script": script}[part]
		if measure == nil {
			log.Fatalf("-only: expected pulls, push or script, got %q", part)
		}
		if err := measure(ctx); err != nil {
			log.Fatalf("%s: %v", part, err)
		}
	}
}

// tell prints a figure beside its target.
func tell(what, figure, target string) {
	fmt.Printf("%-52s %-58s target: %s\n", what, figure, target)
}
