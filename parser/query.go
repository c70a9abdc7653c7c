package parser

import (
	"strconv"

	"weir/parser/ast"
)

var selectForms = []Topic{
	{"SELECT item [, ...] FROM source [join ...] [WINDOW window] [WHERE condition] [GROUP BY expression [, ...]] [PARTITION BY expression [, ...]] [HAVING condition] [ORDER BY expression [DESC] [, ...]] [EMIT { CHANGES | FINAL }] [LIMIT n]",
		"A query. With EMIT it is a push query and runs until it is ended; without, a pull query that answers from what is there.",
		"SELECT page, COUNT(*) AS n FROM clicks GROUP BY page EMIT CHANGES LIMIT 10"},
	{"SELECT expression [[AS] name] [, ...]",
		"Without FROM: one row, of constants and functions of them, which is answered at once. What would be NULL in a query because it can't be computed is an error here, which says why.",
		"SELECT 1 + 1, UCASE('x') AS x"},
}

// afterSource are the words that can go on with a query behind FROM and a table.
var afterSource = []string{"JOIN", "INNER", "LEFT", "RIGHT", "FULL", "WINDOW", "WHERE", "GROUP BY", "PARTITION BY", "HAVING", "ORDER BY", "EMIT", "LIMIT"}

// selection reads a SELECT that is a statement.
func (c *cutter) selection() ast.Statement {
	id := len(c.queries)
	c.query(false)
	return c.queries[id]
}

// query reads a SELECT. Its clauses come out in MySQL's order, with a named window at the end: its name is the query's
// index and its PARTITION BY is the query's. reads says that it has to read a stream or table.
func (c *cutter) query(reads bool) {
	c.enter()
	defer c.leave()
	q := &ast.Query{At: ast.At(c.pos())}
	id := len(c.queries)
	c.queries = append(c.queries, q)
	if !c.is("SELECT") {
		c.expected("SELECT")
		return
	}
	c.keep()
	for {
		c.item(q)
		if !c.isOp(",") {
			break
		}
		c.keep()
	}
	if !c.is("FROM") {
		c.withoutFrom(id, reads)
		return
	}
	c.keep()
	c.source()
	if c.is("WINDOW") {
		q.Window = c.window()
	}
	if c.is("WHERE") {
		c.keep()
		c.expr()
	}
	if t := c.tok(); c.accept("GROUP") {
		c.expect("BY")
		q.GroupBy = c.exprList("GROUP\nBY", t.pos)
	}
	at := len(c.out)
	if t := c.tok(); c.acceptWords("PARTITION", "BY") {
		q.PartitionBy = c.exprList("PARTITION\nBY", t.pos)
	}
	partitionBy := append([]outToken(nil), c.out[at:]...)
	c.out = c.out[:at]
	if c.is("HAVING") {
		c.keep()
		c.expr()
	}
	c.put("WINDOW\n`"+strconv.Itoa(id)+"`\nAS\n(", c.pos())
	c.out = append(c.out, partitionBy...)
	c.put(")", c.pos())
	if c.orderBy(q); len(q.OrderBy) > 0 {
		q.Limit = c.limit() // LIMIT belongs to the order, and may stand on either side of EMIT
	}
	if t := c.tok(); c.emitAhead() {
		q.Emit = &ast.Emit{At: ast.At(t.pos)}
		if c.ahead(1).isWord("FINAL") {
			q.Emit.Kind = ast.EmitFinal
		}
		c.i += 2
	}
	if q.Limit == nil {
		q.Limit = c.limit()
	}
	c.end(afterSource...)
}

// withoutFrom ends a query that reads nothing. TiDB's parser gets a table that is none of the query's.
func (c *cutter) withoutFrom(id int, reads bool) {
	switch t := c.tok(); {
	case !reads && c.ended():
		c.put("FROM\n`nothing`\nWINDOW\n`"+strconv.Itoa(id)+"`\nAS\n(", c.pos())
		c.put(")", c.pos())
	case !reads && c.emitAhead():
		c.fail(t, "expected FROM or ';', found "+describe(t), "EMIT is for queries that read a stream or table. Without FROM there is one row, at once.")
	default:
		c.expected("FROM")
	}
}

