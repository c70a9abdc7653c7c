package registry

import (
	"net/http"
	"slices"
	"strings"

	"weir/registry/protoschema"
)

// The values of the parameter format. Others mean the text as it is, as in Confluent's registry.
const (
	formSerialized = "serialized" // of Protobuf: the descriptor in base64
	formResolved   = "resolved"   // of Avro: with what the schema refers to in its place
)

// placeOf is where the id of a schema that was found for a request counts.
func (s *Server) placeOf(r *http.Request, found Schema) place {
	if found.Subject != "" {
		return place{contextOf(found.Subject), found.ID}
	}
	return place{contextOf(subjectIn(requestContext(r), r.URL.Query().Get("subject"))), found.ID}
}

// answer gives a schema in the form that the request asks for.
func (s *Server) answer(r *http.Request, found Schema, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	body := toBody(found)
	if body.Subject == "" && r.PathValue("id") != "" {
		body.ID = 0 // the API leaves out what was asked for
	}
	body.Text, err = s.formed(found, s.placeOf(r, found), r.URL.Query().Get("format"))
	return body, err
}

func (s *Server) answerText(r *http.Request, found Schema, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	text, err := s.formed(found, s.placeOf(r, found), r.URL.Query().Get("format"))
	return rawSchema(text), err
}

func (s *Server) formed(found Schema, at place, form string) (string, error) {
	switch {
	case form == formSerialized && found.Type == Protobuf:
		s.store.mu.RLock()
		p := s.store.schemas[at]
		s.store.mu.RUnlock()
		return protoschema.Serialized(p.proto)
	case form == formResolved && found.Type == Avro && len(found.References) > 0:
		s.store.mu.RLock()
		deps, err := s.store.dependencies(at.context, found)
		s.store.mu.RUnlock()
		if err != nil {
			return "", err
		}
		return resolvedAvro(found.Text, deps)
	}
	return found.Text, nil
}

func (s *Server) getByGUID(r *http.Request) (any, error) {
	found, places, err := s.byGUID(r)
	if err != nil {
		return nil, err
	}
	body := toBody(found)
	body.ID = 0
	body.Text, err = s.formed(found, places[0], r.URL.Query().Get("format"))
	return body, err
}

func (s *Server) byGUID(r *http.Request) (Schema, []place, error) {
	guid := strings.ToLower(r.PathValue("guid"))
	found, err := s.store.byGUID(guid)
	return found, s.store.places(guid), err
}

func (s *Server) getGUIDPlaces(r *http.Request) (any, error) {
	type where struct {
		Context string `json:"context"`
		ID      int    `json:"id"`
	}
	_, places, err := s.byGUID(r)
	if err != nil {
		return nil, err
	}
	out := []where{}
	for _, at := range places {
		out = append(out, where{at.context, at.id})
	}
	return out, nil
}

// getWithMetadata finds the newest version that has all the properties asked for.
func (s *Server) getWithMetadata(r *http.Request) (any, error) {
	name, q := subjectOf(r), r.URL.Query()
	keys, values := q["key"], q["value"]
	if len(keys) != len(values) {
		return nil, apiErrorf(codeInvalidRequest, "there are %d parameters key and %d parameters value: expected as many of each", len(keys), len(values))
	}
	s.store.mu.RLock()
	versions, err := s.store.versions(name, flag(r, "deleted"))
	if err != nil {
		s.store.mu.RUnlock()
		return nil, err
	}
	var found *Schema
	for _, v := range slices.Backward(versions) {
		one := s.store.at(name, v)
		has := properties(one.Metadata)
		fits := true
		for i, key := range keys {
			value, ok := has[key]
			fits = fits && ok && value == values[i]
		}
		if fits {
			found = &one
			break
		}
	}
	s.store.mu.RUnlock()
	if found == nil {
		return nil, apiErrorf(codeSchemaNotFound, "Schema not found: no version of subject '%s' has these properties in its metadata", name)
	}
	return s.answer(r, *found, nil)
}
