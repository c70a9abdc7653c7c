package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hamba/avro/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weir/registry/protoschema"
)

// parsed is a schema that has been checked.
type parsed struct {
	Schema
	key   string                      // equal for schemas that are the same
	bare  string                      // key without metadata and rules
	avro  avro.Schema                 // nil unless Type is Avro
	proto protoreflect.FileDescriptor // nil unless Type is Protobuf
	json  *jsonDocument               // nil unless Type is JSON
}

// parse checks a schema and brings its text into the form that is kept. deps are what it refers to, innermost first. JSON schemas are
// checked to be JSON; of Protobuf schemas the text is kept, though blanks and comments make no other schema. So it is with Avro schemas in
// other spellings: the first one stays, see avroForm.
func parse(s Schema, deps []Dependency, normalize bool) (*parsed, error) {
	if s.Type == "" {
		s.Type = Avro
	}
	if strings.TrimSpace(s.Text) == "" {
		return nil, apiErrorf(codeInvalidSchema, "the schema is empty")
	}
	for what, part := range map[string]*json.RawMessage{"metadata": &s.Metadata, "ruleSet": &s.RuleSet} {
		var err error
		if *part, err = contractPart(what, *part); err != nil {
			return nil, err
		}
	}
	p := &parsed{Schema: s}
	var canonical string
	switch s.Type {
	case Avro:
		var err error
		if p.avro, err = parseAvro(s.Text, deps); err != nil {
			return nil, apiErrorf(codeInvalidSchema, "invalid AVRO schema: %v", err)
		}
		if p.Text, _, err = compactJSON(s.Text); err != nil { // a bare type name, such as string
			p.Text = fmt.Sprintf("%q", p.avro.Type())
		}
		if canonical, err = canonicalAvro(p.Text, deps); err != nil {
			return nil, apiErrorf(codeInvalidSchema, "invalid AVRO schema: %v", err)
		}
	case JSON:
		compact, sorted, err := compactJSON(s.Text)
		if err != nil {
			return nil, apiErrorf(codeInvalidSchema, "invalid JSON schema: %v", err)
		}
		if c := compact[0]; c != '{' && c != 't' && c != 'f' {
			return nil, apiErrorf(codeInvalidSchema, "invalid JSON schema: expected an object, true or false")
		}
		if p.json, err = newJSONDocument(compact, deps); err != nil {
			return nil, apiErrorf(codeInvalidSchema, "invalid JSON schema: %v", err)
		}
		p.Text, canonical = compact, compact
		if normalize {
			canonical = sorted
		}
	case Protobuf:
		if err := p.parseProtobuf(deps); err != nil {
			return nil, apiErrorf(codeInvalidSchema, "invalid PROTOBUF schema: %v", err)
		}
		file := protodesc.ToFileDescriptorProto(p.proto)
		if normalize {
			protoschema.Normalize(file)
		}
		data, err := proto.MarshalOptions{Deterministic: true}.Marshal(file)
		if err != nil {
			return nil, apiErrorf(codeInvalidSchema, "invalid PROTOBUF schema: %v", err)
		}
		canonical = string(data)
	default:
		return nil, apiErrorf(codeInvalidSchema, "unknown schema type %q: expected AVRO, JSON or PROTOBUF", s.Type)
	}
	var key strings.Builder
	fmt.Fprintf(&key, "%s %q", s.Type, canonical)
	for _, r := range s.References {
		fmt.Fprintf(&key, " %q %q %d", r.Name, r.Subject, r.Version)
	}
	p.bare = key.String()
	fmt.Fprintf(&key, " %q %q", p.Metadata, p.RuleSet)
	if p.key = key.String(); p.Metadata == nil && p.RuleSet == nil {
		p.key = p.bare
	}
	return p, nil
}

// parseProtobuf takes a text, or a descriptor in base64, of which a text is made.
func (p *parsed) parseProtobuf(deps []Dependency) error {
	imports, err := Imports(deps), error(nil)
	if protoschema.IsSerialized(p.Text) {
		if p.Text, err = protoschema.FromSerialized(p.Text, imports); err != nil {
			return err
		}
	}
	p.proto, err = protoschema.Parse(p.Text, imports)
	return err
}

func parseAvro(text string, deps []Dependency) (avro.Schema, error) {
	cache := &avro.SchemaCache{}
	for _, d := range deps {
		if _, err := avro.ParseWithCache(d.Text, "", cache); err != nil {
			return nil, fmt.Errorf("in the referenced subject '%s', version %d: %w", d.Subject, d.Version, err)
		}
	}
	return avro.ParseWithCache(text, "", cache)
}

// compactJSON takes the white space out, and gives a second form in which the order of keys doesn't count.
func compactJSON(text string) (compact, sorted string, err error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return "", "", err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return "", "", errors.New("more than one JSON value")
	}
	var buf bytes.Buffer
	if err := json.Compact(&buf, []byte(text)); err != nil {
		return "", "", err
	}
	out, err := json.Marshal(v)
	return buf.String(), string(out), err
}
