package connectors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/connectors/connector"
	"weir/types"
)

// Catalog tells sinks what the streams and tables say of topics.
type Catalog interface {
	// Relation finds a stream or table by its name.
	Relation(name string) (Relation, error)
	// Over are the names of the streams and tables over a topic.
	Over(topic string) []string
}

// Relation is a stream or table with what reads its records.
type Relation struct {
	connector.Relation
	NewReader func() (RowReader, error)
}

// RowReader reads records by what a stream or table says of them.
type RowReader interface {
	// Read gives a record's columns. Text may share memory with the record and with the reader, until Reset.
	Read(r *kgo.Record, row []types.Value) error
	Reset()
}

// input are the topics of a sink, by name.
type input []Relation

func (in input) topics() []string {
	var out []string
	for _, r := range in {
		out = append(out, r.Topic)
	}
	return out
}

func (in input) relations() []connector.Relation {
	var out []connector.Relation
	for _, r := range in {
		out = append(out, r.Relation)
	}
	return out
}

// input finds what a sink reads.
func (o opener) input(catalog Catalog) (input, error) {
	names, topics := o.values.List(connector.PropFrom), o.values.List(connector.PropTopics)
	if (len(names) == 0) == (len(topics) == 0) {
		return nil, fmt.Errorf("connector %s needs either the property '%s', a stream or table, or '%s'", o.env.Name, connector.PropFrom, connector.PropTopics)
	}
	var in input
	for _, name := range names {
		if catalog == nil {
			return nil, fmt.Errorf("connector %s: there are no streams and tables here: name the topics in '%s'", o.env.Name, connector.PropTopics)
		}
		r, err := catalog.Relation(name)
		if err != nil {
			return nil, fmt.Errorf("connector %s, property '%s': %w", o.env.Name, connector.PropFrom, err)
		}
		in = append(in, r)
	}
	for _, topic := range topics {
		r := Relation{Relation: connector.Relation{Topic: topic}}
		if catalog != nil {
			if over := catalog.Over(topic); len(over) == 1 {
				found, err := catalog.Relation(over[0])
				if err != nil {
					return nil, err
				}
				r = found
			}
		}
		in = append(in, r)
	}
	slices.SortFunc(in, func(a, b Relation) int { return strings.Compare(a.Topic, b.Topic) })
	for i := range in[1:] {
		if in[i].Topic == in[i+1].Topic {
			return nil, fmt.Errorf("connector %s: the topic %s would be read twice", o.env.Name, in[i].Topic)
		}
	}
	return in, nil
}

// described refuses topics that no stream or table, or several of them, say the columns of.
func (in input) described(catalog Catalog) error {
	for _, r := range in {
		if r.NewReader != nil {
			continue
		}
		what := "there is no stream or table over it"
		if catalog != nil {
			if over := catalog.Over(r.Topic); len(over) > 1 {
				what = "there are several over it, " + strings.Join(over, ", ")
			}
		}
		return fmt.Errorf("the columns of the topic %s are needed, and %s: create one, and name it in the property '%s'", r.Topic, what, connector.PropFrom)
	}
	return nil
}
