package ksqldb

import (
	"fmt"
	"maps"
	"slices"

	"weir/parser/ast"
	"weir/settings"
)

// finish sees what of a statement is not under Weir as it was.
func (f *folding) finish(s *Statement) {
	s.properties()
	if s.shared {
		s.differs("its query shares the group %s with others, whose offsets are not told apart", s.Group)
	}
	if s.node == nil {
		return
	}
	f.pinTypes(s)
	isTable := func(name string) bool {
		return slices.ContainsFunc(f.list, func(o *Statement) bool { return o.Kind == ast.KindTable && o.Name == name })
	}
	for _, d := range differences(s.node, isTable) {
		s.differs("%s", d)
	}
}

func (s *Statement) differs(format string, args ...any) {
	s.Differences = append(s.Differences, fmt.Sprintf(format, args...))
}

// properties keeps those that have an effect under Weir, and names the others.
func (s *Statement) properties() {
	kept := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		value := s.Properties[name]
		fact, inert := settings.Inert(name)
		switch err := settings.Put(map[string]string{}, name, value, settings.Session); {
		case err != nil && inert:
			s.differs("%s=%s is left out: %s", name, value, fact.Why)
		case err != nil:
			s.differs("%s=%s is left out: Weir does not know it, or not this value", name, value)
		case inert && len(fact.Only) == 0:
			s.differs("%s has no effect: %s", name, fact.Why)
		case inert: // it is so anyway
		default:
			kept[name] = value
		}
	}
	s.Properties = kept
}
