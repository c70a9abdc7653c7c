package repl

import (
	"context"
	"encoding/json"
	"time"

	"weir/answer"
	"weir/engine"
	"weir/parser/ast"
	"weir/server/wire"
)

// catalog is what there is to be named in statements, as the backend tells.
type catalog struct {
	backend Backend
	asked   map[string]asked
}

type asked struct {
	at      time.Time
	answers []answer.Entity
}

const (
	namesFor = 3 * time.Second // for how long an answer holds: a second Tab should not ask again
	namesIn  = time.Second     // how long one is waited for
)

func (c *catalog) ask(sql string) []answer.Entity {
	if a, ok := c.asked[sql]; ok && time.Since(a.at) < namesFor {
		return a.answers
	}
	ctx, cancel := context.WithTimeout(context.Background(), namesIn)
	defer cancel()
	var got collector
	_ = c.backend.Execute(ctx, Script{Text: sql}, &got) // what can't be asked is not offered
	if c.asked == nil {
		c.asked = map[string]asked{}
	}
	c.asked[sql] = asked{time.Now(), got.entities}
	return got.entities
}

// collector keeps what statements answer.
type collector struct{ entities []answer.Entity }

func (c *collector) Entity(e answer.Entity) error  { c.entities = append(c.entities, e); return nil }
func (*collector) Message(string) error            { return nil }
func (*collector) Header(wire.QueryMeta) error     { return nil }
func (*collector) Row(json.RawMessage, bool) error { return nil }
func (*collector) End() error                      { return nil }
func (*collector) Line(string) error               { return nil }

// named gives the names that answers to a statement have.
func (c *catalog) named(sql string, names func(answer.Entity) []string) []string {
	var out []string
	for _, e := range c.ask(sql) {
		out = append(out, names(e)...)
	}
	return out
}

func (c *catalog) sources() []string {
	return c.named("SHOW STREAMS; SHOW TABLES;", func(e answer.Entity) []string {
		var list []wire.Source
		switch e := e.(type) {
		case *wire.Streams:
			list = e.Streams
		case *wire.Tables:
			list = e.Tables
		}
		return each(list, func(s wire.Source) string { return ast.Quote(s.Name) })
	})
}

func (c *catalog) columns(source string) []string {
	return c.named("DESCRIBE "+ast.Quote(source)+";", func(e answer.Entity) []string {
		d, ok := e.(*wire.SourceDescriptionEntity)
		if !ok {
			return nil
		}
		return each(d.Source.Fields, func(f wire.Field) string { return ast.Quote(f.Name) })
	})
}

func (c *catalog) functions() []string {
	return c.named("SHOW FUNCTIONS;", func(e answer.Entity) []string {
		f, ok := e.(*engine.FunctionNames)
		if !ok {
			return nil
		}
		return each(f.Functions, func(f engine.FunctionName) string { return f.Name })
	})
}

// signatures are the forms in which a function can be called.
func (c *catalog) signatures(name string) []string {
	return c.named("DESCRIBE FUNCTION "+name+";", func(e answer.Entity) []string {
		f, ok := e.(*wire.FunctionDescription)
		if !ok {
			return nil
		}
		return each(f.Functions, func(v wire.Variant) string { return v.Signature(f.Name) })
	})
}

func (c *catalog) queries() []string {
	return c.named("SHOW QUERIES;", func(e answer.Entity) []string {
		q, ok := e.(*wire.Queries)
		if !ok {
			return nil
		}
		return each(q.Queries, func(q wire.RunningQuery) string { return q.ID })
	})
}

func (c *catalog) topics() []string {
	return c.named("SHOW TOPICS;", func(e answer.Entity) []string {
		t, ok := e.(*wire.Topics)
		if !ok {
			return nil
		}
		return each(t.Topics, func(t wire.Topic) string { return t.Name })
	})
}

func (c *catalog) connectors() []string {
	return c.named("SHOW CONNECTORS;", func(e answer.Entity) []string {
		l, ok := e.(*wire.Connectors)
		if !ok {
			return nil
		}
		return each(l.Connectors, func(l wire.ConnectorLine) string { return ast.Quote(l.Name) })
	})
}

func each[T any](list []T, name func(T) string) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = name(x)
	}
	return out
}
