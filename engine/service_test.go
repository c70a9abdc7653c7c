package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/kafka"
)

func TestSecondNode(t *testing.T) { onKafka(t, secondNode) }

func secondNode(t *testing.T, brokers []string, prefix string) {
	told := &logged{}
	a := openOptions{dir: t.TempDir(), service: prefix, log: told}
	first := mustOpen(t, brokers, a)
	create := func(n *node, name string) (string, error) {
		return n.try(t, NewSession(), fmt.Sprintf(`CREATE STREAM %[1]s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='%[2]s%[1]s', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE STREAM %[1]s_o WITH (KAFKA_TOPIC='%[2]s%[1]s_o') AS SELECT * FROM %[1]s;`, name, prefix))
	}
	if out, err := create(first, "a"); err != nil || !strings.Contains(out, "CSAS_A_O_2") {
		t.Fatal(out, err)
	}
	// Another node is refused, whatever it does; one with another service id is not.
	other, err := openOn(t, brokers, openOptions{dir: t.TempDir(), service: prefix})
	for _, want := range []string{first.node, prefix, "--service-id", "stop the other", leaseTimeout.String()} {
		if err == nil || !errors.Is(err, errTaken) || !strings.Contains(err.Error(), want) {
			t.Fatalf("a second node: %v; want %q in it", err, want)
		}
	}
	_ = other
	for range 2 { // and once that has ended, another one can have its service id at once
		mustOpen(t, brokers, openOptions{dir: t.TempDir(), service: prefix + "x_"}).shut(t)
	}
	// A process under the name of the first one, which has not ended, takes over at once and knows all.
	b := openOptions{dir: sameNode(t, a.dir), service: prefix}
	second := mustOpen(t, brokers, b)
	if got := ids(second); got != "CSAS_A_O_2" {
		t.Fatalf("after taking over: %s", got)
	}
	if out, err := create(first, "b"); err == nil || !strings.Contains(err.Error(), "lost its claim") {
		t.Fatalf("a statement on the node that was taken over: %s, %v", out, err)
	}
	until(t, "the first node says that it stands down", func() bool { return strings.Contains(told.String(), "stands down") })
	if out, err := create(second, "b"); err != nil || !strings.Contains(out, "CSAS_B_O_4") {
		t.Fatal(out, err)
	}
	if _, err := first.try(t, NewSession(), "SELECT * FROM a EMIT CHANGES LIMIT 1;"); err == nil || !strings.Contains(err.Error(), "lost its claim") {
		t.Errorf("a query on the node that was taken over: %v", err)
	}
	if i := first.Info(t.Context()); i.Claim == nil {
		t.Error("Info does not tell it")
	}
	first.shut(t)
	if out, err := create(second, "c"); err != nil || !strings.Contains(out, "CSAS_C_O_6") {
		t.Fatal("after the first one has closed:", out, err)
	}
	second.shut(t)
	third := mustOpen(t, brokers, b)
	if got := ids(third); got != "CSAS_A_O_2 CSAS_B_O_4 CSAS_C_O_6" {
		t.Errorf("after a restart: %s", got)
	}
	if err := third.Forget(t.Context()); err != nil {
		t.Error(err)
	}
	third.shut(t)
}

func TestNodesAtOnce(t *testing.T) { onKafka(t, nodesAtOnce) }

