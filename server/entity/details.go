package entity

import (
	"weir/answer"
	"weir/engine"
	"weir/server/wire"
)

// details is what DESCRIBE answers of one thing.
func details(r engine.Details) answer.Entity {
	switch r := r.(type) {
	case *engine.Description:
		return &wire.SourceDescriptionEntity{Source: description(r)}
	case *engine.Function:
		return function(r)
	case *engine.Connector:
		return connector(r)
	}
	return nil
}

func function(r *engine.Function) answer.Entity {
	f := r.Function
	e := &wire.FunctionDescription{Name: f.Name, Description: f.Description, Author: "Weir", Path: "internal", Kind: string(f.Kind), Functions: []wire.Variant{}}
	for _, v := range f.Variants {
		variant := wire.Variant{Returns: v.Returns, Arguments: []wire.Argument{}}
		for _, a := range v.Arguments {
			variant.Arguments = append(variant.Arguments, wire.Argument{Name: a.Name, Type: a.Type, Variadic: a.Variadic})
		}
		e.Functions = append(e.Functions, variant)
	}
	for _, x := range f.Examples {
		e.Examples = append(e.Examples, wire.Example{Call: x.Call, Result: x.Result})
	}
	return e
}
