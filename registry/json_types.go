package registry

import (
	"encoding/json"
	"math/big"
	"strings"
)

// jsonTypes is a set of types. A number is an integer or a fraction.
type jsonTypes uint8

const (
	jsonNull jsonTypes = 1 << iota
	jsonBoolean
	jsonObject
	jsonArray
	jsonString
	jsonInteger
	jsonFraction
	jsonNumber  = jsonInteger | jsonFraction
	jsonAnyType = jsonFraction<<1 - 1
)

var jsonTypeNames = []struct {
	name  string
	types jsonTypes
}{
	{"null", jsonNull}, {"boolean", jsonBoolean}, {"object", jsonObject}, {"array", jsonArray}, {"string", jsonString},
	{"number", jsonNumber}, {"integer", jsonInteger},
}

func (t jsonTypes) String() string {
	if t == jsonAnyType {
		return "of any type"
	}
	var names []string
	for _, n := range jsonTypeNames {
		if t&n.types == n.types {
			names = append(names, n.name)
			t &^= n.types
		}
	}
	if t&jsonFraction != 0 {
		names = append(names, "number")
	}
	return strings.Join(names, " or ")
}

// split gives the types one by one.
func (t jsonTypes) split() []jsonTypes {
	var out []jsonTypes
	for _, n := range jsonTypeNames {
		if one := t & n.types; one != 0 {
			out = append(out, one)
			t &^= one
		}
	}
	return out
}

// keyword is the set as the value of the keyword type.
func (t jsonTypes) keyword() any {
	var out []any
	for _, n := range jsonTypeNames {
		if t&n.types == n.types {
			out = append(out, n.name)
			t &^= n.types
		}
	}
	if t&jsonFraction != 0 {
		out = append(out, "number")
	}
	return out
}

// accepted are the types that a schema's own keyword type lets through.
func (n jsonNode) accepted() jsonTypes {
	if n.never() {
		return 0
	}
	var names []any
	switch v := n.object()["type"].(type) {
	case string:
		names = []any{v}
	case []any:
		names = v
	}
	var out jsonTypes
	for _, name := range names {
		for _, t := range jsonTypeNames {
			if t.name == name {
				out |= t.types
			}
		}
	}
	if out == 0 {
		return jsonAnyType
	}
	return out
}

// jsonTypeOfKeyword tells what a schema without a type is about.
var jsonTypeOfKeyword = map[string]jsonTypes{
	"properties": jsonObject, "required": jsonObject, "additionalProperties": jsonObject, "patternProperties": jsonObject,
	"minProperties": jsonObject, "maxProperties": jsonObject, "propertyNames": jsonObject,
	"items": jsonArray, "prefixItems": jsonArray, "minItems": jsonArray, "maxItems": jsonArray, "uniqueItems": jsonArray,
	"minLength": jsonString, "maxLength": jsonString, "pattern": jsonString,
	"minimum": jsonNumber, "maximum": jsonNumber, "exclusiveMinimum": jsonNumber, "exclusiveMaximum": jsonNumber, "multipleOf": jsonNumber,
}

// written are the types of the data that a schema describes: those of its values, its type, or else the one type that
// its keywords are about.
func (n jsonNode) written() jsonTypes {
	t := n.accepted()
	if values, ok := n.listed(); ok {
		var of jsonTypes
		for _, v := range values {
			of |= jsonTypeOf(v)
		}
		return t & of
	}
	if t != jsonAnyType {
		return t
	}
	var about jsonTypes
	for key := range n.object() {
		about |= jsonTypeOfKeyword[key]
	}
	if len(about.split()) == 1 {
		return about
	}
	return t
}

// listed are the values of enum or const.
func (n jsonNode) listed() ([]any, bool) {
	if v, ok := n.object()["const"]; ok {
		return []any{v}, true
	}
	l, ok := n.object()["enum"].([]any)
	return l, ok
}

// values are all values that the schema describes, where they are few.
func (n jsonNode) values() ([]any, bool) {
	if listed, ok := n.listed(); ok {
		var out []any
		for _, v := range listed {
			if jsonTypeOf(v)&n.accepted() != 0 {
				out = append(out, v)
			}
		}
		return out, true
	}
	t := n.written()
	if t&^(jsonNull|jsonBoolean) != 0 {
		return nil, false
	}
	var out []any
	if t&jsonNull != 0 {
		out = append(out, nil)
	}
	if t&jsonBoolean != 0 {
		out = append(out, false, true)
	}
	return out, true
}

func jsonTypeOf(v any) jsonTypes {
	switch v := v.(type) {
	case nil:
		return jsonNull
	case bool:
		return jsonBoolean
	case string:
		return jsonString
	case []any:
		return jsonArray
	case json.Number:
		if f := jsonNumberOf(v); f != nil && f.IsInt() {
			return jsonInteger
		}
		return jsonFraction
	}
	return jsonObject
}

// jsonNumberOf is nil for what is no number, or out of all bounds.
func jsonNumberOf(v any) *big.Float {
	n, ok := v.(json.Number)
	if !ok {
		return nil
	}
	f, _, err := big.ParseFloat(n.String(), 10, 256, big.ToNearestEven)
	if err != nil {
		return nil
	}
	return f
}
