package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/parser/ast"
	"weir/settings"
)

// Properties answers SHOW PROPERTIES.
type Properties struct{ Properties []Property }

func (*Properties) result()  {}
func (*Properties) listing() {}

// Property is one line of SHOW PROPERTIES.
type Property struct {
	Name, Scope, Value string
	Meaning            string
	Override           bool // set by the session
	Editable           bool
}

// Set sets a property of the session. Misspelt names and values that don't fit are refused.
func (s *Session) Set(name, value string) error {
	if err := settings.Put(s.Properties, name, value, settings.Session); err != nil {
		return refuse(BadStatement, "%v", err)
	}
	return nil
}

// Unset takes it back.
func (s *Session) Unset(name string) error {
	if err := settings.Known(name, settings.Session); err != nil {
		return refuse(BadStatement, "%v", err)
	}
	delete(s.Properties, settings.Canonical(name))
	return nil
}

func (e *Engine) set(s *Session, n *ast.Set) (Result, error) {
	old, had := s.Properties[settings.Canonical(n.Name)]
	if err := s.Set(n.Name, n.Value); err != nil {
		return nil, err
	}
	if had {
		return &Done{Message: fmt.Sprintf("Successfully changed local property '%s' from '%s' to '%s'.", n.Name, old, n.Value), Sequence: -1}, nil
	}
	return &Done{Message: fmt.Sprintf("Successfully changed local property '%s' to '%s'. Use the UNSET command to revert your change.", n.Name, n.Value), Sequence: -1}, nil
}

func (e *Engine) unset(s *Session, n *ast.Unset) (Result, error) {
	if err := s.Unset(n.Name); err != nil {
		return nil, err
	}
	return &Done{Message: fmt.Sprintf("Successfully unset local property '%s'.", n.Name), Sequence: -1}, nil
}

// properties lists what is in force: all settings, and what has been set without having an effect.
func (e *Engine) properties(s *Session) []Property {
	config := e.config(s)
	config[settings.ServiceID.About().Name] = e.opt.ServiceID
	var out []Property
	for x := range settings.All() {
		i := x.About()
		value, set := config[i.Name]
		switch {
		case set:
		case x.Default() != "" || i.Unset == "":
			value = x.Default()
		default:
			value = i.Unset
		}
		_, override := s.Properties[i.Name]
		out = append(out, Property{Name: i.Name, Value: value, Meaning: i.Doc, Override: override, Editable: i.Scope == settings.Session})
		delete(config, i.Name)
	}
	for _, f := range settings.InertFacts() {
		for _, name := range f.Names() {
			if _, set := config[name]; len(f.Only) > 0 && !set {
				config[name] = f.Only[0]
			}
		}
	}
	for name, value := range config {
		f, _ := settings.Inert(name)
		meaning := "No effect: " + f.Why + "."
		if f.Only != nil {
			meaning = "Fixed: " + f.Why + "."
		}
		_, override := s.Properties[name]
		out = append(out, Property{Name: name, Value: value, Meaning: meaning, Override: override, Editable: f.Only == nil})
	}
	for i := range out {
		out[i].Scope = "EXTERNAL"
		if strings.HasPrefix(out[i].Name, "ksql.") {
			out[i].Scope = "KSQL"
		}
	}
	slices.SortFunc(out, func(a, b Property) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// remembered are the properties of a statement in the command log. What earlier versions took in silence is left out.
func (e *Engine) remembered(properties map[string]string) map[string]string {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if err := settings.Put(out, name, properties[name], settings.Session); err != nil {
			e.opt.Log.Warn("a property of a statement in the command log is left out", "property", name, "error", err)
		}
	}
	return out
}
