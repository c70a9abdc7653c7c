// Package ast holds the typed syntax tree of a statement. Names are final: upper-cased unless they were quoted.
// Every node knows where it stands in the user's text. Sets of nodes are closed: Statement, Expr, Source and
// SelectItem are sealed, so that a switch over them can be checked for completeness.
package ast

import "fmt"

// Pos is a place in the source text. Offset counts bytes from 0; Line and Col count from 1, Col in runes.
// The zero Pos belongs to nodes that were not parsed.
type Pos struct{ Offset, Line, Col int }

// IsValid reports whether the position stems from a text.
func (p Pos) IsValid() bool { return p.Line > 0 }

func (p Pos) String() string {
	if !p.IsValid() {
		return "-"
	}
	return fmt.Sprintf("%d:%d", p.Line, p.Col)
}

// At is embedded in every node and gives it its position.
type At Pos

// Pos is the place of the node: its first token, or for infix operators and predicates the operator's.
func (a At) Pos() Pos { return Pos(a) }

// Node is anything with a position.
type Node interface{ Pos() Pos }

// Ident is a name with its place. Name is empty where a name is optional and absent.
type Ident struct {
	At
	Name string
}
