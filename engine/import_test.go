package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

const foreignGroup = "_confluent-ksql-default_query_"

// numbered are records of a topic with 4 partitions, one after the other.
func numbered(topic string, from, to int) []*kgo.Record {
	var out []*kgo.Record
	for i := from; i < to; i++ {
		out = append(out, &kgo.Record{Topic: topic, Partition: int32(i % 4), Key: fmt.Appendf(nil, "k%d", i%13), Value: fmt.Appendf(nil, `{"V":%d}`, i)})
	}
	return out
}

// foreign commits how far a query elsewhere has read: as far as row n of numbered.
func (n *node) foreign(t *testing.T, id, topic string, rows int) {
	t.Helper()
	at := kafka.Offsets{}
	for p := range 4 {
		at.Set(topic, int32(p), int64((rows-p+3)/4))
	}
	if err := n.cluster.CommitOffsets(t.Context(), foreignGroup+id, at); err != nil {
		t.Fatal(err)
	}
}

func (n *node) takeOver(t *testing.T, in Import) *ImportReport {
	t.Helper()
	in.Apply = true
	r, err := n.Import(t.Context(), NewSession(), in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func verdicts(r *ImportReport) string {
	var b strings.Builder
	for _, one := range r.Statements {
		fmt.Fprintf(&b, "%s %s", one.Verdict, one.QueryID)
		if one.Reason != "" {
			b.WriteString(": " + one.Reason)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%d created %q", r.Created, r.Blocked)
	return b.String()
}

// valuesIn are the numbers that a topic holds, in order.
func (n *node) valuesIn(t *testing.T, topic string) []int {
	t.Helper()
	var out []int
	for _, text := range n.texts(t, topic) {
		_, text, _ = strings.Cut(text, "=")
		var v int
		if _, err := fmt.Sscanf(text, `{"V":%d}`, &v); err != nil {
			t.Fatal(text, err)
		}
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// A query that takes over from one elsewhere goes on where that one's group stands: nothing is missing and nothing comes twice, also where the
// node is started anew before anything was committed. It has the id that it had; ours come behind it.
func TestImportGoesOn(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := p.start(t), NewSession()
		statements := []Foreign{
			{Text: "CREATE STREAM src (k STRING KEY, v INT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON')"},
			{Text: "CREATE STREAM out WITH (KAFKA_TOPIC='out', PARTITIONS=4) AS SELECT * FROM src", QueryID: "CSAS_OUT_57", Group: foreignGroup + "CSAS_OUT_57"},
			{Text: "CREATE STREAM held WITH (KAFKA_TOPIC='held', PARTITIONS=4) AS SELECT * FROM src", QueryID: "CSAS_HELD_12", Group: foreignGroup + "CSAS_HELD_12", Paused: true},
			{Text: "INSERT INTO out SELECT k, v + 1000 AS v FROM held", QueryID: "INSERTQUERY_60", Group: foreignGroup + "INSERTQUERY_60"},
			{Text: "CREATE STREAM over WITH (KAFKA_TOPIC='over', PARTITIONS=4) AS SELECT * FROM src", QueryID: "CSAS_OVER_61", Group: foreignGroup + "CSAS_OVER_61", Ended: true},
		}
		for _, topic := range []string{"src", "out", "held", "over"} {
			if _, err := n.cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: topic, Partitions: 4, Replicas: 1}); err != nil {
				t.Fatal(err)
			}
		}
		n.put(t, append(numbered("src", 0, 200), numbered("out", 0, 120)...)...)
		n.put(t, numbered("held", 0, 77)...)
		n.foreign(t, "CSAS_OUT_57", "src", 120)
		n.foreign(t, "CSAS_HELD_12", "src", 77)
		n.foreign(t, "INSERTQUERY_60", "held", 77)
		plan, err := n.Import(t.Context(), s, Import{Statements: statements})
		if err != nil {
			t.Fatal(err)
		}
		const want = "taken \ntaken CSAS_OUT_57\ntaken CSAS_HELD_12\ntaken INSERTQUERY_60\ntaken CSAS_OVER_61\n"
		if got := verdicts(plan); got != want+"0 created []" {
			t.Fatal(got)
		}
		if got := len(n.Snapshot().Sources()); got != 1 { // the processing log
			t.Errorf("a plan made something: %d sources", got)
		}
		if got := verdicts(n.takeOver(t, Import{Statements: statements})); got != want+"5 created []" {
			t.Fatal(got)
		}
		n.leave(t)
		p.outside(t).put(t, numbered("src", 200, 260)...)
		n = p.start(t)
		if got, want := verdicts(n.takeOver(t, Import{Statements: statements})), strings.ReplaceAll(want, "taken", "stands")+"0 created []"; got != want {
			t.Errorf("again: %s, want %s", got, want)
		}
		n.settle(t)
		if got := n.valuesIn(t, "out"); !slices.Equal(got, upTo(260)) {
			t.Errorf("out has %v", got)
		}
		if got := n.valuesIn(t, "held"); !slices.Equal(got, upTo(77)) {
			t.Errorf("a paused query went on: %v", got)
		}
		n.leave(t)
		n = p.start(t)
		n.run(t, s, "RESUME CSAS_HELD_12; CREATE STREAM mine WITH (KAFKA_TOPIC='mine') AS SELECT * FROM src;")
		n.settle(t)
		if got := n.valuesIn(t, "held"); !slices.Equal(got, upTo(260)) {
			t.Errorf("held has %v", got)
		}
		wantOut := upTo(260)
		for v := 77; v < 260; v++ {
			wantOut = append(wantOut, v+1000)
		}
		if got := n.valuesIn(t, "out"); !slices.Equal(got, wantOut) {
			t.Errorf("out has %v", got)
		}
		if got := n.valuesIn(t, "over"); len(got) != 0 {
			t.Errorf("a query ran that had been terminated: %v", got)
		}
		if q := queryOf(t, n, "MINE"); idOf(t, q.ID) <= 61 {
			t.Errorf("%s is not behind those that were taken over", q.ID)
		}
	})
}

func idOf(t *testing.T, id string) uint64 {
	t.Helper()
	n, ok := idNumber(id)
	if !ok {
		t.Fatal(id)
	}
	return n
}

// What was dropped can be taken over again under the id that it had; its rows are told from those of the one before.
func TestImportAgainAfterADrop(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := p.start(t), NewSession()
		n.run(t, s, "CREATE STREAM src (k STRING KEY, v INT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=4);")
		n.put(t, numbered("src", 0, 100)...)
		n.foreign(t, "CSAS_OUT_5", "src", 60)
		in := Import{Statements: []Foreign{{Text: "CREATE STREAM out WITH (KAFKA_TOPIC='out') AS SELECT * FROM src", QueryID: "CSAS_OUT_5", Group: foreignGroup + "CSAS_OUT_5"}}}
		numbers := map[uint64]bool{}
		for range 2 {
			if got := verdicts(n.takeOver(t, in)); got != "taken CSAS_OUT_5\n1 created []" {
				t.Fatal(got)
			}
			q, _ := n.Snapshot().Query("CSAS_OUT_5")
			numbers[q.Number] = true
			n.settle(t)
			if got := n.valuesIn(t, "out"); !slices.Equal(got, upTo(100)[60:]) {
				t.Errorf("out has %v", got)
			}
			n.run(t, s, "DROP STREAM out DELETE TOPIC;")
			n.leave(t)
			n = p.start(t)
			until(t, "what it left is removed", func() bool { _, left := n.leaving.Load("CSAS_OUT_5"); return !left })
		}
		if len(numbers) != 2 {
			t.Errorf("two queries have the numbers %v", numbers)
		}
	})
}

