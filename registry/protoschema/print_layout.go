package protoschema

import (
	"strings"

	"google.golang.org/protobuf/types/descriptorpb"
)

// layout puts the messages in one scope in the order that they have in the descriptor, since records name messages by their
// places in it. Maps and groups are messages that stand where their fields do.
type layout struct {
	p       *printer
	scope   string
	nested  []*descriptorpb.DescriptorProto
	extends []*descriptorpb.FieldDescriptorProto
	places  map[string]int // in nested, by the type's name
	byField map[int]bool   // of nested: written with its field
	next    int            // the first of nested that may not be written yet
	written int            // of extends
}

func newLayout(p *printer, scope string, nested []*descriptorpb.DescriptorProto, extends []*descriptorpb.FieldDescriptorProto) *layout {
	l := &layout{p: p, scope: scope, nested: nested, extends: extends, places: map[string]int{}, byField: map[int]bool{}}
	for i, m := range nested {
		l.places["."+strings.TrimPrefix(scope+"."+m.GetName(), ".")] = i
		l.byField[i] = m.GetOptions().GetMapEntry()
	}
	l.groups(extends)
	return l
}

// groups marks the messages that are written with a field of a list as its group.
func (l *layout) groups(fields []*descriptorpb.FieldDescriptorProto) {
	for _, f := range fields {
		if at := l.defines(f); at >= 0 {
			l.byField[at] = true
		}
	}
}

// defines is the place of the message that a field's own declaration makes, -1 for none.
func (l *layout) defines(f *descriptorpb.FieldDescriptorProto) int {
	at, ok := l.places[f.GetTypeName()]
	if !ok || f.GetType() != descriptorpb.FieldDescriptorProto_TYPE_GROUP && !l.nested[at].GetOptions().GetMapEntry() {
		return -1
	}
	return at
}

// flush writes the messages before a place.
func (l *layout) flush(before int) {
	for ; l.next < before; l.next++ {
		at := l.next
		if !l.byField[at] {
			l.p.message("message "+l.nested[at].GetName(), l.nested[at], l.scope)
			continue
		}
		for i := l.written; i < len(l.extends); i++ {
			if l.defines(l.extends[i]) == at {
				l.extensions(i + 1)
			}
		}
	}
}

// extensions writes those before a place.
func (l *layout) extensions(before int) {
	for ; l.written < before; l.written++ {
		f := l.extends[l.written]
		l.p.block("extend "+l.p.named(f.GetExtendee(), l.scope), func() { l.p.field(f, l, false) })
	}
}
