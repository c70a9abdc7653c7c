package protoschema

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/types/descriptorpb"
)

// Normalize brings a descriptor into an order that the order of its text has no part in: imports by path, fields by number. Messages and
// enums stay where they are, since records name them by their places.
func Normalize(f *descriptorpb.FileDescriptorProto) {
	public := map[string]bool{}
	for _, i := range f.PublicDependency {
		public[f.Dependency[i]] = true
	}
	if len(f.WeakDependency) == 0 {
		slices.Sort(f.Dependency)
		f.PublicDependency = nil
		for i, path := range f.Dependency {
			if public[path] {
				f.PublicDependency = append(f.PublicDependency, int32(i))
			}
		}
	}
	for _, m := range f.MessageType {
		normalizeMessage(m)
	}
}

func normalizeMessage(m *descriptorpb.DescriptorProto) {
	slices.SortStableFunc(m.Field, func(a, b *descriptorpb.FieldDescriptorProto) int { return cmp.Compare(a.GetNumber(), b.GetNumber()) })
	for _, n := range m.NestedType {
		normalizeMessage(n)
	}
}
