package wire

import (
	"maps"
	"slices"

	"weir/answer"
)

var listingTypes = map[string]answer.Entity{
	"properties": (*Properties)(nil),
	"type_list":  (*Types)(nil),
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
	answer.Common
	Properties  []Property `json:"properties"`
	Overwritten []string   `json:"overwrittenProperties"`
	Default     []string   `json:"defaultProperties"`
}

// Layout implements answer.Entity.
func (e *Properties) Layout() answer.Layout {
	return answer.TableOf(e.Properties, func(p Property) []string {
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

// Types answers SHOW TYPES.
type Types struct {
	answer.Common
	Types map[string]Schema `json:"types"`
}

// Layout implements answer.Entity.
func (e *Types) Layout() answer.Layout {
	line := func(name string) []string { return []string{name, e.Types[name].SQL()} }
	return answer.TableOf(slices.Sorted(maps.Keys(e.Types)), line, "Type Name", "Schema")
}
