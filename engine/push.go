package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/local"
	"weir/exec/task"
	"weir/exec/worker"
	"weir/kafka"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
	"weir/settings"
	"weir/types"
)

// pushes are the push queries that clients have open.
type pushes struct {
	mu   sync.Mutex
	next int
	open []*push
}

// push is a query over all partitions, in memory, that ends with its client.
type push struct {
	id      string
	query   *plan.Query
	sources []string
	local   *local.Local
	client  *kgo.Client
	rows    chan []Row
	current []Row
	out     []Row
	given   int64
	limit   int64         // -1 for none
	ends    kafka.Offsets // a pull query over a stream ends there; nil for a push query
	at      kafka.Offsets
	topics  []string
	engine  *Engine
	quiet   int         // polls in a row that brought nothing
	drain   atomic.Bool // end once everything that is there has been read
	ctx     context.Context
	cancel  context.CancelFunc
	err     error // why it ended; nil at its limit
	read    atomic.Int64
	sent    atomic.Int64
}

// quietPolls is after how many polls without a record rows wait no longer for another input of theirs.
const quietPolls = 10

func (p *pushes) add(q *push, most int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.open) >= most {
		return refuse(TooMany, "Not executing statement '%s' as exceeding the maximum number of push queries (%d). "+
			"End one, or raise ksql.max.push.queries.", q.query.SQL, most)
	}
	p.next++
	q.id = fmt.Sprintf("transient_%s_%d", strings.Join(q.sources, "_"), p.next)
	p.open = append(p.open, q)
	return nil
}

func (p *pushes) remove(q *push) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = slices.DeleteFunc(p.open, func(o *push) bool { return o == q })
}

// end ends a push query by its id, whatever the case of the letters.
func (p *pushes) end(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.open {
		if strings.EqualFold(q.id, id) {
			q.cancel()
			return true
		}
	}
	return false
}

func (p *pushes) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.open {
		q.cancel()
	}
}

func (p *pushes) list() []Query {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Query
	for _, q := range p.open {
		out = append(out, Query{ID: q.id, Kind: plan.Push, SQL: q.query.SQL, Sources: q.sources, State: Running,
			Stats: worker.Stats{RowsIn: q.read.Load(), RowsOut: q.sent.Load()}})
	}
	return out
}

// CloseQuery ends a push query by its id.
func (e *Engine) CloseQuery(id string) error {
	if e.pushes.end(id) {
		return nil
	}
	return refuse(NotFound, "No query with id %s", id)
}

// query answers a SELECT.
func (e *Engine) query(ctx context.Context, s *Session, stmt parser.Stmt, n *ast.Query) (Result, error) {
	p, err := planner.Build(n, stmt.Text, e.planEnv(s, e.catalog.Snapshot(), 0, nil))
	if err != nil {
		return nil, err
	}
	if p.Query.Lookup != nil {
		return e.pull(ctx, s, p.Query)
	}
	return e.push(ctx, s, p.Query, tableNames(n))
}

func tableNames(n *ast.Query) []string {
	var out []string
	ast.Tables(n.From, func(t *ast.Table) { out = append(out, t.Name) })
	return out
}

// push starts a query whose rows go to a client: from the end of its topic, or from its beginning where the session's
// auto.offset.reset says so. A pull query over a stream reads from beginning to end.
func (e *Engine) push(ctx context.Context, s *Session, q *plan.Query, sources []string) (Result, error) {
	config := e.config(s)
	topo, err := task.Build(q)
	if err != nil {
		return nil, err
	}
	run := &push{engine: e, query: q, sources: sources, rows: make(chan []Row, 16), limit: q.Root.(*plan.Result).Limit, at: kafka.Offsets{},
		topics: topo.Sources()}
	problems := e.problems.of("")
	env := e.execEnv("push", config, problems.add)
	parts, err := topo.Partitions(func(topic string) (int32, error) {
		found, err := e.opt.Cluster.Topic(ctx, topic)
		return int32(len(found.Partitions)), err
	}, nil)
	if err != nil {
		return nil, err
	}
	if run.local, err = local.NewLocal(topo, env, parts, 1, 0, run.take); err != nil {
		return nil, err
	}
	if err := run.begin(ctx, topo.Whole(), config, q.Kind == plan.Pull); err != nil {
		return nil, err
	}
	if q.Kind == plan.Push {
		if err := e.pushes.add(run, int(settings.MaxPushQueries.In(e.opt.Config))); err != nil {
			run.client.Close()
			return nil, err
		}
	}
	run.ctx, run.cancel = context.WithCancel(context.WithoutCancel(ctx))
	interval := settings.CommitInterval.In(config)
	if !coalesces(config) {
		interval = 0
	}
	go func() {
		defer e.pushes.remove(run)
		run.run(interval)
		_ = problems.Flush(context.Background())
	}()
	return &Rows{QueryID: run.id, Kind: q.Kind, Columns: q.Columns, Table: q.Root.Table(), Limit: run.limit, next: run.next, close: run.cancel}, nil
}

