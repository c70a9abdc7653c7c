// Command latency measures how long a row takes through a chain of queries: from its being produced until a reader of committed records
// has it from the topic of each query.
//
//	go build -o weir . && go run ./bench/latency -weir ./weir                       # on the broker in the program
//	go run ./bench/latency -weir ./weir,./older -brokers 127.0.0.1:9092 -rate 50000  # two builds, on a Kafka cluster
//
// The chain is a filter, a stream in the order of another key, and a join of that with a table that nobody writes while it is measured.
// Rates are of records a second; each build and commit interval gets a server of its own, one after the other.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

var (
	builds  = flag.String("weir", "./weir", "binaries to measure, separated by commas")
	brokers = flag.String("brokers", "", "a Kafka cluster; each server has its own broker if empty")
	rate    = flag.Int("rate", 10_000, "records a second")
	seconds = flag.Int("seconds", 20, "how long records are measured, after those of -warm")
	warm    = flag.Int("warm", 5, "seconds of records before the first that is measured")
	commits = flag.String("commit", "10,100,1000", "commit.interval.ms, separated by commas")
	port    = flag.Int("port", 23100, "the first of three ports on this machine")
)

const (
	parts  = 4
	burst  = 10 * time.Millisecond // records are produced in bursts
	stages = 3
	places = 1_000
)

func main() {
	flag.Parse()
	for _, commit := range strings.Split(*commits, ",") {
		for _, weir := range strings.Split(*builds, ",") {
			if err := measure(context.Background(), weir, commit); err != nil {
				log.Fatalf("%s, commit interval %s ms: %v", weir, commit, err)
			}
		}
	}
}

func measure(ctx context.Context, weir, commit string) error {
	dir, err := os.MkdirTemp("", "weir-latency-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	prefix := fmt.Sprintf("l%d_", time.Now().UnixNano())
	s, err := serve(ctx, weir, commit, dir, prefix)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.run(ctx, statements(prefix)); err != nil {
		return err
	}
	rows := (*warm + *seconds) * *rate
	sent := make([]atomic.Int64, rows) // nanoseconds of the wall clock
	got := make(chan [stages][]time.Duration, 1)
	failed := make(chan error, 2)
	go func() {
		seen, err := s.read(ctx, prefix, sent)
		if err != nil {
			failed <- err
			return
		}
		got <- seen
	}()
	time.Sleep(3 * time.Second) // queries and reader have found their partitions
	go func() {
		if err := s.produce(ctx, prefix+"events", sent); err != nil {
			failed <- err
		}
	}()
	select {
	case err := <-failed:
		return err
	case seen := <-got:
		for i, d := range seen {
			d = d[*warm**rate:]
			slices.Sort(d)
			fmt.Printf("%-20s %d records/s, commit %4s ms, after query %d: median %s, 99 %% %s, most %s\n", filepath.Base(weir), *rate, commit, i+1,
				d[len(d)/2].Round(time.Millisecond), d[len(d)*99/100].Round(time.Millisecond), d[len(d)-1].Round(time.Millisecond))
		}
	}
	return nil
}

func statements(prefix string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `SET 'auto.offset.reset'='earliest';
		CREATE STREAM %[1]sevents (id BIGINT, place INT, amount INT) WITH (KAFKA_TOPIC='%[1]sevents', VALUE_FORMAT='JSON', PARTITIONS=%[2]d);
		CREATE TABLE %[1]splaces (place INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='%[1]splaces', VALUE_FORMAT='JSON', PARTITIONS=%[2]d);
		CREATE STREAM %[1]s1 WITH (KAFKA_TOPIC='%[1]s1') AS SELECT id, place, amount FROM %[1]sevents WHERE amount >= 0;
		CREATE STREAM %[1]s2 WITH (KAFKA_TOPIC='%[1]s2') AS SELECT id, place, amount FROM %[1]s1 PARTITION BY place;
		CREATE STREAM %[1]s3 WITH (KAFKA_TOPIC='%[1]s3') AS SELECT s.place, s.id, s.amount, p.name FROM %[1]s2 s JOIN %[1]splaces p ON s.place = p.place;
`, prefix, parts)
	for i := range places {
		fmt.Fprintf(&b, "INSERT INTO %splaces (rowtime, place, name) VALUES (0, %d, 'p%d');\n", prefix, i, i)
	}
	return b.String()
}

