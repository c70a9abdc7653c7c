package engine

import (
	"weir/catalog"
	"weir/connectors"
	"weir/exec/worker"
	"weir/functions"
)

// Result is what a statement answers. The set is closed.
//
//sumtype:decl
type Result interface{ result() }

// Done is the answer of a statement that changed something, or found nothing to do.
type Done struct {
	Message string // such as "Stream created"
	// Entity and Action name the command, as ksqlDB does: stream/`X`/create. Empty for SET and the like.
	Entity, Name, Action string
	QueryID              string // of the query that was started or ended
	Sequence             int64  // place in the command log; -1 where it is not in there
	Warning              string // IF NOT EXISTS was hit, and the like: nothing was done
}

func (*Done) result() {}

// Description answers DESCRIBE.
type Description struct {
	Source           *catalog.Source
	Extended         bool
	Readers, Writers []Query
	Partitions       int
	Replication      int
	Stats            worker.Stats // of the queries that write it; only with EXTENDED
	// Offsets of the queries that write it, by query; only with EXTENDED.
	Offsets []GroupOffsets
}

func (*Description) result() {}

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

// Function answers DESCRIBE FUNCTION.
type Function struct{ Function functions.Entry }

func (*Function) result() {}

// Connector answers DESCRIBE CONNECTOR.
type Connector struct{ Status connectors.Status }

func (*Connector) result() {}
