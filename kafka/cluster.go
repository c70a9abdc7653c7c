// Package kafka is what the rest of the program needs of a Kafka cluster beyond producing and consuming: topics, offsets and groups,
// with errors that say what is wrong, and the partitioning of Java's clients.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"weir/security"
)

// DefaultTimeout bounds one call to the cluster.
const DefaultTimeout = 15 * time.Second

// Config says where a cluster is.
type Config struct {
	// Brokers are host:port addresses to start from.
	Brokers []string
	// Security is TLS and the login; nil for plain connections.
	Security *security.Kafka
	// Opts are put before every client's own options, such as dialers.
	Opts []kgo.Opt
	// MaxBatchBytes is how large a batch may be once it is unpacked. Default DefaultMaxBatchBytes.
	MaxBatchBytes int
	// ClientID names this program to the brokers. Default "weir".
	ClientID string
	// Timeout bounds each call, over what the context says. Default DefaultTimeout.
	Timeout time.Duration
}

// DefaultMaxBatchBytes is a bound that no batch meets that isn't made for it.
const DefaultMaxBatchBytes = 64 << 20

// Oversized says what is wrong with a batch that unpacks to more than Config.MaxBatchBytes.
func Oversized(e *kgo.ErrDecompressTooLarge) error {
	return fmt.Errorf("the batch at offset %d of %s, partition %d, unpacks to more than the setting weir.max.batch.bytes allows", e.Offset, e.Topic, e.Partition)
}

// Cluster is a connection to a Kafka cluster. All methods may be called from several goroutines.
type Cluster struct {
	brokers  []string
	opts     []kgo.Opt
	security *security.Kafka
	timeout  time.Duration
	client   *kgo.Client
	admin    *kadm.Client
	dials    *dialErrors
}

// Connect reaches out to a cluster. The error is ErrUnreachable if none of its brokers answers, and ErrRefused if one does that is not secured as Config says.
func Connect(ctx context.Context, cfg Config) (*Cluster, error) {
	if len(cfg.Brokers) == 0 {
		return nil, errors.New("no Kafka broker is given: expected one or more host:port")
	}
	for _, b := range cfg.Brokers {
		if _, _, err := net.SplitHostPort(b); err != nil {
			return nil, fmt.Errorf("the Kafka broker %q is not host:port, such as localhost:9092", b)
		}
	}
	if cfg.MaxBatchBytes <= 0 {
		cfg.MaxBatchBytes = DefaultMaxBatchBytes
	}
	if cfg.ClientID == "" {
		cfg.ClientID = "weir"
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	c := &Cluster{
		brokers:  slices.Clone(cfg.Brokers),
		security: cfg.Security,
		timeout:  cfg.Timeout,
		dials:    &dialErrors{},
	}
	c.opts = append([]kgo.Opt{kgo.SeedBrokers(c.brokers...), kgo.ClientID(cfg.ClientID), kgo.MaxDecompressBatchBytes(cfg.MaxBatchBytes)}, append(cfg.Security.Opts(), cfg.Opts...)...)
	// Metadata is asked afresh, since what was created a moment ago must be seen.
	client, err := c.NewClient(kgo.WithHooks(c.dials), kgo.MetadataMinAge(50*time.Millisecond), kgo.RetryTimeout(cfg.Timeout), kgo.MaxVersions(byName()))
	if err != nil {
		return nil, err
	}
	c.client, c.admin = client, kadm.NewClient(client)
	c.admin.SetTimeoutMillis(int32(min(cfg.Timeout.Milliseconds(), 1<<30)))
	ctx, cancel := c.within(ctx)
	defer cancel()
	if err := client.Ping(ctx); err != nil {
		Close(client)
		return nil, c.fail("connect", err)
	}
	return c, nil
}

// byName are the versions of requests in which offsets go by the names of topics. The ids of newer ones are looked up in the client's
// metadata, which may have lost a new topic to an older answer that comes in late.
func byName() *kversion.Versions {
	v := kversion.Stable()
	for _, key := range []kmsg.Key{kmsg.OffsetCommit, kmsg.OffsetFetch} {
		v.SetMaxKeyVersion(key.Int16(), 9)
	}
	return v
}

// NewClient opens a client of the same cluster with further options. The caller closes it.
func (c *Cluster) NewClient(opts ...kgo.Opt) (*kgo.Client, error) {
	client, err := kgo.NewClient(append(c.ClientOpts(), opts...)...)
	if err != nil {
		return nil, fmt.Errorf("cannot open a Kafka client: %w", err)
	}
	return client, nil
}

// ClientOpts are the options with which a client reaches this cluster.
func (c *Cluster) ClientOpts() []kgo.Opt { return slices.Clone(c.opts) }

// Brokers are the addresses that were given.
func (c *Cluster) Brokers() []string { return slices.Clone(c.brokers) }

// Close ends the connection. Clients made by NewClient stay open.
func (c *Cluster) Close() { Close(c.client) }

// Ping returns nil if a broker answers.
func (c *Cluster) Ping(ctx context.Context) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	return c.fail("ping a broker", c.client.Ping(ctx))
}

func (c *Cluster) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.timeout)
}

// dialErrors remembers why the last connection failed: a call that ran out of time doesn't say.
type dialErrors struct {
	mu  sync.Mutex
	err error
}

// OnBrokerConnect is called by the client after each attempt to connect.
func (d *dialErrors) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func (d *dialErrors) last() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// ID is the cluster's own id.
func (c *Cluster) ID(ctx context.Context) (string, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	m, err := c.admin.BrokerMetadata(ctx)
	if err != nil {
		return "", c.fail("ask for the cluster's id", err)
	}
	return m.Cluster, nil
}
