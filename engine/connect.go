package engine

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"weir/connectors"
	"weir/connectors/connect"
	"weir/connectors/connector"
	"weir/parser/ast"
	"weir/settings"
)

// openConnect is the Kafka Connect that the settings name; nil for none. Its connectors are its own: they stand in no command log of ours,
// and go on while this node is down.
func openConnect(config map[string]string, transport http.RoundTripper) *connect.Worker {
	url := settings.ConnectURL.In(config)
	if url == "" {
		return nil
	}
	return connect.New(connect.Options{URL: url, Timeout: settings.ConnectTimeout.In(config), Transport: transport})
}

// className is the value of connector.class.
func className(sp connectors.Spec) string {
	for _, p := range sp.Properties {
		if strings.EqualFold(strings.TrimSpace(p.Name), connector.ClassProperty) {
			return strings.TrimSpace(p.Value)
		}
	}
	return ""
}

// elsewhere says whether a connector is for Kafka Connect: its class is not built in.
func (e *Engine) elsewhere(sp connectors.Spec) bool {
	class := className(sp)
	return e.connect != nil && class != "" && !connectors.BuiltIn(class)
}

// createElsewhere has Kafka Connect make a connector. Its properties go there as they are: what stands for a secret is read by the providers
// of the worker's own configuration, so that no secret lies in its topics.
func (e *Engine) createElsewhere(ctx context.Context, s *Session, n *ast.CreateConnector, sp connectors.Spec) (Result, error) {
	if err := e.log.refused(); err != nil {
		return nil, err
	}
	name := n.Name.Name
	there := "Connector " + name + " already exists"
	if _, ok := e.connector(name); ok {
		if n.IfNotExists {
			return &Done{Warning: there, Message: there, Sequence: -1}, nil
		}
		return nil, refuse(BadStatement, "%s", there)
	}
	if err := e.checkKind(ctx, sp); err != nil {
		return nil, err
	}
	config := map[string]string{"name": name}
	for _, p := range sp.Properties {
		config[p.Name] = p.Value
	}
	err := e.connect.Create(ctx, name, config)
	switch {
	case err == nil:
		return &Done{Entity: "connector", Name: name, Action: "create", Message: "Created connector " + name, Sequence: -1, did: effect{undo: []string{"DROP CONNECTOR " + ast.Quote(name)}}}, nil
	case connect.IsThere(err) && n.IfNotExists:
		return &Done{Warning: there, Message: there, Sequence: -1}, nil
	case connect.IsThere(err) && s.SkipUnchanged:
		if have, err := e.connect.Config(ctx, name); err == nil && maps.Equal(have, config) {
			return &Done{Warning: "unchanged", Sequence: -1}, nil
		}
	}
	return nil, fromConnect("create connector", err)
}

// checkKind says whether a class is the other kind of connector. One that the worker doesn't know is for it to refuse.
func (e *Engine) checkKind(ctx context.Context, sp connectors.Spec) error {
	plugins, err := e.connect.Plugins(ctx)
	if err != nil {
		return fromConnect("create connector", err)
	}
	other := ""
	for _, p := range plugins {
		switch {
		case !p.Is(className(sp)):
		case strings.EqualFold(p.Kind, string(sp.Kind)):
			return nil
		default:
			other = p.Kind
		}
	}
	if other != "" {
		return refuse(BadStatement, "connector class '%s' is a %s: write CREATE %s CONNECTOR", className(sp), other, strings.ToUpper(other))
	}
	return nil
}

// fromConnect is the error of a statement that Kafka Connect has not carried out.
func fromConnect(what string, err error) error {
	kind := System
	if connect.IsRefusal(err) {
		kind = BadStatement
	}
	return &Error{Kind: kind, Msg: "Failed to " + what + ": " + err.Error(), Err: err}
}

// missingConnector says that there is no connector, here or elsewhere.
func missingConnector(name string) string { return "Connector '" + name + "' does not exist." }

// dropElsewhere ends a connector that is none of this node's.
func (e *Engine) dropElsewhere(ctx context.Context, n *ast.DropConnector) (Result, error) {
	missing := missingConnector(n.Name.Name)
	if e.connect != nil {
		err := e.connect.Delete(ctx, n.Name.Name)
		if err == nil {
			return &Done{Entity: "connector", Name: n.Name.Name, Action: "drop", Message: "Dropped connector \"" + n.Name.Name + "\"", Sequence: -1}, nil
		}
		if !connect.IsMissing(err) {
			return nil, fromConnect("drop connector", err)
		}
	}
	if n.IfExists {
		return &Done{Warning: missing, Message: missing, Sequence: -1}, nil
	}
	return nil, refuse(NotFound, "%s", missing)
}

// pauseElsewhere pauses a connector that is none of this node's, or lets it go on.
func (e *Engine) pauseElsewhere(ctx context.Context, n *ast.PauseConnector) error {
	if e.connect != nil {
		err := e.connect.Pause(ctx, n.Name.Name, !n.Resume)
		if err == nil {
			return nil
		}
		if !connect.IsMissing(err) {
			return fromConnect("pause or resume connector", err)
		}
	}
	return refuse(NotFound, "%s", missingConnector(n.Name.Name))
}

func (e *Engine) describeConnector(ctx context.Context, name string) (Result, error) {
	st, err := e.conns.Status(name)
	if err == nil || e.connect == nil {
		return &Connector{Status: st}, err
	}
	c, err := e.connect.Connector(ctx, name)
	switch {
	case connect.IsMissing(err):
		return nil, refuse(NotFound, "%s", missingConnector(name))
	case err != nil:
		return nil, fromConnect("query connector status", err)
	}
	return &Connector{Elsewhere: &c}, nil
}

// showConnectors lists those of this node, and those of Kafka Connect where it answers.
func (e *Engine) showConnectors(ctx context.Context, kind ast.ConnectorKind) *Connectors {
	wanted := func(k string) bool { return kind == ast.AnyConnector || strings.EqualFold(kind.String(), k) }
	out := &Connectors{Kind: kind}
	for _, c := range e.conns.List() {
		if wanted(string(c.Kind)) {
			out.Connectors = append(out.Connectors, c)
		}
	}
	if e.connect == nil {
		return out
	}
	all, err := e.connect.Connectors(ctx)
	if err != nil {
		out.Away = fromConnect("list connectors", err)
	}
	for _, c := range all {
		if wanted(c.Kind) {
			out.Elsewhere = append(out.Elsewhere, c)
		}
	}
	return out
}

func (e *Engine) showPlugins(ctx context.Context) *ConnectorPlugins {
	out := &ConnectorPlugins{Classes: connectors.Classes()}
	if e.connect == nil {
		return out
	}
	var err error
	if out.Elsewhere, err = e.connect.Plugins(ctx); err != nil {
		out.Away = fromConnect("list connector plugins", err)
	}
	return out
}
