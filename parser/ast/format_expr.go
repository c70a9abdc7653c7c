package ast

import (
	"math"
	"strconv"
	"strings"
)

// level is how tightly an expression holds together; an operand that holds less tightly than its place asks for needs brackets.
type level int

const (
	lowest level = iota
	orLevel
	andLevel
	notLevel
	predicateLevel
	concatLevel
	addLevel
	mulLevel
	signLevel
	primaryLevel
)

const valueLevel = concatLevel

var binaryLevel = [...]level{Concat: concatLevel, Add: addLevel, Sub: addLevel, Mul: mulLevel, Div: mulLevel, Mod: mulLevel}

func levelOf(e Expr) level {
	switch e := e.(type) {
	case *Logical:
		if e.Op == Or {
			return orLevel
		}
		return andLevel
	case *Not:
		return notLevel
	case *Comparison, *IsNull, *Between, *In, *Like:
		return predicateLevel
	case *Binary:
		return binaryLevel[e.Op]
	case *Unary:
		return signLevel
	case *Lambda:
		return lowest
	default: // about these alone
	}
	return primaryLevel
}

func (p *printer) expr(e Expr, least level) {
	if e == nil {
		return
	}
	if levelOf(e) < least && !p.message || p.message && twoSided(e) {
		p.put("(")
		defer p.put(")")
	}
	p.bare(e)
}

// twoSided says whether an expression is an operation of a left and a right side.
func twoSided(e Expr) bool {
	switch e.(type) {
	case *Binary, *Comparison, *Logical, *Between, *In, *Like:
		return true
	default: // about these alone
	}
	return false
}

// bare prints an expression without brackets around it.
func (p *printer) bare(e Expr) {
	switch e := e.(type) {
	case *ColumnRef:
		if e.Qualifier != "" {
			p.name(e.Qualifier)
			p.put(".")
		}
		p.name(e.Name)
	case *Unary:
		p.sign(e)
	case *Binary:
		own := binaryLevel[e.Op]
		p.infix(e.L, own, e.Op.String(), e.R, own+1)
	case *Comparison:
		p.infix(e.L, valueLevel, e.Op.String(), e.R, valueLevel)
	case *Logical:
		own := levelOf(e)
		p.infix(e.L, own, e.Op.String(), e.R, own+1)
	case *Not:
		p.put("NOT ")
		p.expr(e.X, notLevel)
	case *IsNull, *Between, *In, *Like:
		p.predicate(e)
	case *Case:
		p.caseOf(e)
	case *Cast:
		p.put("CAST(")
		p.expr(e.X, lowest)
		p.put(" AS ")
		p.typ(e.Type)
		p.put(")")
	case *Call:
		p.name(e.Name)
		p.put("(")
		p.putIf(e.Star && !p.message, "*")
		p.putIf(e.Star && p.message, "ROWTIME") // what ksqlDB makes of it
		p.list(e.Args)
		p.put(")")
	case *Lambda:
		p.lambda(e)
	case *Subscript:
		p.expr(e.X, primaryLevel)
		p.put("[")
		p.expr(e.Index, valueLevel)
		p.put("]")
	case *Deref:
		p.expr(e.X, primaryLevel)
		p.put("->")
		p.name(e.Field)
	case *ArrayCtor:
		p.put("ARRAY[")
		p.list(e.Elems)
		p.put("]")
	case *MapCtor:
		p.put("MAP(")
		p.commas(len(e.Entries), func(i int) {
			p.expr(e.Entries[i].Key, lowest)
			p.assign(e.Entries[i].Value)
		})
		p.put(")")
	case *StructCtor:
		p.put("STRUCT(")
		p.commas(len(e.Fields), func(i int) {
			p.name(e.Fields[i].Name)
			p.assign(e.Fields[i].Value)
		})
		p.put(")")
	default:
		p.literal(e)
	}
}

