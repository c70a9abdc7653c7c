// Package engine carries out statements: each is parsed, planned, applied to the catalog, logged and started. It owns
// the running queries and connectors of this node.
package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/connectors"
	"weir/connectors/connect"
	"weir/exec/commit"
	"weir/exec/state"
	"weir/exec/worker"
	"weir/functions"
	"weir/kafka"
	"weir/parser"
	"weir/registry"
	"weir/settings"
	"weir/tenants"
)

// Options say what an engine works with.
type Options struct {
	Cluster   *kafka.Cluster
	Embedded  bool                // the broker is in this process
	Registry  registry.Client     // nil where there is none
	Functions *functions.Registry // nil for the standard ones
	DataDir   string              // state and the progress of connectors lie here
	ServiceID string              // default that of the settings
	Config    map[string]string   // the server's properties; secrets in it are not kept
	Log       *slog.Logger
	Version   string
	// ConnectTransport makes the connections to Kafka Connect, and logs in there; nil for plain ones.
	ConnectTransport http.RoundTripper
	// Lost are records that the broker in this process has lost: queries that were still to read them say so.
	Lost []commit.Lost
	// FailPoint is called between the steps of commits; tests end the process there.
	FailPoint func(name string)
	// Durable has what topics hold up to these offsets on disk. Nil where the brokers are not in this process.
	Durable func(context.Context, map[string]map[int32]int64) error
	// Compacted is the number of the last record that a producer had written to a partition when that was last compacted, and its offset. Nil where
	// the brokers are not in this process.
	Compacted func(topic string, partition int32, producer int64, epoch int16) (sequence int32, offset int64, ok bool)
	// StateFS is the file system that the state lies on; nil for the machine's. Tests have one that fails.
	StateFS vfs.FS
	// Tenants are who may use the server; nil where everybody may. Of a session's principal and of its queries the engine sees that they keep to their limits.
	Tenants *tenants.Tenants
	// Look is how often the topics of queries are looked at; 0 for worker.DefaultLook.
	Look time.Duration
}

// Engine is one node.
type Engine struct {
	opt     Options
	catalog *catalog.Catalog
	state   *state.Keeper
	budget  *state.Budget // of what queries keep
	waiting *state.Budget // of the rows that wait
	conns   *connectors.Runtime
	connect *connect.Worker // nil where no Kafka Connect is named
	log     *commandLog
	node    string
	started time.Time
	// turns is held by the statement that changes catalog, queries or command log: see change.go.
	turns chan struct{}
	doubt *doubt // a command that may stand in the log or not; guarded by turns
	life  context.Context
	end   context.CancelFunc // ends what goes on in the background
	jobs  sync.WaitGroup     // and that is this
	// mu guards the maps, for moments: nobody asks the brokers while holding it.
	mu         sync.Mutex
	queries    map[string]*running
	ending     []*running   // no longer among the queries, and not yet stopped
	ended      worker.Stats // of those that are
	endedOut   []LeftOut    // by those
	declared   map[string]declaredConnector
	replays    map[string]*replaying // by the name of the table beside
	lost       casualties
	lineage    atomic.Pointer[lineage]
	upstreams  sync.Map // *worker.Worker by number of its query: other workers ask without mu
	plans      sync.Map // *plan.Query by id, of the persistent queries: the planner reads them without mu
	begins     sync.Map // *Beginning by id of the query that has one
	filled     sync.Map // ids of queries whose table has been given what was computed anew
	leaving    sync.Map // ids of queries that have ended and of which something may still be there
	owners     sync.Map // *tenants.Principal by id of the query: workers ask without mu
	transients transients
	// insertClient writes the rows of INSERT VALUES; turn spreads those without key.
	insertClient *kgo.Client
	insertMu     sync.Mutex
	turn         atomic.Int32
	problems     *problemLog
	modules      *modules // of functions that statements made
	posts        posts
	tails        tails
	history      history
	prepared     atomic.Pointer[prepared]
	applied      atomic.Int64 // the number behind that of the last command that has been carried out
}

