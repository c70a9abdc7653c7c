package engine

import (
	"bufio"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"weir/kafka"
	"weir/kafka/embedded"
	"weir/parser"
)

// The crash tests kill a process that runs windowed counts, one of them with a stream of late rows, a count and a filter, and that
// replaces the latter two all the time, again and again: at random moments, and at the fail points between the steps of a commit
// and of a replacement. Then code that knows nothing of the engine reads the topics and compares. The process is this test binary
// itself.

var (
	crashKills  = flag.Int("crash.kills", 0, "kills of each crash test; 0 for a short run, 30 for a full one")
	crashSeed   = flag.Uint64("crash.seed", 0, "seed of the crash tests; 0 for one by the clock")
	crashBroker = flag.Bool("crash.broker", false, "the crash test on Kafka stops and kills the broker too, which has to be that of scripts/kafka, and nobody else's")
)

// failPoints are the places between the steps of a commit, per kind of broker. "settled" is reached on the way up, where there is an outbox that was
// not sent: "sending" leaves one.
var failPoints = map[bool][]string{
	true:  {"flushed", "acknowledged", "batched", "outbox", "written", "told", "sending", "settled", "replaced query stopped", "replacement logged"},
	false: {"flushed", "produced", "flushed to broker", "offsets in transaction", "transaction ended", "state written", "replaced query stopped", "replacement logged"},
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("WEIR_CRASH_DIR"); dir != "" {
		if err := crashChild(dir); err != nil {
			fmt.Fprintln(os.Stderr, "crash child:", err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	if dir := os.Getenv("WEIR_REPLAY_DIR"); dir != "" {
		fmt.Fprintln(os.Stderr, "replay child:", replayChild(dir)) // it is killed where all goes well
		os.Exit(3)
	}
	goleak.VerifyTestMain(m)
}

func TestCrashEmbedded(t *testing.T) { crash(t, "") }

func TestCrashKafka(t *testing.T) {
	broker := os.Getenv("WEIR_TEST_KAFKA")
	if broker == "" {
		t.Skip("WEIR_TEST_KAFKA names no broker")
	}
	crash(t, broker)
}

// crashName makes names that no other run on the same broker uses.
func crashName(run, name string) string { return "crash_" + run + "_" + name }

func crash(t *testing.T, broker string) {
	points := failPoints[broker == ""]
	kills := *crashKills
	if kills == 0 {
		kills = len(points) + 2
		if testing.Short() {
			t.Skip("a crash test takes a while")
		}
	}
	seed := *crashSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) % 1e9
	}
	t.Logf("-crash.seed %d", seed)
	c := &crasher{t: t, dir: t.TempDir(), broker: broker, run: strconv.FormatInt(time.Now().UnixNano()%1e9, 36), hits: map[string]int{},
		random: rand.New(rand.NewPCG(seed, 3)), topics: newCrashTopics(t)}
	c.topics.run = c.run
	for i := range kills {
		if i > 0 && (i == 2 || c.random.IntN(3) == 0) {
			c.meddle()
		}
		// At least half of the kills are at fail points, each in its turn; the others at any moment.
		if i < len(points) || kills >= 20 && i < 2*len(points)+2 {
			c.atPoint(points[i%len(points)])
		} else {
			c.atRandom()
		}
	}
	for _, p := range points {
		if want := min(kills/15+1, 2); c.hits[p] < want {
			t.Errorf("fail point %q was hit %d times, want %d", p, c.hits[p], want)
		}
	}
	c.finish()
	c.verify()
	t.Logf("%d kills, at fail points %v; commits between kills at least %d; the broker was stopped or killed %d times", kills, c.hits, c.least, c.outages)
}

type crasher struct {
	t           *testing.T
	dir, broker string
	run         string
	hits        map[string]int
	least       int
	attempts    int
	random      *rand.Rand
	topics      *crashTopics
	outages     int
}

// child starts the process; it prints a line per commit.
func (c *crasher) child(fail string, last bool) (*exec.Cmd, *bufio.Reader) {
	c.t.Helper()
	c.attempts++
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "WEIR_CRASH_DIR="+c.dir, "WEIR_CRASH_KAFKA="+c.broker, "WEIR_CRASH_RUN="+c.run, "WEIR_CRASH_FAIL="+fail,
		"WEIR_CRASH_ATTEMPT="+strconv.Itoa(c.attempts), "WEIR_CRASH_LAST="+strconv.FormatBool(last), "WEIR_CRASH_BROKER="+strconv.FormatBool(*crashBroker))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	return cmd, bufio.NewReader(out)
}

