// Package embedded runs a Kafka broker inside the process, for development, demos, tests and one small node.
//
// The broker is franz-go's kfake with a data directory. It keeps topics, offsets, groups and transactional ids over restarts, loses no
// acknowledged record when the process is killed, and without Options.SyncWrites may lose those of the last second at a power loss, but
// for what Broker.Durable was asked to keep. A kill in
// the middle of EndTransaction can tear the transaction, so nothing should lean on its transactions over a crash. What kfake takes without
// a check, answers less than wholly, forgets or deletes by rules of its own, is done here instead: see guards.go, answers.go, groups.go,
// retention.go, compaction.go.
package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/disk"
)

// DefaultPartitions is the number of partitions of a topic created without one.
const DefaultPartitions = 4

// DefaultMaxFrameBytes bounds one request: Kafka's own socket.request.max.bytes is 100 MiB, ours a little tighter.
const DefaultMaxFrameBytes = 64 << 20

// DefaultMaxConnections bounds the connections from outside the process.
const DefaultMaxConnections = 1000

// Options configures a Broker. Only DataDir is required.
type Options struct {
	// DataDir holds the broker's data, and a lock against a second process. It is created if needed.
	DataDir string
	// Addr is where other programs reach the broker, host:port; port 0 takes a free one. Default 127.0.0.1:9092.
	Addr string
	// Advertise is the host[:port] that clients are told to connect to. Default: the address listened on.
	// It is required when Addr names all interfaces.
	Advertise string
	// Partitions of topics created without a number. Default DefaultPartitions.
	Partitions int
	// AutoCreate makes topics that a client asks for and that are not there, if the client wants it, as Kafka does by default.
	AutoCreate bool
	// Retention is how long topics without a retention.ms of their own keep records, by the records' times; 0 for ever.
	Retention time.Duration
	// RetentionBytes is how much a partition keeps of a topic without a retention.bytes of its own; 0 for all.
	RetentionBytes int64
	// RetentionInterval is how often it is looked for what topics keep no longer. Default 5 minutes.
	RetentionInterval time.Duration
	// SyncWrites makes every produced batch safe against a power loss, at 10 to 35 % of the throughput.
	SyncWrites bool
	// MaxDataWarn is the size of the data directory in bytes above which a warning is logged; 0 never warns.
	// A start reads all of it.
	MaxDataWarn int64
	// MaxData is the size of the data directory in bytes from which on nothing can be written; 0 is no limit.
	MaxData int64
	// MaxFrameBytes bounds one request. Default DefaultMaxFrameBytes.
	MaxFrameBytes int
	// MaxConnections bounds the connections from outside the process. Default DefaultMaxConnections.
	MaxConnections int
	// Synced is told of each file of a partition that Durable has on disk, and how much of it. Tests take away the rest.
	Synced func(path string, size int64)
	// Logger takes the broker's log; nil discards it.
	Logger *slog.Logger

	// For tests: settings of the broker, how often it looks for what can be compacted, and points of a compaction.
	more                         map[string]string
	compactionInterval           time.Duration
	limitInterval, momentTimeout time.Duration
	failPoint                    func(string)
}

// Broker is a running broker. All methods may be called from several goroutines.
type Broker struct {
	opts    Options
	cluster *kfake.Cluster
	client  *kgo.Client
	ln      *listener
	lock    *dirLock
	answers *answers
	ends    ends
	durable *durables
	starts  *starts
	numbers numbers
	started time.Time
	lost    []Lost
	secret  string // stands before settings that the broker itself alters
	stop    chan struct{}
	wg      sync.WaitGroup
	once    sync.Once

	compacting atomic.Pointer[compactionJob]
	err        error
}

// Start opens the data directory and starts the broker. It fails if another process has the directory open, if the address is taken,
// or if the data can't be read.
func Start(opts Options) (*Broker, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(opts.DataDir, 0o755); err != nil {
		return nil, fmt.Errorf("the embedded broker cannot create its data directory: %w", err)
	}
	lock, err := lockDir(opts.DataDir)
	if err != nil {
		return nil, err
	}
	known, err := prepare(opts)
	if err != nil {
		return nil, errors.Join(unopened(opts.DataDir, err), lock.release())
	}
	producers, err := openProducers(opts.DataDir)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the embedded broker cannot read which producers there were: %w", err), lock.release())
	}
	configs := fixedConfigs()
	maps.Copy(configs, opts.more)
	shown := maps.Clone(configs)
	maps.Copy(shown, topicDefaults(opts))
	onDisk, begins := &durables{}, &starts{}
	fixes := &answers{starts: begins, topics: newTopicSettings(shown), producers: producers, changed: func() { onDisk.forget(); topicsChanged(opts) }}
	ln, err := listen(opts, fixes)
	if err != nil {
		return nil, errors.Join(err, producers.close(), lock.release())
	}
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.ClusterID("weir"),
		kfake.DataDir(opts.DataDir),
		kfake.DefaultNumPartitions(opts.Partitions),
		kfake.BrokerConfigs(configs),
		kfake.MaxVersions(served()),
		kfake.WithLogger(brokerLog{opts.Logger}),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return ln, nil }),
		syncOption(opts.SyncWrites),
	)
	if err != nil {
		return nil, errors.Join(unopened(opts.DataDir, err), ln.Close(), producers.close(), lock.release())
	}
	b := &Broker{opts: opts, cluster: cluster, ln: ln, lock: lock, answers: fixes, durable: onDisk, starts: begins, started: time.Now().Add(-time.Minute), secret: rand.Text() + ".", stop: make(chan struct{})}
	b.guardRequests()
	if b.client, err = b.inner(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if err := b.begin(known); err != nil {
		return nil, errors.Join(unopened(opts.DataDir, err), b.Close())
	}
	b.wg.Go(b.watchEnds)
	b.wg.Go(b.watchRetention)
	b.wg.Go(b.watchCompaction)
	if fixes.limit.max = opts.MaxData; opts.MaxData > 0 {
		b.applyLimit()
		b.wg.Go(b.watchLimit)
	}
	if opts.MaxDataWarn > 0 {
		b.wg.Go(b.watchSize)
	}
	return b, nil
}

