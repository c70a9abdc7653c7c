package serdes

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weir/formats"
	"weir/registry"
	"weir/registry/protoschema"
	"weir/types"
)

// protoOfColumns is the message that columns make: fields numbered from 1.
func (s Serde) protoOfColumns() (protoreflect.MessageDescriptor, error) {
	file, err := protoschema.Parse(`syntax = "proto3"; import "google/protobuf/timestamp.proto"; import "google/type/date.proto";
		import "google/type/timeofday.proto"; import "confluent/type/decimal.proto"; `+s.messageOf("Root", s.Cols), nil)
	if err != nil {
		return nil, err
	}
	return file.Messages().Get(0), nil
}

func (s Serde) messageOf(name string, cols types.Schema) string {
	var b strings.Builder
	fmt.Fprintf(&b, "message %s { ", name)
	for i, c := range cols {
		t, label := c.Type, ""
		switch {
		case t.Kind == types.Array:
			label, t = "repeated ", t.Elem
		case t.Kind == types.Map:
			label = "repeated "
		case s.Optional:
			label = "optional "
		}
		typ := map[types.Kind]string{types.Boolean: "bool", types.Integer: "int32", types.Bigint: "int64", types.Double: "double",
			types.String: "string", types.Bytes: "bytes", types.Timestamp: "google.protobuf.Timestamp", types.Date: "google.type.Date",
			types.Time: "google.type.TimeOfDay", types.Decimal: "confluent.type.Decimal"}[t.Kind]
		switch t.Kind {
		case types.Struct:
			var inner types.Schema
			for _, f := range t.Fields {
				inner = append(inner, types.Column{Name: f.Name, Type: f.Type})
			}
			typ = fmt.Sprintf("M%d", i)
			b.WriteString(s.messageOf(typ, inner))
		case types.Map:
			typ = fmt.Sprintf("M%dEntry", i)
			b.WriteString(s.messageOf(typ, types.Schema{{Name: "key", Type: t.Key}, {Name: "value", Type: t.Elem}}))
		}
		fmt.Fprintf(&b, "%s%s %s = %d; ", label, typ, c.Name, i+1)
	}
	b.WriteString("} ")
	return b.String()
}

// encodeProtobuf writes PROTOBUF, with the newest schema of the subject, or PROTOBUF_NOSR.
func (s Serde) encodeProtobuf(raw json.RawMessage) ([]byte, error) {
	if s.Format == formats.ProtobufNoSR {
		m, err := s.protoOfColumns()
		if err != nil {
			return nil, err
		}
		return encodeProto([]byte{}, m, raw)
	}
	latest, err := s.Registry.Latest(context.Background(), s.Subject)
	if err != nil {
		return nil, err
	}
	file, err := s.protoFile(latest)
	if err != nil {
		return nil, err
	}
	m, path, err := protoschema.Message(file, s.FullName)
	if err != nil {
		return nil, err
	}
	head := binary.BigEndian.AppendUint32([]byte{0}, uint32(latest.ID))
	head = binary.AppendVarint(head, int64(len(path)))
	for _, i := range path {
		head = binary.AppendVarint(head, int64(i))
	}
	return encodeProto(head, m, raw)
}

func (s Serde) protoFile(schema registry.Schema) (protoreflect.FileDescriptor, error) {
	deps, err := registry.Dependencies(context.Background(), s.Registry, schema)
	if err != nil {
		return nil, err
	}
	return protoschema.Parse(schema.Text, registry.Imports(deps))
}

// decodeProtobuf reads what encodeProtobuf writes.
func (s Serde) decodeProtobuf(data []byte) (any, error) {
	if s.Format == formats.ProtobufNoSR {
		m, err := s.protoOfColumns()
		if err != nil {
			return nil, err
		}
		return decodeProto(m, data)
	}
	if len(data) < 6 || data[0] != 0 {
		return nil, fmt.Errorf("%q does not begin with the id of a schema and a message", data)
	}
	schema, err := s.Registry.SchemaByID(context.Background(), int(binary.BigEndian.Uint32(data[1:])))
	if err != nil {
		return nil, err
	}
	file, err := s.protoFile(schema)
	if err != nil {
		return nil, err
	}
	rest := data[5:]
	n, size := binary.Varint(rest)
	path := []int{0}
	if n > 0 {
		path = path[:0]
	}
	for ; n >= 0 && size > 0; n-- {
		rest = rest[size:]
		if n == 0 {
			break
		}
		var i int64
		i, size = binary.Varint(rest)
		path = append(path, int(i))
	}
	m, err := protoschema.At(file, path)
	if err != nil {
		return nil, err
	}
	return decodeProto(m, rest)
}
