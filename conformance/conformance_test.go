package conformance

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/conformance/cases"
	"weir/kafka"
	"weir/kafka/embedded"
)

var (
	rewrite = flag.Bool("rewrite", false, "write the answers as they are now into the files")
	all     = flag.Bool("numbers.all", false, "every way with one partition and with several; otherwise one partition is for memory and the embedded broker")
	runID   = fmt.Sprintf("x%x", os.Getpid()) // keeps runs on one Kafka apart
	real    *kafka.Cluster                    // where WEIR_TEST_KAFKA says; nil where it says nothing
)

const (
	atOnce  = 24              // cases that run at a time: they mostly wait
	patient = 5 * time.Minute // for one case
)

func TestMain(m *testing.M) {
	flag.Parse()
	log.SetOutput(io.Discard)
	if err := flag.Set("test.parallel", fmt.Sprint(atOnce)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code, err := withKafka(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// withKafka connects to the real broker, where there is one.
func withKafka(run func() int) (int, error) {
	addr := os.Getenv("WEIR_TEST_KAFKA")
	if addr == "" {
		return run(), nil
	}
	var err error
	if real, err = kafka.Connect(context.Background(), kafka.Config{Brokers: strings.Split(addr, ",")}); err != nil {
		return 1, err
	}
	defer real.Close()
	return run(), nil
}

// broker is the embedded broker of one case, started when first needed. The ways of a case share it: starting one is
// cheap, and one that holds the topics of all cases is slow.
type broker struct {
	once    sync.Once
	cluster *kafka.Cluster
	err     error
}

func (b *broker) connect(t *testing.T) (*kafka.Cluster, error) {
	b.once.Do(func() {
		running, err := embedded.Start(embedded.Options{DataDir: t.TempDir(), Addr: "127.0.0.1:0"})
		if err != nil {
			b.err = err
			return
		}
		t.Cleanup(func() {
			if b.cluster != nil {
				b.cluster.Close()
			}
			if err := running.Close(); err != nil {
				t.Error(err)
			}
		})
		opts := append(running.ClientOpts()[1:], kgo.DisableClientMetrics())
		b.cluster, b.err = kafka.Connect(context.Background(), kafka.Config{Brokers: []string{running.Addr()}, Opts: opts})
	})
	return b.cluster, b.err
}

// opener starts a way for one case, which can ask for a broker.
type opener func(ctx context.Context, t *testing.T, where func() (*kafka.Cluster, error)) (way, error)

// ways are all ways; a case may leave some out, with a reason.
var ways = []struct {
	name string
	open opener
	held bool // changes of tables are held back, so that only the last of each key is sure
}{
	{"memory", func(context.Context, *testing.T, func() (*kafka.Cluster, error)) (way, error) { return newMemoryWay() }, false},
	{"embedded", onOwnBroker(engineKind{embedded: true}), false},
	{"restart", onOwnBroker(engineKind{embedded: true, restarts: true}), false},
	{"transactions", onOwnBroker(engineKind{}), false},
	{"held", onOwnBroker(engineKind{embedded: true, held: true}), true},
	{"kafka", func(ctx context.Context, t *testing.T, _ func() (*kafka.Cluster, error)) (way, error) {
		if real == nil {
			t.Skip("WEIR_TEST_KAFKA names no broker")
		}
		return newEngineWay(ctx, real, engineKind{sweeps: true}, t.TempDir())
	}, false},
}

// onOwnBroker opens an engine on the case's broker.
func onOwnBroker(kind engineKind) opener {
	return func(ctx context.Context, t *testing.T, where func() (*kafka.Cluster, error)) (way, error) {
		cluster, err := where()
		if err != nil {
			return nil, err
		}
		return newEngineWay(ctx, cluster, kind, t.TempDir())
	}
}

// numbers of partitions that every case runs with.
var numbers = []int{1, 4}

func TestCases(t *testing.T) {
	names, err := filepath.Glob("testdata/*.test")
	if err != nil || len(names) == 0 {
		t.Fatal("there are no cases in testdata", err)
	}
	var skipped tally
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := cases.Parse(string(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		skipped.add(file)
		base := strings.TrimSuffix(filepath.Base(name), ".test")
		if *rewrite {
			rewriteFile(t, name, file)
			continue
		}
		for _, c := range file.Cases {
			t.Run(base+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				runCase(t, name, c)
			})
		}
	}
	skipped.report(t)
}

func runCase(t *testing.T, file string, c *cases.Case) {
	own := new(broker)
	cluster := func() (*kafka.Cluster, error) { return own.connect(t) }
	for _, w := range ways {
		if leavesOut(c, w.name) {
			continue
		}
		for _, n := range numbers {
			if n > 1 && !c.HasRecords() {
				continue // without records there is nothing to divide
			}
			if n == 1 && c.HasRecords() && w.name != "memory" && w.name != "embedded" && !*all {
				continue // what commits do hangs on no number, and several are the harder one
			}
			t.Run(fmt.Sprintf("%s-%d", w.name, n), func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), patient)
				defer cancel()
				where, err := w.open(ctx, t, cluster)
				if err != nil {
					t.Fatal(err)
				}
				defer func() {
					if err := where.close(context.WithoutCancel(ctx)); err != nil {
						t.Error(err)
					}
				}()
				r := &run{way: where, partitions: n, held: w.held, topics: map[string]*catalog.Source{}, coalesced: map[string]settledRows{}, slow: map[string]bool{}}
				if err := r.all(ctx, c); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			})
		}
	}
}

// rewriteFile runs the cases in memory, or on an engine where they don't run there, and writes what they answered.
func rewriteFile(t *testing.T, name string, file *cases.File) {
	own := new(broker)
	cluster := func() (*kafka.Cluster, error) { return own.connect(t) }
	for _, c := range file.Cases {
		for _, n := range numbers {
			w := ways[0]
			if leavesOut(c, w.name) {
				w = ways[1]
			}
			if n > 1 && !slices.ContainsFunc(c.Blocks, func(b *cases.Block) bool { return b.Partitions == n }) {
				continue
			}
			where, err := w.open(t.Context(), t, cluster)
			if err != nil {
				t.Fatal(err)
			}
			r := &run{way: where, partitions: n, rewrite: n == 1, topics: map[string]*catalog.Source{}, coalesced: map[string]settledRows{}, slow: map[string]bool{}}
			ctx, cancel := context.WithTimeout(t.Context(), patient)
			if err := r.all(ctx, c); err != nil && n == 1 {
				t.Errorf("%s: %s: %v", name, c.Name, err)
			} else if err != nil {
				rewriteFor(err, n)
			}
			cancel()
			if err := where.close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	if err := os.WriteFile(name, []byte(file.String()), 0o644); err != nil {
		t.Error(err)
	}
}

// rewriteFor puts right the blocks that are for one number of partitions alone.
func rewriteFor(err error, n int) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return
	}
	for _, e := range joined.Unwrap() {
		if d, ok := e.(*differs); ok && d.block.Partitions == n {
			d.apply()
		}
	}
}