// Open makes the engine of a node: it brings back what the command log tells, and starts it.
func Open(ctx context.Context, o Options) (*Engine, error) {
	var err error
	if o.Config, err = settings.Read(o.Config, settings.Start); err != nil {
		return nil, err
	}
	o.Config = settings.Hide(o.Config) // it is shown, and parts of it are logged with statements
	if o.ServiceID == "" {
		o.ServiceID = settings.ServiceID.In(o.Config)
	}
	if o.Functions == nil {
		o.Functions = functions.Standard()
	}
	if paths := settings.GeoIPFiles.In(o.Config); len(paths) > 0 {
		files, err := functions.OpenGeoFiles(paths)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", settings.GeoIPFiles.About().Name, err)
		}
		o.Functions = o.Functions.With(files.Functions())
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{opt: o, catalog: catalog.New(), queries: map[string]*running{}, declared: map[string]declaredConnector{}, replays: map[string]*replaying{}, started: time.Now(), turns: make(chan struct{}, 1)}
	e.modules = newModules(o.Config, o.DataDir)
	e.life, e.end = context.WithCancel(context.Background())
	if err := e.open(ctx); err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context) error {
	var err error
	if e.node, err = nodeID(e.opt.DataDir); err != nil {
		return err
	}
	if e.state, err = state.Keep(filepath.Join(e.opt.DataDir, "state"), e.opt.StateFS, e.opt.Log); err != nil {
		return err
	}
	e.budget = state.NewBudget(settings.StateMemory.In(e.opt.Config))
	e.waiting = state.NewBudget(settings.WaitMemory.In(e.opt.Config))
	e.conns, err = connectors.NewRuntime(connectors.Config{Cluster: e.opt.Cluster, DataDir: filepath.Join(e.opt.DataDir, "connectors"), FileRoot: settings.FileRoot.In(e.opt.Config), Catalog: relations{e}, Durable: e.opt.Durable, Logger: e.opt.Log})
	if err != nil {
		return err
	}
	e.connect = openConnect(e.opt.Config, e.opt.ConnectTransport)
	if e.problems, err = e.openProblemLog(ctx); err != nil {
		return err
	}
	var past []entry
	if e.log, past, err = e.openLog(ctx); err != nil {
		return err
	}
	e.jobs.Go(e.watchClaim)
	return e.recover(ctx, past)
}

// nodeName is how a node's own name looks: one that doesn't is damaged, and might not do as part of other names.
var nodeName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// nodeID is this node's own name: made once, kept in the data directory.
func nodeID(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	name := filepath.Join(dir, "node.id")
	if b, err := os.ReadFile(name); err == nil && nodeName.Match(b) {
		return string(b), nil
	}
	var raw [6]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", err
	}
	id := hex.EncodeToString(raw[:])
	return id, os.WriteFile(name, []byte(id), 0o644)
}

