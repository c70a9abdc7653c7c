package engine

import (
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/kafka"
	"weir/kafka/embedded"
	"weir/kafka/faulty"
)

// TestFaults spoils one request of a running pipeline after the other: every kind that it makes, in every way that a broker or a network
// can spoil it, from every step of a commit on. Whatever it was, the outputs are those that plain code makes of the input, and the queries
// run on; an error that only a human can mend leaves them in ERROR, and a restart goes on from there.
//
// Without flags a few of the combinations run, others with each seed. A combination runs alone with
//
//	go test ./engine -faults.all -run 'TestFaults/outbox/Produce_answer_lost_at_written$'

var (
	faultsAll   = flag.Bool("faults.all", false, "TestFaults runs all combinations, which takes half an hour")
	faultsSeed  = flag.Uint64("faults.seed", 1, "seed of TestFaults; 0 for one by the clock")
	faultsCount = flag.Int("faults.count", 4, "combinations of each way that TestFaults runs without -faults.all")
)

func TestFaults(t *testing.T) {
	if testing.Short() && !*faultsAll {
		t.Skip("spoilt requests take a while")
	}
	seed := *faultsSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) % 1e9
	}
	for _, w := range faultWays {
		t.Run(w.name, func(t *testing.T) {
			t.Logf("-faults.seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 1))
			all := w.combinations()
			if random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] }); !*faultsAll {
				all = all[:*faultsCount]
			}
			f := &faultyPlace{way: w, seed: seed}
			defer func() { f.end(t) }()
			began, hit, missed := time.Now(), 0, 0
			for _, c := range all {
				t.Run(c.String(), func(t *testing.T) {
					if f.try(t, c, c.random(seed)) {
						hit++
						return
					}
					missed++
					t.Skip("not hit: the pipeline made no such request")
				})
			}
			t.Logf("%d combinations hit, %d not, in %v", hit, missed, time.Since(began).Round(time.Second))
		})
	}
}

// faultyPlace is a broker with a pipeline on it, for one combination after the other; after one that failed it is made anew.
type faultyPlace struct {
	way     faultWay
	seed    uint64
	dir     string
	brokers []string
	opts    []kgo.Opt
	dial    faulty.DialFunc
	stop    func()
	rows    *pipelineRows
	many    bool // there are so many rows that repartition topics are trimmed
}

func (f *faultyPlace) begin(t *testing.T) {
	t.Helper()
	var err error
	if f.dir, err = os.MkdirTemp("", "weir-faults"); err != nil {
		t.Fatal(err)
	}
	if f.way.embedded {
		b, err := embedded.Start(embedded.Options{DataDir: f.dir + "/kafka", Addr: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		f.brokers, f.opts, f.dial, f.stop = []string{b.Addr()}, b.ClientOpts(), b.Dialer(), func() { _ = b.Close() }
	} else {
		opts := []kfake.Opt{kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"log.retention.ms": "-1"})}
		if f.way.versions != nil {
			opts = append(opts, kfake.MaxVersions(f.way.versions))
		}
		b, err := kfake.NewCluster(opts...)
		if err != nil {
			t.Fatal(err)
		}
		f.brokers, f.opts, f.dial, f.stop = b.ListenAddrs(), nil, nil, b.Close
	}
	cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: f.brokers, Opts: f.opts})
	if err != nil {
		t.Fatal(err)
	}
	f.rows, f.many = newPipelineRows(t, cluster, f.seed), false
	n := f.start(t, faulty.New(f.dial), nil)
	defer n.leave(t)
	n.run(t, NewSession(), pipelineSQL)
	f.rows.rename(t)
	n.settle(t)
}

func (f *faultyPlace) end(t *testing.T) {
	if f.rows == nil {
		return
	}
	f.rows.client.Close()
	f.rows.cluster.Close()
	f.rows = nil
	f.stop()
	if err := os.RemoveAll(f.dir); err != nil {
		t.Error(err)
	}
}

// start opens a node that reaches the broker through d.
func (f *faultyPlace) start(t *testing.T, d *faulty.Dialer, failPoint func(string)) *node {
	t.Helper()
	cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: f.brokers, Opts: append(slices.Clone(f.opts), kgo.Dialer(d.Dial))})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{cluster: cluster}
	n.Engine, err = Open(t.Context(), Options{Cluster: cluster, Embedded: f.way.embedded, DataDir: f.dir, Config: map[string]string{"commit.interval.ms": "20"}, Log: testLog(), FailPoint: failPoint})
	if err != nil {
		cluster.Close()
		t.Fatal(err)
	}
	return n
}