// begin opens the client at the ends of the topics, or at the beginnings. whole names topics that are needed from their
// beginning in any case.
func (q *push) begin(ctx context.Context, whole []string, config map[string]string, pull bool) error {
	e := q.engine
	starts, err := e.opt.Cluster.StartOffsets(ctx, q.topics...)
	if err != nil {
		return err
	}
	ends, err := e.opt.Cluster.StableOffsets(ctx, q.topics...)
	if err != nil {
		return err
	}
	earliest := pull || settings.OffsetReset.In(config) == "earliest"
	positions := map[string]map[int32]kgo.Offset{}
	for _, topic := range q.topics {
		from := ends
		if earliest || slices.Contains(whole, topic) {
			from = starts
		}
		positions[topic] = map[int32]kgo.Offset{}
		for p, at := range from[topic] {
			q.at.Set(topic, p, at)
			q.local.Expect(topic, p, at < ends[topic][p])
			positions[topic][p] = kgo.NewOffset().At(at)
		}
	}
	if pull {
		q.ends = ends
	}
	q.client, err = e.opt.Cluster.NewClient(kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(100*time.Millisecond),
		kgo.ConsumePartitions(positions))
	return err
}

var errEnough = errors.New("the limit is reached")

// take keeps rows until the client has room for them.
func (q *push) take(b *types.Batch) error {
	for i := range b.N {
		m := b.Meta[i]
		if m.Flags&types.NullRow != 0 && !q.query.Root.Table() {
			continue // a stream's record without value has no row
		}
		if q.limit >= 0 && q.given >= q.limit {
			return errEnough
		}
		row := Row{Values: types.CloneRow(b.Row(i)), Timestamp: m.Timestamp, Tombstone: m.Flags&types.NullRow != 0}
		if row.Tombstone {
			for j, c := range q.query.Columns {
				if c.Role != types.KeyColumn {
					row.Values[j] = types.NullValue
				}
			}
		}
		q.out = append(q.out, row)
		q.given++
	}
	if q.limit >= 0 && q.given >= q.limit {
		return errEnough
	}
	return nil
}

// hand gives the client what there is, and waits while it has no room.
func (q *push) hand() error {
	if len(q.out) == 0 {
		return nil
	}
	select {
	case q.rows <- q.out:
		q.sent.Add(int64(len(q.out)))
		q.out = nil
		return nil
	case <-q.ctx.Done():
		return q.ctx.Err()
	}
}

// run is the query's goroutine.
func (q *push) run(interval time.Duration) {
	defer close(q.rows)
	defer q.client.Close()
	defer func() {
		if r := recover(); r != nil {
			q.err = fmt.Errorf("a fault in the query's operators: %v", r)
		}
	}()
	err := q.loop(interval)
	if errors.Is(err, errEnough) || err == nil {
		err = q.hand()
	}
	if !errors.Is(err, context.Canceled) {
		q.err = err
	}
	q.cancel()
}

func (q *push) loop(interval time.Duration) error {
	if q.limit == 0 {
		return nil
	}
	next := time.Now().Add(interval)
	for {
		if q.ends != nil && q.past(q.ends) {
			return q.finish()
		}
		if q.drain.Load() {
			ends, err := q.now()
			if err != nil {
				return err
			}
			if q.past(ends) {
				return q.finish()
			}
		}
		if err := q.poll(); err != nil {
			return err
		}
		if !time.Now().Before(next) {
			if err := q.local.Flush(); err != nil {
				return err
			}
			next = time.Now().Add(interval)
		}
		if err := q.hand(); err != nil {
			return err
		}
	}
}

func (q *push) poll() error {
	ctx, cancel := context.WithTimeout(q.ctx, 100*time.Millisecond)
	defer cancel()
	fetches := q.client.PollFetches(ctx)
	if q.ctx.Err() != nil {
		return q.ctx.Err()
	}
	var failed error
	fetches.EachError(func(topic string, p int32, err error) {
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			failed = fmt.Errorf("reading %s, partition %d: %w", topic, p, err)
		}
	})
	if q.quiet++; !fetches.Empty() {
		q.quiet = 0
	} else if q.quiet == quietPolls {
		// What was expected does not come, such as records of a transaction that was aborted.
		failed = errors.Join(failed, q.local.Drain())
	}
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		for recs := p.Records; len(recs) > 0 && failed == nil; {
			n := min(len(recs), types.BatchRows)
			q.read.Add(int64(n))
			next := recs[n-1].Offset + 1
			if failed = q.local.Offer(recs[:n], next < p.HighWatermark); failed == nil {
				failed = q.hand()
			}
			q.at.Set(p.Topic, p.Partition, next)
			recs = recs[n:]
		}
	})
	return failed
}

func (q *push) past(ends kafka.Offsets) bool {
	for topic, parts := range ends {
		for p, end := range parts {
			if q.at[topic][p] < end {
				return false
			}
		}
	}
	return true
}

// now are the ends of the topics.
func (q *push) now() (kafka.Offsets, error) {
	return q.engine.opt.Cluster.StableOffsets(q.ctx, q.topics...)
}

// finish closes the windows and hands out what is left: the input has ended.
func (q *push) finish() error {
	if err := q.local.Drain(); err != nil {
		return err
	}
	if err := q.local.Flush(); err != nil {
		return err
	}
	if q.ends == nil {
		if err := q.local.CloseAll(); err != nil {
			return err
		}
	}
	return q.local.Flush()
}

// next gives the client a row.
func (q *push) next(ctx context.Context) (Row, error) {
	for len(q.current) == 0 {
		select {
		case rows, ok := <-q.rows:
			if !ok {
				if q.err != nil {
					return Row{}, q.err
				}
				return Row{}, io.EOF
			}
			q.current = rows
		case <-ctx.Done():
			return Row{}, ctx.Err()
		}
	}
	r := q.current[0]
	q.current = q.current[1:]
	return r, nil
}