// Close stops connectors, commits and stops the queries, all at once, and closes the state. When the context ends, queries are
// stopped without their last commit: what they did since the one before is done again at the next start.
func (e *Engine) Close(ctx context.Context) error {
	errs := []error{e.transients.closeAll(ctx)}
	e.closing(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conns != nil {
		e.conns.Close()
	}
	if e.connect != nil {
		e.connect.Close()
	}
	stopped := make(chan error, len(e.queries))
	for _, q := range e.queries {
		go func() { stopped <- q.stop(ctx) }()
	}
	for range e.queries {
		errs = append(errs, <-stopped)
	}
	if e.problems != nil {
		e.problems.close()
	}
	if e.log != nil {
		e.log.close()
	}
	if e.insertClient != nil {
		kafka.Close(e.insertClient)
	}
	e.posts.close()
	errs = append(errs, e.modules.close(ctx))
	if e.state != nil {
		errs = append(errs, e.state.Close())
	}
	return errors.Join(errs...)
}

// Snapshot is the catalog as it stands.
func (e *Engine) Snapshot() *catalog.Snapshot { return e.catalog.Snapshot() }

// Connectors runs the node's connectors.
func (e *Engine) Connectors() *connectors.Runtime { return e.conns }

// Functions are the functions that queries may call.
func (e *Engine) Functions() *functions.Registry { return e.functionsIn(e.catalog.Snapshot()) }

// Info is what /info tells.
type Info struct {
	Version, ClusterID, ServiceID string
	Kafka                         error // nil where the broker answers
	Claim                         error // why the node carries out no statements any more; nil where it does
	Failed                        []Failure
}

// Failure is a query, or another object, that is in ERROR.
type Failure struct{ Name, Reason string }

// Info asks how the node is.
func (e *Engine) Info(ctx context.Context) Info {
	i := Info{Version: e.opt.Version, ServiceID: e.opt.ServiceID, Kafka: e.opt.Cluster.Ping(ctx)}
	if i.Kafka == nil {
		i.ClusterID, _ = e.opt.Cluster.ID(ctx)
	}
	i.Claim = e.log.refused()
	for _, q := range e.Queries() {
		if q.State == Failed || q.State == Unresponsive {
			i.Failed = append(i.Failed, Failure{q.ID, q.Error})
		}
	}
	for _, c := range e.casualties() {
		if _, listed := c.asQuery(); !listed {
			i.Failed = append(i.Failed, Failure{c.name, c.Error()})
		}
	}
	return i
}

// Session is what one client has set.
type Session struct {
	Principal             *tenants.Principal // whoever asks; nil where nobody has to say who they are
	Properties, Variables map[string]string
	// BaseDir is where relative paths in connectors start: the folder of a script.
	BaseDir string
	// Remote says that whoever asks is not the user of this machine: connectors that it makes read no files but those below weir.file.root.
	Remote bool
	// SkipUnchanged makes a statement that stands already, word for word, do nothing instead of failing, and an INSERT INTO
	// ... VALUES that an earlier run of the Script carried out do nothing again.
	SkipUnchanged bool
	Script        string         // its file's name
	checked       *checked       // by Validate
	begun         bool           // a row was inserted: those that follow wait for their turn
	inserted      map[string]int // how often the text of each INSERT has come
}

// NewSession is a session in which nothing is set.
func NewSession() *Session {
	return &Session{Properties: map[string]string{}, Variables: map[string]string{}}
}

// config are the properties in force: the server's with the session's on top.
func (e *Engine) config(s *Session) map[string]string {
	out := maps.Clone(e.opt.Config)
	maps.Copy(out, s.Properties)
	return out
}

// Execute runs statements in order until one fails. Each result is handed over before the next statement begins; rows
// must be read or closed by whoever gets them. SET, DEFINE and their like change the session.
func (e *Engine) Execute(ctx context.Context, s *Session, text string, each func(parser.Stmt, Result) error) error {
	if c := s.checkedAs(text); c != nil {
		return e.carry(ctx, s, text, c.stmt, each)
	}
	rest := parser.Split(text)
	if rest.Open != parser.Complete {
		_, err := parser.Parse(text, parser.Options{})
		if err == nil {
			err = fmt.Errorf("the text ends inside a statement: end it with ;")
		}
		return e.fault(text, parser.Stmt{Text: rest.Rest.Text}, err)
	}
	for _, piece := range rest.Statements {
		stmt, err := e.parse(s, text, piece)
		if err != nil {
			return err
		}
		if stmt == nil {
			continue
		}
		if err := e.carry(ctx, s, text, *stmt, each); err != nil {
			return err
		}
	}
	return nil
}

// carry carries out a statement of a text, and hands its result over.
func (e *Engine) carry(ctx context.Context, s *Session, text string, stmt parser.Stmt, each func(parser.Stmt, Result) error) error {
	r, err := e.statement(ctx, s, stmt)
	if err != nil {
		return e.fault(text, stmt, err)
	}
	return each(stmt, r)
}
