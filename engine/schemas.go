package engine

import (
	"context"

	"weir/catalog"
	"weir/formats"
	"weir/kafka"
	"weir/planner"
	"weir/planner/plan"
	"weir/registry"
	"weir/types"
)

// registerSchemas registers the schemas of what a statement makes.
func (e *Engine) registerSchemas(ctx context.Context, p *planner.Plan) error {
	for _, src := range []*catalog.Source{p.Change.PutSource, p.Change.PutLate} {
		if src == nil {
			continue
		}
		if err := e.registerSource(ctx, p, src); err != nil {
			return err
		}
	}
	return nil
}

// registerSource registers the schemas of a source's key and value, where their formats have any.
func (e *Engine) registerSource(ctx context.Context, p *planner.Plan, src *catalog.Source) error {
	for _, side := range []struct {
		serde catalog.Serde
		key   bool
		role  types.Role
	}{{src.Key, true, types.KeyColumn}, {src.Value, false, types.ValueColumn}} {
		f, err := formats.Lookup(side.serde.Format)
		cols := src.Schema.With(side.role)
		if err != nil || !f.Registry || len(cols) == 0 {
			continue
		}
		if e.opt.Registry == nil {
			return refuse(BadStatement, "the format %s needs a schema registry: name one with --schema-registry", f.Name)
		}
		spec := plan.Spec(side.serde, side.key, src.Topic)
		spec.Registry = e.opt.Registry
		subject := src.Topic + "-value"
		if side.key {
			subject = src.Topic + "-key"
		}
		// A source over a topic that others write finds its schema there; only a query's own topic is to have ours.
		if sinkOf(p.Query) == nil {
			if _, err := e.opt.Registry.Latest(ctx, subject); err == nil {
				continue
			} else if !registry.IsNotFound(err) {
				return err
			}
		}
		if _, err := formats.Register(ctx, spec, cols); err != nil {
			return err
		}
	}
	return nil
}

// infer reads the columns of a topic's key or value from the registry. A key without schema has no columns.
func (e *Engine) infer(topic string, serde catalog.Serde, key bool) (types.Schema, error) {
	if e.opt.Registry == nil {
		return nil, nil
	}
	spec := plan.Spec(serde, key, topic)
	spec.Registry = e.opt.Registry
	ctx, cancel := context.WithTimeout(context.Background(), kafka.DefaultTimeout)
	defer cancel()
	cols, err := formats.Infer(ctx, spec)
	if registry.IsNotFound(err) && key {
		return nil, nil
	}
	for i := range cols {
		cols[i].Role = types.ValueColumn
		if key {
			cols[i].Role = types.KeyColumn
		}
	}
	return cols, err
}