// orderBy reads ORDER BY, if it is there.
func (c *cutter) orderBy(q *ast.Query) {
	at := c.pos()
	if !c.acceptWords("ORDER", "BY") {
		return
	}
	c.put("ORDER\nBY", at)
	for {
		item := ast.OrderItem{At: ast.At(c.pos())}
		c.put("(", c.pos())
		c.value()
		c.put(")", c.pos())
		if item.Desc = c.accept("DESC"); !item.Desc {
			c.accept("ASC")
		}
		q.OrderBy = append(q.OrderBy, item)
		if !c.isOp(",") {
			return
		}
		c.keep()
	}
}

// byAhead reports whether the word and BY come next.
func (c *cutter) byAhead(word string) bool { return c.is(word) && c.ahead(1).isWord("BY") }

func (c *cutter) emitAhead() bool {
	return c.is("EMIT") && (c.ahead(1).isWord("CHANGES") || c.ahead(1).isWord("FINAL"))
}

// limit reads LIMIT n, if it is there.
func (c *cutter) limit() *ast.Limit {
	t := c.tok()
	if !c.accept("LIMIT") {
		return nil
	}
	pos := c.pos()
	l := &ast.Limit{At: ast.At(t.pos)}
	switch n := c.number().(type) {
	case *ast.IntLit:
		l.N = int64(n.Value)
	case *ast.BigintLit:
		l.N = n.Value
	case nil:
	default:
		c.failKind(Value, pos, "Value must be integer for command: LIMIT", "")
	}
	return l
}

func (c *cutter) item(q *ast.Query) {
	start, at, t := c.i, len(c.out), c.tok()
	switch {
	case t.isOp("*"):
		c.keep()
		q.Select = append(q.Select, &ast.AllItem{At: ast.At(t.pos)})
		return
	case t.isName() && c.ahead(1).isOp(".") && c.ahead(2).isOp("*"):
		name := c.name("a source")
		c.putName(name)
		c.keep()
		c.keep()
		q.Select = append(q.Select, &ast.AllItem{At: name.At, Qualifier: name.Name})
		return
	}
	c.expr()
	if c.isOp("->") && c.ahead(1).isOp("*") {
		if c.primaryStart != start {
			c.fail(c.ahead(1), "expected a field's name, found '*'", "->* is only possible behind a whole item of SELECT.")
			return
		}
		c.i += 2
		c.put(")", t.pos)
		c.wrap(at, t.pos, []string{openStructAll})
		q.Select = append(q.Select, &ast.StructAllItem{At: ast.At(t.pos)})
		return
	}
	item := &ast.ExprItem{At: ast.At(t.pos)}
	if c.accept("AS") || c.tok().isName() && !c.emitAhead() {
		item.Alias = c.name("an alias")
		c.put("AS", item.Alias.Pos())
		c.putName(item.Alias)
	}
	q.Select = append(q.Select, item)
}

// exprList reads the list of a GROUP BY or PARTITION BY, with or without brackets. Each item comes out in brackets, since MySQL
// takes a bare number for a position; an empty list leaves nothing in the output.
func (c *cutter) exprList(words string, pos ast.Pos) *ast.ExprList {
	list := &ast.ExprList{At: ast.At(pos)}
	bracket := c.isOp("(") && c.bracketsList()
	if bracket {
		c.next()
		if c.acceptOp(")") {
			return list
		}
	}
	c.put(words, pos)
	for {
		c.put("(", c.pos())
		c.value()
		c.put(")", c.pos())
		if !c.isOp(",") {
			break
		}
		c.keep()
	}
	if bracket {
		c.expectOp(")")
	}
	return list
}

// bracketsList reports whether the bracket here encloses the whole list, rather than an item or a part of one. A single item
// in brackets is not a list: it may be any expression.
func (c *cutter) bracketsList() bool {
	if c.ahead(1).isOp(")") {
		return true
	}
	depth, comma := 0, false
	for i := c.i; i < len(c.toks)-1; i++ {
		switch t := &c.toks[i]; {
		case t.kind != kOp:
		case t.text == "(" || t.text == "[":
			depth++
		case t.text == ")" || t.text == "]":
			if depth--; depth == 0 {
				t = &c.toks[i+1]
				return comma && (t.kind != kOp || t.text == ")")
			}
		case t.text == ",":
			comma = comma || depth == 1
		}
	}
	return false
}
