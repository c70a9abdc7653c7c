package formats

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/types"
)

// inferJSON makes columns of a JSON schema.
func inferJSON(spec Spec, s registered) (types.Schema, error) {
	t, err := jsonSchemaType(s, spec.SchemaID == nil, nil)
	if err != nil {
		return nil, err
	}
	return spec.inferred(t)
}

// jsonSchemaType is the type of the documents that a schema describes. free stands for objects whose properties it does not tell; nil
// refuses them.
func jsonSchemaType(s registered, upper bool, free *types.Type) (*types.Type, error) {
	docs, err := parseJSONSchema(s)
	if err != nil {
		return nil, err
	}
	in := &jsonInference{docs: docs, upper: upper, free: free}
	return in.typeOf(docs.root, docs.root)
}

type jsonInference struct {
	docs  *jsonDocuments
	upper bool
	free  *types.Type
	open  []*jsonSchema // what is being read, which may not hold itself
}

func (in *jsonInference) typeOf(s, doc *jsonSchema) (*types.Type, error) {
	if slices.Contains(in.open, s) {
		return nil, errors.New("it holds itself, which no SQL type does: declare the columns")
	}
	in.open = append(in.open, s)
	defer func() { in.open = in.open[:len(in.open)-1] }()
	if s.Ref != "" {
		found, doc, err := in.docs.resolve(doc, s.Ref)
		if err != nil {
			return nil, err
		}
		return in.typeOf(found, doc)
	}
	if alternatives := append(slices.Clone(s.OneOf), s.AnyOf...); len(alternatives) > 0 {
		return in.only(alternatives, doc)
	}
	if len(s.AllOf) > 0 {
		return in.all(s, doc)
	}
	names := slices.DeleteFunc(slices.Clone(s.Type), func(name string) bool { return name == "null" })
	if len(names) > 1 {
		return nil, fmt.Errorf("one of several types, %s, is no SQL type: declare the columns", strings.Join(names, ", "))
	}
	if len(names) == 0 {
		return in.untyped(s, doc)
	}
	return in.named(names[0], s, doc)
}

// only is the one alternative besides null.
func (in *jsonInference) only(alternatives []*jsonSchema, doc *jsonSchema) (*types.Type, error) {
	var left []*jsonSchema
	for _, a := range alternatives {
		if a != nil && (len(a.Type) != 1 || a.Type[0] != "null") {
			left = append(left, a)
		}
	}
	if len(left) != 1 {
		return nil, fmt.Errorf("one of %d schemas is no SQL type: declare the columns", len(left))
	}
	return in.typeOf(left[0], doc)
}

// all puts the properties of objects together.
func (in *jsonInference) all(s, doc *jsonSchema) (*types.Type, error) {
	parts := slices.Clone(s.AllOf)
	if len(s.Properties) > 0 {
		own := *s
		own.AllOf = nil
		parts = append(parts, &own)
	}
	var out *types.Type
	none := errNoJSONType
	for _, p := range parts {
		if p == nil || p.any {
			continue
		}
		t, err := in.typeOf(p, doc)
		if errors.Is(err, errFreeObject) {
			none = err // the others may tell
			continue
		}
		if err != nil {
			return nil, err
		}
		switch {
		case out == nil, out == in.free:
			out = t
		case out.Kind == types.Struct && t.Kind == types.Struct:
			merged := slices.Clone(out.Fields)
			for _, f := range t.Fields {
				if out.FieldIndex(f.Name) < 0 {
					merged = append(merged, f)
				}
			}
			out = types.TStruct(merged...)
		case !out.Equal(t):
			return nil, fmt.Errorf("both %s and %s is no SQL type: declare the columns", out, t)
		}
	}
	if out == nil {
		return nil, none
	}
	return out, nil
}

var (
	errNoJSONType = errors.New("the schema gives it no type: declare the columns")
	errFreeObject = errors.New("the schema does not tell the properties of an object: declare the columns, this one as a MAP<STRING, STRING> or a STRING")
)

