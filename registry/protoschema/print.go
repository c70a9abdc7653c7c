package protoschema

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// printer writes a descriptor as .proto text. Parsed again it is the same descriptor; comments are not in descriptors.
type printer struct {
	b       strings.Builder
	indent  int
	syntax  string
	names   map[string]bool // all that a name can mean: packages, messages, enums
	options *optionPrinter
	err     error
}

// textOf is the text of a schema.
func textOf(f protoreflect.FileDescriptor) (string, error) {
	file := protodesc.ToFileDescriptorProto(f)
	p := &printer{syntax: file.GetSyntax(), names: map[string]bool{}, options: newOptionPrinter(f)}
	p.declared(f, map[string]bool{})
	p.file(file)
	return p.b.String(), p.err
}

func (p *printer) line(format string, args ...any) {
	p.b.WriteString(strings.Repeat("  ", p.indent))
	fmt.Fprintf(&p.b, format, args...)
	p.b.WriteByte('\n')
}

func (p *printer) block(head string, body func()) {
	p.line("%s {", head)
	p.indent++
	body()
	p.indent--
	p.line("}")
}

func (p *printer) file(f *descriptorpb.FileDescriptorProto) {
	switch p.syntax {
	case "", "proto2":
		p.line(`syntax = "proto2";`)
	case "editions":
		p.line(`edition = "%s";`, strings.TrimPrefix(f.GetEdition().String(), "EDITION_"))
	default:
		p.line(`syntax = %q;`, p.syntax)
	}
	if f.GetPackage() != "" {
		p.line("package %s;", f.GetPackage())
	}
	public, weak := map[int32]bool{}, map[int32]bool{}
	for _, i := range f.GetPublicDependency() {
		public[i] = true
	}
	for _, i := range f.GetWeakDependency() {
		weak[i] = true
	}
	for i, path := range f.GetDependency() {
		how := ""
		if public[int32(i)] {
			how = "public "
		} else if weak[int32(i)] {
			how = "weak "
		}
		p.line("import %s%s;", how, quoted(path))
	}
	p.optionLines(f.GetOptions())
	scope := f.GetPackage()
	l := newLayout(p, scope, f.GetMessageType(), f.GetExtension())
	l.flush(len(l.nested))
	l.extensions(len(l.extends))
	for _, e := range f.GetEnumType() {
		p.enum(e)
	}
	for _, s := range f.GetService() {
		p.service(s, scope)
	}
}

func (p *printer) message(head string, m *descriptorpb.DescriptorProto, scope string) {
	scope = strings.TrimPrefix(scope+"."+m.GetName(), ".")
	p.block(head, func() {
		p.optionLines(m.GetOptions())
		l := newLayout(p, scope, m.GetNestedType(), m.GetExtension())
		l.groups(m.GetField())
		inOneof := map[int32]bool{}
		for _, f := range m.GetField() {
			at := f.GetOneofIndex()
			switch {
			case f.OneofIndex == nil || f.GetProto3Optional():
				l.flush(l.defines(f))
				p.field(f, l, false)
			case !inOneof[at]:
				inOneof[at] = true
				p.oneof(m, at, l)
			}
		}
		l.flush(len(l.nested))
		l.extensions(len(l.extends))
		for _, e := range m.GetEnumType() {
			p.enum(e)
		}
		for _, r := range m.GetExtensionRange() {
			p.line("extensions %s%s;", span(r.GetStart(), r.GetEnd()-1, 1<<29-1), p.inline(nil, r.GetOptions()))
		}
		for _, r := range m.GetReservedRange() {
			p.line("reserved %s;", span(r.GetStart(), r.GetEnd()-1, 1<<29-1))
		}
		p.reserved(m.GetReservedName())
	})
}

func (p *printer) oneof(m *descriptorpb.DescriptorProto, at int32, l *layout) {
	var members []*descriptorpb.FieldDescriptorProto
	for _, f := range m.GetField() {
		if f.OneofIndex != nil && f.GetOneofIndex() == at && !f.GetProto3Optional() {
			members = append(members, f)
			l.flush(l.defines(f))
		}
	}
	one := m.GetOneofDecl()[at]
	p.block("oneof "+one.GetName(), func() {
		p.optionLines(one.GetOptions())
		for _, f := range members {
			p.field(f, l, true)
		}
	})
}

// span is a range of numbers, both of which it includes.
func span(from, to, most int32) string {
	switch to {
	case from:
		return strconv.Itoa(int(from))
	case most:
		return fmt.Sprintf("%d to max", from)
	}
	return fmt.Sprintf("%d to %d", from, to)
}

func (p *printer) reserved(names []string) {
	for _, n := range names {
		if p.syntax == "editions" {
			p.line("reserved %s;", n)
		} else {
			p.line("reserved %s;", quoted(n))
		}
	}
}

// field writes one field, with the message that it defines; bare are those of oneofs, which have no label.
func (p *printer) field(f *descriptorpb.FieldDescriptorProto, l *layout, bare bool) {
	label := ""
	switch {
	case bare:
	case f.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REPEATED:
		label = "repeated "
	case f.GetProto3Optional():
		label = "optional "
	case p.syntax == "" || p.syntax == "proto2":
		label = strings.ToLower(strings.TrimPrefix(f.GetLabel().String(), "LABEL_")) + " "
	}
	typ := p.typeOf(f, l.scope)
	if at := l.defines(f); at >= 0 {
		nested := l.nested[at]
		if !nested.GetOptions().GetMapEntry() {
			p.message(fmt.Sprintf("%sgroup %s = %d%s", label, nested.GetName(), f.GetNumber(), p.inline(f, f.GetOptions())), nested, l.scope)
			return
		}
		label, typ = "", fmt.Sprintf("map<%s, %s>", p.typeOf(nested.GetField()[0], l.scope), p.typeOf(nested.GetField()[1], l.scope))
	}
	p.line("%s%s %s = %d%s;", label, typ, f.GetName(), f.GetNumber(), p.inline(f, f.GetOptions()))
}

func (p *printer) enum(e *descriptorpb.EnumDescriptorProto) {
	p.block("enum "+e.GetName(), func() {
		p.optionLines(e.GetOptions())
		for _, v := range e.GetValue() {
			p.line("%s = %d%s;", v.GetName(), v.GetNumber(), p.inline(nil, v.GetOptions()))
		}
		for _, r := range e.GetReservedRange() {
			p.line("reserved %s;", span(r.GetStart(), r.GetEnd(), 1<<31-1))
		}
		p.reserved(e.GetReservedName())
	})
}

func (p *printer) service(s *descriptorpb.ServiceDescriptorProto, scope string) {
	streamed := map[bool]string{true: "stream "}
	p.block("service "+s.GetName(), func() {
		p.optionLines(s.GetOptions())
		for _, m := range s.GetMethod() {
			head := fmt.Sprintf("rpc %s(%s%s) returns (%s%s)", m.GetName(), streamed[m.GetClientStreaming()], p.named(m.GetInputType(), scope),
				streamed[m.GetServerStreaming()], p.named(m.GetOutputType(), scope))
			if m.GetOptions() == nil {
				p.line("%s;", head)
				continue
			}
			p.block(head, func() { p.optionLines(m.GetOptions()) })
		}
	})
}
