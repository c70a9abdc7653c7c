package engine

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// The topic of the filter takes no rows of crashTooLarge bytes.
const crashTooLarge, crashLimitBytes = 30_000, 20_000

// crashOutputs are the topics that the queries of the crash tests write.
var crashOutputs = []string{"counts", "punctual", "late", "totals", "chained", "odd", "lists"}

type crashValue struct {
	Grp string `json:"GRP"`
	TS  int64  `json:"TS"`
	Pad string `json:"PAD"`
	N   int64  `json:"N"`
	// Of late rows.
	Start      int64 `json:"WINDOW_START"`
	StreamTime int64 `json:"STREAM_TIME"`
	// Of rows that others wrote.
	Aborted bool `json:"ABORTED"`
}

// crashTopics reads the topics of a crash test with plain code, piece by piece, since records are deleted between the kills.
type crashTopics struct {
	t    *testing.T
	run  string
	read kafka.Offsets
	own  kafka.Offsets // behind the last record of each output partition that a query wrote
	rows int
	// What the input asks for. Of streams, what is still to come.
	counts, punctual, totals map[string]int64
	late                     map[int64]crashValue
	odd                      map[int64]string
	missed                   int
	streamTime               [4]int64
	// What was there.
	seen    map[string]map[string]int64 // the last of each key, per table
	foreign map[string]int
	// tooLarge are rows that the filter's topic does not take, until the processing log has named them.
	large    int
	tooLarge map[int64]bool
	// wrote counts the foreign records of each topic.
	wrote   map[string]int
	deleted map[string]int64
}

func newCrashTopics(t *testing.T) *crashTopics {
	return &crashTopics{t: t, read: kafka.Offsets{}, own: kafka.Offsets{}, counts: map[string]int64{}, punctual: map[string]int64{}, totals: map[string]int64{}, late: map[int64]crashValue{},
		odd: map[int64]string{}, seen: map[string]map[string]int64{"counts": {}, "punctual": {}, "totals": {}, "chained": {}, "lists": {}}, foreign: map[string]int{}, tooLarge: map[int64]bool{}, wrote: map[string]int{}, deleted: map[string]int64{}}
}

// look reads what has come to the topics, the input first.
func (c *crashTopics) look(cluster *kafka.Cluster) {
	c.each(cluster, "in", c.input)
	for _, name := range crashOutputs {
		c.each(cluster, name, func(r *kgo.Record, v crashValue) {
			switch {
			case v.Aborted:
				c.t.Errorf("%s: a record of an aborted transaction", name)
			case string(r.Key) == "foreign":
				c.foreign[name]++
			default:
				c.own.Set(name, r.Partition, r.Offset+1)
				c.output(name, r, v)
			}
		})
	}
}

// input works out what a row asks for.
func (c *crashTopics) input(r *kgo.Record, v crashValue) {
	c.rows++
	id := int64(binary.BigEndian.Uint64(r.Key))
	now := &c.streamTime[r.Partition]
	*now = max(*now, v.TS)
	start := v.TS / 1000 * 1000
	key := fmt.Sprintf("%s@%d", v.Grp, start)
	if start+1000 <= *now {
		c.late[id] = crashValue{Grp: v.Grp, TS: v.TS, Start: start}
		c.missed++
	} else {
		c.punctual[key]++
	}
	c.counts[key]++
	c.totals[v.Grp]++
	switch {
	case id%2 == 1 && len(v.Pad) >= crashTooLarge:
		c.tooLarge[id] = true
		c.large++
	case id%2 == 1:
		c.odd[id] = v.Grp
	}
}

