package connector

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/parser/suggest"
)

// Type is the type of a property's value.
type Type string

// The types.
const (
	String   Type = "STRING"
	Integer  Type = "INTEGER"
	Boolean  Type = "BOOLEAN"
	Duration Type = "DURATION" // 500ms, 5s, 10m, 1h; a bare number is milliseconds
)

// Property describes one property of a class. A name that ends in * stands for all names with what is before it.
type Property struct {
	Name     string
	Aliases  []string // other names, such as the one that Kafka Connect has for it
	Type     Type
	Default  string
	Required bool
	Values   []string // what a STRING can be; anything where empty
	Min      int64    // of an INTEGER
	Doc      string
}

// Setting is one property as the user gave it.
type Setting struct{ Name, Value string }

// ClassProperty is the name of the property that names the class.
const ClassProperty = "connector.class"

// Values are a connector's properties, checked against its class and filled up with defaults.
type Values struct {
	values  map[string]string
	given   map[string]bool
	starred []Setting
}

// Check reads settings by a class's properties. Names count in any case. The error lists what there is.
func Check(class Class, settings []Setting) (Values, error) {
	v := Values{values: make(map[string]string), given: make(map[string]bool)}
	for _, s := range settings {
		name := strings.ToLower(strings.TrimSpace(s.Name))
		if name == ClassProperty {
			continue
		}
		p := class.property(name)
		if p == nil {
			return v, class.unknown(s.Name)
		}
		if slices.Contains(p.Aliases, name) {
			name = p.Name
		}
		value := s.Value
		if p.Type != String || len(p.Values) > 0 {
			value = strings.ToLower(strings.TrimSpace(value))
		}
		if err := p.check(value); err != nil {
			return v, fmt.Errorf("property '%s' of connector class '%s': %w", s.Name, class.Name, err)
		}
		if v.given[name] {
			return v, fmt.Errorf("property '%s' is given twice%s", s.Name, p.alsoCalled())
		}
		v.given[name] = true
		if prefix, ok := strings.CutSuffix(p.Name, "*"); ok {
			v.starred = append(v.starred, Setting{strings.TrimSpace(s.Name)[len(prefix):], value})
			continue
		}
		v.values[name] = value
	}
	for _, p := range class.Properties {
		if v.given[p.Name] {
			continue
		}
		if p.Required {
			return v, fmt.Errorf("connector class '%s' needs the property '%s': %s", class.Name, p.Name, p.Doc)
		}
		v.values[p.Name] = p.Default
	}
	return v, nil
}

func (c Class) property(name string) *Property {
	for i := range c.Properties {
		p := &c.Properties[i]
		if prefix, ok := strings.CutSuffix(p.Name, "*"); p.Name == name || slices.Contains(p.Aliases, name) || ok && strings.HasPrefix(name, prefix) && len(name) > len(prefix) {
			return p
		}
	}
	return nil
}

func (c Class) unknown(name string) error {
	names := []string{ClassProperty}
	for _, p := range c.Properties {
		names = append(append(names, p.Name), p.Aliases...)
	}
	hint := ""
	if s, ok := suggest.Suggest(name, names); ok {
		hint = fmt.Sprintf(" Did you mean '%s'?", s)
	}
	slices.Sort(names)
	return fmt.Errorf("connector class '%s' has no property '%s'.%s Its properties are: %s", c.Name, name, hint, strings.Join(names, ", "))
}

// alsoCalled are the names that count as one.
func (p *Property) alsoCalled() string {
	if len(p.Aliases) == 0 {
		return ""
	}
	return fmt.Sprintf(": '%s' is also called '%s'", p.Name, strings.Join(p.Aliases, "', '"))
}

func (p *Property) check(value string) error {
	switch p.Type {
	case Integer:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("expected a whole number, got '%s'", value)
		}
		if n < p.Min {
			return fmt.Errorf("expected a number from %d, got %d", p.Min, n)
		}
	case Boolean:
		if value != "true" && value != "false" {
			return fmt.Errorf("expected true or false, got '%s'", value)
		}
	case Duration:
		if _, err := duration(value); err != nil {
			return err
		}
	case String:
		if len(p.Values) > 0 && !slices.Contains(p.Values, value) {
			hint := ""
			if s, ok := suggest.Suggest(value, p.Values); ok {
				hint = fmt.Sprintf("; did you mean '%s'?", s)
			}
			return fmt.Errorf("expected %s, got '%s'%s", strings.Join(p.Values, " or "), value, hint)
		}
	}
	return nil
}

// Text is the value of a STRING property.
func (v Values) Text(name string) string { return v.values[name] }

// List is the value of a STRING property that is a list with commas between its parts.
func (v Values) List(name string) []string {
	var out []string
	for part := range strings.SplitSeq(v.values[name], ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// Int is the value of an INTEGER property, 0 if it has none.
func (v Values) Int(name string) int64 {
	n, err := strconv.ParseInt(v.values[name], 10, 64)
	if err != nil { // only a property without a default isn't a number
		return 0
	}
	return n
}

// Duration is the value of a DURATION property, 0 if it has none.
func (v Values) Duration(name string) time.Duration {
	d, err := duration(v.values[name])
	if err != nil { // only a property without a default isn't one
		return 0
	}
	return d
}

func duration(text string) (time.Duration, error) {
	if n, err := strconv.ParseInt(text, 10, 32); err == nil && n >= 0 {
		return time.Duration(n) * time.Millisecond, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("expected a time such as 500ms, 5s or 10m, got '%s'", text)
	}
	return d, nil
}

// Bool is the value of a BOOLEAN property.
func (v Values) Bool(name string) bool { return v.values[name] == "true" }

// Given tells whether the user set a property.
func (v Values) Given(name string) bool { return v.given[name] }

// Starred are the settings that a property with a * took, without what is before the *, in the user's order.
func (v Values) Starred() []Setting { return v.starred }