// assign prints what a field or key is set to.
func (p *printer) assign(e Expr) {
	if p.message {
		p.put(":=")
	} else {
		p.put(" := ")
	}
	p.expr(e, lowest)
}

func (p *printer) list(list []Expr) {
	p.commas(len(list), func(i int) { p.expr(list[i], lowest) })
}

func (p *printer) infix(l Expr, least level, op string, r Expr, leastRight level) {
	p.expr(l, least)
	p.put(" ", op, " ")
	p.expr(r, leastRight)
}

// sign keeps a minus apart from a number, which would swallow it, and from another minus, which would begin a comment.
func (p *printer) sign(e *Unary) {
	p.put(e.Op.String())
	operand := printer{message: p.message}
	operand.expr(e.X, signLevel)
	text := operand.String()
	if e.Op == Neg && text != "" && strings.IndexByte("-.0123456789", text[0]) >= 0 {
		text = "(" + text + ")"
	}
	p.put(text)
}

func (p *printer) predicate(e Expr) {
	head := func(x Expr, not bool, word string) {
		p.expr(x, valueLevel)
		p.putIf(not, " NOT")
		p.put(word)
	}
	switch e := e.(type) {
	case *IsNull:
		p.expr(e.X, valueLevel)
		p.put(" IS ")
		p.putIf(e.Not, "NOT ")
		p.put("NULL")
	case *Between:
		head(e.X, e.Not, " BETWEEN ")
		p.infix(e.Low, valueLevel, "AND", e.High, valueLevel)
	case *In:
		head(e.X, e.Not, " IN (")
		p.list(e.List)
		p.put(")")
	case *Like:
		head(e.X, e.Not, " LIKE ")
		p.expr(e.Pattern, valueLevel)
		if e.Escape != "" {
			p.put(" ESCAPE ", QuoteString(e.Escape))
		}
	default: // about these alone
	}
}

func (p *printer) caseOf(e *Case) {
	p.putIf(p.message, "(")
	p.put("CASE")
	if e.Operand != nil {
		p.put(" ")
		p.expr(e.Operand, valueLevel)
	}
	for _, w := range e.Whens {
		p.put(" WHEN ")
		p.infix(w.Cond, lowest, "THEN", w.Result, lowest)
	}
	if e.Else != nil {
		p.put(" ELSE ")
		p.expr(e.Else, lowest)
	}
	p.put(" END")
	p.putIf(p.message, ")")
}

func (p *printer) lambda(e *Lambda) {
	if len(e.Params) == 1 {
		p.name(e.Params[0].Name)
	} else {
		p.put("(")
		p.commas(len(e.Params), func(i int) { p.name(e.Params[i].Name) })
		p.put(")")
	}
	p.put(" => ")
	p.expr(e.Body, lowest)
}

func (p *printer) literal(e Expr) {
	switch e := e.(type) {
	case *NullLit:
		p.word("NULL")
	case *BoolLit:
		p.word(strings.ToUpper(strconv.FormatBool(e.Value)))
	case *IntLit:
		p.put(strconv.FormatInt(int64(e.Value), 10))
	case *BigintLit:
		p.put(strconv.FormatInt(e.Value, 10))
	case *DecimalLit:
		p.put(e.Text)
	case *DoubleLit:
		p.put(formatDouble(e.Value))
	case *StringLit:
		p.put(QuoteString(e.Value))
	case *TypeLit:
		p.put(e.Type, " ", QuoteString(e.Text))
	case *UnitLit:
		p.put(e.Unit.String())
	default: // about these alone
	}
}

// word prints a constant's keyword.
func (p *printer) word(w string) {
	if p.message {
		w = strings.ToLower(w)
	}
	p.put(w)
}

// formatDouble always writes an exponent: without one the number would be a decimal.
func formatDouble(v float64) string {
	exp := 0
	if v != 0 {
		exp = int(math.Floor(math.Log10(math.Abs(v))))
	}
	if exp < -3 || exp > 6 {
		return strconv.FormatFloat(v, 'E', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64) + "E0"
}