// atPoint lets the process kill itself at a fail point, some commits on.
func (c *crasher) atPoint(point string) {
	cmd, out := c.child(point, false)
	commits := 0
	for {
		line, err := out.ReadString('\n')
		if err != nil {
			break
		}
		switch {
		case strings.HasPrefix(line, "commit"):
			commits++
		case strings.HasPrefix(line, "die "):
			c.hits[strings.TrimSpace(line[4:])]++
		}
	}
	err := cmd.Wait()
	if cmd.ProcessState.ExitCode() != -1 {
		c.t.Fatalf("the process was to die at %q, but ended: %v", point, err)
	}
	c.note(point, commits)
}

func (c *crasher) atRandom() {
	cmd, out := c.child("", false)
	commits, want := 0, 3
	if c.random.IntN(2) == 0 {
		want = 400 // long enough for the group to be told how far the input was read
	}
	if *crashBroker && c.broker != "" {
		if _, err := out.ReadString('\n'); err != nil {
			c.t.Fatalf("the process ended by itself: %v", cmd.Wait())
		}
		c.outage()
	}
	for commits < want {
		line, err := out.ReadString('\n')
		if err != nil {
			c.t.Fatalf("the process ended by itself: %v", cmd.Wait())
		}
		if strings.HasPrefix(line, "commit") {
			commits++
		}
	}
	time.Sleep(time.Duration(c.random.IntN(60)) * time.Millisecond)
	if err := cmd.Process.Kill(); err != nil {
		c.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	c.note("", commits)
}

func (c *crasher) note(point string, commits int) {
	if point == "settled" {
		return // lies before the first commit
	}
	if c.least == 0 || commits < c.least {
		c.least = commits
	}
	if commits < 3 {
		c.t.Errorf("only %d commits before the kill at %q", commits, point)
	}
}

func (c *crasher) finish() {
	cmd, out := c.child("", true)
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		c.t.Fatalf("the last run: %v", err)
	}
}

// crashChild runs the queries and feeds them, until it is killed; the last one until all is read.
func crashChild(dir string) error {
	ctx := context.Background()
	run, broker := os.Getenv("WEIR_CRASH_RUN"), os.Getenv("WEIR_CRASH_KAFKA")
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	cfg := kafka.Config{Brokers: []string{broker}}
	if broker == "" {
		b, err := embedded.Start(embedded.Options{DataDir: dir + "/kafka", Addr: "127.0.0.1:0"})
		if err != nil {
			return err
		}
		defer b.Close()
		cfg = kafka.Config{Brokers: []string{b.Addr()}, Opts: b.ClientOpts()}
	}
	var cluster *kafka.Cluster
	if err := patiently(func() (err error) { cluster, err = kafka.Connect(ctx, cfg); return err }); err != nil {
		return err
	}
	var commits atomic.Int64
	fail, counted := os.Getenv("WEIR_CRASH_FAIL"), "written"
	if broker != "" {
		counted = "state written"
	}
	options := Options{Cluster: cluster, Embedded: broker == "", DataDir: dir, ServiceID: crashName(run, "svc_"), Log: log,
		// So little memory that state is thrown out and read back all the time, and that commits come early when much is to be read.
		Config: map[string]string{"commit.interval.ms": "20", "weir.state.memory.bytes": "30000", "weir.max.commit.bytes": "8388608"},
		FailPoint: func(name string) {
			if name == fail && (commits.Load() >= 8 || name == "settled") {
				fmt.Println("die", name)
				if self, err := os.FindProcess(os.Getpid()); err == nil {
					_ = self.Kill() // SIGKILL, where there are signals
				}
				select {}
			}
			if name == counted {
				commits.Add(1)
				fmt.Println("commit")
			}
		}}
	var e *Engine
	if err := patiently(func() (err error) { e, err = Open(ctx, options); return err }); err != nil {
		return err
	}
	s := NewSession()
	s.SkipUnchanged = true
	in := crashName(run, "in")
	sql := fmt.Sprintf(`CREATE STREAM src (id BIGINT KEY, grp STRING, ts BIGINT, pad STRING) WITH (KAFKA_TOPIC='%s', VALUE_FORMAT='JSON', PARTITIONS=4, TIMESTAMP='TS');
		CREATE TABLE counts WITH (KAFKA_TOPIC='%s') AS SELECT grp, COUNT(*) AS n FROM src WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY grp EMIT CHANGES;
		CREATE TABLE totals WITH (KAFKA_TOPIC='%s') AS SELECT grp, COUNT(*) AS n FROM src GROUP BY grp EMIT CHANGES;
		CREATE TABLE punctual WITH (KAFKA_TOPIC='%s', LATE_STREAM='`+"`%s`"+`') AS SELECT grp, COUNT(*) AS n FROM src
			WINDOW TUMBLING (SIZE 1 SECOND, GRACE PERIOD 0 SECONDS) GROUP BY grp EMIT CHANGES;
		CREATE TABLE lists WITH (KAFKA_TOPIC='%s') AS SELECT grp, COUNT(*) AS n FROM src
			WINDOW TUMBLING (SIZE 1 SECOND, GRACE PERIOD 10 SECONDS) GROUP BY grp ORDER BY n DESC LIMIT 3 EMIT FINAL;
		CREATE STREAM moved WITH (KAFKA_TOPIC='%s') AS SELECT grp, id FROM src PARTITION BY grp EMIT CHANGES;
		CREATE TABLE chained WITH (KAFKA_TOPIC='%s') AS SELECT grp, COUNT(*) AS n FROM moved GROUP BY grp EMIT CHANGES;
		CREATE STREAM odd WITH (KAFKA_TOPIC='%s', MAX_MESSAGE_BYTES=%d) AS SELECT id, grp, pad FROM src WHERE id %% 2 = 1 EMIT CHANGES;`,
		in, crashName(run, "counts"), crashName(run, "totals"), crashName(run, "punctual"), crashName(run, "late"), crashName(run, "lists"),
		crashName(run, "moved"), crashName(run, "chained"), crashName(run, "odd"), crashLimitBytes)
	if err := patiently(func() error { return e.Execute(ctx, s, sql, func(parser.Stmt, Result) error { return nil }) }); err != nil {
		return err
	}
	last := os.Getenv("WEIR_CRASH_LAST") == "true"
	fed := make(chan error, 1)
	go func() { fed <- crashFeed(ctx, cluster, in, last) }()
	if err := crashReplace(ctx, e, run, fed); err != nil {
		return err
	}
	if err := e.Drain(ctx); err != nil {
		return err
	}
	defer cluster.Close()
	return e.Close(ctx)
}

