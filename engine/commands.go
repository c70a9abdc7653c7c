package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/task"
	"weir/kafka"
)

// command is an entry of the command log: a statement as it was carried out, after substitution and inference.
type command struct {
	Statement  string            `json:"statement"`
	Properties map[string]string `json:"properties,omitempty"`
	// Server is what the server was set to of what a plan depends on. Old entries have none: they go by the server's settings of today.
	Server  map[string]string `json:"server,omitzero"`
	ID      int               `json:"id"` // number for the query that it makes
	BaseDir string            `json:"baseDir,omitempty"`
	Remote  bool              `json:"remote,omitempty"` // as Session has it
	// Principal is whose the query is that it makes: it counts among theirs, also after a restart.
	Principal string `json:"principal,omitempty"`
	// Begin is what is said of the query that it makes, beside the text; nil for nothing.
	Begin *Beginning `json:"begin,omitempty"`
	// Layout is that of the state of the query that it makes: a node whose plan has another one does not touch the state.
	Layout task.Layout `json:"layout,omitempty"`
}

// entry is a command as it lies in the log.
type entry struct {
	command
	offset int64
	raw    []byte
	err    error // why it can't be read
}

// commandLog is the topic that holds every change of the catalog, in order. Whoever reads it from its beginning has the
// catalog and the queries. On Kafka it is written in transactions that go by the name of the service: whoever begins them
// fences those that did before, and has read all that they wrote.
type commandLog struct {
	cluster *kafka.Cluster
	topic   string
	log     *slog.Logger
	txn     string // transactional id; empty on the broker in this process, whose data directory is locked
	lease   *lease // nil there too
	client  *kgo.Client
	next    int64        // where the entries begin that have not been read
	last    atomic.Int64 // greatest number given to a command
	lost    atomic.Pointer[error]
	gone    chan struct{} // closed when it is lost
	copy    *commandCopy  // nil on Kafka
}

func (e *Engine) internalTopic(name string) string {
	return "_weir-" + e.opt.ServiceID + "-" + name
}

// openLog claims the service id, and reads the log to its end.
func (e *Engine) openLog(ctx context.Context) (*commandLog, []entry, error) {
	l := &commandLog{cluster: e.opt.Cluster, topic: e.internalTopic("commands"), gone: make(chan struct{}), log: e.opt.Log}
	_, err := l.cluster.CreateTopic(ctx, kafka.TopicSpec{Name: l.topic, Partitions: 1, Replicas: e.replicas(), IfNotExists: true,
		Configs: map[string]string{"retention.ms": "-1", "cleanup.policy": "delete"}})
	if err != nil {
		return nil, nil, err
	}
	if !e.opt.Embedded {
		l.txn = l.topic
		l.lease = &lease{cluster: l.cluster, service: e.opt.ServiceID, group: l.topic, topic: l.topic, node: e.node}
		if err := l.lease.take(ctx); err != nil {
			return l, nil, err
		}
	}
	if err := l.open(ctx); err != nil {
		return l, nil, err
	}
	past, err := l.read(ctx)
	if err == nil {
		past, err = e.complete(ctx, l, past)
	}
	return l, past, err
}

// open begins to write: from now on no predecessor can.
func (l *commandLog) open(ctx context.Context) error {
	opts := []kgo.Opt{kgo.RecordPartitioner(kgo.ManualPartitioner())}
	if l.txn != "" {
		opts = append(opts, kgo.TransactionalID(l.txn))
	}
	var err error
	if l.client, err = l.cluster.NewClient(opts...); err != nil || l.txn == "" {
		return err
	}
	if _, _, err := l.client.ProducerID(ctx); err != nil {
		return fmt.Errorf("cannot begin to write the command log %s: %w", l.topic, l.cluster.Denied(err, kafka.OnTransactions("Write", l.txn)))
	}
	return nil
}

// read takes the entries that have not been read, up to the end of the log.
func (l *commandLog) read(ctx context.Context) ([]entry, error) {
	to, err := l.cluster.SettledEnd(ctx, l.topic, 0)
	if err != nil {
		return nil, err
	}
	starts, err := l.cluster.StartOffsets(ctx, l.topic)
	if err != nil {
		return nil, err
	}
	next := max(l.next, starts[l.topic][0])
	if next >= to {
		return nil, nil
	}
	// The end may be the marker of a transaction, which is seen as a record too.
	client, err := l.cluster.NewClient(kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{l.topic: {0: kgo.NewOffset().At(next)}}))
	if err != nil {
		return nil, err
	}
	defer kafka.Close(client)
	var out []entry
	for next < to {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("cannot read the command log %s: %w", l.topic, l.cluster.Denied(err, kafka.OnTopic("Read", l.topic)))
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if next = r.Offset + 1; r.Attrs.IsControl() {
				return
			}
			c := entry{offset: r.Offset, raw: r.Value}
			if err := json.Unmarshal(r.Value, &c.command); err != nil {
				c.command, c.err = command{}, fmt.Errorf("the command log %s is damaged at offset %d: %w", l.topic, r.Offset, err)
			}
			out = append(out, c)
		})
	}
	for _, c := range out {
		l.noted(c)
	}
	l.next = next
	return out, nil
}

