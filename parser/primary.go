package parser

import (
	"math"
	"strconv"
	"strings"

	"weir/parser/ast"
)

// reserved units of time; a unit in the singular is read as a column's name, as ksqlDB does.
var argumentUnits = map[string]ast.Unit{
	"MILLISECOND": ast.Millisecond, "MILLISECONDS": ast.Millisecond, "SECONDS": ast.Second, "MINUTES": ast.Minute,
	"HOURS": ast.Hour, "DAYS": ast.Day,
}

func singleQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// primary reads an operand with the -> and [ ] behind it.
func (c *cutter) primary() {
	start, at, pos := c.i, len(c.out), c.pos()
	c.operand()
	opens := len(c.opens)
	for c.err == nil {
		t := c.tok()
		if t.isOp("->") && !c.ahead(1).isOp("*") {
			c.next()
			field := c.name("a field's name")
			c.opens = append(c.opens, openDeref)
			c.put(",", t.pos)
			c.put(singleQuote(field.Name), field.Pos())
		} else if t.isOp("[") {
			c.next()
			c.opens = append(c.opens, openSubscript)
			c.put(",", t.pos)
			c.value()
			c.expectOp("]")
		} else {
			break
		}
		c.put(")", t.pos)
		c.enter()
	}
	c.wrap(at, pos, c.opens[opens:])
	c.depth -= len(c.opens) - opens
	c.opens = c.opens[:opens]
	c.primaryStart = start
}

func (c *cutter) operand() {
	t, next := c.tok(), c.ahead(1)
	switch {
	case t.isNumber() || t.isOp("-") && next.isNumber():
		if lit := c.number(); lit != nil {
			c.putLiteral(c.before().text, lit) // the sign is the literal's; TiDB does not see it
		}
	case t.kind == kString:
		c.putLiteral(singleQuote(t.value), &ast.StringLit{At: ast.At(t.pos), Value: t.value})
		c.next()
	case t.isOp("("):
		c.keep()
		c.expr()
		c.put(")", c.pos())
		c.expectOp(")")
	case t.kind == kWord && c.keywordOperand(t, next):
	case t.isName():
		c.nameOperand(next)
	default:
		c.expectedThing("an expression")
	}
}

// keywordOperand reads an operand that a keyword begins.
func (c *cutter) keywordOperand(t, next *token) bool {
	switch t.value {
	case "NULL":
		c.putLiteral("NULL", &ast.NullLit{At: ast.At(t.pos)})
		c.next()
	case "TRUE", "FALSE":
		c.putLiteral(t.value, &ast.BoolLit{At: ast.At(t.pos), Value: t.value == "TRUE"})
		c.next()
	case "CASE":
		c.caseExpr()
	case "CAST":
		c.cast()
	case "DECIMAL":
		if next.kind != kString {
			return false
		}
		c.typeLiteral()
	case "ARRAY":
		if !next.isOp("[") {
			return false
		}
		c.i += 2
		c.put(openArray, t.pos)
		c.list("]", c.expr)
	case "MAP":
		if !next.isOp("(") || !c.assigns() {
			return false
		}
		c.i += 2
		c.put(openMap, t.pos)
		c.list(")", c.mapEntry)
	case "STRUCT":
		if !next.isOp("(") || !c.ahead(2).isOp(")") && !c.ahead(3).isOp(":=") {
			return false
		}
		c.structCtor(t.pos)
	default:
		return false
	}
	return true
}

func (c *cutter) nameOperand(next *token) {
	switch {
	case next.kind == kString:
		c.typeLiteral()
	case next.isOp("("):
		c.call()
	default:
		c.putName(c.name("a column"))
		if c.isOp(".") {
			c.keep()
			c.putName(c.name("a column"))
			if c.isOp("(") {
				c.fail(c.tok(), "expected ',' or an operator, found '('", "A function's name has no qualifier.")
			}
		}
	}
}

// list reads what stands between brackets, the opening one being read already. The output gets round ones.
func (c *cutter) list(closing string, item func()) {
	if !c.isOp(closing) {
		for {
			item()
			if !c.isOp(",") {
				break
			}
			c.keep()
		}
	}
	c.put(")", c.pos())
	c.expectOp(closing)
}

func (c *cutter) mapEntry() {
	c.expr()
	c.put(",", c.pos())
	c.expectOp(":=")
	c.expr()
}

// assigns reports whether a MAP( goes on with a := of its own, or is empty: otherwise it is a function's name.
func (c *cutter) assigns() bool {
	if c.ahead(2).isOp(")") {
		return true
	}
	depth := 0
	for i := c.i + 1; i < len(c.toks); i++ {
		t := &c.toks[i]
		if t.kind != kOp {
			continue
		}
		switch t.text {
		case "(", "[":
			depth++
		case ")", "]":
			if depth--; depth == 0 {
				return false
			}
		case ":=":
			if depth == 1 {
				return true
			}
		}
	}
	return false
}

func (c *cutter) structCtor(pos ast.Pos) {
	c.i += 2
	node := &ast.StructCtor{At: ast.At(pos)}
	c.put(openStruct, pos)
	c.put(strconv.Itoa(len(c.structs)), pos)
	c.structs = append(c.structs, node)
	if !c.isOp(")") {
		for {
			field := c.name("a field's name")
			c.expectOp(":=")
			c.put(",", c.pos())
			c.expr()
			node.Fields = append(node.Fields, ast.StructEntry{Ident: field})
			if !c.acceptOp(",") {
				break
			}
		}
	}
	c.put(")", c.pos())
	c.expectOp(")")
}