// A query with state begins at the start of its topics, or without what it knew, as was chosen; without a choice nothing is applied.
func TestImportOfState(t *testing.T) {
	for choice, want := range map[Stateful]int{Rebuild: 200, Continue: 80} {
		bothWays(t, nil, func(t *testing.T, p *place) {
			n := p.start(t)
			if _, err := n.cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: "src", Partitions: 4, Replicas: 1}); err != nil {
				t.Fatal(err)
			}
			n.put(t, numbered("src", 0, 200)...)
			n.foreign(t, "CTAS_C_2", "src", 120)
			in := Import{Statements: []Foreign{
				{Text: "CREATE STREAM src (k STRING KEY, v INT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON')"},
				{Text: "CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT k, COUNT(*) AS n FROM src GROUP BY k", QueryID: "CTAS_C_2", Group: foreignGroup + "CTAS_C_2"}}}
			r := n.takeOver(t, in)
			if len(r.Blocked) != 1 || r.Created != 0 || r.Statements[1].Verdict != Different || len(n.Snapshot().Sources()) != 1 {
				t.Fatalf("without a choice: %s", verdicts(r))
			}
			in.Stateful = choice
			r = n.takeOver(t, in)
			if len(r.Blocked) != 0 || r.Created != 2 {
				t.Fatalf("%s: %s", choice, verdicts(r))
			}
			n.settle(t)
			counted := func() int {
				sum := 0
				for _, row := range strings.Fields(strings.ReplaceAll(n.run(t, NewSession(), "SELECT n FROM c;"), "|", " ")) {
					var v int
					if _, err := fmt.Sscanf(row, "%d", &v); err != nil {
						t.Fatal(row)
					}
					sum += v
				}
				return sum
			}
			if got := counted(); got != want {
				t.Errorf("%s: %d rows are counted, want %d", choice, got, want)
			}
			if !p.embedded {
				return
			}
			// State that is lost is made anew from where the query began.
			n.leave(t)
			if err := os.RemoveAll(filepath.Join(p.dir, "state")); err != nil {
				t.Fatal(err)
			}
			n = p.start(t)
			n.settle(t)
			if got := counted(); got != want {
				t.Errorf("%s: %d rows are counted after the loss of the state, want %d", choice, got, want)
			}
		})
	}
}