// noted counts an entry that stands in the log.
func (l *commandLog) noted(c entry) {
	l.next = c.offset + 1
	l.last.Store(max(l.last.Load()+1, int64(c.ID))) // one that is damaged had a number too
}

// nextID numbers the next command, and so the query that it makes.
func (l *commandLog) nextID() int { return int(l.last.Load()) + 1 }

const (
	// appendTimeout bounds the writing of a command, whatever its client does.
	appendTimeout = 30 * time.Second
	// settleTimeout bounds finding out whether a command stands in the log.
	settleTimeout = 10 * time.Second
)

// doubtError says that it is not known whether a command stands in the log.
type doubtError struct{ why error }

func (e *doubtError) Error() string {
	return fmt.Sprintf("it is not known yet whether the statement stands in the command log; as soon as Kafka answers it is looked up, "+
		"and then carried out or forgotten: %v", e.why)
}
func (e *doubtError) Unwrap() error { return e.why }

// append writes a command and waits until the broker has it. It does not end with its client: what is begun is found out. The error is a
// doubtError where that can't be done.
func (l *commandLog) append(ctx context.Context, c command) (offset int64, blob []byte, err error) {
	if err := l.refused(); err != nil {
		return 0, nil, err
	}
	if blob, err = json.Marshal(c); err != nil {
		return 0, nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if offset, err = l.write(ctx, blob); err != nil {
		offset, err = l.settle(ctx, blob, err)
		return offset, blob, err
	}
	if l.copy != nil {
		if err := l.copy.append(offset, blob); err != nil { // a start completes it
			l.log.Warn("a command could not be copied", "error", err)
		}
	}
	l.noted(entry{command: c, offset: offset})
	return offset, blob, nil
}

func (l *commandLog) write(ctx context.Context, blob []byte) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	r := &kgo.Record{Topic: l.topic, Value: blob}
	if l.txn != "" {
		if err := l.client.BeginTransaction(); err != nil {
			return 0, err
		}
	}
	if err := l.client.ProduceSync(ctx, r).FirstErr(); err != nil {
		return 0, l.cluster.Denied(err, kafka.OnTopic("Write", l.topic)) // whoever begins the next transaction ends this one
	}
	if l.txn != "" {
		if err := l.client.EndTransaction(ctx, kgo.TryCommit); err != nil {
			return 0, err
		}
	}
	return r.Offset, nil
}

// settle finds out whether a command stands in the log that could not be written for sure.
func (l *commandLog) settle(ctx context.Context, blob []byte, why error) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	if l.lease != nil {
		go func() { // it may become known meanwhile that the claim is lost
			select {
			case <-l.gone:
				cancel()
			case <-ctx.Done():
			}
		}()
		err := l.lease.held(ctx)
		if errors.Is(err, errTaken) {
			return 0, l.lose(err)
		}
		if lost := l.refused(); lost != nil {
			return 0, lost
		}
		if err != nil {
			return 0, &doubtError{errors.Join(why, err)}
		}
	}
	kafka.Close(l.client)
	if err := l.open(ctx); err != nil {
		return 0, &doubtError{errors.Join(why, err)}
	}
	found, err := l.read(ctx)
	switch {
	case err != nil:
		return 0, &doubtError{errors.Join(why, err)}
	case len(found) == 0:
		return 0, fmt.Errorf("cannot write the command log, and nothing was changed: %w", why)
	case len(found) > 1 || !bytes.Equal(found[0].raw, blob):
		return 0, l.lose(fmt.Errorf("another node has written the command log %s", l.topic))
	}
	return found[0].offset, nil
}

// lose notes that the log is another node's now. It answers how statements are refused from then on.
func (l *commandLog) lose(why error) error {
	why = fmt.Errorf("this node carries out no statements any more, since it has lost its claim on its service id: %w. "+
		"Stop the other node and start this one again", why)
	if l.lost.CompareAndSwap(nil, &why) {
		close(l.gone)
	}
	return l.refused()
}

// refused is why no statement can be carried out on this node; nil where they can.
func (l *commandLog) refused() error {
	if p := l.lost.Load(); p != nil {
		return &Error{Kind: System, Msg: (*p).Error(), Err: *p}
	}
	return nil
}

// close ends the log on this node, and gives the service id up to whoever comes next.
func (l *commandLog) close() {
	if l.client != nil {
		kafka.Close(l.client)
	}
	if l.lease == nil || l.lost.Load() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	_ = l.lease.release(ctx) // where that fails, the claim ends by itself
}

// forget gives the service id up for good.
func (l *commandLog) forget(ctx context.Context) error {
	if l.lease == nil {
		return nil
	}
	if err := l.lease.release(ctx); err != nil {
		return err
	}
	if err := l.cluster.DeleteGroup(ctx, l.lease.group); err != nil && !errors.Is(err, kafka.ErrNoGroup) {
		return err
	}
	return nil
}

// leaveTimeout bounds the leaving of the group of the command log.
const leaveTimeout = 5 * time.Second
