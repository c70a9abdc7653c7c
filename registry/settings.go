package registry

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

type getLevelBody struct {
	Level Level `json:"compatibilityLevel"`
}

type putLevelBody struct {
	Level Level `json:"compatibility"`
}

type modeBody struct {
	Mode Mode `json:"mode"`
}

func (s *Server) getConfig(r *http.Request) (any, error) {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	name := subjectOf(r)
	if s.store.configs[name].empty() && !flag(r, "defaultToGlobal") {
		return nil, errNoConfig(name)
	}
	if flag(r, "defaultToGlobal") {
		return s.store.config(name), nil
	}
	return s.store.configs[name], nil
}

func errNoConfig(name string) *Error {
	return apiErrorf(codeNoSubjectLevel, "Subject '%s' does not have subject-level compatibility configured", name)
}

// refusedSettings would change what clients are answered, and nothing here follows them.
var refusedSettings = []string{"alias", "defaultMetadata", "overrideMetadata", "defaultRuleSet", "overrideRuleSet", "validateFields", "validateNames", "validateRules"}

// putConfig sets what the request names; null takes a setting away.
func (s *Server) putConfig(r *http.Request) (any, error) {
	given := map[string]json.RawMessage{}
	if err := readBody(r, &given); err != nil {
		return nil, err
	}
	for _, name := range refusedSettings {
		if value, ok := given[name]; ok && string(value) != "null" && string(value) != "false" {
			return nil, apiErrorf(codeInvalidRequest, "this registry has no setting %s: expected compatibility, compatibilityGroup, compatibilityPolicy or normalize", name)
		}
	}
	err := s.store.setConfig(subjectOf(r), func(c *config) error { return c.change(given) })
	for _, name := range []string{"compatibility", "compatibilityLevel", "compatibilityPolicy"} {
		if value, ok := given[name]; ok {
			given[name] = bytes.ReplaceAll(bytes.ToUpper(value), []byte("NULL"), []byte("null"))
		}
	}
	return given, err
}

func (c *config) change(given map[string]json.RawMessage) error {
	for name, value := range given {
		var into any
		var word string
		switch name {
		case "compatibility", "compatibilityLevel", "compatibilityPolicy":
			into = &word
		case "compatibilityGroup":
			c.Group = ""
			into = &c.Group
		case "normalize":
			c.Normalize = nil
			into = &c.Normalize
		default:
			continue
		}
		if err := json.Unmarshal(value, into); err != nil {
			return apiErrorf(codeInvalidRequest, "%s is %s: %v", name, value, err)
		}
		switch {
		case word == "":
		case name == "compatibilityPolicy":
			if c.Policy = Policy(strings.ToUpper(word)); c.Policy != Strict && c.Policy != Lenient {
				return apiErrorf(codeInvalidRequest, "unknown compatibilityPolicy %q: expected %s or %s", word, Strict, Lenient)
			}
		default:
			level, err := ParseLevel(word)
			if err != nil {
				return err
			}
			c.Level = level
		}
	}
	return nil
}

func (s *Server) deleteConfig(r *http.Request) (any, error) {
	name := subjectOf(r)
	s.store.mu.RLock()
	before := s.store.configs[name]
	s.store.mu.RUnlock()
	if before.empty() {
		return nil, errNoConfig(name)
	}
	return before, s.store.setConfig(name, func(c *config) error {
		if *c = (config{}); name == "" {
			c.Level = Backward
		}
		return nil
	})
}

func (s *Server) getMode(r *http.Request) (any, error) {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	name := subjectOf(r)
	if s.store.modes[name] == "" && !flag(r, "defaultToGlobal") {
		return nil, apiErrorf(codeNoSubjectMode, "Subject '%s' does not have subject-level mode configured", name)
	}
	return modeBody{s.store.mode(name)}, nil
}

func (s *Server) putMode(r *http.Request) (any, error) {
	var b modeBody
	if err := readBody(r, &b); err != nil {
		return nil, err
	}
	mode := Mode(strings.ToUpper(string(b.Mode)))
	if !slices.Contains(modes, mode) {
		return nil, apiErrorf(codeInvalidMode, "unknown mode %q: expected one of %s", b.Mode, join(modes))
	}
	return modeBody{mode}, s.store.setMode(subjectOf(r), mode)
}

func (s *Server) deleteMode(r *http.Request) (any, error) {
	name := subjectOf(r)
	s.store.mu.RLock()
	before := s.store.modes[name]
	s.store.mu.RUnlock()
	if before == "" {
		return nil, apiErrorf(codeNoSubjectMode, "Subject '%s' does not have subject-level mode configured", name)
	}
	return modeBody{before}, s.store.setMode(name, "")
}
