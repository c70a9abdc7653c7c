package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/types"
)

// Function is one that CREATE FUNCTION made of a module. It is never changed once it is in a catalog; a Change replaces it, and what uses the old one goes on with that.
type Function struct {
	Name    string // in capitals
	Params  []types.Field
	Returns *types.Type
	File    string // that the statement named
	SHA256  string // of the module, in hexadecimal digits: by it, it is kept
	SQL     string // the statement
}

// Function finds a function that a statement made.
func (s *Snapshot) Function(name string) (*Function, bool) {
	f, ok := s.functions[name]
	return f, ok
}

// Functions lists them by name.
func (s *Snapshot) Functions() []*Function {
	return slices.SortedFunc(maps.Values(s.functions), func(a, b *Function) int { return strings.Compare(a.Name, b.Name) })
}

func (s *Snapshot) putFunction(ch Change) error {
	if ch.PutFunction == nil && ch.DropFunction == "" {
		return nil
	}
	s.functions = maps.Clone(s.functions)
	if s.functions == nil {
		s.functions = map[string]*Function{}
	}
	if ch.DropFunction != "" {
		var users []string
		for _, q := range s.queries {
			if slices.Contains(q.Functions, ch.DropFunction) {
				users = append(users, q.ID)
			}
		}
		if len(users) > 0 {
			return fmt.Errorf("Cannot drop function %s.\nThe following queries use it: [%s].\nYou need to terminate them before dropping %s.",
				ch.DropFunction, strings.Join(users, ", "), ch.DropFunction)
		}
		delete(s.functions, ch.DropFunction)
	}
	if f := ch.PutFunction; f != nil {
		s.functions[f.Name] = f
	}
	return nil
}
