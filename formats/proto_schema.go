package formats

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weir/registry"
	"weir/registry/protoschema"
	"weir/types"
)

// nullability says how Protobuf fields show that they are NULL.
type nullability uint8

const (
	nullDefault  nullability = iota // not at all: a NULL is a zero or empty text
	nullOptional                    // the field is optional
	nullWrapper                     // the field is one of google.protobuf's wrappers
)

// nullable is the nullability that the spec asks for.
func (s Spec) nullable() (nullability, error) {
	given, ok := s.Props[PropNullable]
	switch strings.ToUpper(strings.TrimSpace(given)) {
	case "OPTIONAL":
		return nullOptional, nil
	case "WRAPPER":
		return nullWrapper, nil
	}
	if ok {
		return 0, fmt.Errorf("Invalid value '%s' for %s: String must be one of: OPTIONAL, WRAPPER", given, PropNullable)
	}
	return nullDefault, nil
}

// protoFile parses a schema of the registry.
func protoFile(s registered) (protoreflect.FileDescriptor, error) {
	file, err := protoschema.Parse(s.Text, registry.Imports(s.deps))
	if err != nil {
		return nil, fmt.Errorf("schema %d: %w", s.ID, err)
	}
	return file, nil
}

// ProtoSchema is the schema of the messages that are made of the columns.
func ProtoSchema(spec Spec, cols types.Schema) (string, error) { return protoSchemaText(spec, cols) }

// protoSchemaText makes the schema that ksqlDB makes of the columns. Messages without a name of their own are called
// ConnectDefault and numbered.
func protoSchemaText(spec Spec, cols types.Schema) (string, error) {
	nullable, err := spec.nullable()
	if err != nil {
		return "", err
	}
	w := &protoText{nullable: nullable}
	pkg, name := "", spec.fullName()
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		pkg, name = name[:i], name[i+1:]
	}
	for _, part := range strings.Split(spec.fullName(), ".") {
		if err := checkProtoName(part); err != nil && spec.fullName() != "" {
			return "", fmt.Errorf("The %s '%s' is not a name in Protobuf: %w", PropFullName, spec.fullName(), err)
		}
	}
	if name == "" {
		name = w.nextName()
	}
	if spec.unwrapped(cols) && cols[0].Type.Kind == types.Struct {
		cols = fieldsOf(cols[0].Type)
	}
	if err := w.message(name, cols, ""); err != nil {
		return "", err
	}
	text := "syntax = \"proto3\";\n"
	if pkg != "" {
		text += "package " + pkg + ";\n"
	}
	if len(w.imports) > 0 {
		text += "\n"
		for _, path := range w.imports {
			text += "import \"" + path + "\";\n"
		}
	}
	return text + "\n" + w.out.String(), nil
}

// protoText writes messages.
type protoText struct {
	out      strings.Builder
	nullable nullability
	imports  []string
	named    int
}

func (w *protoText) nextName() string {
	w.named++
	return "ConnectDefault" + strconv.Itoa(w.named)
}

func (w *protoText) use(imports ...string) {
	for _, path := range imports {
		if !slices.Contains(w.imports, path) {
			w.imports = append(w.imports, path)
		}
	}
}

func (w *protoText) message(name string, cols types.Schema, indent string) error {
	type inner struct {
		name string
		cols types.Schema
	}
	var inners []inner
	w.out.WriteString(indent + "message " + name + " {\n")
	for i, c := range cols {
		if err := checkProtoName(c.Name); err != nil {
			return fmt.Errorf("Schema is not compatible with Protobuf: %w", err)
		}
		t, label := c.Type, ""
		switch {
		case t.Kind == types.Array:
			t, label = t.Elem, "repeated "
		case t.Kind == types.Map:
			label = "repeated "
		case w.nullable == nullOptional:
			label = "optional "
		}
		typ, options := w.typeName(t)
		if typ == "" {
			typ = w.nextName()
			fields := fieldsOf(t)
			if t.Kind == types.Map {
				typ += "Entry"
				fields = types.Schema{{Name: "key", Type: t.Key}, {Name: "value", Type: t.Elem}}
			}
			inners = append(inners, inner{typ, fields})
		}
		fmt.Fprintf(&w.out, "%s  %s%s %s = %d%s;\n", indent, label, typ, c.Name, i+1, options)
	}
	for _, m := range inners {
		w.out.WriteString("\n")
		if err := w.message(m.name, m.cols, indent+"  "); err != nil {
			return err
		}
	}
	w.out.WriteString(indent + "}\n")
	return nil
}

// typeName is the Protobuf type of a value; empty where a message has to be made for it.
func (w *protoText) typeName(t *types.Type) (name, options string) {
	scalar := func(name, wrapper string) (string, string) {
		if w.nullable == nullWrapper {
			w.use(protoschema.WrappersImport)
			return "google.protobuf." + wrapper, ""
		}
		return name, ""
	}
	switch t.Kind {
	case types.Boolean:
		return scalar("bool", "BoolValue")
	case types.Integer:
		return scalar("int32", "Int32Value")
	case types.Bigint:
		return scalar("int64", "Int64Value")
	case types.Double:
		return scalar("double", "DoubleValue")
	case types.String:
		return scalar("string", "StringValue")
	case types.Bytes:
		return scalar("bytes", "BytesValue")
	case types.Timestamp:
		w.use(protoschema.TimestampImport)
		return "google.protobuf.Timestamp", ""
	case types.Date:
		w.use(protoschema.DateImport)
		return "google.type.Date", ""
	case types.Time:
		w.use(protoschema.TimeImport)
		return "google.type.TimeOfDay", ""
	case types.Decimal:
		w.use(protoschema.MetaImport, protoschema.DecimalImport)
		return "confluent.type.Decimal", fmt.Sprintf(" [(confluent.field_meta) = { params: [{ key: \"precision\", value: \"%d\" }, { key: \"scale\", value: \"%d\" }] }]", t.Precision, t.Scale)
	}
	return "", ""
}

// checkProtoName refuses what is no identifier in Protobuf.
func checkProtoName(name string) error {
	for i := range len(name) {
		c := name[i]
		letter := c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z'
		switch {
		case i == 0 && !letter:
			return fmt.Errorf("Illegal initial character: %s", name)
		case !letter && c-'0' > 9:
			return fmt.Errorf("Illegal character in: %s", name)
		}
	}
	if name == "" {
		return fmt.Errorf("Empty name")
	}
	return nil
}
