package parser

import (
	"math"
	"strconv"

	"weir/parser/ast"
)

// source reads FROM's table and the joins behind it. A table's index stands as its schema, a join's in its condition.
func (c *cutter) source() {
	c.table()
	for c.err == nil {
		t := c.tok()
		kind := ast.InnerJoin
		switch {
		case c.accept("INNER"), c.is("JOIN"):
		case c.accept("LEFT"):
			kind = ast.LeftJoin
		case c.accept("RIGHT"):
			kind = ast.RightJoin
		case c.accept("FULL"):
			kind = ast.FullJoin
		default:
			return
		}
		outer := kind != ast.InnerJoin && c.accept("OUTER")
		if !c.accept("JOIN") {
			if kind == ast.InnerJoin || outer {
				c.expected("JOIN")
			} else {
				c.expected("JOIN", "OUTER JOIN")
			}
			return
		}
		c.join(&ast.Join{At: ast.At(t.pos), Kind: kind})
	}
}

func (c *cutter) join(j *ast.Join) {
	// MySQL has no FULL JOIN; what the join is stands in j.
	text := "JOIN"
	switch j.Kind {
	case ast.LeftJoin, ast.FullJoin:
		text = "LEFT\nJOIN"
	case ast.RightJoin:
		text = "RIGHT\nJOIN"
	case ast.InnerJoin:
	}
	c.put(text, j.Pos())
	c.table()
	if c.is("WITHIN") {
		j.Within = c.within()
	}
	if !c.is("ON") {
		if j.Within == nil {
			c.expected("WITHIN", "ON")
		} else {
			c.expected("ON")
		}
		return
	}
	c.keep()
	c.put(openOn, j.Pos())
	c.put(strconv.Itoa(len(c.joins)), j.Pos())
	c.joins = append(c.joins, j)
	c.put(",", c.pos())
	c.expr()
	c.put(")", c.pos())
}

func (c *cutter) table() {
	name := c.name("a stream or table")
	table := &ast.Table{At: name.At, Name: name.Name}
	c.put("`"+strconv.Itoa(len(c.tables))+"`\n.", name.Pos())
	c.tables = append(c.tables, table)
	c.putName(name)
	if c.accept("AS") || c.tok().isName() && !c.emitAhead() && !c.byAhead("PARTITION") && !c.byAhead("ORDER") {
		table.Alias = c.name("an alias")
		c.put("AS", table.Alias.Pos())
		c.putName(table.Alias)
	}
}

func (c *cutter) within() *ast.Within {
	w := &ast.Within{At: ast.At(c.pos())}
	c.next()
	if c.acceptOp("(") {
		w.Before = c.duration()
		c.expectOp(",")
		w.After = c.duration()
		c.expectOp(")")
	} else {
		w.Before = c.duration()
		w.After = w.Before
	}
	if c.acceptWords("GRACE", "PERIOD") {
		d := c.duration()
		w.Grace = &d
	}
	return w
}

var units = map[string]ast.Unit{
	"MILLISECOND": ast.Millisecond, "MILLISECONDS": ast.Millisecond, "SECOND": ast.Second, "SECONDS": ast.Second,
	"MINUTE": ast.Minute, "MINUTES": ast.Minute, "HOUR": ast.Hour, "HOURS": ast.Hour, "DAY": ast.Day, "DAYS": ast.Day,
}

func (c *cutter) duration() ast.Duration {
	d := ast.Duration{At: ast.At(c.pos())}
	switch n := c.number().(type) {
	case *ast.IntLit:
		d.N = int64(n.Value)
	case *ast.BigintLit:
		d.N = n.Value
	case nil:
		return d
	default:
		c.failKind(Value, d.Pos(), "a length of time must be a whole number of its unit", "")
	}
	if d.N < 0 {
		c.failKind(Value, d.Pos(), "a length of time cannot be negative", "")
	}
	t := c.tok()
	unit, ok := units[t.value]
	if !ok || t.kind != kWord {
		c.expected("DAYS", "HOURS", "MINUTES", "SECONDS", "MILLISECONDS")
		return d
	}
	if d.Unit = unit; d.N > math.MaxInt64/int64(unit.Duration()) {
		c.failKind(Value, d.Pos(), "the length of time is too big", "At most 106751 days are possible.")
	}
	c.next()
	return d
}