// A statement that is refused takes those along that need it, and nothing is applied unless that is asked for.
func TestImportRefuses(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	n.run(t, NewSession(), "CREATE STREAM src (k STRING KEY, v INT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=2); CREATE STREAM other (v INT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON');")
	in := Import{Statements: []Foreign{
		{Text: "CREATE STREAM src (k STRING KEY, v INT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=2)"},
		{Text: "CREATE STREAM other (v BIGINT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON')"},
		{Text: "CREATE STREAM missing (v BIGINT) WITH (KAFKA_TOPIC='missing', VALUE_FORMAT='JSON')"},
		{Text: "CREATE STREAM a AS SELECT k, MY_OWN(v) AS w FROM src", QueryID: "CSAS_A_1"},
		{Text: "CREATE STREAM b AS SELECT * FROM a", QueryID: "CSAS_B_2"},
		{Text: "CREATE STREAM c AS SELECT k, COUNT(*) AS n FROM src GROUP BY k", QueryID: "CSAS_C_3"},
		{Text: "CREATE STREAM d AS SELECT * FROM src", QueryID: "CSAS_D_4"},
		{Text: "SELEC nothing"},
	}}
	r := n.takeOver(t, in)
	for i, want := range []string{"", "already exists", "Topic 'missing' does not exist", "MY_OWN", "It needs A, which is refused.", "Invalid result type", "", "SELEC"} {
		one := r.Statements[i]
		if (one.Verdict == Refused) != (want != "") || !strings.Contains(one.Reason, want) {
			t.Errorf("%d is %s: %q, want %q", i, one.Verdict, one.Reason, want)
		}
	}
	if do := r.Statements[5].Do; !strings.HasPrefix(do, "Write instead: CREATE TABLE C AS SELECT") {
		t.Errorf("to do: %q of %q", do, r.Statements[5].Reason)
	}
	if r.Created != 0 || len(r.Blocked) != 1 {
		t.Errorf("%s", verdicts(r))
	}
	in.SkipRefused = true
	if r = n.takeOver(t, in); r.Created != 1 || !r.Statements[6].Created {
		t.Errorf("%s", verdicts(r))
	}
}
