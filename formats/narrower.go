package formats

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"weir/registry"
	"weir/types"
)

// keepsAll refuses to register a schema that takes something from the newest version of its subject, where that is another's: whoever
// reads the newest version would lose a field, or the room of its type, and a registry's rules allow it in many cases. A version that has
// the very schema that would be written for its columns is one of ours, or as good as.
func keepsAll(ctx context.Context, spec Spec, f *Format, cols types.Schema) error {
	latest, err := spec.Registry.Latest(ctx, spec.Subject())
	if registry.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: the newest schema of subject %s: %w", ErrRegistry, spec.Subject(), err)
	}
	s, err := withReferences(ctx, spec.Registry, latest, f.schemaType)
	if err != nil {
		return nil // of another type, or not to be read: the registry's own rules say what is to be said
	}
	asIs := spec
	asIs.SchemaID = &latest.ID // names as they are
	theirs, err := f.infer(asIs, s)
	if err != nil {
		return nil
	}
	bare := spec.unwrapped(cols)
	if !bare && len(theirs) == 1 && theirs[0].Type.Kind == types.Struct && theirs[0].Name == "ROWKEY" {
		theirs = fieldsOf(theirs[0].Type) // a key of several columns is taken for one that is a STRUCT
	}
	lost := lostColumn(theirs, cols, bare)
	if lost == "" {
		return nil
	}
	if text, err := f.schemaText(spec, theirs); err == nil {
		if same, err := spec.Registry.Lookup(ctx, spec.Subject(), registry.Schema{Type: f.schemaType, Text: text}); err == nil && same.ID == latest.ID {
			return nil
		}
	}
	side, _ := spec.side()
	return fmt.Errorf("Subject %s has a schema of somebody else's (id %d, version %d), and the schema of these columns would take from it: %s.\n"+
		"To write with the schema that is there, set %s_SCHEMA_ID=%d in the WITH clause of the stream or table; to replace it, delete the subject first.",
		spec.Subject(), latest.ID, latest.Version, lost, strings.ToUpper(side), latest.ID)
}

// lostColumn names the first column that ours has not, or not in full. A bare one has no name; that names are written in upper case is ksqlDB's way.
func lostColumn(theirs, ours types.Schema, bare bool) string {
	if bare && len(theirs) == 1 {
		return lostType(ours[0].Name, theirs[0].Type, ours[0].Type)
	}
	for _, c := range theirs {
		i := slices.IndexFunc(ours, func(o types.Column) bool { return strings.EqualFold(o.Name, c.Name) })
		if i < 0 {
			return "field " + c.Name
		}
		if lost := lostType(c.Name, c.Type, ours[i].Type); lost != "" {
			return lost
		}
	}
	return ""
}

// lostType names what a type of ours can't hold of theirs. Types that have nothing to do with each other are for the registry to judge.
func lostType(path string, theirs, ours *types.Type) string {
	switch {
	case theirs.Kind == types.Struct && ours.Kind == types.Struct:
		for _, f := range theirs.Fields {
			i := slices.IndexFunc(ours.Fields, func(o types.Field) bool { return strings.EqualFold(o.Name, f.Name) })
			if i < 0 {
				return "field " + path + "." + f.Name
			}
			if lost := lostType(path+"."+f.Name, f.Type, ours.Fields[i].Type); lost != "" {
				return lost
			}
		}
	case theirs.Kind == types.Array && ours.Kind == types.Array, theirs.Kind == types.Map && ours.Kind == types.Map:
		return lostType(path, theirs.Elem, ours.Elem)
	case width(ours) != 0 && width(ours) < width(theirs):
		return fmt.Sprintf("field %s is %s, here %s", path, theirs, ours)
	}
	return ""
}

// width orders the numbers by what they hold; 0 for all else.
func width(t *types.Type) int {
	switch t.Kind {
	case types.Integer:
		return 1
	case types.Bigint:
		return 2
	case types.Double:
		return 3
	default:
		return 0
	}
}
