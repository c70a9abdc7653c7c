package parser

import (
	"strings"

	"weir/parser/ast"
)

// Open says what a text ends inside of.
type Open uint8

// What can be open at the end of a text.
const (
	Complete    Open = iota // nothing: the last statement has its semicolon
	InStatement             // a statement without its semicolon
	InString
	InName // a quoted name
	InComment
)

// Piece is a part of a text.
type Piece struct {
	Text string
	Pos  ast.Pos
}

// Pieces is a text cut at its semicolons.
type Pieces struct {
	Statements []Piece // each with its semicolon, comments around it left out
	Rest       Piece   // what comes behind the last semicolon; empty if it is blanks and comments only
	Open       Open
}

// Split cuts a text into statements without looking at what they say. It takes any text, and never fails; whoever reads
// statements line by line learns from Open whether to go on.
func Split(src string) Pieces {
	var p Pieces
	l := newLexer(src)
	start, last := ast.Pos{}, 0
	for {
		t := l.next()
		switch {
		case t.kind != kEnd:
			if !start.IsValid() {
				start = t.pos
			}
			last = t.end()
			continue
		case t.text != "":
			if start.IsValid() {
				p.Statements = append(p.Statements, Piece{Text: src[start.Offset:t.end()], Pos: start})
			}
			start = ast.Pos{}
			continue
		}
		if start.IsValid() {
			p.Rest = Piece{Text: src[start.Offset:last], Pos: start}
			p.Open = InStatement
		}
		if l.open != Complete {
			p.Open = l.open
		}
		return p
	}
}

// InPlace is the statement behind as many blanks as keep its place: what is told of it has the line and the column of the whole text.
func (p Piece) InPlace() string {
	return strings.Repeat("\n", max(p.Pos.Line-1, 0)) + strings.Repeat(" ", max(p.Pos.Col-1, 0)) + p.Text
}
