package engine

import (
	"context"
	"strings"

	"weir/catalog"
	"weir/connectors"
	"weir/connectors/connect"
	"weir/connectors/connector"
	"weir/parser/ast"
	"weir/types"
)

// Listing is what SHOW answers, where it is no Message.
//
//sumtype:decl
type Listing interface {
	Result
	listing()
}

// Sources answers SHOW STREAMS and SHOW TABLES.
type Sources struct {
	Tables bool
	// Described says that each is described, with EXTENDED and by DESCRIBE STREAMS.
	Described bool
	Sources   []*catalog.Source
	// Failed are those of them that could not be brought back: of these little more than the name is known.
	Failed       []Failure
	Descriptions []*Description
}

func (*Sources) result()  {}
func (*Sources) listing() {}

// Topics answers SHOW TOPICS.
type Topics struct {
	Extended bool
	Topics   []Topic
}

func (*Topics) result()  {}
func (*Topics) listing() {}

// Topic is a topic in SHOW TOPICS.
type Topic struct {
	Name           string
	Replicas       []int // per partition
	Consumers      int   // with EXTENDED
	ConsumerGroups int
}

// Types answers SHOW TYPES.
type Types struct{ Types map[string]*types.Type }

func (*Types) result()  {}
func (*Types) listing() {}

// Connectors answers SHOW CONNECTORS.
type Connectors struct {
	Kind       ast.ConnectorKind
	Connectors []connectors.Status
	Elsewhere  []connect.Connector // those that Kafka Connect runs
	Away       error               // why these can't be told
}

func (*Connectors) result()  {}
func (*Connectors) listing() {}

// ConnectorPlugins answers SHOW CONNECTOR PLUGINS.
type ConnectorPlugins struct {
	Classes   []connector.Class
	Elsewhere []connect.Plugin // those that Kafka Connect has
	Away      error            // why these can't be told
}

func (*ConnectorPlugins) result()  {}
func (*ConnectorPlugins) listing() {}

func (e *Engine) show(ctx context.Context, s *Session, n *ast.Show) (Result, error) {
	//exhaustive:enforce
	switch n.Kind {
	case ast.ShowStreams, ast.ShowTables:
		return e.showSources(ctx, n.Kind == ast.ShowTables, n.Extended, n.Extended)
	case ast.ShowTopics:
		return e.showTopics(ctx, n)
	case ast.ShowQueries:
		return &Queries{n.Extended, e.Queries()}, nil
	case ast.ShowFunctions:
		return functionNames(e.Functions().All()), nil
	case ast.ShowProperties:
		return &Properties{e.properties(s)}, nil
	case ast.ShowTypes:
		return &Types{e.catalog.Snapshot().Types()}, nil
	case ast.ShowVariables:
		return VariablesOf(s.Variables), nil
	case ast.ShowConnectors:
		return e.showConnectors(ctx, n.Connector), nil
	case ast.ShowConnectorPlugins:
		return e.showPlugins(ctx), nil
	}
	return nil, refuse(BadStatement, "SHOW %s is not supported", n.Kind)
}

func (e *Engine) showSources(ctx context.Context, tables, described, extended bool) (Listing, error) {
	out := &Sources{Tables: tables, Described: described}
	for _, src := range e.catalog.Snapshot().Sources() {
		if src.IsTable != tables {
			continue
		}
		out.Sources = append(out.Sources, src)
		if described {
			d, err := e.description(ctx, src, extended)
			if err != nil {
				return nil, err
			}
			out.Descriptions = append(out.Descriptions, d)
		}
	}
	e.addLost(out, extended)
	return out, nil
}

// addLost adds what could not be brought back, so that whoever looks for it finds what to drop.
func (e *Engine) addLost(out *Sources, extended bool) {
	for _, c := range e.casualties() {
		src := c.asSource()
		if src == nil || src.IsTable != out.Tables {
			continue
		}
		out.Failed = append(out.Failed, Failure{c.name, c.Error()})
		if _, there := e.catalog.Snapshot().Source(c.name); there {
			continue // a later statement failed on it
		}
		out.Sources = append(out.Sources, src)
		if out.Described {
			out.Descriptions = append(out.Descriptions, &Description{Source: src, Extended: extended})
		}
	}
}

func (e *Engine) showTopics(ctx context.Context, n *ast.Show) (Result, error) {
	topics, err := e.opt.Cluster.Topics(ctx)
	if err != nil {
		return nil, err
	}
	out := &Topics{Extended: n.Extended}
	for _, t := range topics {
		if !n.All && internal(t.Name) {
			continue
		}
		x := Topic{Name: t.Name}
		for _, p := range t.Partitions {
			x.Replicas = append(x.Replicas, len(p.Replicas))
		}
		out.Topics = append(out.Topics, x)
	}
	if n.Extended {
		counts, err := e.opt.Cluster.GroupCounts(ctx)
		if err != nil {
			return nil, err
		}
		for i := range out.Topics {
			c := counts[out.Topics[i].Name]
			out.Topics[i].Consumers, out.Topics[i].ConsumerGroups = c.Consumers, c.Groups
		}
	}
	return out, nil
}

// internal says whether a topic is one that users need not see.
func internal(topic string) bool {
	return strings.HasPrefix(topic, "_") || strings.HasSuffix(topic, "ksql_processing_log")
}
