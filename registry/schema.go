// Package registry keeps the schemas of topics: a client of Confluent's Schema Registry API, a server of that API with its own store,
// and a client that uses such a store in the same process.
package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Type is the language of a schema.
type Type string

// The types of schemas.
const (
	Avro     Type = "AVRO"
	JSON     Type = "JSON"
	Protobuf Type = "PROTOBUF"
)

// Types are all types, as GET /schemas/types lists them.
var Types = []Type{JSON, Protobuf, Avro}

// ParseType reads a type, in any case; an empty one is Avro, as in the API.
func ParseType(s string) (Type, error) {
	t := Type(strings.ToUpper(s))
	if t == "" {
		return Avro, nil
	}
	if !slices.Contains(Types, t) {
		return "", fmt.Errorf("unknown schema type %q: expected AVRO, JSON or PROTOBUF", s)
	}
	return t, nil
}

// Schema is a schema, and where it stands. To register or to look one up, Type, Text and References are enough.
type Schema struct {
	ID         int    // one per text, over all subjects; 0 if not registered
	Subject    string // empty if asked for by ID
	Version    int    // from 1 within the subject; 0 if asked for by ID
	GUID       string // like ID, but the same in every registry and context; empty if not registered, or where a registry has none
	Type       Type
	Text       string
	References []Reference
	Metadata   json.RawMessage // tags and properties, as they were given; nil for none
	RuleSet    json.RawMessage // rules that clients follow, such as to encrypt fields; nil for none
}

// Reference names a type that a schema takes from another subject.
type Reference struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

// Level says which older schemas a new one has to fit.
type Level string

// The levels of compatibility. Backward: the new schema reads what the last one wrote. Forward: the last one reads what the new one
// writes. Transitive: not the last one only, but all.
const (
	None               Level = "NONE"
	Backward           Level = "BACKWARD"
	BackwardTransitive Level = "BACKWARD_TRANSITIVE"
	Forward            Level = "FORWARD"
	ForwardTransitive  Level = "FORWARD_TRANSITIVE"
	Full               Level = "FULL"
	FullTransitive     Level = "FULL_TRANSITIVE"
)

var levels = []Level{None, Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive}

// ParseLevel reads a compatibility level, in any case.
func ParseLevel(s string) (Level, error) {
	l := Level(strings.ToUpper(s))
	if !slices.Contains(levels, l) {
		return "", apiErrorf(codeInvalidLevel, "unknown compatibility level %q: expected one of %s", s, join(levels))
	}
	return l, nil
}

func join[T ~string](words []T) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}

// Client is a schema registry. Errors that the registry itself gives are *Error; see IsNotFound and IsIncompatible.
type Client interface {
	// Register adds a schema to a subject, unless it is there, and returns it with its ID. One that brings an ID keeps it,
	// which takes a subject in import mode.
	Register(ctx context.Context, subject string, s Schema) (Schema, error)
	// SchemaByID returns the schema with an ID.
	SchemaByID(ctx context.Context, id int) (Schema, error)
	// SchemaByGUID returns the schema with a GUID, in lower case.
	SchemaByGUID(ctx context.Context, guid string) (Schema, error)
	// Latest returns the newest version of a subject.
	Latest(ctx context.Context, subject string) (Schema, error)
	// Version returns one version of a subject, also if it has been hidden by a delete.
	Version(ctx context.Context, subject string, version int) (Schema, error)
	// Versions returns the numbers of a subject's versions, in order.
	Versions(ctx context.Context, subject string) ([]int, error)
	// Subjects returns all subjects, sorted.
	Subjects(ctx context.Context) ([]string, error)
	// Lookup finds a schema in a subject by its text.
	Lookup(ctx context.Context, subject string, s Schema) (Schema, error)
	// Compatible tells whether a schema could be registered in a subject; if not, why not.
	Compatible(ctx context.Context, subject string, s Schema) (ok bool, reasons []string, err error)
	// Compatibility returns the level in force for a subject, or the general one if subject is empty.
	Compatibility(ctx context.Context, subject string) (Level, error)
	// SetCompatibility sets the level of a subject, or the general one if subject is empty.
	SetCompatibility(ctx context.Context, subject string, level Level) error
	// DeleteSubject deletes a subject and returns the numbers of the versions deleted. They are hidden first; permanent deletes hidden ones.
	DeleteSubject(ctx context.Context, subject string, permanent bool) ([]int, error)
}

const maxReferenceDepth = 100

// Dependency is a schema that another one refers to, with the name that it refers to it by.
type Dependency struct {
	Schema
	Name string
}

// Dependencies are the schemas that s refers to, directly and indirectly, each once under each name and before those that
// refer to it.
func Dependencies(ctx context.Context, c Client, s Schema) ([]Dependency, error) {
	return dependencies(s, func(r Reference) (Schema, error) { return c.Version(ctx, r.Subject, r.Version) })
}

// Imports are the texts of dependencies by their names, as Protobuf and JSON schemas refer to them.
func Imports(deps []Dependency) map[string]string {
	out := make(map[string]string, len(deps))
	for _, d := range deps {
		out[d.Name] = d.Text
	}
	return out
}

func dependencies(s Schema, get func(Reference) (Schema, error)) ([]Dependency, error) {
	var out []Dependency
	done := make(map[Reference]bool)
	var visit func(refs []Reference, depth int) error
	visit = func(refs []Reference, depth int) error {
		if depth > maxReferenceDepth {
			return apiErrorf(codeInvalidSchema, "schema references are nested more than %d deep", maxReferenceDepth)
		}
		for _, r := range refs {
			if done[r] {
				continue
			}
			dep, err := get(r)
			if err != nil {
				return fmt.Errorf("reference %q to subject %q, version %d: %w", r.Name, r.Subject, r.Version, err)
			}
			done[r] = true
			if err := visit(dep.References, depth+1); err != nil {
				return err
			}
			out = append(out, Dependency{dep, r.Name})
		}
		return nil
	}
	return out, visit(s.References, 0)
}
