package wire

import (
	"maps"
	"slices"
)

var listingTypes = map[string]Entity{
	"properties":     (*Properties)(nil),
	"function_names": (*FunctionNames)(nil),
	"type_list":      (*Types)(nil),
	"variables":      (*Variables)(nil),
}

// Property is a line of SHOW PROPERTIES.
type Property struct {
	Name     string  `json:"name"`
	Scope    string  `json:"scope"`
	Value    *string `json:"value"`
	Editable bool    `json:"editable"`
	Level    string  `json:"level"`
	Meaning  string  `json:"meaning,omitempty"` // ours
}

// Properties answers SHOW PROPERTIES.
type Properties struct {
	Common
	Properties  []Property `json:"properties"`
	Overwritten []string   `json:"overwrittenProperties"`
	Default     []string   `json:"defaultProperties"`
}

// Layout implements Entity.
func (e *Properties) Layout() Layout {
	return tableOf(e.Properties, func(p Property) []string {
		override, value := "", "NULL"
		if slices.Contains(e.Overwritten, p.Name) {
			override = "SESSION"
		}
		if p.Value != nil {
			value = *p.Value
		}
		return []string{p.Name, p.Scope, override, value, p.Meaning}
	}, "Property", "Scope", "Default override", "Effective Value", "Meaning")
}

// FunctionName is a line of SHOW FUNCTIONS.
type FunctionName struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // SCALAR, AGGREGATE or TABLE
	Category string `json:"category"`
}

// FunctionNames answers SHOW FUNCTIONS.
type FunctionNames struct {
	Common
	Functions []FunctionName `json:"functions"`
}

// Layout implements Entity.
func (e *FunctionNames) Layout() Layout {
	line := func(f FunctionName) []string { return []string{f.Name, f.Category, f.Type} }
	return tableOf(e.Functions, line, "Function Name", "Category", "Type")
}

// Types answers SHOW TYPES.
type Types struct {
	Common
	Types map[string]Schema `json:"types"`
}

// Layout implements Entity.
func (e *Types) Layout() Layout {
	line := func(name string) []string { return []string{name, e.Types[name].SQL()} }
	return tableOf(slices.Sorted(maps.Keys(e.Types)), line, "Type Name", "Schema")
}

// Variable is a line of SHOW VARIABLES.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Variables answers SHOW VARIABLES.
type Variables struct {
	Common
	Variables []Variable `json:"variables"`
}

// Layout implements Entity.
func (e *Variables) Layout() Layout {
	line := func(v Variable) []string { return []string{v.Name, v.Value} }
	return tableOf(e.Variables, line, "Variable Name", "Value")
}
