package entity

import (
	"weir/answer"
	"weir/engine"
	"weir/server/wire"
)

// listing is what SHOW answers.
func listing(r engine.Listing) answer.Entity {
	switch r := r.(type) {
	case *engine.Sources:
		return sources(r)
	case *engine.Topics:
		return topics(r)
	case *engine.Queries:
		return queries(r)
	case *engine.Properties:
		return properties(r)
	case *engine.Types:
		return typeList(r)
	case *engine.Connectors:
		return connectorList(r)
	case *engine.ConnectorPlugins:
		return plugins(r)
	}
	return nil
}

func properties(r *engine.Properties) answer.Entity {
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

func typeList(r *engine.Types) answer.Entity {
	e := &wire.Types{Types: map[string]wire.Schema{}}
	for name, t := range r.Types {
		e.Types[name] = schema(t)
	}
	return e
}