func (c *crashTopics) output(name string, r *kgo.Record, v crashValue) {
	switch name {
	case "late":
		id := int64(binary.BigEndian.Uint64(r.Key))
		if want := c.late[id]; v.Grp != want.Grp || v.TS != want.TS || v.Start != want.Start || v.StreamTime < v.Start+1000 {
			c.t.Errorf("the late row %d is there twice, or not late: %+v, want %+v", id, v, want)
		}
		delete(c.late, id)
		return
	case "odd":
		id := int64(binary.BigEndian.Uint64(r.Key))
		if c.odd[id] != v.Grp {
			c.t.Errorf("the filter put out id %d twice, or wrongly", id)
		}
		delete(c.odd, id)
		return
	}
	key := string(r.Key)
	if name != "totals" && name != "chained" {
		key = fmt.Sprintf("%s@%d", r.Key[:len(r.Key)-8], binary.BigEndian.Uint64(r.Key[len(r.Key)-8:]))
	}
	if v.N <= c.seen[name][key] {
		c.t.Errorf("%s, %s: %d comes after %d", name, key, v.N, c.seen[name][key])
	}
	c.seen[name][key] = v.N
}

// verify compares, once everything has been read.
func (c *crashTopics) verify(cluster *kafka.Cluster) {
	for _, name := range crashOutputs {
		until(c.t, "no transaction is open", func() bool {
			ends, err := cluster.EndOffsets(c.t.Context(), crashName(c.run, name))
			return err == nil && maps.Equal(c.ends(cluster, name), ends[crashName(c.run, name)])
		})
	}
	c.look(cluster)
	c.named(cluster)
	for name, want := range map[string]map[string]int64{"counts": c.counts, "punctual": c.punctual, "totals": c.totals, "chained": c.totals, "lists": c.lists()} {
		for key, n := range want {
			if got := c.seen[name][key]; got != n {
				c.t.Errorf("%s, %s: the count ends at %d, want %d", name, key, got, n)
			}
		}
		if len(c.seen[name]) != len(want) {
			c.t.Errorf("%s: %d groups, want %d", name, len(c.seen[name]), len(want))
		}
	}
	if len(c.late) > 0 || c.missed == 0 {
		c.t.Errorf("of %d late rows %d are missing", c.missed, len(c.late))
	}
	if len(c.odd) > 0 {
		c.t.Errorf("%d rows are missing from the filter's output", len(c.odd))
	}
	if len(c.tooLarge) > 0 {
		c.t.Errorf("of %d rows that are too large the processing log does not name %v", c.large, c.tooLarge)
	}
	for _, name := range crashOutputs {
		if c.foreign[name] != c.wrote[name] {
			c.t.Errorf("%s: %d records of others, want %d", name, c.foreign[name], c.wrote[name])
		}
	}
	c.t.Logf("%d input rows, %d groups, %d late rows, %d too large, foreign records %v; deleted: %v", c.rows, len(c.counts), c.missed, c.large, c.wrote, c.deleted)
}

// lists are the three groups of each window with the most rows: most first, then by name.
func (c *crashTopics) lists() map[string]int64 {
	windows, out := map[string][]string{}, map[string]int64{}
	for key := range c.counts {
		grp, start, _ := strings.Cut(key, "@")
		windows[start] = append(windows[start], grp)
	}
	for start, grps := range windows {
		n := func(grp string) int64 { return c.counts[grp+"@"+start] }
		slices.SortFunc(grps, func(a, b string) int { return cmp.Or(cmp.Compare(n(b), n(a)), strings.Compare(a, b)) })
		for _, grp := range grps[:min(3, len(grps))] {
			out[grp+"@"+start] = n(grp)
		}
	}
	return out
}

var crashPad = regexp.MustCompile(`"PAD":"(\d+):`)

// named strikes out what the processing log names, which may be there more than once.
func (c *crashTopics) named(cluster *kafka.Cluster) {
	all := maps.Clone(c.tooLarge)
	c.each(cluster, "svc_ksql_processing_log", func(r *kgo.Record, _ crashValue) {
		var p problem
		if err := json.Unmarshal(r.Value, &p); err != nil || p.Record == nil {
			return
		}
		m := crashPad.FindStringSubmatch(*p.Record)
		if m == nil {
			return // a late row
		}
		id, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || !all[id] {
			c.t.Errorf("the processing log names row %s, which is not too large: %s", m[1], p.Reason)
		}
		delete(c.tooLarge, id)
	})
}

