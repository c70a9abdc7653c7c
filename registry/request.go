package registry

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

type contextKey struct{}

// inContext takes the context out of a path that begins with it: /contexts/.name/subjects is /subjects in the context ".name".
func inContext(r *http.Request) *http.Request {
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/contexts/")
	if !ok {
		return r
	}
	name, path, ok := strings.Cut(rest, "/")
	name, err := url.PathUnescape(name)
	if !ok || err != nil || name == "" {
		return r
	}
	name = strings.Trim(name, ":")
	if !strings.HasPrefix(name, ".") {
		name = "." + name
	}
	plain, err := url.PathUnescape("/" + path)
	if err != nil {
		return r
	}
	out := r.WithContext(context.WithValue(r.Context(), contextKey{}, name))
	out.URL.Path, out.URL.RawPath = plain, "/"+path
	return out
}

func requestContext(r *http.Request) string {
	if name, ok := r.Context().Value(contextKey{}).(string); ok {
		return name
	}
	return defaultContext
}

// subjectOf is the subject in the path, in the context of the request; none at all is what holds for all of it.
func subjectOf(r *http.Request) string { return subjectIn(requestContext(r), r.PathValue("subject")) }

// asked tells whether a subject is one of those that a list is to have.
func asked(r *http.Request, name string) bool {
	context, subject := splitSubject(name)
	q := r.URL.Query()
	prefix := q.Get("subjectPrefix")
	if !q.Has("subjectPrefix") {
		prefix = anyContext
	}
	if in := requestContext(r); in != defaultContext && (prefix == anyContext || !strings.HasPrefix(prefix, ":")) {
		return context == in && strings.HasPrefix(subject, strings.TrimPrefix(prefix, anyContext))
	}
	if rest, ok := strings.CutPrefix(prefix, anyContext); ok {
		return strings.HasPrefix(subject, rest)
	}
	return strings.HasPrefix(name, subjectPrefixOf(prefix))
}

// subjectPrefixOf takes the default context out of a prefix that names it.
func subjectPrefixOf(prefix string) string { return strings.TrimPrefix(prefix, ":.:") }

// page is the part of a list that a request asks for.
func page[T any](r *http.Request, list []T) []T {
	q := r.URL.Query()
	if offset, err := strconv.Atoi(q.Get("offset")); err == nil && offset > 0 {
		list = list[min(offset, len(list)):]
	}
	if limit, err := strconv.Atoi(q.Get("limit")); err == nil && limit >= 0 && q.Has("limit") {
		list = list[:min(limit, len(list))]
	}
	return list
}

// listContexts gives those that have subjects, and the default one.
func (s *Server) listContexts(r *http.Request) (any, error) {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	out := []string{defaultContext}
	for name := range s.store.subjects {
		out = append(out, contextOf(name))
	}
	slices.Sort(out)
	return page(r, slices.Compact(out)), nil
}