type server struct {
	cmd     *exec.Cmd
	api     string
	brokers []string
}

func serve(ctx context.Context, weir, commit, dir, prefix string) (*server, error) {
	at := func(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(*port+i)) }
	s := &server{api: "http://" + at(0), brokers: []string{at(1)}}
	args := []string{"server", "--data-dir", dir, "--listen", at(0), "--registry-listen", at(2), "--service-id", prefix, "--set", "commit.interval.ms=" + commit}
	if *brokers != "" {
		s.brokers = strings.Split(*brokers, ",")
		args = append(args, "--brokers", *brokers)
	} else {
		args = append(args, "--kafka-listen", at(1))
	}
	s.cmd = exec.CommandContext(ctx, weir, args...)
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(s.api + "/info")
		if err == nil {
			resp.Body.Close()
			return s, nil
		}
		if time.Now().After(end) {
			s.stop()
			return nil, fmt.Errorf("the server doesn't answer: %w", err)
		}
	}
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

func (s *server) run(ctx context.Context, sql string) error {
	body, err := json.Marshal(map[string]string{"ksql": sql})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.api+"/ksql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("%s: %s", resp.Status, text)
	}
	return nil
}

// produce sends a record at a time of its own, whatever happened to those before, so that a wait counts for all that came in it.
func (s *server) produce(ctx context.Context, topic string, sent []atomic.Int64) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(s.brokers...), kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()),
		kgo.ProducerLinger(0), kgo.MaxBufferedRecords(len(sent)))
	if err != nil {
		return err
	}
	defer client.Close()
	began := time.Now()
	failed := make(chan error, 1)
	for i := 0; i < len(sent); {
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(*rate))))
		for range max(1, int(int64(*rate)*int64(burst)/int64(time.Second))) {
			if i == len(sent) {
				break
			}
			now := time.Now()
			sent[i].Store(now.UnixNano())
			client.Produce(ctx, &kgo.Record{Timestamp: now, Value: fmt.Appendf(nil, `{"ID":%d,"PLACE":%d,"AMOUNT":%d}`, i, (i*7919)%places, i%100)}, func(_ *kgo.Record, err error) {
				if err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			})
			i++
		}
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// read returns for each stage how long each record took.
func (s *server) read(ctx context.Context, prefix string, sent []atomic.Int64) (seen [stages][]time.Duration, err error) {
	var topics []string
	stage := map[string]int{}
	for i := range stages {
		name := fmt.Sprintf("%s%d", prefix, i+1)
		stage[name], topics, seen[i] = i, append(topics, name), make([]time.Duration, len(sent))
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(s.brokers...), kgo.ConsumeTopics(topics...), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return seen, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(*warm+*seconds)*time.Second+2*time.Minute)
	defer cancel()
	for left := stages * len(sent); left > 0; {
		fetched := client.PollFetches(ctx)
		if err := errors.Join(fetched.Err0(), ctx.Err()); err != nil {
			return seen, fmt.Errorf("%d rows did not come: %w", left, err)
		}
		now := time.Now()
		fetched.EachRecord(func(r *kgo.Record) {
			_, rest, _ := bytes.Cut(r.Value, []byte(`"ID":`))
			id, _, _ := bytes.Cut(rest, []byte(","))
			n, bad := strconv.Atoi(string(id))
			took := &seen[stage[r.Topic]]
			if bad != nil || n >= len(sent) || (*took)[n] != 0 {
				err = fmt.Errorf("a record of %s is not one of the chain's, or comes again: %s", r.Topic, r.Value)
				return
			}
			(*took)[n] = time.Duration(now.UnixNano() - sent[n].Load())
			left--
		})
		if err != nil {
			return seen, err
		}
	}
	return seen, nil
}
