package parser

import (
	"strconv"

	"weir/parser/ast"
)

// typ reads a type. It never returns nil.
func (c *cutter) typ() *ast.Type {
	c.enter()
	defer c.leave()
	t := c.baseType()
	levels := 0
	for c.err == nil && c.is("ARRAY") {
		c.enter()
		levels++
		t = &ast.Type{At: t.At, Kind: ast.TypeArray, Elem: t}
		c.next()
	}
	c.depth -= levels
	return t
}

func (c *cutter) baseType() *ast.Type {
	t, next := c.tok(), c.ahead(1)
	typ := &ast.Type{At: ast.At(t.pos)}
	switch {
	case t.isWord("ARRAY") && next.isOp("<"):
		c.i += 2
		typ.Kind, typ.Elem = ast.TypeArray, c.typ()
		c.expectOp(">")
	case t.isWord("MAP") && next.isOp("<"):
		c.i += 2
		typ.Kind, typ.Key = ast.TypeMap, c.typ()
		c.expectOp(",")
		typ.Elem = c.typ()
		c.expectOp(">")
	case t.isWord("STRUCT") && next.isOp("<>"):
		c.i += 2
		typ.Kind = ast.TypeStruct
	case t.isWord("STRUCT") && next.isOp("<"):
		c.i += 2
		typ.Kind = ast.TypeStruct
		c.fields(typ)
	case t.isWord("DECIMAL"):
		c.next()
		typ.Kind = ast.TypeDecimal
		c.expectOp("(")
		typ.Precision = c.smallNumber("DECIMAL")
		c.expectOp(",")
		typ.Scale = c.smallNumber("DECIMAL")
		c.expectOp(")")
	case t.isName():
		c.next()
		kind, ok := ast.ScalarKind(t.value)
		if typ.Kind = kind; !ok {
			typ.Name = t.value
		}
		c.typeParameters()
	case t.kind == kWord:
		c.fail(t, "Syntax error at or near '"+t.text+"' at line "+t.pos.String()+": expected a type",
			reservedHint(t))
	default:
		c.expectedThing("a type")
	}
	return typ
}

func (c *cutter) fields(typ *ast.Type) {
	if c.acceptOp(">") {
		return
	}
	for {
		name := c.name("a field's name")
		typ.Fields = append(typ.Fields, ast.Field{Ident: name, Type: c.typ()})
		if c.err != nil || !c.moreInList(">") {
			return
		}
	}
}

// typeParameters skips what VARCHAR(255) has in brackets: ksqlDB reads lengths but does not heed them.
func (c *cutter) typeParameters() {
	if !c.acceptOp("(") {
		return
	}
	for {
		t := c.tok()
		if t.kind != kInt && !t.isWord("STRING") {
			c.fail(t, "Expecting {'STRING', INTEGER_VALUE}", "")
			return
		}
		c.next()
		if !c.moreInList(")") {
			return
		}
	}
}

// smallNumber reads a whole number that is not below zero.
func (c *cutter) smallNumber(command string) int {
	pos := c.pos()
	lit := c.number()
	switch n := lit.(type) {
	case nil:
	case *ast.IntLit:
		if n.Value >= 0 {
			return int(n.Value)
		}
		c.failKind(Value, pos, "Value must not be negative for command: "+command, "")
	case *ast.BigintLit:
		c.failKind(Value, pos, "Value is too big for command: "+command, "")
	default:
		c.failKind(Value, pos, "Value must be integer for command: "+command, "")
	}
	return 0
}

// standIn is a type of MySQL's for the text that TiDB gets; which one has no meaning beyond that.
func standIn(t *ast.Type) string {
	switch t.Kind {
	case ast.TypeBoolean:
		return "BOOLEAN"
	case ast.TypeInteger:
		return "INT"
	case ast.TypeBigint:
		return "BIGINT"
	case ast.TypeDouble:
		return "DOUBLE"
	case ast.TypeDecimal:
		return "DECIMAL\n(\n" + strconv.Itoa(t.Precision) + "\n,\n" + strconv.Itoa(t.Scale) + "\n)"
	case ast.TypeString:
		return "LONGTEXT"
	case ast.TypeBytes:
		return "LONGBLOB"
	case ast.TypeTime:
		return "TIME"
	case ast.TypeDate:
		return "DATE"
	case ast.TypeTimestamp:
		return "TIMESTAMP"
	case ast.TypeArray, ast.TypeMap, ast.TypeStruct, ast.TypeCustom:
	}
	return "JSON"
}