// prepare puts the files in order before kfake opens them, and gives what was known of partitions.
func prepare(opts Options) (map[partitionKey]reach, error) {
	if err := putBack(opts.DataDir); err != nil {
		return nil, err
	}
	m, err := mend(opts.DataDir, opts.Logger, false)
	if err != nil {
		return nil, err
	}
	return m.known, dropEmptyGroups(opts.DataDir)
}

func unopened(dir string, err error) error {
	return fmt.Errorf("the embedded broker cannot open its data in %s: %w; weir check tells more. Restore the directory from a copy, or move it away to start empty", dir, err)
}

// syncData has on disk what was written since the start: kfake leaves that to the system, also when it is closed.
func (b *Broker) syncData() error {
	return filepath.WalkDir(filepath.Join(b.opts.DataDir, "partitions"), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			return disk.SyncNames(path)
		}
		info, err := d.Info()
		if err != nil || info.ModTime().Before(b.started) {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

// begin notes what the broker has opened, and has partitions begin where they did.
func (b *Broker) begin(known map[partitionKey]reach) error {
	ctx, cancel := b.untilStop()
	defer cancel()
	b.ends.dir = b.opts.DataDir
	if err := errors.Join(b.numbers.read(b.opts.DataDir), b.beginWhereItDid(ctx, known)); err != nil {
		return err
	}
	now, err := b.reaches(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(b.noteEnds(ctx, now, true), copyTopics(b.opts.DataDir), forgetClosed(b.opts.DataDir)); err != nil {
		return err
	}
	there, topics := map[partitionKey]bool{}, map[string]bool{}
	for _, r := range now {
		there[r.key()], topics[r.ID] = true, true
	}
	b.numbers.forget(topics)
	lost, err := readLost(b.opts.DataDir)
	b.lost = slices.DeleteFunc(lost, func(l Lost) bool { return !there[partitionKey{l.ID, l.Partition}] })
	return err
}

// topicsChanged copies the list of topics after a change.
func topicsChanged(o Options) {
	if err := copyTopics(o.DataDir); err != nil {
		o.Logger.Warn("the list of topics cannot be copied: damage to it may not be noticed", "err", err)
	}
}

// noteLast writes down how far partitions reach at the end.
func (b *Broker) noteLast() error {
	if b.ends.dir == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastTimeout)
	defer cancel()
	now, err := b.reaches(ctx)
	if err != nil {
		return err
	}
	return b.noteEnds(ctx, now, true)
}

const lastTimeout = 10 * time.Second

// finish notes what the broker leaves, whose files are closed.
func (b *Broker) finish() error {
	if b.ends.dir == "" {
		return nil // it has not begun
	}
	return errors.Join(b.syncData(), copyTopics(b.opts.DataDir), copyClosed(b.opts.DataDir))
}

func (o *Options) complete() error {
	if o.DataDir == "" {
		return errors.New("the embedded broker needs a data directory")
	}
	abs, err := filepath.Abs(o.DataDir)
	if err != nil {
		return fmt.Errorf("the embedded broker's data directory %q: %w", o.DataDir, err)
	}
	o.DataDir = abs
	if o.Addr == "" {
		o.Addr = "127.0.0.1:9092"
	}
	if o.Partitions == 0 {
		o.Partitions = DefaultPartitions
	}
	if o.Partitions < 0 {
		return fmt.Errorf("the embedded broker's default number of partitions is %d: it must be at least 1", o.Partitions)
	}
	if o.MaxFrameBytes <= 0 {
		o.MaxFrameBytes = DefaultMaxFrameBytes
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = DefaultMaxConnections
	}
	if o.RetentionInterval <= 0 {
		o.RetentionInterval = retentionInterval
	}
	if o.compactionInterval <= 0 {
		o.compactionInterval = compactionInterval
	}
	if o.limitInterval <= 0 {
		o.limitInterval = limitInterval
	}
	if o.momentTimeout <= 0 {
		o.momentTimeout = momentTimeout
	}
	if o.failPoint == nil {
		o.failPoint = func(string) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

func syncOption(on bool) kfake.Opt {
	if on {
		return kfake.SyncWrites()
	}
	return kfake.BrokerConfigs(nil)
}

// Addr is the host:port that clients outside the process are told to connect to.
func (b *Broker) Addr() string { return b.ln.Addr().String() }

// Dialer connects to the broker without a socket, whatever the address asked for; it is meant for kgo.Dialer.
func (b *Broker) Dialer() func(ctx context.Context, network, addr string) (net.Conn, error) {
	return b.ln.dial
}

// ClientOpts are the options with which a client in this process reaches the broker.
func (b *Broker) ClientOpts() []kgo.Opt {
	return []kgo.Opt{kgo.SeedBrokers(b.Addr()), kgo.Dialer(b.Dialer())}
}

// Close stops the broker and writes out what it needs for a quick start. Clients should be closed before. It may be called repeatedly.
func (b *Broker) Close() error {
	b.once.Do(func() {
		close(b.stop)
		b.wg.Wait()
		last := b.noteLast()
		if b.client != nil {
			b.client.Close()
		}
		b.cluster.Close()
		b.err = errors.Join(last, b.finish(), b.ln.Close(), b.answers.producers.close(), b.lock.release())
	})
	return b.err
}
