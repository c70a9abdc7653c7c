package parser

import "unicode/utf8"

// The walk over an expression knows what may follow what, and the two sorts of expressions of the grammar: values, and
// conditions made of them. It knows no precedence among operators: that is TiDB's part.

// expr reads an expression of either sort.
func (c *cutter) expr() {
	c.enter()
	for c.err == nil {
		nots := 0
		for ; c.is("NOT"); nots++ {
			c.enter()
			c.keep()
		}
		c.predicate()
		c.depth -= nots
		if !c.is("AND") && !c.is("OR") {
			break
		}
		c.keep()
	}
	c.leave()
}

// value reads a value: no comparison, predicate, NOT, AND or OR outside of brackets.
func (c *cutter) value() {
	c.enter()
	for c.err == nil {
		signs := 0
		for c.isOp("+") || c.isOp("-") && !c.ahead(1).isNumber() {
			c.enter()
			c.keep()
			signs++
		}
		c.primary()
		c.depth -= signs
		t := c.tok()
		if t.kind != kOp {
			break
		}
		switch t.text {
		case "+", "-", "*", "/", "%":
			c.keep()
			continue
		case "||":
			// MySQL's | binds as loosely as ksqlDB's ||, MySQL's || does not.
			c.put("|", t.pos)
			c.next()
			continue
		}
		break
	}
	c.leave()
}

// predicate reads a value and what is said about it.
func (c *cutter) predicate() {
	c.value()
	t := c.tok()
	if t.kind == kOp {
		switch t.text {
		case "=", "<>", "!=", "<", "<=", ">", ">=":
			c.keep()
			c.value()
		}
		return
	}
	switch t.value {
	case "IS":
		if t.kind == kWord {
			c.isPredicate()
		}
		return
	case "NOT":
		if t.kind == kWord {
			c.keep()
			if !c.is("BETWEEN") && !c.is("IN") && !c.is("LIKE") {
				c.expected("BETWEEN", "IN", "LIKE")
				return
			}
		}
	}
	switch {
	case c.is("BETWEEN"):
		c.keep()
		c.value()
		if !c.is("AND") {
			c.expected("AND")
			return
		}
		c.keep()
		c.value()
	case c.is("IN"):
		c.keep()
		c.inList()
	case c.is("LIKE"):
		c.keep()
		c.like()
	}
}

// isPredicate writes all that begins with IS as MySQL's <=>, with a call on its right that says which one it is.
func (c *cutter) isPredicate() {
	pos := c.pos()
	c.next()
	c.put("<=>", pos)
	not := c.accept("NOT")
	switch {
	case c.accept("NULL"):
		if not {
			c.put(openNotNull, pos)
		} else {
			c.put(openNull, pos)
		}
		c.put(")", pos)
	case c.accept("DISTINCT"):
		c.expect("FROM")
		if not {
			c.value()
			return
		}
		c.put(openDistinct, c.pos())
		c.value()
		c.put(")", c.pos())
	case not:
		c.expected("NULL", "DISTINCT FROM")
	default:
		c.expected("NULL", "NOT NULL", "DISTINCT FROM")
	}
}

func (c *cutter) inList() {
	if !c.isOp("(") {
		c.missing("(")
		return
	}
	c.keep()
	for {
		c.expr()
		if !c.isOp(",") {
			break
		}
		c.keep()
	}
	c.put(")", c.pos())
	c.expectOp(")")
}

// like brackets the pattern, since MySQL takes only a simple one, and hands the escape character over with it.
func (c *cutter) like() {
	pos := c.pos()
	c.put("(", pos)
	at := len(c.out)
	c.value()
	if c.is("ESCAPE") && (c.ahead(1).kind == kString || c.ahead(1).kind == kBad) {
		c.next()
		t := c.tok()
		escape := c.text("the escape character")
		if utf8.RuneCountInString(escape) != 1 && c.err == nil {
			c.failKind(Value, t.pos, "Expected single character for ESCAPE, got "+describe(t), "")
			return
		}
		c.wrap(at, pos, []string{openEscape})
		c.put(",", t.pos)
		c.put(singleQuote(escape), t.pos)
		c.put(")", t.pos)
	}
	c.put(")", c.pos())
}
