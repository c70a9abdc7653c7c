// Command soak looks whether a node's memory keeps its level: records come at a rate, three queries read them, retention deletes nine tenths and more of
// them, and once a minute the live heap is measured after a collection.
//
//	go run ./bench/soak -rate 500 -minutes 30
//
// Pebble keeps its last memtable, with the ranges that were deleted in it: at 500 records a second the heap steps up once, by some 15 MB, when the first
// one is written out after nine to ten minutes. It ends with 1 where the live heap of the last minutes is more than 5 % above that of the first ones behind the warm-up. scripts/soak runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/engine"
	"weir/kafka"
	"weir/kafka/embedded"
	"weir/parser"
)

var (
	rate      = flag.Int("rate", 500, "records a second")
	minutes   = flag.Int("minutes", 30, "how long")
	warm      = flag.Int("warm", 10, "minutes of warm-up")
	retention = flag.Duration("retention", time.Minute, "how long topics keep records")
	every     = flag.Duration("every", 15*time.Second, "how often retention looks for what has expired")
	dir       = flag.String("dir", "", "folder for the data and heap profiles; a temporary one if empty")
)

const (
	parts = 4
	keys  = 1_000
	burst = 20 * time.Millisecond // records are produced in bursts, each a batch for each partition
)

func main() {
	flag.Parse()
	level, err := run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	if !level {
		os.Exit(1)
	}
}

func run(ctx context.Context) (level bool, err error) {
	if *dir == "" {
		tmp, err := os.MkdirTemp("", "weir-soak-")
		if err != nil {
			return false, err
		}
		defer os.RemoveAll(tmp)
		*dir = tmp
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	data := filepath.Join(*dir, "data")
	broker, err := embedded.Start(embedded.Options{DataDir: data + "/broker", Addr: "127.0.0.1:0", Retention: *retention, RetentionInterval: *every, Logger: logger})
	if err != nil {
		return false, err
	}
	defer broker.Close()
	cluster, err := kafka.Connect(ctx, kafka.Config{Brokers: []string{broker.Addr()}, Opts: broker.ClientOpts()})
	if err != nil {
		return false, err
	}
	defer cluster.Close()
	e, err := engine.Open(ctx, engine.Options{Cluster: cluster, Embedded: true, Durable: broker.Durable, Compacted: broker.Compacted, DataDir: data, Log: logger})
	if err != nil {
		return false, err
	}
	defer e.Close(ctx)
	err = e.Execute(ctx, engine.NewSession(), fmt.Sprintf(`SET 'auto.offset.reset'='earliest';
		CREATE STREAM events (k STRING KEY, v INT) WITH (KAFKA_TOPIC='events', VALUE_FORMAT='JSON', PARTITIONS=%d);
		CREATE STREAM some AS SELECT k, v + 1 AS w FROM events WHERE v >= 0;
		CREATE TABLE counts AS SELECT k, COUNT(*) AS n FROM events GROUP BY k;
		CREATE TABLE per_second AS SELECT k, COUNT(*) AS n FROM events WINDOW TUMBLING (SIZE 1 SECOND, RETENTION 1 MINUTE, GRACE PERIOD 10 SECONDS) GROUP BY k;`, parts),
		func(parser.Stmt, engine.Result) error { return nil })
	if err != nil {
		return false, err
	}
	client, err := cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ManualFlushing(), kgo.MaxBufferedRecords(1_000_000), kafka.LZ4())
	if err != nil {
		return false, err
	}
	defer client.Close()
	fmt.Printf("%d records a second through three queries; %v are kept\n", *rate, *retention)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, 1)
	go func() { failed <- produce(ctx, client) }()
	var heaps []float64
	for minute := 1; minute <= *minutes; minute++ {
		select {
		case err := <-failed:
			return false, err
		case <-time.After(time.Minute):
		}
		heap, err := measure(minute, data)
		if err != nil {
			return false, err
		}
		var read, out int64
		for _, q := range e.Queries() {
			read, out = read+q.Stats.RowsIn, out+q.Stats.RowsOut
		}
		fmt.Printf("minute %d: live heap %.1f MB; %d rows read, %d written; %s on disk; resident %s\n", minute, heap, read, out, size(data), resident())
		heaps = append(heaps, heap)
	}
	cancel()
	<-failed
	first, last := median(heaps, *warm-1), median(heaps, len(heaps)-3)
	fmt.Printf("live heap around minute %d: %.1f MB, at the end %.1f MB: %+.1f %%\n", *warm, first, last, (last/first-1)*100)
	return last <= first*1.05, nil
}

// median is that of three minutes.
func median(heaps []float64, from int) float64 {
	from = max(min(from, len(heaps)-3), 0)
	some := slices.Sorted(slices.Values(heaps[from:min(from+3, len(heaps))]))
	return some[len(some)/2]
}

// produce writes records at the rate, some behind others where that can't be kept.
func produce(ctx context.Context, client *kgo.Client) error {
	tick := time.NewTicker(burst)
	defer tick.Stop()
	began, sent := time.Now(), 0
	var failed error
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for due := int(time.Since(began).Seconds() * float64(*rate)); sent < due; sent++ {
			key := "k" + strconv.Itoa(sent%keys)
			r := &kgo.Record{Topic: "events", Partition: int32(sent % keys % parts), Key: []byte(key), Value: fmt.Appendf(nil, `{"V":%d}`, sent)}
			client.Produce(ctx, r, func(_ *kgo.Record, err error) {
				if err != nil && ctx.Err() == nil {
					failed = err
				}
			})
		}
		if err := client.Flush(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		if failed != nil {
			return failed
		}
	}
}

// measure collects, and gives what is alive in MB. The profile of it stays in the folder.
func measure(minute int, data string) (float64, error) {
	runtime.GC()
	runtime.GC()                                            // what pools held goes with the second one
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}} // not what has come since
	metrics.Read(live)
	f, err := os.Create(filepath.Join(filepath.Dir(data), fmt.Sprintf("heap-%d.pprof", minute)))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return float64(live[0].Value.Uint64()) / 1e6, pprof.WriteHeapProfile(f)
}

func size(dir string) string {
	sum := int64(0)
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil // what is deleted meanwhile takes no room
	})
	return strconv.FormatInt(sum/1_000_000, 10) + " MB"
}

// resident is what the system says that the process takes; on Linux only.
func resident() string {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "unknown"
}
