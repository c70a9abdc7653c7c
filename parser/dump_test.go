package parser

import (
	"fmt"
	"reflect"
	"strings"

	"weir/parser/ast"
)

// dumper prints a tree as an s-expression: (Type@line:col field:value ...), without fields that are empty.
type dumper struct{ positions bool }

func tree(n any) string { return dumper{}.value(reflect.ValueOf(n)).flat() }

func treeWithPositions(n any) string {
	return dumper{positions: true}.value(reflect.ValueOf(n)).indented(0)
}

// sexp is an atom, or a list with a head.
type sexp struct {
	head  string
	items []sexp
	list  bool
}

func (s sexp) flat() string {
	var b strings.Builder
	s.writeFlat(&b)
	return b.String()
}

func (s sexp) writeFlat(b *strings.Builder) {
	if !s.list {
		b.WriteString(s.head)
		return
	}
	b.WriteString("(" + s.head)
	for _, it := range s.items {
		b.WriteString(" ")
		it.writeFlat(b)
	}
	b.WriteString(")")
}

func (s sexp) indented(level int) string {
	flat := s.flat()
	if !s.list || len(flat)+2*level <= 110 {
		return flat
	}
	lines := []string{"(" + s.head}
	for _, it := range s.items {
		lines = append(lines, strings.Repeat("  ", level+1)+it.indented(level+1))
	}
	return strings.Join(lines, "\n") + ")"
}

func (d dumper) value(v reflect.Value) sexp {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return sexp{head: "nil"}
		}
		return d.value(v.Elem())
	case reflect.Slice:
		s := sexp{list: true}
		for i := range v.Len() {
			s.items = append(s.items, d.value(v.Index(i)))
		}
		return s
	case reflect.Struct:
		return d.structure(v)
	case reflect.String:
		return sexp{head: fmt.Sprintf("%q", v.String())}
	default:
		return sexp{head: fmt.Sprint(v.Interface())}
	}
}

func (d dumper) structure(v reflect.Value) sexp {
	s := sexp{list: true, head: v.Type().Name()}
	if n, ok := v.Interface().(ast.Node); ok && d.positions && n.Pos().IsValid() {
		s.head += "@" + n.Pos().String()
	}
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		if name == "At" || f.IsZero() && !always[v.Type().Name()+"."+name] {
			continue
		}
		if name == "Ident" { // a column, field or property: its name
			f, name = f.Field(1), "Name"
		}
		item := d.value(f)
		if item.list {
			item.head = strings.TrimSuffix(name+" "+item.head, " ")
		} else {
			item.head = name + "=" + item.head
		}
		s.items = append(s.items, item)
	}
	return s
}

// always are the fields whose zero value says something.
var always = map[string]bool{
	"Binary.Op": true, "Comparison.Op": true, "Logical.Op": true, "Unary.Op": true, "IntLit.Value": true, "Join.Kind": true,
	"StringLit.Value": true, "DoubleLit.Value": true, "BoolLit.Value": true, "Window.Kind": true, "Emit.Kind": true,
	"Within.Before": true, "Within.After": true, "Duration.N": true, "Duration.Unit": true, "Show.Kind": true, "Limit.N": true,
}
