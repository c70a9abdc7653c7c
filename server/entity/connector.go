package entity

import (
	"strings"

	"weir/answer"
	"weir/connectors"
	"weir/engine"
	"weir/parser/ast"
	"weir/server/wire"
)

// declared is a connector as its statement says it.
func declared(node *ast.CreateConnector) wire.ConnectorInfo {
	info := wire.ConnectorInfo{Name: node.Name.Name, Config: map[string]string{}, Tasks: []any{}, Type: strings.ToLower(node.Kind.String())}
	for _, p := range node.With {
		text := ast.Format(p.Value)
		if s, ok := p.Value.(*ast.StringLit); ok {
			text = s.Value
		}
		info.Config[p.Name] = text
	}
	return info
}

func figures(s connectors.Status) wire.ConnectorFigures {
	f := wire.ConnectorFigures{Rows: s.Rows, Total: s.Total, Bad: s.Bad, Rate: s.Rate, Error: s.LastError}
	if s.LagKnown {
		f.Lag = &s.Lag
	}
	return f
}

func connectorList(r *engine.Connectors) answer.Entity {
	e := &wire.Connectors{Connectors: []wire.ConnectorLine{}}
	for _, s := range r.Connectors {
		e.Connectors = append(e.Connectors, wire.ConnectorLine{
			Name: s.Name, Type: strings.ToLower(string(s.Kind)), Class: s.Class, State: string(s.State), ConnectorFigures: figures(s),
		})
	}
	return e
}

func plugins(r *engine.ConnectorPlugins) answer.Entity {
	e := &wire.ConnectorPlugins{Plugins: []wire.ConnectorPlugin{}}
	for _, c := range r.Classes {
		e.Plugins = append(e.Plugins, wire.ConnectorPlugin{Class: c.Name, Type: strings.ToLower(string(c.Kind)), Version: "built-in"})
	}
	return e
}

func connector(r *engine.Connector) answer.Entity {
	s := r.Status
	return &wire.ConnectorDescription{
		Class: s.Class,
		Status: wire.ConnectorStatus{
			Name: s.Name, Type: strings.ToLower(string(s.Kind)), Tasks: []any{},
			Connector: wire.ConnectorState{State: string(s.State), Worker: "localhost", Trace: s.LastError},
		},
		Sources: []wire.SourceDescription{}, Topics: list(s.Topics), ConnectorFigures: figures(s),
	}
}
