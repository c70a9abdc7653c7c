package entity

import (
	"weir/answer"
	"weir/engine"
	"weir/parser/ast"
	"weir/server/wire"
)

func done(n ast.Statement, r *engine.Done) answer.Entity {
	if r.Warning != "" {
		return &wire.WarningEntity{Message: r.Warning}
	}
	switch n := n.(type) {
	case ast.Setting, *ast.InsertValues:
		return nil
	case *ast.CreateConnector:
		return &wire.ConnectorCreated{Info: declared(n)}
	case *ast.DropConnector:
		return &wire.ConnectorDropped{Name: n.Name.Name}
	default: // about these alone
	}
	out := &wire.Status{
		CommandID: r.CommandID(),
		Status:    wire.StatusOf(r.Message, r.QueryID),
		Sequence:  r.Sequence,
	}
	for _, note := range r.Notes {
		out.Warnings = append(out.Warnings, answer.Warning{Message: note})
	}
	return out
}
