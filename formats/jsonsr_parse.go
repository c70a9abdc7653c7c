package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// jsonSchema are the parts of a JSON schema that say what columns there are.
type jsonSchema struct {
	Type         jsonTypes              `json:"type"`
	Title        string                 `json:"title"`
	Properties   jsonProperties         `json:"properties"`
	Items        *jsonSchema            `json:"items"`
	Additional   *jsonSchema            `json:"additionalProperties"`
	OneOf        []*jsonSchema          `json:"oneOf"`
	AnyOf        []*jsonSchema          `json:"anyOf"`
	AllOf        []*jsonSchema          `json:"allOf"`
	Ref          string                 `json:"$ref"`
	ID           string                 `json:"$id"`
	Definitions  map[string]*jsonSchema `json:"definitions"`
	Defs         map[string]*jsonSchema `json:"$defs"`
	Enum         []any                  `json:"enum"`
	Const        any                    `json:"const"`
	ConnectType  string                 `json:"connect.type"`
	ConnectIndex *int                   `json:"connect.index"`
	Parameters   map[string]string      `json:"connect.parameters"`
	any          bool                   // true or false in place of a schema
	never        bool                   // false
}

type plainSchema jsonSchema

// UnmarshalJSON takes true and false, which are schemas too, and a list of items as its first.
func (s *jsonSchema) UnmarshalJSON(b []byte) error {
	switch b = bytes.TrimSpace(b); {
	case len(b) > 0 && (b[0] == 't' || b[0] == 'f'):
		*s = jsonSchema{any: true, never: b[0] == 'f'}
		return nil
	case len(b) > 0 && b[0] == '[':
		var list []*jsonSchema
		if err := json.Unmarshal(b, &list); err != nil {
			return err
		}
		*s = jsonSchema{any: true}
		if len(list) == 1 && list[0] != nil {
			*s = *list[0]
		}
		return nil
	}
	return json.Unmarshal(b, (*plainSchema)(s))
}

// jsonTypes are the types a schema allows: a name, or a list of names.
type jsonTypes []string

// UnmarshalJSON reads both forms.
func (t *jsonTypes) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = jsonTypes{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// jsonProperties are the properties of an object in the order of the text; nil where the schema does not speak of them.
type jsonProperties []jsonProperty

type jsonProperty struct {
	name   string
	schema *jsonSchema
}

// UnmarshalJSON keeps the order.
func (p *jsonProperties) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return errors.New("properties are to be an object")
	}
	*p = jsonProperties{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		property := jsonProperty{schema: new(jsonSchema)}
		property.name, _ = name.(string)
		if err := dec.Decode(property.schema); err != nil {
			return err
		}
		*p = append(*p, property)
	}
	return nil
}

// ordered are the properties by connect.index, where they have one.
func (p jsonProperties) ordered() jsonProperties {
	at := func(p jsonProperty) int {
		if p.schema.ConnectIndex != nil {
			return *p.schema.ConnectIndex
		}
		return 1 << 30
	}
	out := slices.Clone(p)
	slices.SortStableFunc(out, func(a, b jsonProperty) int { return at(a) - at(b) })
	return out
}

// jsonDocuments are a schema and those that it refers to.
type jsonDocuments struct {
	root   *jsonSchema
	byName map[string]*jsonSchema
}

func parseJSONSchema(s registered) (*jsonDocuments, error) {
	docs := &jsonDocuments{root: new(jsonSchema), byName: map[string]*jsonSchema{}}
	if err := json.Unmarshal([]byte(s.Text), docs.root); err != nil {
		return nil, fmt.Errorf("schema %d: %w", s.ID, err)
	}
	for _, d := range s.deps {
		doc := new(jsonSchema)
		if err := json.Unmarshal([]byte(d.Text), doc); err != nil {
			return nil, fmt.Errorf("schema %d refers to %s: %w", s.ID, d.Subject, err)
		}
		docs.byName[d.Name] = doc
		if doc.ID != "" {
			docs.byName[doc.ID] = doc
		}
	}
	return docs, nil
}

// resolve finds what a reference in a document means, and the document that it is in.
func (d *jsonDocuments) resolve(doc *jsonSchema, ref string) (found, in *jsonSchema, err error) {
	name, pointer, _ := strings.Cut(ref, "#")
	if name != "" {
		other := d.byName[name]
		if other == nil {
			return nil, nil, fmt.Errorf("there is no schema to refer to as %q: register it, and refer to it under that name", name)
		}
		doc = other
	}
	found = doc
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i := 0; i+1 < len(parts) && found != nil; i += 2 {
		key := strings.NewReplacer("~1", "/", "~0", "~").Replace(parts[i+1])
		switch parts[i] {
		case "definitions":
			found = found.Definitions[key]
		case "$defs":
			found = found.Defs[key]
		case "properties":
			at := slices.IndexFunc(found.Properties, func(p jsonProperty) bool { return p.name == key })
			if at < 0 {
				found = nil
			} else {
				found = found.Properties[at].schema
			}
		default:
			found = nil
		}
	}
	if found == nil || pointer != "" && pointer != "/" && len(parts)%2 == 1 {
		return nil, nil, fmt.Errorf("the reference %q leads nowhere", ref)
	}
	return found, doc, nil
}
