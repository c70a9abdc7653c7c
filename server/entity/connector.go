package entity

import (
	"strings"

	"weir/answer"
	"weir/connectors"
	"weir/connectors/connect"
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
	for _, c := range r.Elsewhere {
		e.Connectors = append(e.Connectors, wire.ConnectorLine{
			Name: c.Name, Type: c.Kind, Class: c.Class, State: c.Summary(), ConnectorFigures: wire.ConnectorFigures{Error: c.Reason()},
		})
	}
	e.Warnings = warningOf(r.Away)
	return e
}

// warningOf is what a list says that lacks what could not be asked for.
func warningOf(err error) []answer.Warning {
	if err == nil {
		return nil
	}
	return []answer.Warning{{Message: err.Error()}}
}

func plugins(r *engine.ConnectorPlugins) answer.Entity {
	e := &wire.ConnectorPlugins{Plugins: []wire.ConnectorPlugin{}}
	for _, c := range r.Classes {
		e.Plugins = append(e.Plugins, wire.ConnectorPlugin{Class: c.Name, Type: strings.ToLower(string(c.Kind)), Version: "built-in"})
	}
	for _, p := range r.Elsewhere {
		e.Plugins = append(e.Plugins, wire.ConnectorPlugin{Class: p.Class, Type: p.Kind, Version: p.Version})
	}
	e.Warnings = warningOf(r.Away)
	return e
}

func connector(r *engine.Connector) answer.Entity {
	if r.Elsewhere != nil {
		return connectorElsewhere(r.Elsewhere)
	}
	s := r.Status
	return &wire.ConnectorDescription{
		Class: s.Class,
		Status: wire.ConnectorStatus{
			Name: s.Name, Type: strings.ToLower(string(s.Kind)), Tasks: []wire.ConnectorTask{},
			Connector: wire.ConnectorState{State: string(s.State), Worker: "localhost", Trace: s.LastError},
		},
		Sources: []wire.SourceDescription{}, Topics: list(s.Topics), ConnectorFigures: figures(s),
	}
}

// connectorElsewhere is one that Kafka Connect runs.
func connectorElsewhere(c *connect.Connector) answer.Entity {
	e := &wire.ConnectorDescription{
		Class: c.Class,
		Status: wire.ConnectorStatus{
			Name: c.Name, Type: c.Kind, Tasks: []wire.ConnectorTask{},
			Connector: wire.ConnectorState{State: c.State, Worker: c.Worker, Trace: c.Trace},
		},
		Sources: []wire.SourceDescription{}, Topics: list(c.Topics), ConnectorFigures: wire.ConnectorFigures{Error: c.Reason()},
	}
	for _, t := range c.Tasks {
		e.Status.Tasks = append(e.Status.Tasks, wire.ConnectorTask{ID: t.ID, ConnectorState: wire.ConnectorState{State: t.State, Worker: t.Worker, Trace: t.Trace}})
	}
	return e
}
