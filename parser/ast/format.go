package ast

import (
	"strconv"
	"strings"
)

// Format prints a statement, expression, type, source, item or clause as SQL. The law: what it prints parses back to the same tree.
// Statements are printed without a final semicolon; names are quoted where they must be; brackets appear where they
// are needed. It returns "" for nil and for nodes that are not SQL by themselves.
func Format(n Node) string {
	var p printer
	switch n := n.(type) {
	case Statement:
		n.write(&p)
	case Expr:
		p.expr(n, lowest)
	case *Type:
		p.typ(n)
	case Source:
		p.source(n)
	case SelectItem:
		p.item(n)
	case *Window:
		p.window(n)
	case *Within:
		p.within(n)
	case Column:
		p.column(n)
	case Duration:
		p.duration(n)
	case Ident:
		p.name(n.Name)
	}
	return p.String()
}

// Quoted prints an expression the way ksqlDB's messages do: every operation of two sides in brackets, TRUE, FALSE and NULL in
// small letters, no blanks around :=.
func Quoted(e Expr) string {
	p := printer{message: true}
	p.expr(e, lowest)
	return p.String()
}

type printer struct {
	strings.Builder
	message bool // see Quoted
}

func (p *printer) put(parts ...string) {
	for _, s := range parts {
		p.WriteString(s)
	}
}

func (p *printer) name(name string) { p.put(Quote(name)) }

// resource prints a name that keeps its case when bare; quoting is always right.
func (p *printer) resource(name string) { p.put(QuoteString(name)) }

func (p *printer) putIf(cond bool, s string) {
	if cond {
		p.put(s)
	}
}

// commas writes n things with commas between them.
func (p *printer) commas(n int, each func(i int)) {
	for i := range n {
		p.putIf(i > 0, ", ")
		each(i)
	}
}

func (p *printer) idents(list []Ident) {
	if len(list) == 0 {
		return
	}
	p.put(" (")
	p.commas(len(list), func(i int) { p.name(list[i].Name) })
	p.put(")")
}

func (p *printer) duration(d Duration) { p.put(strconv.FormatInt(d.N, 10), " ", d.Unit.String()) }

func (p *printer) durationIf(before string, d *Duration) {
	if d != nil {
		p.put(before)
		p.duration(*d)
	}
}

func (p *printer) typ(t *Type) {
	switch t.Kind {
	case TypeCustom:
		p.name(t.Name)
	case TypeDecimal:
		p.put("DECIMAL(", strconv.Itoa(t.Precision), ", ", strconv.Itoa(t.Scale), ")")
	case TypeArray:
		p.put("ARRAY<")
		p.typ(t.Elem)
		p.put(">")
	case TypeMap:
		p.put("MAP<")
		p.typ(t.Key)
		p.put(", ")
		p.typ(t.Elem)
		p.put(">")
	case TypeStruct:
		p.put("STRUCT<")
		p.commas(len(t.Fields), func(i int) {
			p.name(t.Fields[i].Name)
			p.put(" ")
			p.typ(t.Fields[i].Type)
		})
		p.put(">")
	case TypeBoolean, TypeInteger, TypeBigint, TypeDouble, TypeString, TypeBytes, TypeTime, TypeDate, TypeTimestamp:
		p.put(t.Kind.String())
	}
}

// String is the type as SQL.
func (t *Type) String() string { return Format(t) }
