#!/usr/bin/env bash
# franz-go 1.22.3: a consumer of given partitions that is closed a moment after it was opened may leave a goroutine behind for good, with a whole
# fetch in its hands. Close ends the consumer's session and then the metadata loop; an update of metadata between the two opens a session anew
# (the check for a closed client stands on another path), and what that fetches is decoded after Close has looked for the last time.
#
# Who meets it: whoever opens consumers for short questions (first rows, last offsets, a request that its caller gives up at once); a few in
# ten thousand, each of them up to FetchMaxBytes. Pausing all topics of the client before Close goes around it: with that none is left.
#
# Guessed before: that Close waits for all its goroutines. The decoding is slowed by a hook here, so that it is seen in seconds.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'E'
module closed

go 1.25.0

require (
	github.com/twmb/franz-go v1.22.3
	github.com/twmb/franz-go/pkg/kfake v0.0.0-20260918054303-01f206a7e32c
)
E
cat >main.go <<'E'
package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/pprof"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// slow takes its time over each batch, as a large one does.
type slow struct{}

func (slow) OnFetchBatchRead(kgo.BrokerMetadata, string, int32, kgo.FetchBatchMetrics) {
	time.Sleep(10 * time.Millisecond)
}

func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "t"))
	if err != nil {
		panic(err)
	}
	defer cluster.Close()
	producer, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.DefaultProduceTopic("t"))
	if err != nil {
		panic(err)
	}
	for i := range 1000 {
		producer.Produce(context.Background(), kgo.StringRecord(fmt.Sprint(i, strings.Repeat("x", 1000))), nil)
	}
	if err := producer.Flush(context.Background()); err != nil {
		panic(err)
	}
	producer.Close()
	start := kgo.NewOffset().AtStart()
	opened := 0
	// rounds opens consumers and closes them until goroutines are left, or for a while.
	rounds := func(pause bool, most int) int {
		opened = 0
		for range most {
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 1000 {
						client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.WithHooks(slow{}),
							kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"t": {0: start, 1: start, 2: start, 3: start}}))
						if err != nil {
							panic(err)
						}
						time.Sleep(rand.N(time.Millisecond))
						if pause {
							client.PauseFetchTopics(client.GetConsumeTopics()...)
						}
						client.Close()
					}
				})
			}
			all.Wait()
			opened += 8000
			time.Sleep(2 * time.Second)
			var stacks strings.Builder
			if err := pprof.Lookup("goroutine").WriteTo(&stacks, 2); err != nil {
				panic(err)
			}
			if left := strings.Count(stacks.String(), "kgo.(*fetchManager).manageFetchConcurrency("); left > 0 {
				return left
			}
		}
		return 0
	}
	if left := rounds(true, 5); left != 0 {
		fmt.Println("paused before Close:", left, "left; none was")
		os.Exit(1)
	}
	fmt.Println("paused before Close: none left of", opened)
	left := rounds(false, 30)
	fmt.Println("closed at once:", left, "left of", opened)
	if left == 0 {
		fmt.Println("there were some")
		os.Exit(1)
	}
}
E
go mod tidy 2>/dev/null
go list -m github.com/twmb/franz-go
go run .
# Seen: paused before Close: none left of 40000
#       closed at once: 2 left of 8000 (4 of 16,000 in another run)
