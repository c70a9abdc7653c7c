package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/engine"
	"weir/exec/commit"
	"weir/kafka"
	"weir/kafka/embedded"
	"weir/registry"
	"weir/server"
	"weir/settings"
	"weir/tenants"
)

// maxDataWarn is the size of the broker's data above which a warning is logged.
const maxDataWarn = 10 << 30

// node is an engine with all around it: broker, schema registry and API, each in this process unless it is elsewhere.
type node struct {
	settings Settings
	engine   *engine.Engine
	kafka    string // a broker's address, for other programs
	registry string // the schema registry's URL
	api      string // the API's URL; empty where it isn't served

	dir            *dataDir
	broker         *embedded.Broker
	cluster        *kafka.Cluster
	store          *registry.Store
	registryServer *http.Server
	tenants        *tenants.Tenants // nil where everybody may use the API
	apiServer      *server.Server
	files          http.Handler // what is served beside the API; nil for nothing
	serving        sync.WaitGroup
	failed         chan error    // takes the first error of a server
	ended          chan struct{} // closed once a client has terminated the cluster
}

// nodeOptions say what a command needs of a node.
type nodeOptions struct {
	serveAPI bool
	// freePorts lets an address that nobody asked for give way to a free port, if it is taken.
	freePorts bool
	// stateFS is where the state lies; nil for the machine's own file system. Tests take away what was not synced.
	stateFS vfs.FS
	// synced is told of each file of a topic that is on disk.
	synced func(path string, size int64)
}

// startNode brings a node up. Whoever gets one closes it.
func startNode(ctx context.Context, s Settings, o nodeOptions, log *slog.Logger) (*node, error) {
	n := &node{settings: s, failed: make(chan error, 2), ended: make(chan struct{})}
	if err := n.start(ctx, o, log); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *node) start(ctx context.Context, o nodeOptions, log *slog.Logger) (err error) {
	s := n.settings
	if len(s.NoEffect) > 0 {
		log.Warn("some properties in the files of --config have no effect", "properties", strings.Join(s.NoEffect, ", "))
	}
	if www := settings.WWW.In(s.Properties); www != "" && o.serveAPI {
		if n.files, err = server.Files(www); err != nil {
			return err
		}
	}
	if path := settings.Tokens.In(s.Properties); path != "" {
		if n.tenants, err = tenants.Open(path, tenants.Options{Log: log.With("part", "server")}); err != nil {
			return err
		}
	}
	if n.dir, err = openDataDir(s.DataDir); err != nil {
		return err
	}
	if err := n.startBroker(ctx, o, log); err != nil {
		return err
	}
	client, err := n.startRegistry(o, log)
	if err != nil {
		return err
	}
	config := maps.Clone(s.Properties)
	config[settings.DataDir.About().Name] = n.dir.path
	fitMemory(config)
	opt := engine.Options{
		Cluster: n.cluster, Embedded: n.broker != nil, Registry: client, DataDir: n.dir.path, ServiceID: s.ServiceID,
		Config: config, Log: log, Version: Version, Lost: n.lost(), StateFS: o.stateFS, Tenants: n.tenants,
	}
	if settings.ConnectURL.In(s.Properties) != "" {
		if opt.ConnectTransport, err = connectTransport(s, log); err != nil {
			return err
		}
	}
	if n.broker != nil {
		opt.Durable, opt.Compacted = n.broker.Durable, n.broker.Compacted
	}
	n.engine, err = engine.Open(ctx, opt)
	if err != nil || !o.serveAPI {
		return err
	}
	return n.startAPI(o, log)
}

// lost are the records that the broker has lost.
func (n *node) lost() (out []commit.Lost) {
	if n.broker == nil {
		return nil
	}
	for _, l := range n.broker.Lost() {
		out = append(out, commit.Lost{Topic: l.Topic, Partition: l.Partition, From: l.From, To: l.To, Reason: l.Why})
	}
	return out
}

