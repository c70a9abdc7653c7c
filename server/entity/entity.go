// Package entity turns the engine's answers into the REST API's.
package entity

import (
	"weir/answer"
	"weir/engine"
	"weir/parser"
	"weir/server/wire"
)

// Of is the entity of an answer; nil for statements that have none, such as SET, DEFINE and INSERT VALUES. Rows and printed
// records have none either: they come as streams.
func Of(stmt parser.Stmt, r engine.Result) answer.Entity {
	e := of(stmt, r)
	if e == nil {
		return nil
	}
	return wire.Of(e, stmt.Masked())
}

func of(stmt parser.Stmt, r engine.Result) answer.Entity {
	switch r := r.(type) {
	case engine.Message:
		return r
	case *engine.Done:
		return done(stmt.Node, r)
	case engine.Listing:
		return listing(r)
	case engine.Details:
		return details(r)
	case *engine.Explanation:
		return &wire.QueryDescriptionEntity{Query: explanation(r)}
	case *engine.Rows, *engine.Copy, *engine.Printed:
		return nil
	}
	return nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
