// Command compare runs the same queries over the same records of one real Kafka in Weir and in what its users would run instead, checks each run's
// results against a plain computation, and compares throughput, CPU and memory. docs/benchmarks.md tells what each engine is given.
//
//	go run ./bench/compare                                                    # all of it: hours, on a machine that does nothing else
//	go run ./bench/compare -n 300000 -rounds 1 -heap 512m -queries b,e -keep   # right or wrong, in minutes
//
// It needs Linux, and Java 17 or newer with Maven for Kafka and the engines of Java.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/bench/compare/check"
	"weir/bench/compare/clicks"
	"weir/bench/compare/engines"
	"weir/bench/compare/query"
	"weir/bench/compare/results"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	if errors.Is(err, context.Canceled) {
		err = errors.New("stopped: the same command goes on with the runs that are left")
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "compare:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 4 && args[0] == engines.BareArg {
		return engines.Bare(ctx, args[1], args[2], args[3], os.Stdin, os.Stdout)
	}
	f, err := parse(args, os.Stderr)
	if err != nil {
		return err
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.work, 0o755); err != nil {
		return err
	}
	file, err := results.Open(filepath.Join(f.work, "results.jsonl"))
	if err != nil {
		return err
	}
	if err := build(ctx, root, f.work, f.engines); err != nil {
		return err
	}
	if !f.table {
		if err := compare(ctx, root, f, file); err != nil {
			return err
		}
	}
	table(f, file)
	return nil
}

// compare makes the runs that are not in the file, and asks for a broker only if there are any.
func compare(ctx context.Context, root string, f flags, file *results.File) error {
	runs := pending(f, file)
	if len(runs) == 0 {
		return nil
	}
	brokers, pid, stop, err := findBroker(ctx, root, f)
	if err != nil {
		return err
	}
	defer stop()
	f.brokers = brokers
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers))
	if err != nil {
		return err
	}
	defer client.Close()
	loader, err := clicks.NewLoader(brokers)
	if err != nil {
		return err
	}
	defer loader.Close()
	b := &bench{flags: f, admin: kadm.NewClient(client), loader: loader, broker: pid}
	wants, made := map[string]check.Digest{}, map[results.Key]bool{}
	for ; len(runs) > 0; runs = notIn(made, pending(f, file)) { // what is known now may tell of other heaps to be tried
		p := runs[0]
		made[p.key] = true // what is wrong is made again the next time
		want, known := wants[p.query.Name]
		if !known {
			if want, err = b.prepare(ctx, p.query); err != nil {
				return err
			}
			wants[p.query.Name] = want
		}
		r := results.Run{Key: p.key}
		if err := b.run(ctx, p.engine, b.job(p), &r, want); err != nil {
			return err
		}
		if err := file.Add(r); err != nil {
			return err
		}
		fmt.Printf("%d to go: %s: up in %.2f s with %.2f s CPU; took %.2f s, CPU %.2f s, broker %.2f s; last %d records %.2f s, CPU %.2f s; peak %d MB; %d records out; %s\n",
			len(runs), p, r.Start, r.StartCPU, r.Took, r.CPU, r.Broker, r.WarmRecords, r.WarmTook, r.WarmCPU, r.Peak/1e6, r.Written, r.Verdict)
	}
	return nil
}

// prepare sees to it that the records of a query are there, and computes what has to come of them.
func (b *bench) prepare(ctx context.Context, q query.Query) (check.Digest, error) {
	n := b.flags.recordsOf(q)
	if err := b.loader.Clicks(ctx, q.Set, n); err != nil {
		return check.Digest{}, err
	}
	if q.Shape == query.Enrich {
		if err := b.loader.Pages(ctx); err != nil {
			return check.Digest{}, err
		}
	}
	if q.Shape == query.Pairs {
		if err := b.loader.Clicks(ctx, clicks.Orders, query.OrdersOf(n)); err != nil {
			return check.Digest{}, err
		}
	}
	return check.Expect(ctx, b.flags.brokers, filepath.Join(b.flags.work, "expect"), q, n)
}

// job names all that a run makes.
func (b *bench) job(p pendingRun) engines.Job {
	id := fmt.Sprintf("cmp-%d-%s-%s", time.Now().UnixMilli(), p.query.Name, strings.ReplaceAll(p.engine.Name, "@", "-"))
	return engines.Job{Query: p.query, Brokers: b.flags.brokers, In: p.query.Set.Topic(p.key.Records), Orders: clicks.Orders.Topic(query.OrdersOf(p.key.Records)), Out: id + "-out", ID: id,
		Dir: filepath.Join(b.flags.work, "runs", id), Port: b.flags.port + 10}
}

// moduleRoot is the folder of Weir's sources.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "weir").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m weir: %w: run it in a checkout of Weir, as go run ./bench/compare", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// table writes what has been measured.
func table(f flags, file *results.File) {
	for _, q := range f.queries {
		var lines []results.Line
		for _, e := range f.engines {
			if heap, found := heapOf(f, q, e, file); found && e.Lacks(q) == "" {
				lines = append(lines, results.Line{Key: key(f, q, with(e, heap), 0), Rounds: f.roundsOf(q)})
			}
		}
		file.Table(os.Stdout, fmt.Sprintf("%s: %s; %d records", q.Name, q.About, f.recordsOf(q)), lines)
	}
}
