package parser

import (
	"errors"
	"fmt"
	"strings"

	tast "github.com/pingcap/tidb/pkg/parser/ast"

	"weir/parser/ast"
)

// lower hands the rewritten text to TiDB's parser and completes the statement with what it made of it.
func (c *cutter) lower(s ast.Statement) {
	out := newOutText(c.out)
	node, err := parseMySQL(out.text)
	if err != nil {
		c.refused(out, err)
		return
	}
	l := &lowering{cutter: c, out: out}
	l.statement(s, node)
}

// refused turns an error of TiDB's into one at the place in the user's text. The walk finds mistakes first, so that this is
// rare.
func (c *cutter) refused(out *outText, err error) {
	var line, col int
	pos := c.toks[0].pos
	if errors.Is(err, errCrash) {
		c.failKind(Bug, pos, err.Error(), "")
		return
	}
	if n, _ := fmt.Sscanf(err.Error(), "line %d column %d", &line, &col); n == 2 && line > 0 {
		// The line is that of the token's end; one line of the output holds at most one token.
		off := 0
		for range line - 1 {
			n := strings.IndexByte(out.text[off:], '\n')
			if n < 0 {
				break
			}
			off += n + 1
		}
		pos = out.tokens[out.at(off)].pos
	}
	text := lineAt(c.src, pos.Offset)
	near := "the end"
	if col := min(pos.Col-1, len([]rune(text))); col >= 0 {
		if word := strings.Fields(string([]rune(text)[col:])); len(word) > 0 {
			near = "'" + word[0] + "'"
		}
	}
	c.failKind(Syntax, pos, "Syntax error at or near "+near, "")
}

// lowering turns TiDB's tree into the project's own.
type lowering struct {
	*cutter
	out   *outText
	depth int
}

// at is the index of the output token that a node of TiDB's begins with.
func (l *lowering) at(n tast.Node) int { return l.out.at(n.OriginTextPosition()) }

func (l *lowering) pos(n tast.Node) ast.At { return ast.At(l.out.tokens[l.at(n)].pos) }

// operator is the place of the operator before a right operand.
func (l *lowering) operator(right tast.Node) ast.At {
	return ast.At(l.out.tokens[max(0, l.at(right)-1)].pos)
}

// bug reports that TiDB's tree is not of the shape that the text was written for.
func (l *lowering) bug(format string, args ...any) {
	pos := l.toks[0].pos
	l.failKind(Bug, pos, fmt.Sprintf(format, args...), "")
}

// lowerExpr parses what is written as SELECT e.
func (c *cutter) lowerExpr() ast.Expr {
	out := newOutText(c.out)
	node, err := parseMySQL(out.text)
	if err != nil {
		c.refused(out, err)
		return nil
	}
	l := &lowering{cutter: c, out: out}
	sel, ok := node.(*tast.SelectStmt)
	if !ok || len(sel.Fields.Fields) != 1 {
		l.bug("an expression became %T", node)
		return nil
	}
	return l.expr(sel.Fields.Fields[0].Expr)
}
