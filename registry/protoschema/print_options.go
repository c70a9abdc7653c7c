package protoschema

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// optionPrinter knows the extensions of a file and of all that it imports: options are extensions.
type optionPrinter struct{ types *dynamicpb.Types }

func newOptionPrinter(f protoreflect.FileDescriptor) *optionPrinter {
	files := &protoregistry.Files{}
	var add func(protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if _, err := files.FindFileByPath(f.Path()); err == nil {
			return
		}
		if files.RegisterFile(f) != nil {
			return // a second file with the same names: the first one's count
		}
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i).FileDescriptor)
		}
	}
	add(f)
	return &optionPrinter{dynamicpb.NewTypes(files)}
}

// each gives the options that are set as names and values, in order of their numbers.
func (o *optionPrinter) each(options proto.Message, give func(name, value string)) error {
	if options == nil || !options.ProtoReflect().IsValid() {
		return nil
	}
	data, err := proto.MarshalOptions{Deterministic: true, AllowPartial: true}.Marshal(options)
	if err != nil {
		return err
	}
	known := options.ProtoReflect().New()
	if err := (proto.UnmarshalOptions{Resolver: o.types, AllowPartial: true}).Unmarshal(data, known.Interface()); err != nil {
		return err
	}
	if len(known.GetUnknown()) > 0 {
		return fmt.Errorf("the options of the schema have fields that none of its imports defines: give what defines them as a reference")
	}
	for _, f := range set(known) {
		name := string(f.Name())
		if f.IsExtension() {
			name = "(" + string(f.FullName()) + ")"
		}
		for _, text := range literals(f, known.Get(f)) {
			give(name, text)
		}
	}
	return nil
}

func set(m protoreflect.Message) []protoreflect.FieldDescriptor {
	var fields []protoreflect.FieldDescriptor
	m.Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		fields = append(fields, f)
		return true
	})
	slices.SortFunc(fields, func(a, b protoreflect.FieldDescriptor) int { return cmp.Compare(a.Number(), b.Number()) })
	return fields
}

// literals are the values of a field, several of a list or a map.
func literals(f protoreflect.FieldDescriptor, v protoreflect.Value) []string {
	switch {
	case f.IsMap():
		var out []string
		v.Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
			out = append(out, fmt.Sprintf("{ key: %s, value: %s }", literal(f.MapKey(), key.Value()), literal(f.MapValue(), value)))
			return true
		})
		slices.Sort(out)
		return out
	case f.IsList():
		var out []string
		for i := range v.List().Len() {
			out = append(out, literal(f, v.List().Get(i)))
		}
		return out
	}
	return []string{literal(f, v)}
}

func literal(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch f.Kind() {
	case protoreflect.StringKind:
		return quoted(v.String())
	case protoreflect.BytesKind:
		return quoted(string(v.Bytes()))
	case protoreflect.EnumKind:
		if value := f.Enum().Values().ByNumber(v.Enum()); value != nil {
			return string(value.Name())
		}
		return strconv.Itoa(int(v.Enum()))
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		bits := 64
		if f.Kind() == protoreflect.FloatKind {
			bits = 32
		}
		switch n := v.Float(); {
		case math.IsNaN(n):
			return "nan"
		case math.IsInf(n, 0):
			return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(n, 'g', -1, bits), "+"))
		default:
			return strconv.FormatFloat(n, 'g', -1, bits)
		}
	case protoreflect.MessageKind, protoreflect.GroupKind:
		var parts []string
		for _, inner := range set(v.Message()) {
			name := string(inner.Name())
			if inner.IsExtension() {
				name = "[" + string(inner.FullName()) + "]"
			}
			for _, text := range literals(inner, v.Message().Get(inner)) {
				parts = append(parts, name+": "+text)
			}
		}
		if len(parts) == 0 {
			return "{}"
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	}
	return v.String()
}

// quoted is a literal of the bytes of s.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func (p *printer) optionLines(options proto.Message) {
	err := p.options.each(options, func(name, value string) { p.line("option %s = %s;", name, value) })
	p.err = cmp.Or(p.err, err)
}

// inline are the options in brackets behind a field, a value of an enum or a range; f is the field, if it is one.
func (p *printer) inline(f *descriptorpb.FieldDescriptorProto, options proto.Message) string {
	var parts []string
	if f != nil && f.DefaultValue != nil {
		parts = append(parts, "default = "+defaultOf(f))
	}
	if f != nil && f.JsonName != nil && f.GetJsonName() != jsonName(f.GetName()) && f.Extendee == nil {
		parts = append(parts, "json_name = "+quoted(f.GetJsonName()))
	}
	err := p.options.each(options, func(name, value string) { parts = append(parts, name+" = "+value) })
	p.err = cmp.Or(p.err, err)
	if len(parts) == 0 {
		return ""
	}
	return " [" + strings.Join(parts, ", ") + "]"
}

// defaultOf is the literal of a default; descriptors have those of bytes escaped already.
func defaultOf(f *descriptorpb.FieldDescriptorProto) string {
	switch f.GetType() {
	case descriptorpb.FieldDescriptorProto_TYPE_STRING:
		return quoted(f.GetDefaultValue())
	case descriptorpb.FieldDescriptorProto_TYPE_BYTES:
		return `"` + f.GetDefaultValue() + `"`
	default:
		return f.GetDefaultValue()
	}
}

// jsonName is the name that a field has in JSON unless it says otherwise.
func jsonName(name string) string {
	var b strings.Builder
	upper := false
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_':
			upper = true
			continue
		case upper && 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		}
		upper = false
		b.WriteByte(c)
	}
	return b.String()
}
