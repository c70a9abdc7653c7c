package engine

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/exec/task"
	"weir/kafka"
	"weir/parser"
	"weir/planner"
)

// problemLog is the processing log: records that could not be read, and rows that were late, had no key or could not be
// computed. It is an ordinary stream, KSQL_PROCESSING_LOG. Entries are flushed before the commit that leaves their
// records behind, so that none is lost; after a crash some may be there twice.
type problemLog struct {
	topic   string
	client  *kgo.Client
	cluster *kafka.Cluster
	log     *slog.Logger
	mu      sync.Mutex
	told    []Notice
	first   map[string]string // the first record of a query that could not be read
}

// Notice is something of a query that whoever reads its rows should know. It is in the processing log too.
type Notice struct{ Query, Text string }

// maxNotices bounds how many are remembered: the latest.
const maxNotices = 100

// notice takes what is told once for a query, into the log and for DESCRIBE EXTENDED.
func (l *problemLog) notice(n Notice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.told, n) {
		return // a query that does its work again finds it again
	}
	l.told = append(l.told[max(0, len(l.told)+1-maxNotices):], n)
	l.log.Warn(n.Text, "query", n.Query)
}

// notices are those of a query, or all.
func (l *problemLog) notices(query string) []Notice {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.told), func(n Notice) bool { return query != "" && n.Query != query })
}

// Notices are what is to be known of queries since the engine was opened, those that have ended included.
func (e *Engine) Notices() []Notice { return e.problems.notices("") }

// queryProblems are the entries of one query: it alone waits for them, and what it does again it tells again.
type queryProblems struct {
	log   *problemLog
	query string
	mu    sync.Mutex
	wait  []*kgo.Record
	bytes int // of them
}

// of makes the entries of a query.
func (l *problemLog) of(query string) *queryProblems { return &queryProblems{log: l, query: query} }

const problemStream = "KSQL_PROCESSING_LOG"

// problem is an entry as JSON.
type problem struct {
	Time      int64   `json:"TIME"`
	Query     string  `json:"QUERY_ID"`
	Type      string  `json:"KIND"`
	Topic     string  `json:"SOURCE_TOPIC"`
	Partition int32   `json:"SOURCE_PARTITION"`
	Offset    int64   `json:"SOURCE_OFFSET"`
	Reason    string  `json:"REASON"`
	Record    *string `json:"RECORD"`
	RecordB64 *string `json:"RECORD_B64"`
}

func (e *Engine) openProblemLog(ctx context.Context) (*problemLog, error) {
	l := &problemLog{cluster: e.opt.Cluster, log: e.opt.Log, first: map[string]string{}, topic: e.opt.ServiceID + "ksql_processing_log"}
	_, err := e.opt.Cluster.CreateTopic(ctx, kafka.TopicSpec{Name: l.topic, Partitions: 1, Replicas: e.replicas(), IfNotExists: true})
	if err != nil {
		return nil, err
	}
	sql := fmt.Sprintf("CREATE STREAM %s (`TIME` TIMESTAMP, QUERY_ID STRING, KIND STRING, SOURCE_TOPIC STRING, SOURCE_PARTITION INTEGER, SOURCE_OFFSET BIGINT, "+
		"`REASON` STRING, `RECORD` STRING, `RECORD_B64` STRING) WITH (KAFKA_TOPIC='%s', VALUE_FORMAT='JSON')", problemStream, l.topic)
	stmts, err := parser.Parse(sql+";", parser.Options{})
	if err != nil {
		return nil, err
	}
	p, err := planner.Build(stmts[0].Node, sql, &planner.Env{Catalog: e.catalog.Snapshot(), Functions: e.opt.Functions,
		Partitions: func(string) (int32, bool) { return 1, true }})
	if err != nil {
		return nil, err
	}
	if err := e.catalog.Apply(catalog.Change{PutSource: p.Change.PutSource}); err != nil {
		return nil, err
	}
	l.client, err = e.opt.Cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	return l, err
}

// maxProblemRecord bounds the bytes of a record that an entry keeps.
const maxProblemRecord = 64 << 10

// maxProblemBytes is how much the entries that wait may take; from there on they leave out what the records hold.
const maxProblemBytes = 4 << 20

// add takes an entry; called by any task.
func (q *queryProblems) add(b task.BadRecord) {
	p := problem{Time: time.Now().UnixMilli(), Query: q.query, Type: string(b.Kind), Topic: b.Topic, Partition: b.Partition, Offset: b.Offset, Reason: b.Message}
	switch {
	case b.Kind == task.KeysAstray:
		q.log.notice(Notice{q.query, b.Message})
	case b.LeftOut:
		q.log.firstBad(q.query, p)
	}
	q.mu.Lock()
	full := q.bytes > maxProblemBytes
	q.mu.Unlock()
	if b.Value != nil && !full {
		cut := b.Value[:min(len(b.Value), maxProblemRecord)]
		if utf8.Valid(cut) {
			s := string(cut)
			p.Record = &s
		}
		s := base64.StdEncoding.EncodeToString(cut)
		p.RecordB64 = &s
	}
	blob, err := json.Marshal(p)
	if err != nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wait = append(q.wait, &kgo.Record{Topic: q.log.topic, Value: blob})
	q.bytes += len(blob)
}

// addNow is add for a query without commits: what waits goes on once it is much.
func (q *queryProblems) addNow(ctx context.Context, b task.BadRecord) {
	q.add(b)
	q.mu.Lock()
	full := q.bytes > maxProblemBytes
	q.mu.Unlock()
	if full && q.Flush(ctx) != nil {
		q.Forget() // the log has no room for them, and neither has the memory
	}
}

// Flush sends what is waiting; the broker has it when it returns. What it could not send waits on.
func (q *queryProblems) Flush(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.wait) == 0 {
		return nil
	}
	var failed error
	var left []*kgo.Record
	for _, r := range q.log.client.ProduceSync(ctx, q.wait...) {
		if r.Err != nil {
			failed = r.Err
			left = append(left, &kgo.Record{Topic: r.Record.Topic, Value: r.Record.Value})
		}
	}
	q.wait, q.bytes = left, 0
	for _, r := range left {
		q.bytes += len(r.Value)
	}
	if failed != nil {
		return fmt.Errorf("cannot write the processing log: %w", q.log.cluster.Denied(failed, kafka.OnTopic("Write", q.log.topic)))
	}
	return nil
}

// Forget drops what is waiting: it is of records that will be read again.
func (q *queryProblems) Forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wait, q.bytes = nil, 0
}

func (l *problemLog) close() { kafka.Close(l.client) }
