package registry

import (
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

func (s *Server) getLevel(r *http.Request) (any, error) {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	name := r.PathValue("subject")
	if s.store.levels[name] == "" && !flag(r, "defaultToGlobal") {
		return nil, apiErrorf(codeNoSubjectLevel, "Subject '%s' does not have subject-level compatibility configured", name)
	}
	return getLevelBody{s.store.level(name)}, nil
}

func (s *Server) putLevel(r *http.Request) (any, error) {
	var b putLevelBody
	if err := readBody(r, &b); err != nil {
		return nil, err
	}
	level, err := ParseLevel(string(b.Level))
	if err != nil {
		return nil, err
	}
	return putLevelBody{level}, s.store.setLevel(r.PathValue("subject"), level)
}

func (s *Server) deleteLevel(r *http.Request) (any, error) {
	name, to := r.PathValue("subject"), Level("")
	if name == "" {
		to = Backward
	}
	s.store.mu.RLock()
	before := s.store.levels[name]
	s.store.mu.RUnlock()
	if before == "" {
		return nil, apiErrorf(codeNoSubjectLevel, "Subject '%s' does not have subject-level compatibility configured", name)
	}
	return getLevelBody{before}, s.store.setLevel(name, to)
}

func (s *Server) getMode(r *http.Request) (any, error) {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	name := r.PathValue("subject")
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
	return modeBody{mode}, s.store.setMode(r.PathValue("subject"), mode)
}

func (s *Server) deleteMode(r *http.Request) (any, error) {
	name := r.PathValue("subject")
	s.store.mu.RLock()
	before := s.store.modes[name]
	s.store.mu.RUnlock()
	if before == "" {
		return nil, apiErrorf(codeNoSubjectMode, "Subject '%s' does not have subject-level mode configured", name)
	}
	return modeBody{before}, s.store.setMode(name, "")
}
