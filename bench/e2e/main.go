//go:build unix

// Command e2e measures a query from end to end on the embedded broker: records lie on disk, the broker is up, and the
// clock runs from CREATE TABLE to the last committed output. The counts are checked against a plain computation.
//
//	go run ./bench/e2e -records 20000000 -keys 1000
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/engine"
	"weir/kafka"
	"weir/kafka/embedded"
	"weir/parser"
)

var (
	records = flag.Int("records", 20_000_000, "records of 200 bytes")
	keys    = flag.Int("keys", 1_000, "users, uniform")
	parts   = flag.Int("partitions", 4, "partitions of the topic")
	dir     = flag.String("dir", "", "folder for the data; a temporary one if empty")
	cpu     = flag.String("cpuprofile", "", "file for a CPU profile of the query")
	check   = flag.Bool("check", true, "check the counts")
	moved   = flag.Bool("moved", false, "group by a column that is not the key, with the same values: rows go through a repartition topic")
)

const spread = 5 * time.Minute // of event time

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	if *dir == "" {
		tmp, err := os.MkdirTemp("", "weir-e2e-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		*dir = tmp
	}
	broker, err := embedded.Start(embedded.Options{DataDir: *dir + "/kafka", Addr: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer broker.Close()
	cluster, err := kafka.Connect(ctx, kafka.Config{Brokers: []string{broker.Addr()}, Opts: broker.ClientOpts()})
	if err != nil {
		return err
	}
	defer cluster.Close()
	if _, err := cluster.CreateTopic(ctx, kafka.TopicSpec{Name: "events", Partitions: int32(*parts)}); err != nil {
		return err
	}
	began := time.Now()
	want, size, err := produce(ctx, cluster)
	if err != nil {
		return err
	}
	fmt.Printf("%d records of %d bytes on disk, %d partitions, lz4, %d keys: written in %s\n", *records, size, *parts, *keys, time.Since(began).Round(time.Millisecond))
	runtime.GC()
	return measure(ctx, broker, cluster, want)
}

func measure(ctx context.Context, broker *embedded.Broker, cluster *kafka.Cluster, want map[uint64]uint32) error {
	e, err := engine.Open(ctx, engine.Options{Cluster: cluster, Embedded: true, Durable: broker.Durable, DataDir: *dir + "/weir", Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	defer e.Close(ctx)
	s := engine.NewSession()
	ok := func(parser.Stmt, engine.Result) error { return nil }
	by := "user_id"
	if *moved {
		by = "user_name"
	}
	if err := e.Execute(ctx, s, `CREATE STREAM events (user_id STRING KEY, user_name STRING, ts BIGINT, amount INTEGER)
		WITH (KAFKA_TOPIC='events', VALUE_FORMAT='JSON', TIMESTAMP='TS');`, ok); err != nil {
		return err
	}
	if *cpu != "" {
		f, err := os.Create(*cpu)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
	}
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	var m0, m1 runtime.MemStats
	runtime.ReadMemStats(&m0)
	began := time.Now()
	if err := e.Execute(ctx, s, `CREATE TABLE per_minute WITH (KAFKA_TOPIC='per_minute', PARTITIONS=4) AS
		SELECT `+by+`, COUNT(*) AS n FROM events WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY `+by+` EMIT CHANGES;`, ok); err != nil {
		return err
	}
	if err := e.Drain(ctx); err != nil {
		return err
	}
	took := time.Since(began)
	pprof.StopCPUProfile()
	runtime.ReadMemStats(&m1)
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	q := e.Queries()[0]
	cpuTime := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	fmt.Printf("%.2f million records a second: %s for %d records; CPU %.3f s per million; %d outputs; %d commits; %.4f allocations per record; peak RSS %d MB\n",
		float64(*records)/took.Seconds()/1e6, took.Round(time.Millisecond), q.Stats.RowsIn, cpuTime.Seconds()/float64(*records)*1e6, q.Stats.RowsOut, q.Stats.Commits,
		float64(m1.Mallocs-m0.Mallocs)/float64(*records), after.Maxrss/1024)
	if !*check {
		return nil
	}
	return compare(ctx, cluster, want)
}

// produce writes the records, and counts per user and minute as it goes.
func produce(ctx context.Context, cluster *kafka.Cluster) (map[uint64]uint32, int, error) {
	client, err := cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()), kafka.LZ4(),
		kgo.MaxBufferedRecords(200_000), kgo.ManualFlushing(), kgo.ProducerBatchMaxBytes(1<<20))
	if err != nil {
		return nil, 0, err
	}
	defer client.Close()
	want := map[uint64]uint32{}
	rng := rand.New(rand.NewPCG(1, 2))
	const chunk = 50_000
	recs := make([]kgo.Record, chunk)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	size := 0
	for done := 0; done < *records; {
		var failed error
		n := min(chunk, *records-done)
		buf := make([]byte, 0, n*240)
		for i := range n {
			user := rng.IntN(*keys)
			ts := start + int64(float64(done+i)/float64(*records)*float64(spread.Milliseconds()))
			at := len(buf)
			buf = append(buf, "user_"...)
			buf = strconv.AppendInt(buf, int64(user), 10)
			mid := len(buf)
			buf = appendEvent(buf, user, ts, rng)
			size = len(buf) - mid
			recs[i] = kgo.Record{Topic: "events", Key: buf[at:mid:mid], Value: buf[mid:len(buf):len(buf)], Timestamp: time.UnixMilli(ts)}
			recs[i].Partition = kafka.Partition(recs[i].Key, int32(*parts))
			client.Produce(ctx, &recs[i], func(_ *kgo.Record, err error) {
				if err != nil {
					failed = err
				}
			})
			want[uint64(user)<<32|uint64(ts/60_000-start/60_000)]++
		}
		if err := client.Flush(ctx); err != nil {
			return nil, 0, err
		}
		if failed != nil {
			return nil, 0, failed
		}
		done += n
	}
	return want, size, nil
}

// appendEvent writes a JSON event of eight fields and about 200 bytes, of which the query reads one.
func appendEvent(b []byte, user int, ts int64, rng *rand.Rand) []byte {
	b = append(b, `{"EVENT_ID":"`...)
	b = strconv.AppendUint(b, rng.Uint64(), 36)
	b = append(b, `","USER_NAME":"user_`...)
	b = strconv.AppendInt(b, int64(user), 10)
	b = append(b, `","TS":`...)
	b = strconv.AppendInt(b, ts, 10)
	b = append(b, `,"PAGE":"/articles/`...)
	b = strconv.AppendInt(b, int64(rng.IntN(10_000)), 10)
	b = append(b, `","AMOUNT":`...)
	b = strconv.AppendInt(b, int64(rng.IntN(500)), 10)
	b = append(b, `,"COUNTRY":"DE","AGENT":"Mozilla/5.0 (X11; Linux x86_64)","SESSION":"`...)
	b = strconv.AppendUint(b, rng.Uint64(), 36)
	return append(b, `","OK":true}`...)
}

// compare reads the output topic and checks the last count of every user and minute.
func compare(ctx context.Context, cluster *kafka.Cluster, want map[uint64]uint32) error {
	ends, err := cluster.EndOffsets(ctx, "per_minute")
	if err != nil {
		return err
	}
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	got := make(map[uint64]uint32, len(want))
	for p, end := range ends["per_minute"] {
		err := cluster.Read(ctx, "per_minute", p, 0, end, func(r *kgo.Record) error {
			var v struct{ N uint32 }
			user, err1 := strconv.ParseUint(string(r.Key[5:len(r.Key)-8]), 10, 64)
			if err2 := json.Unmarshal(r.Value, &v); err1 != nil || err2 != nil {
				log.Fatalf("output %q: %v %v", r.Value, err1, err2)
			}
			start := int64(binary.BigEndian.Uint64(r.Key[len(r.Key)-8:]))
			key := user<<32 | uint64((start-base)/60_000)
			if v.N < got[key] {
				log.Fatalf("user %d: %d after %d", user, v.N, got[key])
			}
			got[key] = v.N
			return nil
		})
		if err != nil {
			return err
		}
	}
	wrong := 0
	for key, n := range want {
		if got[key] != n {
			wrong++
		}
	}
	if wrong > 0 || len(got) != len(want) {
		return fmt.Errorf("%d of %d counts are wrong, and there are %d", wrong, len(want), len(got))
	}
	fmt.Printf("all %d counts are right\n", len(want))
	return nil
}
