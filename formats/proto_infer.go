package formats

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weir/registry/protoschema"
	"weir/types"
)

// inferProto makes columns of a message: the one that the full name names, or the first.
func inferProto(spec Spec, s registered) (types.Schema, error) {
	file, err := protoFile(s)
	if err != nil {
		return nil, err
	}
	m, _, err := protoschema.Message(file, spec.fullName())
	if err != nil {
		return nil, err
	}
	in := &protoInference{upper: spec.SchemaID == nil}
	t, err := in.message(m)
	if err != nil {
		return nil, err
	}
	cols, err := spec.inferred(t)
	if err != nil {
		return nil, err
	}
	if n := file.Messages().Len(); n > 1 && spec.fullName() == "" {
		several := &SeveralError{IsKey: spec.IsKey}
		for i := range n {
			several.Names = append(several.Names, string(file.Messages().Get(i).FullName()))
		}
		return cols, several
	}
	return cols, nil
}

type protoInference struct {
	upper bool
	open  []protoreflect.FullName // messages being read, which may not hold themselves
}

func (in *protoInference) name(name string) string {
	if in.upper {
		return strings.ToUpper(name)
	}
	return name
}

// message is a STRUCT of the fields; each oneof is a STRUCT of its own, in front.
func (in *protoInference) message(m protoreflect.MessageDescriptor) (*types.Type, error) {
	if slices.Contains(in.open, m.FullName()) {
		return nil, fmt.Errorf("the message %s holds itself, which no SQL type does: declare the columns", m.FullName())
	}
	in.open = append(in.open, m.FullName())
	var fields []types.Field
	add := func(list protoreflect.FieldDescriptors, into *[]types.Field, inside bool) error {
		for i := range list.Len() {
			f := list.Get(i)
			if !inside && realOneof(f) != nil {
				continue
			}
			t, err := in.field(f)
			if err != nil {
				return fmt.Errorf("field %s: %w", f.Name(), err)
			}
			*into = append(*into, types.Field{Name: in.name(string(f.Name())), Type: t})
		}
		return nil
	}
	for i := range m.Oneofs().Len() {
		o := m.Oneofs().Get(i)
		if o.IsSynthetic() {
			continue
		}
		var members []types.Field
		if err := add(o.Fields(), &members, true); err != nil {
			return nil, err
		}
		fields = append(fields, types.Field{Name: in.name(oneofName(o)), Type: types.TStruct(members...)})
	}
	if err := add(m.Fields(), &fields, false); err != nil {
		return nil, err
	}
	in.open = in.open[:len(in.open)-1]
	return types.TStruct(fields...), nil
}

func (in *protoInference) field(f protoreflect.FieldDescriptor) (*types.Type, error) {
	code, t, err := protoCodeOf(f)
	if err != nil {
		return nil, err
	}
	switch code {
	case protoEntry:
		fields := f.Message().Fields()
		key, err := in.field(fields.Get(0))
		if err != nil {
			return nil, err
		}
		elem, err := in.field(fields.Get(1))
		if err != nil {
			return nil, err
		}
		return types.TMap(key, elem), nil
	case protoStruct:
		if t, err = in.message(f.Message()); err != nil {
			return nil, err
		}
	}
	if f.IsList() {
		return types.TArray(t), nil
	}
	return t, nil
}
