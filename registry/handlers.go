package registry

import (
	"net/http"
	"slices"
)

func (s *Server) listSubjects(r *http.Request) (any, error) {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	hidden := flag(r, "deletedOnly")
	names := s.store.names(hidden || flag(r, "deleted"))
	if hidden {
		live := s.store.names(false)
		names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(live, n) })
	}
	return page(r, slices.DeleteFunc(names, func(n string) bool { return !asked(r, n) })), nil
}

func (s *Server) lookup(r *http.Request) (any, error) {
	in, err := readSchema(r)
	if err != nil {
		return nil, err
	}
	found, err := s.store.lookup(subjectOf(r), in, flag(r, "deleted"), flag(r, "normalize"))
	return s.answer(r, found, err)
}

func (s *Server) register(r *http.Request) (any, error) {
	in, err := readSchema(r)
	if err != nil {
		return nil, err
	}
	out, err := s.store.register(subjectOf(r), in, terms{normalize: flag(r, "normalize")})
	return registeredBody{out.ID, out.Version, out.GUID}, err
}

// registeredBody leaves the schema out: clients would keep the text for the form in which they sent it.
type registeredBody struct {
	ID      int    `json:"id"`
	Version int    `json:"version"`
	GUID    string `json:"guid"`
}

func (s *Server) deleteSubject(r *http.Request) (any, error) {
	return s.store.deleteSubject(subjectOf(r), flag(r, "permanent"))
}

func (s *Server) listVersions(r *http.Request) (any, error) {
	return s.store.numbers(subjectOf(r), flag(r, "deleted"))
}

func (s *Server) fromPath(r *http.Request) (Schema, error) {
	number, err := versionOf(r)
	if err != nil {
		return Schema{}, err
	}
	return s.store.get(subjectOf(r), number, flag(r, "deleted"))
}

func (s *Server) getVersion(r *http.Request) (any, error) {
	found, err := s.fromPath(r)
	return s.answer(r, found, err)
}

func (s *Server) getVersionText(r *http.Request) (any, error) {
	found, err := s.fromPath(r)
	return s.answerText(r, found, err)
}

func (s *Server) referencedBy(r *http.Request) (any, error) {
	found, err := s.fromPath(r)
	if err != nil {
		return nil, err
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	return s.store.referrers(found.Subject, found.Version), nil
}

func (s *Server) deleteVersion(r *http.Request) (any, error) {
	number, err := versionOf(r)
	if err != nil {
		return nil, err
	}
	return s.store.deleteVersion(subjectOf(r), number, flag(r, "permanent"))
}

func (s *Server) listSchemas(r *http.Request) (any, error) {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	out := []schemaBody{}
	deleted, latest := flag(r, "deleted"), flag(r, "latestOnly")
	for _, name := range s.store.names(deleted) {
		if !asked(r, name) {
			continue
		}
		versions, err := s.store.versions(name, deleted)
		if err != nil {
			return nil, err
		}
		if latest {
			versions = versions[len(versions)-1:]
		}
		for _, v := range versions {
			out = append(out, toBody(s.store.at(name, v)))
		}
	}
	return page(r, out), nil
}

func (s *Server) byID(r *http.Request) (Schema, error) {
	id, err := idOf(r)
	if err != nil {
		return Schema{}, err
	}
	return s.store.byID(place{contextOf(subjectIn(requestContext(r), r.URL.Query().Get("subject"))), id})
}

func (s *Server) getSchema(r *http.Request) (any, error) {
	found, err := s.byID(r)
	return s.answer(r, found, err)
}

func (s *Server) getSchemaText(r *http.Request) (any, error) {
	found, err := s.byID(r)
	return s.answerText(r, found, err)
}

func (s *Server) getSchemaSubjects(r *http.Request) (any, error) {
	found, err := s.byID(r)
	if err != nil {
		return nil, err
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	out := []string{}
	for _, v := range s.store.where(s.placeOf(r, found), flag(r, "deleted")) {
		out = append(out, v.Subject)
	}
	return slices.Compact(out), nil
}

func (s *Server) getSchemaVersions(r *http.Request) (any, error) {
	type where struct {
		Subject string `json:"subject"`
		Version int    `json:"version"`
	}
	found, err := s.byID(r)
	if err != nil {
		return nil, err
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	out := []where{}
	for _, v := range s.store.where(s.placeOf(r, found), flag(r, "deleted")) {
		out = append(out, where{v.Subject, v.Version})
	}
	return out, nil
}

func (s *Server) compatible(r *http.Request) (any, error) {
	number, err := versionOf(r)
	if err != nil {
		return nil, err
	}
	in, err := readSchema(r)
	if err != nil {
		return nil, err
	}
	reasons, err := s.store.compatible(subjectOf(r), in, number, terms{normalize: flag(r, "normalize")})
	body := compatibleBody{OK: len(reasons) == 0}
	if flag(r, "verbose") {
		body.Reasons = reasons
	}
	return body, err
}

type compatibleBody struct {
	OK      bool     `json:"is_compatible"`
	Reasons []string `json:"messages,omitempty"`
}