// patiently tries again for as long as a broker that is killed too may be away.
func patiently(do func() error) error {
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if err := do(); err == nil || os.Getenv("WEIR_CRASH_BROKER") != "true" || time.Now().After(end) {
			return err
		}
	}
}

// crashReplace replaces the queries by others that give the same rows, in turn, until the feeding has ended.
func crashReplace(ctx context.Context, e *Engine, run string, fed chan error) error {
	for i := 0; ; i++ {
		select {
		case err := <-fed:
			return err
		case <-time.After(100 * time.Millisecond):
		}
		more := []string{"", "AND id > 0"}[i%2]
		having := []string{"HAVING COUNT(*) > 0", ""}[i%2]
		sql := fmt.Sprintf(`CREATE OR REPLACE STREAM odd WITH (KAFKA_TOPIC='%s', MAX_MESSAGE_BYTES=%d) AS SELECT id, grp, pad FROM src WHERE id %% 2 = 1 %s EMIT CHANGES;
			CREATE OR REPLACE TABLE totals WITH (KAFKA_TOPIC='%s') AS SELECT grp, COUNT(*) AS n FROM src GROUP BY grp %s EMIT CHANGES;`,
			crashName(run, "odd"), crashLimitBytes, more, crashName(run, "totals"), having)
		if err := e.Execute(ctx, NewSession(), sql, func(parser.Stmt, Result) error { return nil }); err != nil && os.Getenv("WEIR_CRASH_BROKER") != "true" {
			return err // with a broker that comes and goes, the next one may do
		}
	}
}

// crashFeed writes records, each with an id of its own: for ever, or a last few.
func crashFeed(ctx context.Context, cluster *kafka.Cluster, topic string, last bool) error {
	client, err := cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	attempt, err := strconv.ParseInt(os.Getenv("WEIR_CRASH_ATTEMPT"), 10, 64)
	if err != nil {
		return err
	}
	id := attempt * 1_000_000_000 // no id is used twice
	for round := 0; !last || round < 20; round++ {
		var recs []*kgo.Record
		for range 400 {
			id++
			key := binary.BigEndian.AppendUint64(nil, uint64(id))
			ts := 1_600_000_000_000 + attempt*60_000 + id%1_000_000_000/40
			if id%50 == 0 {
				ts -= 5_000
			}
			pad := ""
			if id%2 == 1 && id%4001 < 2 {
				pad = fmt.Sprintf("%d:%s", id, noise(uint64(id), crashTooLarge))
			}
			recs = append(recs, &kgo.Record{Topic: topic, Partition: kafka.Partition(key, 4), Key: key,
				Value: fmt.Appendf(nil, `{"GRP":"g%d","TS":%d,"PAD":%q}`, id%97, ts, pad)})
		}
		if err := client.ProduceSync(ctx, recs...).FirstErr(); err != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}