// meddle does what others may do to the topics while the node is away: it deletes what was read, and writes in transactions.
func (c *crashTopics) meddle(cluster *kafka.Cluster, random *rand.Rand) {
	c.look(cluster)
	c.cut(cluster, "in", c.floor(cluster))
	// On a busy machine each process so far may have been killed before it had made all of them.
	made := slices.DeleteFunc(slices.Clone(crashOutputs), func(name string) bool { return c.ends(cluster, name) == nil })
	for _, name := range made {
		// Foreign records at the end stay: written and deleted while an outbox is open, they would be taken for what arrived of it.
		if random.IntN(2) == 0 {
			c.cut(cluster, name, c.own[name])
		}
	}
	client, err := cluster.NewClient(kgo.TransactionalID("foreign_"+c.run), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	if err != nil {
		c.t.Fatal(err)
	}
	defer client.Close()
	for _, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		var recs []*kgo.Record
		for _, name := range made {
			recs = append(recs, &kgo.Record{Topic: crashName(c.run, name), Key: []byte("foreign"), Value: fmt.Appendf(nil, `{"ABORTED":%v}`, end == kgo.TryAbort)})
		}
		err := client.BeginTransaction()
		if err == nil {
			for _, r := range client.ProduceSync(c.t.Context(), recs...) {
				if r.Err != nil {
					err = errors.Join(err, fmt.Errorf("produce to %s, partition %d: %w", r.Record.Topic, r.Record.Partition, r.Err))
				}
			}
		}
		if ended := client.EndTransaction(c.t.Context(), end); ended != nil {
			err = errors.Join(err, fmt.Errorf("end transaction: %w", ended))
		}
		if err != nil {
			c.t.Fatal(err)
		}
	}
	for _, name := range made {
		c.wrote[name]++
	}
}

// floor is up to where all queries have read the input.
func (c *crashTopics) floor(cluster *kafka.Cluster) map[int32]int64 {
	client, err := cluster.NewClient()
	if err != nil {
		c.t.Fatal(err)
	}
	defer client.Close()
	groups, err := kadm.NewClient(client).ListGroups(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	in, floor, readers := crashName(c.run, "in"), map[int32]int64{}, map[int32]int{}
	for _, group := range groups.Groups() {
		if !strings.Contains(group, crashName(c.run, "svc_")) {
			continue // of somebody else on the broker, perhaps of topics that are gone
		}
		at, err := cluster.CommittedOffsets(c.t.Context(), group)
		if err != nil {
			c.t.Fatal(err)
		}
		for p, offset := range at[in] {
			if readers[p]++; readers[p] == 1 || offset < floor[p] {
				floor[p] = offset
			}
		}
	}
	maps.DeleteFunc(floor, func(p int32, _ int64) bool { return readers[p] < 6 }) // a query that has not begun
	return floor
}

// cut deletes records.
func (c *crashTopics) cut(cluster *kafka.Cluster, name string, below map[int32]int64) {
	err := cluster.DeleteRecords(c.t.Context(), crashName(c.run, name), below)
	if errors.Is(err, kerr.PolicyViolation) {
		return // Kafka does so in no topic that is compacted
	}
	if err != nil {
		c.t.Fatal(err)
	}
	sum := int64(0)
	for _, at := range below {
		sum += at
	}
	c.deleted[name] = max(c.deleted[name], sum)
}

func (c *crashTopics) ends(cluster *kafka.Cluster, name string) map[int32]int64 {
	ends, err := cluster.StableOffsets(c.t.Context(), crashName(c.run, name))
	if errors.Is(err, kafka.ErrNoTopic) {
		return nil // killed before it was made
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return ends[crashName(c.run, name)]
}

// each gives the committed records of a topic that have come since the last time.
func (c *crashTopics) each(cluster *kafka.Cluster, name string, f func(*kgo.Record, crashValue)) {
	topic := crashName(c.run, name)
	for p, end := range c.ends(cluster, name) {
		err := cluster.Read(c.t.Context(), topic, p, c.read[topic][p], end, func(r *kgo.Record) error {
			var v crashValue
			if err := json.Unmarshal(r.Value, &v); err != nil {
				c.t.Error(err)
			}
			f(r, v)
			return nil
		})
		if err != nil {
			c.t.Fatal(err)
		}
		c.read.Set(topic, p, end)
	}
}