func nodesAtOnce(t *testing.T, brokers []string, prefix string) {
	for range 3 {
		var wg sync.WaitGroup
		var mu sync.Mutex
		var won []*node
		for range 4 {
			o := openOptions{dir: t.TempDir(), service: prefix}
			wg.Go(func() {
				n, err := openOn(t, brokers, o)
				if err != nil && !errors.Is(err, errTaken) {
					t.Error(err)
				}
				if err == nil {
					mu.Lock()
					won = append(won, n)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(won) > 1 {
			t.Errorf("%d nodes have the service id", len(won))
		}
		for _, n := range won {
			n.run(t, NewSession(), fmt.Sprintf(`CREATE OR REPLACE STREAM a (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='%sa', VALUE_FORMAT='JSON', PARTITIONS=1);`, prefix))
			n.shut(t)
		}
	}
}

// TestClaimLost has a node that was away for so long that its place in the group is gone, and another one in its place.
func TestClaimLost(t *testing.T) { onKafka(t, claimLost) }

func claimLost(t *testing.T, brokers []string, prefix string) {
	told := &logged{}
	first := mustOpen(t, brokers, openOptions{dir: t.TempDir(), service: prefix, log: told})
	first.run(t, NewSession(), fmt.Sprintf(`CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='%[1]ss', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM o WITH (KAFKA_TOPIC='%[1]so') AS SELECT * FROM s;`, prefix))
	group := first.log.lease.group
	if err := first.cluster.LeaveGroup(t.Context(), group, first.node); err != nil { // as the broker does when time is over
		t.Fatal(err)
	}
	second := mustOpen(t, brokers, openOptions{dir: t.TempDir(), service: prefix})
	defer second.shut(t)
	if _, err := first.try(t, NewSession(), "DROP STREAM o;"); err == nil || !strings.Contains(err.Error(), "lost its claim") || !strings.Contains(err.Error(), second.node) {
		t.Errorf("a statement on a node that has lost its claim: %v", err)
	}
	until(t, "the first node stands down", func() bool { q := first.Queries(); return len(q) == 1 && q[0].State == Failed })
	if !strings.Contains(told.String(), "stands down") {
		t.Errorf("its log does not tell it: %s", told)
	}
	first.shut(t)
	if got := ids(second); got != "CSAS_O_2" {
		t.Errorf("queries of the second node: %s", got)
	}
	second.run(t, NewSession(), "TERMINATE CSAS_O_2; DROP STREAM o;")
	if members, err := second.cluster.Members(t.Context(), group); err != nil || len(members) != 1 || members[0].Instance != second.node {
		t.Errorf("members %v, %v", members, err)
	}
}

// TestOldLog reads a log that was written without transactions, and goes on with it.
func TestOldLog(t *testing.T) { onKafka(t, oldLog) }

func oldLog(t *testing.T, brokers []string, prefix string) {
	cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: brokers})
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	topic := "_weir-" + prefix + "-commands"
	if _, err := cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: topic, Partitions: 1, Replicas: 1}); err != nil {
		t.Fatal(err)
	}
	logCommands(t, cluster, topic,
		command{Statement: fmt.Sprintf("CREATE STREAM S (K STRING KEY, V INTEGER) WITH (KAFKA_TOPIC='%ss', VALUE_FORMAT='JSON', PARTITIONS=1)", prefix), ID: 1},
		command{Statement: fmt.Sprintf("CREATE STREAM O WITH (KAFKA_TOPIC='%so') AS SELECT * FROM S", prefix), ID: 2})
	for _, name := range []string{"s", "o"} {
		if _, err := cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: prefix + name, Partitions: 1, Replicas: 1}); err != nil {
			t.Fatal(err)
		}
	}
	o := openOptions{dir: t.TempDir(), service: prefix}
	want := "CSAS_O_2"
	for i := range 3 {
		n := mustOpen(t, brokers, o)
		if got := ids(n); got != want {
			t.Errorf("queries %s, want %s", got, want)
		}
		n.run(t, NewSession(), fmt.Sprintf("CREATE STREAM p%[2]d WITH (KAFKA_TOPIC='%[1]sp%[2]d') AS SELECT * FROM s;", prefix, i))
		want += fmt.Sprintf(" CSAS_P%d_%d", i, i+3)
		n.shut(t)
	}
}

