package registry

import (
	"encoding/json"
	"slices"
	"strings"
)

// avroForm writes Avro schemas so that two spellings of one schema become the same text: names in full, without what says nothing
// (a namespace beside a full name, {"type":"int"} for "int", the order ascending), keys sorted. What a reader or a tool may look at stays:
// defaults, aliases, docs, logical types and properties of other people's.
type avroForm struct {
	defined map[string]bool // full names
	missing map[string]any  // of referenced schemas, to be put in where they are used first; nil leaves references as they are
}

var avroPrimitives = []string{"null", "boolean", "int", "long", "float", "double", "bytes", "string"}

// canonicalAvro is the text by which schemas are compared. The text has been parsed, and so have deps.
func canonicalAvro(text string, deps []Dependency) (string, error) {
	f := &avroForm{defined: map[string]bool{}}
	for _, d := range deps {
		if _, err := f.text(d.Text); err != nil {
			return "", err
		}
	}
	return f.text(text)
}

// resolvedAvro is a schema with what it refers to in its place.
func resolvedAvro(text string, deps []Dependency) (string, error) {
	f := &avroForm{defined: map[string]bool{}, missing: map[string]any{}}
	for _, d := range deps {
		v, err := decodeJSON(d.Text)
		if err != nil {
			return "", err
		}
		if m, ok := v.(map[string]any); ok {
			f.missing[avroName(m, "")] = m
		}
	}
	return f.text(text)
}

func (f *avroForm) text(text string) (string, error) {
	v, err := decodeJSON(text)
	if err != nil { // a bare type name, such as string
		v = strings.TrimSpace(text)
	}
	out, err := json.Marshal(f.schema(v, ""))
	return string(out), err
}

func decodeJSON(text string) (v any, err error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	return v, dec.Decode(&v)
}

func (f *avroForm) schema(v any, space string) any {
	switch v := v.(type) {
	case string:
		return f.reference(v, space)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = f.schema(v[i], space)
		}
		return out
	case map[string]any:
		return f.object(v, space)
	}
	return v
}

// reference is the full name of a type.
func (f *avroForm) reference(name, space string) any {
	if slices.Contains(avroPrimitives, name) {
		return name
	}
	full := qualified(name, space)
	if !f.known(full) && f.known(name) {
		full = name
	}
	if m, ok := f.missing[full]; ok && !f.defined[full] {
		return f.schema(m, "")
	}
	return full
}

func (f *avroForm) known(name string) bool {
	_, ok := f.missing[name]
	return ok || f.defined[name]
}

func (f *avroForm) object(v map[string]any, space string) any {
	out := make(map[string]any, len(v))
	for key, value := range v {
		out[key] = value
	}
	switch t := v["type"]; t {
	case "record", "error", "enum", "fixed":
		name := avroName(v, space)
		space = name[:max(strings.LastIndexByte(name, '.'), 0)]
		f.defined[name] = true
		out["name"] = name
		delete(out, "namespace")
		if f.missing != nil && space == "" {
			out["namespace"] = ""
		}
		aliases(out, space)
		if fields, ok := v["fields"].([]any); ok {
			out["fields"] = f.fields(fields, space)
		}
	case "array":
		out["items"] = f.schema(v["items"], space)
	case "map":
		out["values"] = f.schema(v["values"], space)
	default:
		inner := f.schema(t, space)
		if len(v) == 1 {
			return inner
		}
		out["type"] = inner
	}
	return out
}

func (f *avroForm) fields(list []any, space string) []any {
	out := make([]any, len(list))
	for i, v := range list {
		field, ok := v.(map[string]any)
		if !ok {
			out[i] = v
			continue
		}
		now := make(map[string]any, len(field))
		for key, value := range field {
			now[key] = value
		}
		now["type"] = f.schema(field["type"], space)
		if now["order"] == "ascending" {
			delete(now, "order")
		}
		if list, ok := now["aliases"].([]any); ok && len(list) == 0 {
			delete(now, "aliases")
		}
		out[i] = now
	}
	return out
}

// aliases writes the other names of a type in full.
func aliases(out map[string]any, space string) {
	list, ok := out["aliases"].([]any)
	if !ok {
		return
	}
	full := []string{}
	for _, a := range list {
		if name, ok := a.(string); ok {
			full = append(full, qualified(name, space))
		}
	}
	if out["aliases"] = full; len(full) == 0 {
		delete(out, "aliases")
	}
}

// avroName is the full name of a definition.
func avroName(v map[string]any, space string) string {
	name, _ := v["name"].(string)
	if own, ok := v["namespace"].(string); ok {
		space = own
	}
	return strings.TrimPrefix(qualified(name, space), ".")
}

func qualified(name, space string) string {
	if space == "" || strings.Contains(name, ".") {
		return name
	}
	return space + "." + name
}
