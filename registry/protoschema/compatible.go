package protoschema

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Incompatible tells why data written with the one schema can't be read with the other; nothing where it can. The package has to stay;
// messages are compared by their names, fields by their numbers: names of fields may change, fields outside of oneofs come and
// go, and types change to those with the same encoding.
func Incompatible(reader, writer protoreflect.FileDescriptor) []string {
	c := &comparison{done: map[pair]bool{}}
	if reader.Package() != writer.Package() {
		c.add("the package was %q and is %q", writer.Package(), reader.Package())
	}
	c.messages(reader.Messages(), writer.Messages(), "")
	return c.reasons
}

type pair struct{ reader, writer protoreflect.FullName }

type comparison struct {
	done    map[pair]bool
	reasons []string
}

func (c *comparison) add(format string, args ...any) {
	c.reasons = append(c.reasons, fmt.Sprintf(format, args...))
}

func (c *comparison) messages(reader, writer protoreflect.MessageDescriptors, in string) {
	for i := range writer.Len() {
		w := writer.Get(i)
		r := reader.ByName(w.Name())
		if r == nil {
			if w.IsMapEntry() {
				continue // its field says it
			}
			c.add("message %s%s is gone", in, w.Name())
			continue
		}
		c.message(r, w)
		c.messages(r.Messages(), w.Messages(), in+string(w.Name())+".")
	}
}

func (c *comparison) message(r, w protoreflect.MessageDescriptor) {
	p := pair{r.FullName(), w.FullName()}
	if c.done[p] {
		return
	}
	c.done[p] = true
	fields := w.Fields()
	for i := range fields.Len() {
		old := fields.Get(i)
		now := r.Fields().ByNumber(old.Number())
		switch {
		case now == nil && old.Cardinality() == protoreflect.Required:
			c.add("required field %s (number %d) of message %s is gone", old.Name(), old.Number(), w.Name())
		case now != nil:
			c.field(now, old)
		}
	}
	for i := range r.Fields().Len() {
		now := r.Fields().Get(i)
		if now.Cardinality() == protoreflect.Required && w.Fields().ByNumber(now.Number()) == nil {
			c.add("field %s (number %d) of message %s is new and required", now.Name(), now.Number(), r.Name())
		}
	}
	c.oneofs(r, w)
}

// oneofs: more than one field that stood alone can't move into a new oneof, and none into one that was there; what such a one had
// has to stay in it. Each of these could be in the data together with a field that shuts it out, or be taken for not set.
func (c *comparison) oneofs(r, w protoreflect.MessageDescriptor) {
	for i := range r.Oneofs().Len() {
		one := r.Oneofs().Get(i)
		if one.IsSynthetic() {
			continue
		}
		was := w.Oneofs().ByName(one.Name())
		if was != nil && was.IsSynthetic() {
			was = nil
		}
		moved := 0
		for j := range one.Fields().Len() {
			old := w.Fields().ByNumber(one.Fields().Get(j).Number())
			if old != nil && (old.ContainingOneof() == nil || old.ContainingOneof().IsSynthetic()) {
				moved++
			}
		}
		switch {
		case was != nil && moved > 0:
			c.add("a field of message %s moved into the oneof %s, which was there", r.Name(), one.Name())
		case moved > 1:
			c.add("several fields of message %s moved into the oneof %s", r.Name(), one.Name())
		}
		for j := 0; was != nil && j < was.Fields().Len(); j++ {
			old := was.Fields().Get(j)
			if now := one.Fields().ByNumber(old.Number()); now == nil {
				c.add("field %s (number %d) is no more in the oneof %s of message %s", old.Name(), old.Number(), one.Name(), w.Name())
			}
		}
	}
}

func (c *comparison) field(r, w protoreflect.FieldDescriptor) {
	where := fmt.Sprintf("field %s (number %d) of message %s", w.Name(), w.Number(), w.ContainingMessage().Name())
	switch {
	case r.Kind() == protoreflect.MessageKind && w.Kind() == protoreflect.MessageKind:
		if r.Message().Name() != w.Message().Name() && r.Message().IsMapEntry() == w.Message().IsMapEntry() && !r.IsMap() {
			c.add("%s was of type %s and is of type %s", where, w.Message().Name(), r.Message().Name())
			return
		}
		c.message(r.Message(), w.Message())
	case encoding(r.Kind()) != encoding(w.Kind()):
		c.add("%s was of type %s and is of type %s", where, w.Kind(), r.Kind())
	}
	if r.IsList() != w.IsList() && r.Kind() != protoreflect.MessageKind && encoding(r.Kind()) != bytesEncoding {
		c.add("%s changed between one value and a list of numbers", where)
	}
}

const bytesEncoding = "bytes"

// encoding is a name for the kinds that may be read as one another.
func encoding(k protoreflect.Kind) string {
	switch k {
	case protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.BoolKind, protoreflect.EnumKind:
		return "varint"
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		return "zigzag"
	case protoreflect.StringKind, protoreflect.BytesKind:
		return bytesEncoding
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		return "fixed32"
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return "fixed64"
	}
	return k.String()
}