// TestDoubt has a broker that does not confirm the end of a command's transaction.
func TestDoubt(t *testing.T) {
	for _, test := range []struct {
		name    string
		commits bool // the transaction has ended all the same
		away    bool // nor can it be asked for a while
	}{{"not written", false, false}, {"written", true, false}, {"not written, away", false, true}, {"written, away", true, true}} {
		t.Run(test.name, func(t *testing.T) {
			fake, brokers := fakeKafka(t)
			o := openOptions{dir: t.TempDir(), service: "d_"}
			n := mustOpen(t, brokers, o)
			n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
			txn := n.log.txn
			other, err := n.cluster.NewClient()
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			var struck, ended, away atomic.Bool
			ended.Store(!test.commits)
			away.Store(test.away)
			fake.ControlKey(int16(kmsg.EndTxn), func(r kmsg.Request) (kmsg.Response, error, bool) {
				fake.KeepControl()
				req := r.(*kmsg.EndTxnRequest)
				if req.TransactionalID != txn || struck.Swap(true) {
					return nil, nil, false
				}
				if again := *req; test.commits {
					go func() {
						_, _ = again.RequestWith(context.Background(), other)
						ended.Store(true)
					}()
				}
				resp := req.ResponseKind().(*kmsg.EndTxnResponse)
				resp.ErrorCode = kerr.UnknownServerError.Code
				return resp, nil, true
			})
			fake.ControlKey(int16(kmsg.InitProducerID), func(r kmsg.Request) (kmsg.Response, error, bool) {
				fake.KeepControl()
				req := r.(*kmsg.InitProducerIDRequest)
				if req.TransactionalID == nil || *req.TransactionalID != txn || struck.Load() && ended.Load() && !away.Load() {
					return nil, nil, false
				}
				resp := req.ResponseKind().(*kmsg.InitProducerIDResponse)
				if resp.ErrorCode = kerr.ConcurrentTransactions.Code; away.Load() {
					resp.ErrorCode = kerr.TransactionalIDAuthorizationFailed.Code
				}
				return resp, nil, true
			})
			_, err = n.try(t, NewSession(), `CREATE STREAM o AS SELECT * FROM s;`)
			switch {
			case test.away && (err == nil || !strings.Contains(err.Error(), "not known yet")):
				t.Errorf("in doubt: %v", err)
			case !test.away && test.commits && err != nil:
				t.Errorf("written: %v", err)
			case !test.away && !test.commits && (err == nil || !strings.Contains(err.Error(), "nothing was changed")):
				t.Errorf("not written: %v", err)
			}
			if test.away {
				if _, err := n.try(t, NewSession(), "DROP STREAM s;"); err == nil || !strings.Contains(err.Error(), "an earlier statement is in doubt") {
					t.Errorf("a statement meanwhile: %v", err)
				}
				if got := ids(n); got != "" {
					t.Errorf("queries meanwhile: %s", got)
				}
				away.Store(false)
			}
			want := ""
			if test.commits {
				want = "CSAS_O_2"
				until(t, "the query that was in doubt runs", func() bool { return ids(n) == want })
			}
			n.run(t, NewSession(), `CREATE STREAM p AS SELECT * FROM s;`)
			before := ids(n)
			if !strings.HasPrefix(before, want) || strings.Count(before, "CSAS") != 1+strings.Count(want, "CSAS") {
				t.Errorf("queries %s", before)
			}
			n.shut(t)
			n = mustOpen(t, brokers, o)
			defer n.shut(t)
			if got := ids(n); got != before {
				t.Errorf("after a restart %s, before %s", got, before)
			}
		})
	}
}

// TestReplaceInDoubt has the old plan run on where the new one does not stand in the log.
func TestReplaceInDoubt(t *testing.T) {
	fake, brokers := fakeKafka(t)
	n := mustOpen(t, brokers, openOptions{dir: t.TempDir(), service: "d_"})
	defer n.shut(t)
	n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM o AS SELECT * FROM s;`)
	var strike atomic.Bool
	strike.Store(true)
	fake.ControlKey(int16(kmsg.EndTxn), func(r kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		req := r.(*kmsg.EndTxnRequest)
		if req.TransactionalID != n.log.txn || !strike.Swap(false) {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.EndTxnResponse)
		resp.ErrorCode = kerr.UnknownServerError.Code
		return resp, nil, true
	})
	if _, err := n.try(t, NewSession(), `CREATE OR REPLACE STREAM o AS SELECT k, v, v + 1 AS w FROM s;`); err == nil {
		t.Error("the replacement is not in the log, and yet succeeded")
	}
	n.run(t, NewSession(), `INSERT INTO s VALUES ('a', 1);`)
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	q := n.Queries()[0]
	if q.State != Running || q.Stats.RowsOut != 1 || strings.Contains(q.SQL, "w") {
		t.Errorf("the old plan does not run on: %+v", q)
	}
}
