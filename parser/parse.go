// Package parser turns SQL text into statements. The text is cut into tokens, the streaming clauses are taken out and the
// rest is rewritten for TiDB's parser, whose tree is lowered into package ast together with what was taken out.
package parser

import (
	"strconv"

	"weir/parser/ast"
)

// Stmt is one statement with its source.
type Stmt struct {
	Node ast.Statement
	Text string  // from its first word to its semicolon, as written
	Pos  ast.Pos // where it begins in the whole text
}

// Parse reads a text of statements, each ended by a semicolon. The error is an *Error; then no statement is returned,
// also not those before the mistake.
func Parse(src string, opts Options) ([]Stmt, error) {
	r, err := newReader(src, opts)
	if err != nil {
		return nil, err
	}
	var list []Stmt
	for r.next() {
		c := r.cutter()
		node := c.whole()
		if c.err != nil {
			return nil, c.err
		}
		first, last := &r.toks[0], &r.toks[len(r.toks)-1]
		list = append(list, Stmt{Node: node, Text: src[first.pos.Offset:last.end()], Pos: first.pos})
	}
	if r.err != nil {
		return nil, r.err
	}
	return list, nil
}

// whole reads the statement, up to its semicolon.
func (c *cutter) whole() ast.Statement {
	node := c.statement()
	c.end()
	if t := c.tok(); t.text == "" {
		c.fail(t, "missing ';' at the end of the statement", "")
	}
	if c.err == nil && len(c.out) > 0 {
		c.lower(node)
	}
	return node
}

// ParseExpr reads an expression on its own.
func ParseExpr(src string, opts Options) (ast.Expr, error) {
	var e ast.Expr
	err := parsePart(src, opts, func(c *cutter) {
		c.put("SELECT", c.pos())
		c.expr()
		c.over()
		if c.err == nil {
			e = c.lowerExpr()
		}
	})
	return e, err
}

// ParseType reads a type: MAP<STRING, ARRAY<INT>>.
func ParseType(src string, opts Options) (*ast.Type, error) {
	var t *ast.Type
	err := parsePart(src, opts, func(c *cutter) {
		t = c.typ()
		c.over()
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// ParseColumns reads column definitions as they stand in the brackets of CREATE STREAM or TABLE. Both KEY and PRIMARY KEY
// are possible.
func ParseColumns(src string, opts Options) ([]ast.Column, error) {
	var list []ast.Column
	err := parsePart(src, opts, func(c *cutter) {
		for c.err == nil {
			list = append(list, c.column())
			if !c.acceptOp(",") {
				break
			}
		}
		c.over()
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// over expects the text to be at its end.
func (c *cutter) over() {
	if t := c.tok(); t.kind != kEnd || t.text != "" {
		c.fail(t, "expected the end of the text, found "+describe(t), unsupported(t, c.before()))
	}
}

func parsePart(src string, opts Options, read func(*cutter)) error {
	r, err := newReader(src, opts)
	if err != nil {
		return err
	}
	if !r.next() && r.err == nil {
		r.toks = append(r.toks[:0], r.lex.next())
	}
	if r.err != nil {
		return r.err
	}
	c := r.cutter()
	read(c)
	if c.err != nil {
		return c.err
	}
	return nil
}

// reader takes the tokens of a text statement by statement.
type reader struct {
	src  string
	opts Options
	lex  lexer
	toks []token
	err  *Error
}

func newReader(src string, opts Options) (*reader, error) {
	r := &reader{src: src, opts: opts.withDefaults(), lex: newLexer(src)}
	if opts.At.IsValid() {
		r.lex.line, r.lex.col = opts.At.Line, opts.At.Col
	}
	if len(src) > r.opts.MaxText {
		return nil, &Error{Pos: ast.Pos{Line: 1, Col: 1}, Kind: TooBig, Line: lineAt(src[:min(len(src), 200)], 0),
			Msg:  "the text has " + strconv.Itoa(len(src)) + " bytes; at most " + strconv.Itoa(r.opts.MaxText) + " are allowed",
			Hint: "Send the statements in several parts."}
	}
	return r, nil
}

// next reads the tokens of the next statement, its semicolon included; false at the end of the text. Empty statements are skipped.
func (r *reader) next() bool {
	r.toks = r.toks[:0]
	for r.err == nil {
		t := r.lex.next()
		if t.kind == kEnd && len(r.toks) == 0 {
			if t.text == "" {
				return false
			}
			continue
		}
		r.toks = append(r.toks, t)
		first := &r.toks[0]
		if t.end()-first.pos.Offset > r.opts.MaxStatement {
			r.err = &Error{Pos: first.pos, Kind: TooBig, Line: lineAt(r.src, first.pos.Offset),
				Msg: "the statement has more than " + strconv.Itoa(r.opts.MaxStatement) + " bytes, which is the limit"}
			return false
		}
		if t.kind == kEnd {
			return true
		}
	}
	return false
}

func (r *reader) cutter() *cutter {
	return &cutter{opts: r.opts, src: r.src, toks: r.toks, out: make([]outToken, 0, 2*len(r.toks))}
}
