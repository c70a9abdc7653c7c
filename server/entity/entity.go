// Package entity turns the engine's answers into the REST API's.
package entity

import (
	"weir/engine"
	"weir/parser"
	"weir/parser/ast"
	"weir/server/wire"
)

// Of is the entity of an answer; nil for statements that have none, such as SET, DEFINE and INSERT VALUES. Rows and printed
// records have none either: they come as streams.
func Of(stmt parser.Stmt, r engine.Result) wire.Entity {
	text := stmt.Text
	switch r := r.(type) {
	case *engine.Done:
		return done(stmt, r)
	case *engine.Sources:
		return sources(text, r)
	case *engine.Description:
		return wire.Of(&wire.SourceDescriptionEntity{Source: description(r)}, text)
	case *engine.Topics:
		return topics(text, r)
	case *engine.Queries:
		return queries(text, r)
	case *engine.Explanation:
		return wire.Of(&wire.QueryDescriptionEntity{Query: explanation(r)}, text)
	case *engine.Functions:
		return functionNames(text, r)
	case *engine.Function:
		return function(text, r)
	case *engine.Properties:
		return properties(text, r)
	case *engine.Types:
		return typeList(text, r)
	case *engine.Variables:
		return variables(text, r)
	case *engine.Connectors:
		return connectorList(text, r)
	case *engine.ConnectorPlugins:
		return plugins(text, r)
	case *engine.Connector:
		return connector(text, r)
	case *engine.Asserted:
		return asserted(text, r)
	case *engine.Rows, *engine.Printed:
		return nil
	}
	return nil
}

func done(stmt parser.Stmt, r *engine.Done) wire.Entity {
	if r.Warning != "" {
		return wire.Of(&wire.WarningEntity{Message: r.Warning}, stmt.Text)
	}
	switch node := stmt.Node.(type) {
	case *ast.Set, *ast.Unset, *ast.Define, *ast.Undefine, *ast.InsertValues:
		return nil
	case *ast.CreateConnector:
		return wire.Of(&wire.ConnectorCreated{Info: declared(node)}, stmt.Text)
	case *ast.DropConnector:
		return wire.Of(&wire.ConnectorDropped{Name: node.Name.Name}, stmt.Text)
	default: // about these alone
	}
	name := r.Name
	if r.Entity == "stream" || r.Entity == "table" {
		name = "`" + name + "`"
	}
	return wire.Of(&wire.Status{
		CommandID: r.Entity + "/" + name + "/" + r.Action,
		Status:    wire.CommandStatus{Status: wire.Success, Message: r.Message, QueryID: optional(r.QueryID)},
		Sequence:  r.Sequence,
	}, stmt.Text)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func asserted(text string, r *engine.Asserted) wire.Entity {
	if r.Topic != "" {
		return wire.Of(&wire.AssertTopic{Topic: r.Topic, Exists: r.Exists}, text)
	}
	return wire.Of(&wire.AssertSchema{Subject: optional(r.Subject), ID: r.ID, Exists: r.Exists}, text)
}

func properties(text string, r *engine.Properties) wire.Entity {
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
	return wire.Of(e, text)
}

func functionNames(text string, r *engine.Functions) wire.Entity {
	e := &wire.FunctionNames{Functions: []wire.FunctionName{}}
	for _, f := range r.Functions {
		e.Functions = append(e.Functions, wire.FunctionName{Name: f.Name, Type: string(f.Kind), Category: string(f.Category)})
	}
	return wire.Of(e, text)
}

func function(text string, r *engine.Function) wire.Entity {
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
	return wire.Of(e, text)
}

func typeList(text string, r *engine.Types) wire.Entity {
	e := &wire.Types{Types: map[string]wire.Schema{}}
	for name, t := range r.Types {
		e.Types[name] = schema(t)
	}
	return wire.Of(e, text)
}