// untyped guesses the type of what says none.
func (in *jsonInference) untyped(s, doc *jsonSchema) (*types.Type, error) {
	values := s.Enum
	if s.Const != nil {
		values = append(values, s.Const)
	}
	name := ""
	for _, v := range values {
		kind := map[bool]string{true: "string"}[isText(v)]
		switch v.(type) {
		case bool:
			kind = "boolean"
		case float64:
			kind = "number"
		}
		if v != nil && name != "" && kind != name {
			return nil, errNoJSONType
		}
		if v != nil {
			name = kind
		}
	}
	switch {
	case len(s.Properties) > 0 || s.Additional != nil && !s.Additional.any:
		name = "object"
	case s.Items != nil:
		name = "array"
	}
	if name == "" {
		return nil, errNoJSONType
	}
	return in.named(name, s, doc)
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

func (in *jsonInference) named(name string, s, doc *jsonSchema) (*types.Type, error) {
	if t := logicalJSON(s); t != nil && (name == "number" || name == "integer") {
		return t, nil
	}
	switch name {
	case "boolean":
		return types.TBoolean, nil
	case "integer":
		switch s.ConnectType {
		case "int8", "int16", "int32":
			return types.TInteger, nil
		}
		return types.TBigint, nil
	case "number":
		switch s.ConnectType {
		case "int8", "int16", "int32":
			return types.TInteger, nil
		case "int64":
			return types.TBigint, nil
		}
		return types.TDouble, nil
	case "string":
		if s.ConnectType == "bytes" {
			return types.TBytes, nil
		}
		return types.TString, nil
	case "array":
		return in.array(s, doc)
	case "object":
		return in.object(s, doc)
	}
	return nil, fmt.Errorf("the type %q is no SQL type", name)
}

// logicalJSON is the type that a title of Connect's stands for; nil for other titles.
func logicalJSON(s *jsonSchema) *types.Type {
	switch s.Title {
	case connectDate:
		return types.TDate
	case connectTime:
		return types.TTime
	case connectTimestamp:
		return types.TTimestamp
	case connectDecimal:
		precision, scale := types.MaxPrecision, 0
		if n, err := strconv.Atoi(s.Parameters["connect.decimal.precision"]); err == nil && n > 0 {
			precision = min(n, types.MaxPrecision)
		}
		if n, err := strconv.Atoi(s.Parameters["scale"]); err == nil && n >= 0 {
			scale = min(n, precision)
		}
		return types.TDecimal(precision, scale)
	}
	return nil
}

func (in *jsonInference) array(s, doc *jsonSchema) (*types.Type, error) {
	if s.Items == nil || s.Items.any {
		return nil, errors.New("the schema gives the items of an array no type: declare the columns")
	}
	elem, err := in.typeOf(s.Items, doc)
	if err != nil {
		return nil, err
	}
	if s.ConnectType == "map" && elem.Kind == types.Struct && len(elem.Fields) == 2 {
		return types.TMap(elem.Fields[0].Type, elem.Fields[1].Type), nil
	}
	return types.TArray(elem), nil
}

// object is a STRUCT of the properties, or a MAP where only the form of any properties is given.
func (in *jsonInference) object(s, doc *jsonSchema) (*types.Type, error) {
	if s.ConnectType == "map" || len(s.Properties) == 0 && s.Additional != nil && !s.Additional.any {
		if s.Additional == nil || s.Additional.any {
			return nil, errors.New("the schema gives the values of a map no type: declare the columns")
		}
		elem, err := in.typeOf(s.Additional, doc)
		if err != nil {
			return nil, err
		}
		return types.TMap(types.TString, elem), nil
	}
	if s.Properties == nil && (s.Additional == nil || !s.Additional.never) {
		if in.free == nil {
			return nil, errFreeObject
		}
		return in.free, nil
	}
	var fields []types.Field
	for _, p := range s.Properties.ordered() {
		t, err := in.typeOf(p.schema, doc)
		if err != nil {
			return nil, fmt.Errorf("property %s: %w", p.name, err)
		}
		name := p.name
		if in.upper {
			name = strings.ToUpper(name)
		}
		fields = append(fields, types.Field{Name: name, Type: t})
	}
	return types.TStruct(fields...), nil
}
