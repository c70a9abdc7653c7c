package registry

import (
	"context"
	"slices"
)

// Local is a Client of a store in the same process.
type Local struct{ store *Store }

// NewLocal returns a client of a store.
func NewLocal(s *Store) *Local { return &Local{s} }

// Register implements Client. JSON schemas are compared leniently: every ALTER ... ADD COLUMN of a stream in JSON_SR adds an optional
// property to an open object.
func (l *Local) Register(_ context.Context, subject string, s Schema) (Schema, error) {
	return l.store.register(subject, s, terms{lenient: true})
}

// SchemaByID implements Client.
func (l *Local) SchemaByID(_ context.Context, id int) (Schema, error) {
	return l.store.byID(place{defaultContext, id})
}

// SchemaByGUID implements Client.
func (l *Local) SchemaByGUID(_ context.Context, guid string) (Schema, error) {
	return l.store.byGUID(guid)
}

// Latest implements Client.
func (l *Local) Latest(_ context.Context, subject string) (Schema, error) {
	return l.store.get(subject, latestVersion, false)
}

// Version implements Client.
func (l *Local) Version(_ context.Context, subject string, version int) (Schema, error) {
	return l.store.get(subject, version, true)
}

// Versions implements Client.
func (l *Local) Versions(_ context.Context, subject string) ([]int, error) {
	return l.store.numbers(subject, false)
}

// Subjects implements Client.
func (l *Local) Subjects(context.Context) ([]string, error) {
	l.store.mu.RLock()
	defer l.store.mu.RUnlock()
	return l.store.names(false), nil
}

// Lookup implements Client.
func (l *Local) Lookup(_ context.Context, subject string, s Schema) (Schema, error) {
	return l.store.lookup(subject, s, false, false)
}

// Compatible implements Client.
func (l *Local) Compatible(_ context.Context, subject string, s Schema) (bool, []string, error) {
	reasons, err := l.store.compatible(subject, s, 0, terms{lenient: true})
	return err == nil && len(reasons) == 0, reasons, err
}

// Compatibility implements Client.
func (l *Local) Compatibility(_ context.Context, subject string) (Level, error) {
	l.store.mu.RLock()
	defer l.store.mu.RUnlock()
	return l.store.config(subject).Level, nil
}

// SetCompatibility implements Client.
func (l *Local) SetCompatibility(_ context.Context, subject string, level Level) error {
	level, err := ParseLevel(string(level))
	if err != nil {
		return err
	}
	return l.store.setConfig(subject, func(c *config) error { c.Level = level; return nil })
}

// SetMode sets the mode of a subject, or the general one if subject is empty.
func (l *Local) SetMode(subject string, mode Mode) error {
	if !slices.Contains(modes, mode) {
		return apiErrorf(codeInvalidMode, "unknown mode %q: expected one of %s", mode, join(modes))
	}
	return l.store.setMode(subject, mode)
}

// DeleteSubject implements Client.
func (l *Local) DeleteSubject(_ context.Context, subject string, permanent bool) ([]int, error) {
	return l.store.deleteSubject(subject, permanent)
}

func (s *Store) get(name string, number int, deleted bool) (Schema, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v, err := s.version(name, number, deleted)
	if err != nil {
		return Schema{}, err
	}
	return s.at(name, v), nil
}

func (s *Store) numbers(name string, deleted bool) ([]int, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	versions, err := s.versions(name, deleted)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(versions))
	for i, v := range versions {
		out[i] = v.number
	}
	return out, nil
}
