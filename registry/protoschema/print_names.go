package protoschema

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// declared collects what names in a file can mean.
func (p *printer) declared(f protoreflect.FileDescriptor, done map[string]bool) {
	if done[f.Path()] {
		return
	}
	done[f.Path()] = true
	for pkg := string(f.Package()); pkg != ""; {
		p.names[pkg] = true
		pkg = pkg[:max(strings.LastIndexByte(pkg, '.'), 0)]
	}
	p.members(f.Messages(), f.Enums())
	for i := range f.Imports().Len() {
		p.declared(f.Imports().Get(i).FileDescriptor, done)
	}
}

func (p *printer) members(messages protoreflect.MessageDescriptors, enums protoreflect.EnumDescriptors) {
	for i := range enums.Len() {
		p.names[string(enums.Get(i).FullName())] = true
	}
	for i := range messages.Len() {
		m := messages.Get(i)
		p.names[string(m.FullName())] = true
		p.members(m.Messages(), m.Enums())
	}
}

// typeOf is the type of a field as it is written.
func (p *printer) typeOf(f *descriptorpb.FieldDescriptorProto, scope string) string {
	if f.GetTypeName() != "" {
		return p.named(f.GetTypeName(), scope)
	}
	return strings.ToLower(strings.TrimPrefix(f.GetType().String(), "TYPE_"))
}

// named is a name without the scopes that it shares with the place where it is written, where that means the same.
func (p *printer) named(name, scope string) string {
	full := strings.TrimPrefix(name, ".")
	short := full
	for outer := scope; outer != ""; outer = outer[:max(strings.LastIndexByte(outer, '.'), 0)] {
		if rest, ok := strings.CutPrefix(full, outer+"."); ok {
			short = rest
			break
		}
	}
	if scalarTypes[short] {
		return name
	}
	first, rest, _ := strings.Cut(short, ".")
	for at := scope; ; at = at[:max(strings.LastIndexByte(at, '.'), 0)] {
		if found := strings.TrimPrefix(at+"."+first, "."); p.names[found] {
			if rest != "" {
				found += "." + rest
			}
			if found == full {
				return short
			}
			return name
		}
		if at == "" {
			return name
		}
	}
}

// scalarTypes are words that name no message where a type is expected; neither do those that begin a declaration.
var scalarTypes = map[string]bool{
	"double": true, "float": true, "int32": true, "int64": true, "uint32": true, "uint64": true, "sint32": true, "sint64": true, "fixed32": true,
	"fixed64": true, "sfixed32": true, "sfixed64": true, "bool": true, "string": true, "bytes": true, "group": true, "map": true, "message": true,
	"enum": true, "oneof": true, "option": true, "extend": true, "extensions": true, "reserved": true, "optional": true, "required": true,
	"repeated": true, "stream": true,
}
