package protoschema

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// serializedName is what a schema is called in a descriptor of it: schemas have no path of their own, and importing one by
// none is not possible.
const serializedName = "default"

// IsSerialized tells a descriptor in base64 from a .proto text, in which no declaration goes without a character that base64 has not.
func IsSerialized(text string) bool {
	_, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	return err == nil
}

// Serialized is a schema as Confluent's clients for Python, JavaScript, Go and .NET exchange it: a FileDescriptorProto in base64.
func Serialized(f protoreflect.FileDescriptor) (string, error) {
	file := protodesc.ToFileDescriptorProto(f)
	file.Name = proto.String(serializedName)
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(file)
	return base64.StdEncoding.EncodeToString(data), err
}

// FromSerialized makes the text of a schema that comes as a FileDescriptorProto in base64; imports as in Parse.
func FromSerialized(text string, imports map[string]string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return "", fmt.Errorf("expected base64: %w", err)
	}
	if len(data) > maxText {
		return "", fmt.Errorf("the schema has %d bytes, more than %d", len(data), maxText)
	}
	file := &descriptorpb.FileDescriptorProto{}
	if err := proto.Unmarshal(data, file); err != nil {
		return "", fmt.Errorf("expected a .proto text, or a FileDescriptorProto in base64: %w", err)
	}
	file.Name, file.SourceCodeInfo = proto.String(root), nil
	nameForJSON(file.MessageType)
	texts, err := sources("", imports)
	if err != nil {
		return "", err
	}
	resolver := protocompile.ResolverFunc(func(path string) (protocompile.SearchResult, error) {
		if path == root {
			return protocompile.SearchResult{Proto: file}, nil
		}
		return texts.FindFileByPath(path)
	})
	linked, err := compile(resolver)
	if err != nil {
		return "", err
	}
	return textOf(linked)
}

// nameForJSON gives fields the names in JSON that protoc leaves out of what it embeds in programs, and without which the linker takes
// any two fields for fields of one name.
func nameForJSON(messages []*descriptorpb.DescriptorProto) {
	for _, m := range messages {
		for _, f := range m.Field {
			if f.GetJsonName() == "" {
				f.JsonName = proto.String(jsonName(f.GetName()))
			}
		}
		nameForJSON(m.NestedType)
	}
}

// sources finds the schema's text under root, those it refers to, and the well-known ones.
func sources(text string, imports map[string]string) (*protocompile.SourceResolver, error) {
	for _, t := range append([]string{text}, values(imports)...) {
		if err := bounded(t); err != nil {
			return nil, err
		}
	}
	return &protocompile.SourceResolver{Accessor: func(path string) (io.ReadCloser, error) {
		source, ok := imports[path]
		switch {
		case path == root:
			source = text
		case !ok:
			if source, ok = wellKnown[path]; !ok {
				return nil, fmt.Errorf("there is no schema to import as %q: register it, and refer to it under that name", path)
			}
		}
		return io.NopCloser(strings.NewReader(source)), nil
	}}, nil
}

func compile(resolver protocompile.Resolver) (protoreflect.FileDescriptor, error) {
	c := protocompile.Compiler{Resolver: protocompile.WithStandardImports(resolver), MaxParallelism: 1}
	files, err := c.Compile(context.Background(), root)
	if err != nil {
		return nil, readable(err)
	}
	return files[0], nil
}