// trap does something when a step of a commit is reached, once, after having been passed a few times.
type trap struct {
	mu   sync.Mutex
	step string
	wait int
	do   func()
}

func (p *trap) reached(step string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if step != p.step || p.do == nil {
		return
	}
	if p.wait--; p.wait < 0 {
		p.do()
		p.do = nil
	}
}

// faultPatience is how long a request is waited for that may not come; a group's heartbeat comes every three seconds.
const faultPatience = 10 * time.Second

// try spoils a request, and says whether it came.
func (f *faultyPlace) try(t *testing.T, c combination, random *rand.Rand) bool {
	if f.rows == nil {
		f.begin(t)
	}
	defer func() {
		if t.Failed() {
			f.end(t)
		}
	}()
	f.prepare(t, c)
	d := faulty.New(f.dial)
	var armed *faulty.Armed
	var mu sync.Mutex
	delay := time.Duration(100+random.IntN(900)) * time.Millisecond // chosen here: steps are reached in goroutines of their own
	arm := func() {
		a, err := d.Arm(faulty.Rule{Key: c.key, Do: c.do, Code: c.code, For: delay})
		if err == nil && c.do == faulty.Lose && c.code != nil {
			_, err = d.Arm(faulty.Rule{Key: c.key, Do: faulty.Refuse, Code: c.code})
		}
		if err != nil {
			panic(err)
		}
		mu.Lock()
		defer mu.Unlock()
		armed = a
	}
	hits := func() int {
		mu.Lock()
		defer mu.Unlock()
		if armed == nil {
			return 0
		}
		return armed.Hits()
	}
	trap := &trap{step: c.step, do: func() { arm(); f.jolt(d, c) }}
	if c.step != "settled" && c.key != kmsg.FindCoordinator && c.step != "told" {
		trap.wait = random.IntN(6)
	}
	n := f.start(t, d, trap.reached)
	defer func() { n.leave(t) }()
	if c.step == "settled" { // which is reached where a session begins with an outbox
		if _, err := d.Arm(faulty.Rule{Key: kmsg.Produce, Do: faulty.Refuse, Code: kerr.MessageTooLarge}); err != nil {
			t.Fatal(err)
		}
	}
	f.rows.feed(t, 40)
	for over := time.Now().Add(faultPatience); hits() == 0 && time.Now().Before(over); time.Sleep(15 * time.Millisecond) {
		f.rows.feed(t, 1+random.IntN(6))
	}
	hit := hits() > 0
	if hit && c.forGood() {
		until(t, "a query has failed", func() bool {
			return slices.ContainsFunc(n.Queries(), func(q Query) bool { return q.State == Failed && strings.Contains(q.Error, c.code.Message) })
		})
		n.leave(t)
		d = faulty.New(f.dial)
		n = f.start(t, d, nil)
	}
	mu.Lock()
	if armed != nil {
		armed.Disarm()
	}
	mu.Unlock()
	f.rows.feed(t, 20)
	n.settle(t)
	f.rows.check(t)
	until(t, "all queries run", func() bool {
		return !slices.ContainsFunc(n.Queries(), func(q Query) bool { return q.State != Running })
	})
	return hit
}

// prepare makes the place fit for a combination.
func (f *faultyPlace) prepare(t *testing.T, c combination) {
	t.Helper()
	n := f.start(t, faulty.New(f.dial), nil)
	defer n.leave(t)
	f.rows.rename(t)
	if c.key == kmsg.DeleteRecords && !f.many {
		for range 60 {
			f.rows.rows(t, 2000, func() string { return "many" }, 10)
		}
		f.many = true
	}
	n.settle(t)
}

// jolt makes a request necessary that a running session does not make by itself.
func (f *faultyPlace) jolt(d *faulty.Dialer, c combination) {
	rule := faulty.Rule{Key: kmsg.Produce, Do: faulty.Refuse, Code: kerr.MessageTooLarge} // ends the session
	switch {
	case f.way.embedded && c.key == kmsg.FindCoordinator:
		rule.Key, rule.Code = kmsg.OffsetCommit, kerr.NotCoordinator // has the client ask who is
	case !slices.Contains(f.way.atStart, c.key):
		return
	case c.key == kmsg.CreateTopics: // only some queries have topics of their own
		rule.Code, rule.Times = kerr.UnknownServerError, 8
	}
	if _, err := d.Arm(rule); err != nil {
		panic(err)
	}
}
