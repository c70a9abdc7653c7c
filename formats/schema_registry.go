package formats

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"weir/registry"
	"weir/types"
)

// ErrRegistry says that the schema registry could not be asked: the fault lies not with the record, which can be tried again.
var ErrRegistry = errors.New("the schema registry cannot be asked")

var errNoRegistry = fmt.Errorf("%w: none is configured", ErrRegistry)

// registryTimeout bounds a request that decoding or encoding has to wait for.
const registryTimeout = 30 * time.Second

const confluentHeader = 5 // bytes: a zero and the schema id

func schemaHeader(id int) [confluentHeader]byte {
	var h [confluentHeader]byte
	binary.BigEndian.PutUint32(h[1:], uint32(id))
	return h
}

// registered is a schema with those that it refers to.
type registered struct {
	registry.Schema
	deps []registry.Dependency
}

// fetch gets a schema of a type by what names it in records.
func fetch(ctx context.Context, client registry.Client, ref schemaRef, typ registry.Type) (registered, error) {
	if client == nil {
		return registered{}, errNoRegistry
	}
	s, err := ref.find(ctx, client)
	if registry.IsNotFound(err) {
		return registered{}, fmt.Errorf("there is no schema %s in the registry", ref)
	}
	if err != nil {
		return registered{}, fmt.Errorf("%w: schema %s: %w", ErrRegistry, ref, err)
	}
	return withReferences(ctx, client, s, typ)
}

func withReferences(ctx context.Context, client registry.Client, s registry.Schema, typ registry.Type) (registered, error) {
	if s.Type == "" {
		s.Type = registry.Avro
	}
	if s.Type != typ {
		return registered{}, fmt.Errorf("schema %d is of type %s, not %s", s.ID, s.Type, typ)
	}
	out := registered{Schema: s}
	if len(s.References) == 0 {
		return out, nil
	}
	var err error
	if out.deps, err = registry.Dependencies(ctx, client, s); err != nil {
		return out, fmt.Errorf("%w: what schema %d refers to: %w", ErrRegistry, s.ID, err)
	}
	return out, nil
}

// Register makes sure that the registry has the schema that a spec's columns are written with, and gives its id; 0 for
// formats without a registry.
func Register(ctx context.Context, spec Spec, cols types.Schema) (id int, err error) {
	f, err := Lookup(spec.Format)
	if err != nil || !f.Registry {
		return 0, err
	}
	if err := Check(spec, cols); err != nil {
		return 0, err
	}
	switch {
	case spec.Registry == nil:
		return 0, errNoRegistry
	case spec.SchemaID != nil:
		return *spec.SchemaID, nil
	}
	text, err := f.schemaText(spec, cols)
	if err != nil {
		return 0, err
	}
	if err := keepsAll(ctx, spec, f, cols); err != nil {
		return 0, err
	}
	s, err := spec.Registry.Register(ctx, spec.Subject(), registry.Schema{Type: f.schemaType, Text: text})
	if err != nil {
		err = fmt.Errorf("the schema of subject %s: %w", spec.Subject(), err)
		if latest, missing := spec.Registry.Latest(ctx, spec.Subject()); registry.IsIncompatible(err) && missing == nil {
			side, _ := spec.side()
			err = fmt.Errorf("%w\nTo write with the schema that is there, set %s_SCHEMA_ID=%d in the WITH clause of the stream or table.", err, strings.ToUpper(side), latest.ID)
		}
		return 0, err
	}
	return s.ID, nil
}

// registerAndFetch gives the schema to write with.
func registerAndFetch(spec Spec, cols types.Schema, typ registry.Type) (registered, error) {
	ctx, cancel := context.WithTimeout(context.Background(), registryTimeout)
	defer cancel()
	id, err := Register(ctx, spec, cols)
	if err != nil {
		return registered{}, err
	}
	s, err := fetch(ctx, spec.Registry, schemaRef{id: id}, typ)
	s.ID = id
	return s, err
}

