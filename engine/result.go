package engine

import (
	"context"
	"io"
	"time"

	"weir/catalog"
	"weir/connectors"
	"weir/connectors/connector"
	"weir/exec/local"
	"weir/exec/worker"
	"weir/functions"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// Result is what a statement answers. The set is closed.
//
//sumtype:decl
type Result interface{ result() }

type (
	// Done is the answer of a statement that changed something, or found nothing to do.
	Done struct {
		Message string // such as "Stream created"
		// Entity and Action name the command, as ksqlDB does: stream/`X`/create. Empty for SET and the like.
		Entity, Name, Action string
		QueryID              string // of the query that was started or ended
		Sequence             int64  // place in the command log; -1 where it is not in there
		Warning              string // IF NOT EXISTS was hit, and the like: nothing was done
	}

	// Sources answers SHOW STREAMS and SHOW TABLES.
	Sources struct {
		Tables  bool
		Sources []*catalog.Source
		// Failed are those of them that could not be brought back: of these little more than the name is known.
		Failed []Failure
		// Descriptions are there for EXTENDED, and for DESCRIBE STREAMS.
		Descriptions []*Description
	}

	// Description answers DESCRIBE.
	Description struct {
		Source           *catalog.Source
		Extended         bool
		Readers, Writers []Query
		Partitions       int
		Replication      int
		Stats            worker.Stats // of the queries that write it; only with EXTENDED
		// Offsets of the queries that write it, by query; only with EXTENDED.
		Offsets []GroupOffsets
	}

	// Topics answers SHOW TOPICS.
	Topics struct {
		Extended bool
		Topics   []Topic
	}

	// Queries answers SHOW QUERIES.
	Queries struct {
		Extended bool
		Queries  []Query
	}

	// Explanation answers EXPLAIN.
	Explanation struct {
		Query Query // ID is empty where a statement is explained
		Plan  string
		// Sources and Sinks by name.
		Sources, Sinks []string
		Columns        types.Schema
		Windowed       string // TUMBLING, HOPPING, SESSION or empty
		Properties     map[string]string
	}

	// Functions answers SHOW FUNCTIONS.
	Functions struct{ Functions []functions.Entry }
	// Function answers DESCRIBE FUNCTION.
	Function struct{ Function functions.Entry }

	// Properties answers SHOW PROPERTIES.
	Properties struct{ Properties []Property }
	// Types answers SHOW TYPES.
	Types struct{ Types map[string]*types.Type }
	// Variables answers SHOW VARIABLES.
	Variables struct{ Variables map[string]string }

	// Connectors answers SHOW CONNECTORS.
	Connectors struct {
		Kind       ast.ConnectorKind
		Connectors []connectors.Status
	}
	// ConnectorPlugins answers SHOW CONNECTOR PLUGINS.
	ConnectorPlugins struct{ Classes []connector.Class }
	// Connector answers DESCRIBE CONNECTOR.
	Connector struct{ Status connectors.Status }

	// Asserted answers ASSERT TOPIC and ASSERT SCHEMA.
	Asserted struct {
		Topic   string
		Subject string
		ID      *int
		Exists  bool
	}

	// Rows are the rows of a push or pull query, as they come. Close it.
	Rows struct {
		QueryID string // of a push query
		Kind    plan.QueryKind
		Columns types.Schema
		Table   bool // rows are changes of a table: some may be tombstones
		Limit   int64
		next    func(ctx context.Context) (Row, error)
		close   func()
	}

	// Printed are the records of a topic, for PRINT, as they come. Close it.
	Printed struct {
		KeyFormat, ValueFormat func() string // as guessed from the records so far
		next                   func(ctx context.Context) (PrintedRecord, error)
		close                  func()
	}
)

// Row is a row of a result.
type Row = local.Row

// Next waits for the next row; io.EOF after the last one, at the LIMIT, or when the query was terminated.
func (r *Rows) Next(ctx context.Context) (Row, error) {
	if r.next == nil {
		return Row{}, io.EOF
	}
	return r.next(ctx)
}

// Close ends the query and frees what it held.
func (r *Rows) Close() {
	if r.close != nil {
		r.close()
	}
}

// PrintedRecord is a record as PRINT shows it.
type PrintedRecord struct {
	Time       time.Time
	Key, Value string // as text, in the guessed format
	Partition  int32
	Offset     int64
}

// Next waits for the next record; io.EOF at the LIMIT.
func (p *Printed) Next(ctx context.Context) (PrintedRecord, error) { return p.next(ctx) }

// Close ends it.
func (p *Printed) Close() { p.close() }

// Topic is a topic in SHOW TOPICS.
type Topic struct {
	Name           string
	Replicas       []int // per partition
	Consumers      int   // with EXTENDED
	ConsumerGroups int
}

// QueryState is the state of a query, named as in ksqlDB.
type QueryState string

// The states.
const (
	Running QueryState = "RUNNING"
	Paused  QueryState = "PAUSED"
	Failed  QueryState = "ERROR"
	// Unresponsive is a query that does not get on for now, and tries again.
	Unresponsive QueryState = "UNRESPONSIVE"
)

// Query is a running query in SHOW QUERIES.
type Query struct {
	ID        string
	Kind      plan.QueryKind // Persistent or Push
	SQL       string
	Sink      string // empty for push queries
	SinkTopic string
	Sources   []string
	State     QueryState
	Error     string // why it is not running, or what it is trying again
	Stats     worker.Stats
	Group     string // consumer group
}

// GroupOffsets are the offsets of a query in a topic.
type GroupOffsets struct {
	Group, Topic string
	Partitions   []PartitionOffsets
}

// PartitionOffsets are the offsets of a query in a partition.
type PartitionOffsets struct {
	Partition          int32
	Start, End, Offset int64
}

// Property is one line of SHOW PROPERTIES.
type Property struct {
	Name, Scope, Value string
	Meaning            string
	Override           bool // set by the session
	Editable           bool
}

func (*Done) result()             {}
func (*Sources) result()          {}
func (*Description) result()      {}
func (*Topics) result()           {}
func (*Queries) result()          {}
func (*Explanation) result()      {}
func (*Functions) result()        {}
func (*Function) result()         {}
func (*Properties) result()       {}
func (*Types) result()            {}
func (*Variables) result()        {}
func (*Connectors) result()       {}
func (*ConnectorPlugins) result() {}
func (*Connector) result()        {}
func (*Asserted) result()         {}
func (*Rows) result()             {}
func (*Printed) result()          {}
