package engine

import (
	"context"
	"maps"
	"slices"

	"weir/catalog"
	"weir/connectors"
	"weir/connectors/connect"
	"weir/exec/worker"
	"weir/functions"
	"weir/parser/ast"
	"weir/planner"
)

// Details are what DESCRIBE answers of one thing.
//
//sumtype:decl
type Details interface {
	Result
	details()
}

// Description answers DESCRIBE.
type Description struct {
	Source           *catalog.Source
	Extended         bool
	Readers, Writers []Query
	Partitions       int
	Replication      int
	MaxMessageBytes  int          // of its topic; only with EXTENDED, 0 where the brokers don't tell
	Stats            worker.Stats // of the queries that write it; only with EXTENDED
	// Offsets of the queries that write it, by query; only with EXTENDED.
	Offsets []GroupOffsets
}

func (*Description) result()  {}
func (*Description) details() {}

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

func (*Function) result()  {}
func (*Function) details() {}

// Connector answers DESCRIBE CONNECTOR.
type Connector struct {
	Status    connectors.Status
	Elsewhere *connect.Connector // one that Kafka Connect runs; then there is no Status
}

func (*Connector) result()  {}
func (*Connector) details() {}

func (e *Engine) describe(ctx context.Context, n ast.Describing) (Result, error) {
	switch n := n.(type) {
	case *ast.Describe:
		return e.describeSource(ctx, n)
	case *ast.DescribeAll:
		return e.showSources(ctx, n.Tables, true, n.Extended)
	case *ast.DescribeFunction:
		f, err := e.Functions().Describe(n.Name.Name)
		return &Function{f}, err
	case *ast.DescribeConnector:
		return e.describeConnector(ctx, n.Name.Name)
	case *ast.ShowCreate:
		return e.showCreate(ctx, n)
	}
	return nil, refuse(BadStatement, "%s is not supported", ast.Format(n))
}

func (e *Engine) describeSource(ctx context.Context, n *ast.Describe) (Result, error) {
	src, ok := e.catalog.Snapshot().Source(n.Name.Name)
	if !ok {
		return nil, e.noSource(n.Name)
	}
	return e.description(ctx, src, n.Extended)
}

// noSource says that there is no stream or table of a name.
func (e *Engine) noSource(name ast.Ident) error {
	var names []string
	for _, s := range e.catalog.Snapshot().Sources() {
		names = append(names, s.Name)
	}
	return &planner.Error{Pos: name.Pos(), Msg: "Could not find STREAM/TABLE '" + name.Name + "' in the Metastore" + suggestion(name.Name, names)}
}

func (e *Engine) description(ctx context.Context, src *catalog.Source, extended bool) (*Description, error) {
	d := &Description{Source: src, Extended: extended}
	readers, writers := e.catalog.Snapshot().Users(src.Name)
	for _, q := range e.Queries() {
		if slices.Contains(readers, q.ID) {
			d.Readers = append(d.Readers, q)
		}
		if slices.Contains(writers, q.ID) {
			d.Writers = append(d.Writers, q)
			addStats(&d.Stats, q.Stats)
		}
	}
	topic, err := e.opt.Cluster.Topic(ctx, src.Topic)
	if err == nil {
		d.Partitions, d.Replication = len(topic.Partitions), topic.ReplicationFactor()
	}
	if !extended {
		return d, nil
	}
	if err == nil {
		d.MaxMessageBytes = e.maxMessageBytes(ctx, src.Topic)
	}
	for _, q := range d.Writers {
		g, err := e.groupOffsets(ctx, q.Group)
		if err != nil {
			return nil, err
		}
		d.Offsets = append(d.Offsets, g...)
	}
	return d, nil
}

func (e *Engine) groupOffsets(ctx context.Context, group string) ([]GroupOffsets, error) {
	committed, err := e.opt.Cluster.CommittedOffsets(ctx, group)
	if err != nil {
		return nil, err
	}
	var out []GroupOffsets
	for _, topic := range slices.Sorted(maps.Keys(committed)) {
		starts, err := e.opt.Cluster.StartOffsets(ctx, topic)
		if err != nil {
			return nil, err
		}
		ends, err := e.opt.Cluster.EndOffsets(ctx, topic)
		if err != nil {
			return nil, err
		}
		g := GroupOffsets{Group: group, Topic: topic}
		for _, p := range slices.Sorted(maps.Keys(committed[topic])) {
			g.Partitions = append(g.Partitions, PartitionOffsets{p, starts[topic][p], ends[topic][p], committed[topic][p]})
		}
		out = append(out, g)
	}
	return out, nil
}
