package settings

import (
	"fmt"
	"slices"
	"strings"

	"weir/parser/suggest"
)

// streamsPrefix is what ksqlDB's servers have before the settings of Kafka Streams and of Kafka's clients.
const streamsPrefix = "ksql.streams."

// canonical is a name without the prefix that it may have.
func canonical(name string) string {
	if rest, ok := strings.CutPrefix(name, streamsPrefix); ok && !strings.HasPrefix(rest, "ksql.") && !strings.HasPrefix(rest, "weir.") {
		return rest
	}
	return name
}

// Find is the setting with a name.
func Find(name string) (Setting, bool) {
	name = canonical(name)
	for _, s := range table {
		if i := s.About(); i.Name == name || slices.Contains(i.Also, name) {
			return s, true
		}
	}
	return nil, false
}

// Canonical is the name under which Put keeps a value.
func Canonical(name string) string {
	if s, ok := Find(name); ok {
		return s.About().Name
	}
	return canonical(name)
}

// Known says whether a name may be set, by a session or at the start; the error suggests what may have been meant.
func Known(name string, by Scope) error {
	if s, ok := Find(name); ok {
		if s.About().Scope == Start && by == Session {
			return fmt.Errorf("One or more properties overrides set locally are prohibited by the KSQL server denylist (use UNSET to reset their default value): [%s]\n"+
				"%s can only be set when the server starts", name, name)
		}
		return nil
	}
	if _, ok := Inert(name); ok {
		return nil
	}
	near, _ := suggest.Suggest(canonical(name), names(by))
	return &UnknownError{name, near}
}

// UnknownError says that a name means nothing.
type UnknownError struct {
	Name string
	Near string // what may have been meant; empty for nothing
}

func (e *UnknownError) Error() string {
	text := "Not recognizable as ksql, streams, consumer, or producer property: '" + e.Name + "'"
	if e.Near != "" {
		text += "\nDid you mean " + e.Near + "?"
	}
	return text
}

// names are those that may be set, the ones with an effect first.
func names(by Scope) []string {
	var out []string
	for _, s := range table {
		if i := s.About(); i.Scope == Session || by == Start {
			out = append(append(out, i.Name), i.Also...)
		}
	}
	for _, f := range inert {
		out = append(out, f.names...)
	}
	return out
}

// Put checks a name and a value and keeps the value under the setting's own name. Nothing is kept on an error.
func Put(config map[string]string, name, value string, by Scope) error {
	if err := Known(name, by); err != nil {
		return err
	}
	if s, ok := Find(name); ok {
		if err := s.Check(value); err != nil {
			return fmt.Errorf("Invalid value %s for configuration %s: %w", HideValue(name, value), name, err)
		}
	} else if f, _ := Inert(name); f.Only != nil && !slices.Contains(f.Only, strings.TrimSpace(value)) {
		if len(f.Only) == 0 {
			return fmt.Errorf("The property %s can't be set: %s", name, f.Why)
		}
		shown := HideValue(name, value)
		return fmt.Errorf("Invalid value %s for configuration %s: expected %s, found '%s': %s", shown, name, alternatives(f.Only), shown, f.Why)
	}
	config[Canonical(name)] = value
	return nil
}

// Read checks a whole configuration; the result has canonical names.
func Read(config map[string]string, by Scope) (map[string]string, error) {
	out := make(map[string]string, len(config))
	for _, name := range sortedNames(config) {
		if err := Put(out, name, config[name], by); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sortedNames puts a name with a prefix behind the one without, which it overrides.
func sortedNames(config map[string]string) []string {
	out := make([]string, 0, len(config))
	for name := range config {
		out = append(out, name)
	}
	slices.SortFunc(out, func(a, b string) int {
		if pa, pb := strings.HasPrefix(a, streamsPrefix), strings.HasPrefix(b, streamsPrefix); pa != pb {
			if pa {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	return out
}