func (n *node) startBroker(ctx context.Context, o nodeOptions, log *slog.Logger) error {
	s := n.settings
	if len(s.Brokers) > 0 {
		n.kafka = s.Brokers[0]
		return n.connectElsewhere(ctx, o, log)
	}
	if settings.SecurityProtocol(s.Properties) != "PLAINTEXT" {
		log.Warn("security.protocol and what goes with it have no effect: the broker is in this program, since bootstrap.servers names none")
	}
	addr, err := n.free(s.KafkaListen, "kafka-listen", o)
	if err != nil {
		return err
	}
	n.broker, err = embedded.Start(embedded.Options{
		DataDir: n.dir.join("broker"), Addr: addr, Advertise: s.KafkaAdvertise, AutoCreate: s.KafkaAutoCreate, Partitions: int(settings.TopicPartitions.In(s.Properties)),
		Retention: s.KafkaRetention, RetentionBytes: s.KafkaRetentionBytes, MaxData: s.KafkaMaxBytes, MaxDataWarn: maxDataWarn, Synced: o.synced, Logger: log.With("part", "broker"),
	})
	if err != nil {
		return err
	}
	n.kafka = n.broker.Addr()
	n.cluster, err = kafka.Connect(ctx, kafka.Config{Brokers: []string{n.kafka}, MaxBatchBytes: int(settings.MaxBatchBytes.In(s.Properties)), Opts: []kgo.Opt{kgo.Dialer(n.broker.Dialer())}})
	return err
}

// free is the address, or one with a free port in its place, if it is taken and nobody asked for it.
func (n *node) free(addr, flag string, o nodeOptions) (string, error) {
	if !o.freePorts || n.settings.told[flag] {
		return addr, nil
	}
	if ln, err := net.Listen("tcp", addr); err == nil {
		return addr, ln.Close()
	}
	host, _, err := net.SplitHostPort(addr)
	return net.JoinHostPort(host, "0"), err
}

func (n *node) listen(addr, flag string, o nodeOptions) (net.Listener, error) {
	addr, err := n.free(addr, flag, o)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w. Choose another address with --%s", addr, err, flag)
	}
	return ln, nil
}

func (n *node) startRegistry(o nodeOptions, log *slog.Logger) (registry.Client, error) {
	s := n.settings
	if s.SchemaRegistry != "" {
		n.registry = settings.HideValue(settings.SchemaRegistry.About().Name, s.SchemaRegistry)
		secured, err := registrySecurity(s, log)
		if err != nil {
			return nil, err
		}
		return registry.NewHTTP(s.SchemaRegistry, registry.HTTPOptions{Transport: secured})
	}
	var err error
	if n.store, err = registry.Open(n.dir.join("registry")); err != nil {
		return nil, err
	}
	for _, what := range n.store.Mended() {
		log.Warn("a file of the schema registry was damaged, and was mended from its copy; the damaged one is kept beside it", "what", what)
	}
	ln, err := n.listen(s.RegistryListen, "registry-listen", o)
	if err != nil {
		return nil, err
	}
	n.registry = "http://" + ln.Addr().String()
	n.registryServer = &http.Server{
		Handler:           server.OwnHosts(ln.Addr(), s.Hosts, http.NewCrossOriginProtection().Handler(registry.NewServer(n.store, registry.ServerOptions{Logger: log.With("part", "registry")}))),
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 10 * time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	n.serving.Go(func() {
		if err := n.registryServer.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			n.fail(fmt.Errorf("the schema registry stopped: %w", err))
		}
	})
	return registry.NewLocal(n.store), nil
}

