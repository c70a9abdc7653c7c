// Package protoschema parses Protobuf schemas (.proto texts) and compares their versions.
package protoschema

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// root is the name under which the schema itself is compiled; no import can be meant by it.
const root = "\x00.proto"

// Limits of what is parsed: a schema comes from users and from other people's registries.
const (
	maxText  = 4 << 20 // bytes
	maxDepth = 100     // of blocks in one another
)

// Parse compiles a schema. imports are the texts of what it refers to, by the paths that it imports them under; the
// schemas of Google's and Confluent's well-known types are there already.
func Parse(text string, imports map[string]string) (protoreflect.FileDescriptor, error) {
	resolver, err := sources(text, imports)
	if err != nil {
		return nil, err
	}
	return compile(resolver)
}

func values(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

// bounded refuses what would take the parser very long or very deep.
func bounded(text string) error {
	if len(text) > maxText {
		return fmt.Errorf("the schema has %d bytes, more than %d", len(text), maxText)
	}
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '{', '[', '(', '<':
			if depth++; depth > maxDepth {
				return fmt.Errorf("the schema is nested more than %d deep", maxDepth)
			}
		case '}', ']', ')', '>':
			depth = max(depth-1, 0)
		}
	}
	return nil
}

// readable says line and column in place of the parser's own name for the file.
func readable(err error) error {
	var at reporter.ErrorWithPos
	if errors.As(err, &at) {
		pos := at.GetPosition()
		text := strings.ReplaceAll(at.Unwrap().Error(), root+":", "line ")
		if pos.Filename == root {
			return fmt.Errorf("line %d, column %d: %s", pos.Line, pos.Col, text)
		}
		return fmt.Errorf("in %s, line %d, column %d: %s", pos.Filename, pos.Line, pos.Col, text)
	}
	return errors.New(strings.ReplaceAll(err.Error(), root, "the schema"))
}

// Message finds a message by its full name, or the first of the file if the name is empty, with the path of indexes that
// Confluent's wire format gives for it.
func Message(f protoreflect.FileDescriptor, name string) (protoreflect.MessageDescriptor, []int, error) {
	if f.Messages().Len() == 0 {
		return nil, nil, errors.New("the schema has no message")
	}
	if name == "" {
		return f.Messages().Get(0), []int{0}, nil
	}
	if m, path := find(f.Messages(), protoreflect.FullName(name)); m != nil {
		return m, path, nil
	}
	var names []string
	for i := range f.Messages().Len() {
		names = append(names, string(f.Messages().Get(i).FullName()))
	}
	return nil, nil, fmt.Errorf("the schema has no message %s: it has %s", name, strings.Join(names, ", "))
}

func find(list protoreflect.MessageDescriptors, name protoreflect.FullName) (protoreflect.MessageDescriptor, []int) {
	for i := range list.Len() {
		m := list.Get(i)
		if m.FullName() == name {
			return m, []int{i}
		}
		if inner, path := find(m.Messages(), name); inner != nil {
			return inner, append([]int{i}, path...)
		}
	}
	return nil, nil
}

// At follows a path of indexes, as Confluent's wire format has it.
func At(f protoreflect.FileDescriptor, path []int) (protoreflect.MessageDescriptor, error) {
	list := f.Messages()
	var m protoreflect.MessageDescriptor
	for _, i := range path {
		if i < 0 || i >= list.Len() {
			return nil, fmt.Errorf("the schema has no message at the indexes %v", path)
		}
		m = list.Get(i)
		list = m.Messages()
	}
	return m, nil
}
