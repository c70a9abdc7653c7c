package entity

import (
	"maps"
	"slices"

	"weir/engine"
	"weir/server/wire"
)

// listing is what SHOW answers.
func listing(r engine.Listing) wire.Entity {
	switch r := r.(type) {
	case *engine.Sources:
		return sources(r)
	case *engine.Topics:
		return topics(r)
	case *engine.Queries:
		return queries(r)
	case *engine.Functions:
		return functionNames(r)
	case *engine.Properties:
		return properties(r)
	case *engine.Types:
		return typeList(r)
	case *engine.Variables:
		return variables(r)
	case *engine.Connectors:
		return connectorList(r)
	case *engine.ConnectorPlugins:
		return plugins(r)
	}
	return nil
}

func properties(r *engine.Properties) wire.Entity {
	e := &wire.Properties{Properties: []wire.Property{}, Overwritten: []string{}, Default: []string{}}
	for _, p := range r.Properties {
		value := p.Value
		e.Properties = append(e.Properties, wire.Property{Name: p.Name, Scope: p.Scope, Value: &value, Meaning: p.Meaning, Editable: p.Editable, Level: "SERVER"})
		if p.Override {
			e.Overwritten = append(e.Overwritten, p.Name)
		} else {
			e.Default = append(e.Default, p.Name)
		}
	}
	return e
}

func functionNames(r *engine.Functions) wire.Entity {
	e := &wire.FunctionNames{Functions: []wire.FunctionName{}}
	for _, f := range r.Functions {
		e.Functions = append(e.Functions, wire.FunctionName{Name: f.Name, Type: string(f.Kind), Category: string(f.Category)})
	}
	return e
}

func typeList(r *engine.Types) wire.Entity {
	e := &wire.Types{Types: map[string]wire.Schema{}}
	for name, t := range r.Types {
		e.Types[name] = schema(t)
	}
	return e
}

func variables(r *engine.Variables) wire.Entity {
	e := &wire.Variables{Variables: []wire.Variable{}}
	for _, name := range slices.Sorted(maps.Keys(r.Variables)) {
		e.Variables = append(e.Variables, wire.Variable{Name: name, Value: r.Variables[name]})
	}
	return e
}