func (c *cutter) call() {
	c.putName(c.name("a function"))
	c.keep()
	if t := c.tok(); t.isOp("*") {
		c.next()
		c.put(openStar, t.pos)
		c.put(")", t.pos)
		c.put(")", c.pos())
		c.expectOp(")")
		return
	}
	args, lambdas := 0, false
	c.list(")", func() {
		lambdas = c.argument(args, lambdas)
		args++
	})
}

// argument reads one argument of a call. Lambdas stand behind all others, of which there is at least one.
func (c *cutter) argument(n int, lambdas bool) bool {
	if c.lambdaAhead() {
		if n == 0 {
			c.fail(c.tok(), "expected an expression, found a lambda", "What the lambda is applied to comes before it.")
		}
		c.lambda()
		return true
	}
	if lambdas {
		c.fail(c.tok(), "expected a lambda, found "+describe(c.tok()), "Lambdas are the last arguments of a call.")
	}
	t := c.tok()
	if unit, ok := argumentUnits[t.value]; ok && t.kind == kWord && (c.ahead(1).isOp(",") || c.ahead(1).isOp(")")) {
		c.putLiteral(singleQuote(t.value), &ast.UnitLit{At: ast.At(t.pos), Unit: unit})
		c.next()
		return false
	}
	c.expr()
	return false
}

// lambdaAhead looks for x => and (x, y) =>.
func (c *cutter) lambdaAhead() bool {
	if c.tok().isName() {
		return c.ahead(1).isOp("=>")
	}
	if !c.isOp("(") {
		return false
	}
	i := 1
	for c.ahead(i).isName() && c.ahead(i+1).isOp(",") {
		i += 2
	}
	return c.ahead(i).isName() && c.ahead(i+1).isOp(")") && c.ahead(i+2).isOp("=>")
}

func (c *cutter) lambda() {
	node := &ast.Lambda{At: ast.At(c.pos())}
	c.put(openLambda, c.pos())
	c.put(strconv.Itoa(len(c.lambdas)), c.pos())
	c.put(",", c.pos())
	c.lambdas = append(c.lambdas, node)
	bracket := c.acceptOp("(")
	for {
		node.Params = append(node.Params, c.name("a parameter's name"))
		if !c.acceptOp(",") {
			break
		}
	}
	if bracket {
		c.expectOp(")")
	}
	c.expectOp("=>")
	c.expr()
	c.put(")", c.pos())
}

func (c *cutter) caseExpr() {
	c.keep()
	if !c.is("WHEN") && !c.is("END") {
		c.value()
	}
	if !c.is("WHEN") {
		c.expected("WHEN")
		return
	}
	for c.is("WHEN") {
		c.keep()
		c.expr()
		if !c.is("THEN") {
			c.expected("THEN")
			return
		}
		c.keep()
		c.expr()
	}
	if c.is("ELSE") {
		c.keep()
		c.expr()
	}
	if !c.is("END") {
		c.expected("WHEN", "ELSE", "END")
		return
	}
	c.keep()
}

func (c *cutter) cast() {
	pos := c.pos()
	c.next()
	c.expectOp("(")
	c.put(openCast, pos)
	c.expr()
	c.expect("AS")
	c.put(",", pos)
	c.put(strconv.Itoa(len(c.types)), pos)
	c.types = append(c.types, c.typ())
	c.put(")", pos)
	c.expectOp(")")
}

// typeLiteral reads DECIMAL '1.5'.
func (c *cutter) typeLiteral() {
	t, text := c.tok(), c.ahead(1)
	if t.value != "DECIMAL" {
		c.fail(text, "expected an operator or ',', found "+describe(text),
			"Only DECIMAL has literals of the form TYPE 'text'; other types are written as strings, or with CAST.")
		return
	}
	if !isNumber(text.value) {
		c.failKind(Literal, text.pos, "Invalid numeric literal: "+text.value, "")
		return
	}
	c.putLiteral(singleQuote(text.value), &ast.TypeLit{At: ast.At(t.pos), Type: t.value, Text: text.value})
	c.i += 2
}

func isNumber(text string) bool {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	l := newLexer(text)
	t := l.next()
	return t.isNumber() && t.text == text
}

// number takes a number with its sign. Whole numbers have the smallest type that holds them.
func (c *cutter) number() ast.Expr {
	t, sign := c.tok(), ""
	at := ast.At(t.pos)
	if t.isOp("-") {
		c.next()
		t, sign = c.tok(), "-"
	}
	text := sign + t.text
	var lit ast.Expr
	switch t.kind {
	case kInt:
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil:
			c.failKind(Literal, ast.Pos(at), "Invalid numeric literal: "+text, "A BIGINT lies between -9223372036854775808 "+
				"and 9223372036854775807; write a bigger number with a point: "+text+".0")
			return nil
		case n >= math.MinInt32 && n <= math.MaxInt32:
			lit = &ast.IntLit{At: at, Value: int32(n)}
		default:
			lit = &ast.BigintLit{At: at, Value: n}
		}
	case kDecimal:
		lit = &ast.DecimalLit{At: at, Text: text}
	case kFloat:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			c.failKind(Literal, ast.Pos(at), "Number overflows DOUBLE: "+text, "")
			return nil
		}
		lit = &ast.DoubleLit{At: at, Value: v}
	default:
		c.expectedThing("a number")
		return nil
	}
	c.next()
	return lit
}
