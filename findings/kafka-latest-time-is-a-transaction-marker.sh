#!/usr/bin/env bash
# Asked for the offset of the greatest timestamp (ListOffsets with -3, the offset spec MAX_TIMESTAMP, kafka-get-offsets --time -3), Apache Kafka 4.4.0
# answers with the marker that ends a transaction, where the topic's records are older than the clock: an offset at which no client finds a record,
# and the time of the commit in place of the time of the newest record. Without transactions it is the newest record.
#
# Who meets it: whoever looks up to which event time a topic has come, for a watermark after a restart, a freshness alert or a lag in time: a topic
# that is filled by exactly-once producers with records of last year seems to be of today. Reading the last records tells the truth.
#
# Guessed before: that markers, which consumers never see, don't count.
set -euo pipefail
kafka=$(cd "$(dirname "$0")/../scripts" && pwd)/kafka
dir=$(mktemp -d)
export TMPDIR=$dir XDG_CACHE_HOME=$dir KAFKA_VERSION=4.4.0
port=19391
trap '"$kafka" down $port >/dev/null 2>&1 || true; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
"$kafka" up $port
mkdir "$dir/client"
cd "$dir/client"
cat >go.mod <<'E'
module latest

go 1.25

require (
	github.com/twmb/franz-go v1.22.2
	github.com/twmb/franz-go/pkg/kadm v1.20.0
)
E
cat >main.go <<'E'
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	ctx := context.Background()
	old := time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, way := range []string{"plain", "transaction"} {
		opts := []kgo.Opt{kgo.SeedBrokers(os.Args[1]), kgo.DefaultProduceTopic(way)}
		if way == "transaction" {
			opts = append(opts, kgo.TransactionalID("finding"))
		}
		client, err := kgo.NewClient(opts...)
		must(err)
		admin := kadm.NewClient(client)
		_, err = admin.CreateTopic(ctx, 1, 1, nil, way)
		must(err)
		if way == "transaction" {
			must(client.BeginTransaction())
		}
		must(client.ProduceSync(ctx, &kgo.Record{Value: []byte("v"), Timestamp: old}).FirstErr())
		if way == "transaction" {
			must(client.EndTransaction(ctx, kgo.TryCommit))
		}
		time.Sleep(2 * time.Second) // the marker follows the answer
		latest, err := admin.ListMaxTimestampOffsets(ctx, way)
		must(err)
		o := latest[way][0]
		must(o.Err)
		fmt.Printf("%s: one record, at offset 0, of 2024-01-02; the greatest timestamp is said to be at offset %d, the record's: %t\n", way, o.Offset, o.Timestamp == old.UnixMilli())
		client.Close()
	}
}
E
export GOFLAGS=-mod=mod
go mod tidy 2>/dev/null
go run . 127.0.0.1:$port | tee out
diff out - <<'E' || { echo "this has changed"; exit 1; }
plain: one record, at offset 0, of 2024-01-02; the greatest timestamp is said to be at offset 0, the record's: true
transaction: one record, at offset 0, of 2024-01-02; the greatest timestamp is said to be at offset 1, the record's: false
E
