package parser

import (
	"strconv"

	"weir/parser/ast"
)

// columnList reads column definitions in brackets. In the output a definition's index is the column's comment.
func (c *cutter) columnList(isTable bool) {
	c.keep()
	for c.err == nil {
		t := c.tok()
		col := c.column()
		if c.err != nil {
			return
		}
		switch {
		case isTable && col.Constraint == ast.Key:
			c.failKind(Column, t.pos, "Column "+backQuote(col.Name)+" is a 'KEY' column: please use 'PRIMARY KEY' for tables.", "")
		case !isTable && col.Constraint == ast.PrimaryKey:
			c.failKind(Column, t.pos, "Column "+backQuote(col.Name)+" is a 'PRIMARY KEY' column: please use 'KEY' for streams.", "")
		}
		c.putColumn(col)
		switch {
		case c.isOp(","):
			c.keep()
		case c.isOp(")"):
			c.keep()
			return
		default:
			c.fail(c.tok(), "Expecting {',', ')'}", c.didYouMean([]string{"KEY", "PRIMARY KEY", "HEADERS", "HEADER"}))
		}
	}
}

func (c *cutter) column() ast.Column {
	col := ast.Column{Ident: c.name("a column's name"), Type: c.typ()}
	switch {
	case c.acceptWords("PRIMARY", "KEY"):
		col.Constraint = ast.PrimaryKey
	case c.accept("KEY"):
		col.Constraint = ast.Key
	case c.accept("HEADERS"):
		col.Constraint = ast.Headers
	case c.is("HEADER"):
		c.next()
		c.expectOp("(")
		col.Constraint, col.HeaderKey = ast.Header, c.text("the header's name")
		c.expectOp(")")
	}
	return col
}

func (c *cutter) putColumn(col ast.Column) {
	c.putName(col.Ident)
	c.put(standIn(col.Type), col.Type.Pos())
	switch col.Constraint {
	case ast.Key:
		c.put("UNIQUE\nKEY", col.Pos())
	case ast.PrimaryKey:
		c.put("PRIMARY\nKEY", col.Pos())
	case ast.NoConstraint, ast.Headers, ast.Header:
	}
	c.put("COMMENT\n'"+strconv.Itoa(len(c.columns))+"'", col.Pos())
	c.columns = append(c.columns, col)
}