// Infer takes the columns from the schema registry: of the spec's schema id, with the names as they are there, or of the
// subject's newest schema, with the names in upper case. Bare keys and values become one column, ROWKEY or ROWVAL.
func Infer(ctx context.Context, spec Spec) (types.Schema, error) {
	f, err := Lookup(spec.Format)
	if err != nil {
		return nil, err
	}
	if !f.Infers {
		return nil, fmt.Errorf("the %s format has no schemas in a registry: columns have to be given", f.Name)
	}
	if spec.Registry == nil {
		return nil, errNoRegistry
	}
	found, err := spec.find(ctx)
	if err != nil {
		return nil, err
	}
	side, property := spec.side()
	if found.Type != f.schemaType {
		return nil, fmt.Errorf("%s schema is not in the expected format. You may want to set %s to '%s'.\n%s\nexpected format: %s\nactual format from Schema Registry: %s",
			side, property, found.Type, spec.origin(), f.schemaType, found.Type)
	}
	s, err := withReferences(ctx, spec.Registry, found, f.schemaType)
	if err != nil {
		return nil, err
	}
	cols, err := f.infer(spec, s)
	if several := (*SeveralError)(nil); errors.As(err, &several) {
		return cols, err
	}
	if err != nil {
		return nil, fmt.Errorf("Unable to verify if the %s schema for %s is compatible with ksqlDB.\nReason: schema %d: %w", strings.ToLower(side), spec.origin(), s.ID, err)
	}
	return cols, nil
}

// SeveralError comes with the columns of a schema's first definition, where it has several and none was named.
type SeveralError struct {
	IsKey bool
	Names []string
}

func (e *SeveralError) Error() string {
	side, _ := Spec{IsKey: e.IsKey}.side()
	return fmt.Sprintf("%s schema has multiple schema definitions.\n\n- %s\n\nPlease specify a schema full name in the WITH clause using %s_SCHEMA_FULL_NAME",
		side, strings.Join(e.Names, "\n- "), strings.ToUpper(side))
}

// find gets the schema of the spec's id, or the newest of its subject.
func (s Spec) find(ctx context.Context) (found registry.Schema, err error) {
	if s.SchemaID != nil {
		found, err = s.Registry.SchemaByID(ctx, *s.SchemaID)
		found.ID = *s.SchemaID
	} else {
		found, err = s.Registry.Latest(ctx, s.Subject())
	}
	side, _ := s.side()
	switch {
	case registry.IsNotFound(err):
		id := ""
		if s.SchemaID != nil {
			id = fmt.Sprintf("Schema Id: %d\n", *s.SchemaID)
		}
		return found, fmt.Errorf("Schema for message %ss on topic '%s' does not exist in the Schema Registry.\nSubject: %s\n%s"+
			"Give the columns, or register a schema: %w", strings.ToLower(side), s.Topic, s.Subject(), id, err)
	case err != nil:
		return found, fmt.Errorf("%w: %s: %w", ErrRegistry, s.origin(), err)
	}
	found.Type = cmp.Or(found.Type, registry.Avro)
	return found, nil
}

// side is Key or Value, and the property of its format.
func (s Spec) side() (name, property string) {
	if s.IsKey {
		return "Key", "KEY_FORMAT"
	}
	return "Value", "VALUE_FORMAT"
}

// origin says where a schema was looked for.
func (s Spec) origin() string {
	if s.SchemaID == nil {
		return "topic: " + s.Topic
	}
	return fmt.Sprintf("topic: %s, schema id: %d", s.Topic, *s.SchemaID)
}

// ErrBare says that a schema's values have no fields around them, and that it was not said that they are one column.
var ErrBare = errors.New("Schema returned from schema registry is anonymous type. To use this schema with ksqlDB, set 'WRAP_SINGLE_VALUE=false' in the WITH clause properties.")

// inferred makes columns of a type: one for each field of a STRUCT, unless bare keys and values are meant.
func (s Spec) inferred(t *types.Type) (types.Schema, error) {
	role, name, bare := types.ValueColumn, "ROWVAL", s.Wrap != nil && !*s.Wrap
	if s.IsKey {
		role, name, bare = types.KeyColumn, "ROWKEY", s.Format != Protobuf
	}
	switch {
	case bare:
		return types.Schema{{Name: name, Type: t, Role: role}}, nil
	case t.Kind != types.Struct:
		return nil, ErrBare
	}
	out := fieldsOf(t)
	for i := range out {
		out[i].Role = role
	}
	return out, nil
}

func fieldsOf(t *types.Type) types.Schema {
	out := make(types.Schema, len(t.Fields))
	for i, f := range t.Fields {
		out[i] = types.Column{Name: f.Name, Type: f.Type}
	}
	return out
}
