package planner

import (
	"context"
	"fmt"
	"time"

	"weir/catalog"
	"weir/formats"
	"weir/planner/plan"
	"weir/registry"
	"weir/types"
)

// inferTimeout bounds a question to the registry while a statement is planned.
const inferTimeout = 15 * time.Second

// infer reads the columns of a topic's key or value from the registry.
func (e *Env) infer(topic string, serde catalog.Serde, key bool) (types.Schema, error) {
	ctx, cancel := context.WithTimeout(context.Background(), inferTimeout)
	defer cancel()
	spec := plan.Spec(serde, key, topic)
	spec.Registry = e.Registry
	return formats.Infer(ctx, spec)
}

// RegisterSchemas registers the schemas of what the statement makes, where their formats have any. reg is nil where there is no registry.
func (p *Plan) RegisterSchemas(ctx context.Context, reg registry.Client) error {
	for _, src := range []*catalog.Source{p.Change.PutSource, p.Change.PutLate} {
		if src == nil {
			continue
		}
		for _, side := range plan.Sides(src, reg) {
			if err := p.registerSide(ctx, side); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Plan) registerSide(ctx context.Context, side plan.Side) error {
	f, err := formats.Lookup(side.Spec.Format)
	reg := side.Spec.Registry
	switch {
	case err != nil || !f.Registry || len(side.Columns) == 0:
		return nil
	case reg == nil:
		return fmt.Errorf("the format %s needs a schema registry: name one with --schema-registry", f.Name)
	}
	// A source over a topic that others write finds its schema there; only a query's own topic is to have ours.
	if p.Query.Target() == nil {
		if _, err := reg.Latest(ctx, side.Spec.Subject()); err == nil {
			return nil
		} else if !registry.IsNotFound(err) {
			return err
		}
	}
	_, err = formats.Register(ctx, side.Spec, side.Columns)
	return err
}

// ForgetSchemas deletes the schemas of a topic that is gone. Most topics have none.
func ForgetSchemas(ctx context.Context, reg registry.Client, topic string) {
	if reg == nil {
		return
	}
	for _, side := range plan.Sides(&catalog.Source{Topic: topic}, reg) {
		_, _ = reg.DeleteSubject(ctx, side.Spec.Subject(), false)
	}
}