func (n *node) startAPI(o nodeOptions, log *slog.Logger) error {
	ln, err := n.listen(n.settings.Listen, "listen", o)
	if err != nil {
		return err
	}
	n.api = "http://" + ln.Addr().String()
	c := n.settings.Properties
	secure, err := secured(c, log)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	if secure != nil {
		n.api = "https://" + ln.Addr().String()
	}
	n.apiServer = server.New(n.engine, server.Options{
		MaxBodyBytes: n.settings.MaxRequestBytes, MaxPostedBytes: n.settings.MaxPostedBytes, MaxConnections: int(n.settings.MaxConnections), MaxStreams: int(n.settings.MaxStreams),
		MaxPending: int(settings.MaxPendingBytes.In(c)), WriteTimeout: settings.WriteTimeout.In(c), Heartbeat: settings.Heartbeat.In(c),
		CommandTimeout: settings.CommandTimeout.In(c), Hosts: n.settings.Hosts, Origins: settings.Origins.In(c), Tenants: n.tenants, Files: n.files, Log: log.With("part", "server"),
		TLS: secure, Terminated: sync.OnceFunc(func() { close(n.ended) }),
	})
	n.serving.Go(func() {
		if err := n.apiServer.Serve(ln); err != nil {
			n.fail(fmt.Errorf("the HTTP server stopped: %w", err))
		}
	})
	return nil
}

// secured is how the API speaks TLS; nil where it does not.
func secured(c map[string]string, log *slog.Logger) (*tls.Config, error) {
	chain, key := settings.TLSCertificate.In(c), settings.TLSKey.In(c)
	switch {
	case chain == "" && key == "":
		return nil, nil
	case chain == "" || key == "":
		return nil, errUsage{fmt.Sprintf("TLS needs a certificate and its key: set both --%s and --%s", settings.TLSCertificate.About().Flag, settings.TLSKey.About().Flag)}
	}
	return server.TLS(chain, key, log.With("part", "server"))
}

func (n *node) fail(err error) {
	select {
	case n.failed <- err:
	default: // only the first one is told
	}
}

// wait returns when the context ends, the cluster is terminated, or a server fails.
func (n *node) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-n.ended:
		return nil
	case err := <-n.failed:
		return err
	}
}

// closeTimeout bounds the last commits.
const closeTimeout = 30 * time.Second

// close stops what was started, from the outside in: clients, queries, registry, broker.
func (n *node) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var errs []error
	step := func(there bool, stop func() error) {
		if there {
			errs = append(errs, stop())
		}
	}
	step(n.apiServer != nil, func() error { return n.apiServer.Shutdown(ctx) })
	step(n.engine != nil, func() error { return n.engine.Close(ctx) })
	n.tenants.Close()
	step(n.registryServer != nil, func() error { return n.registryServer.Shutdown(ctx) })
	n.serving.Wait()
	step(n.store != nil, func() error { return n.store.Close() })
	if n.cluster != nil {
		n.cluster.Close()
	}
	step(n.broker != nil, func() error { return n.broker.Close() })
	step(n.dir != nil, func() error { return n.dir.close() })
	return errors.Join(errs...)
}

// kcat is a command line that reads a topic; of an AVRO one where avro is set.
func (n *node) kcat(topic string, avro bool) string {
	line := fmt.Sprintf("kcat -b %s -t %s -C -o beginning -e", n.kafka, topic)
	if avro {
		line += " -s value=avro -r " + n.registry + "   (a kcat built with Avro; else: PRINT '" + topic + "' FROM BEGINNING)"
	}
	return line
}

// describe prints where a node is reached.
func (n *node) describe(w io.Writer) {
	if n.api != "" {
		fmt.Fprintf(w, "HTTP API         %s (weir cli %s)\n", n.api, n.api)
		if n.files != nil {
			fmt.Fprintf(w, "Pages            %s/ (%s)\n", n.api, settings.WWW.In(n.settings.Properties))
		}
	}
	where := ""
	if n.broker == nil {
		where = ", not this program's"
	}
	fmt.Fprintf(w, "Kafka            %s%s (%s)\n", n.kafka, where, n.kcat("TOPIC", false))
	fmt.Fprintf(w, "Schema registry  %s\n", n.registry)
	fmt.Fprintf(w, "Data             %s\n", shortHome(n.dir.path))
}

func newLog(s Settings, stderr io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: s.LogLevel}))
}

// resolveNode resolves a command's flags with the environment of this process.
func resolveNode(g *given, base map[string]string) (Settings, error) {
	return g.resolve(base, os.Environ())
}
