package registry

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Mode says whether schemas can be registered and deleted.
type Mode string

// The modes.
const (
	ReadWrite Mode = "READWRITE"
	ReadOnly  Mode = "READONLY"
	Import    Mode = "IMPORT" // schemas keep the ids that they have elsewhere, and are not compared
)

var modes = []Mode{ReadWrite, ReadOnly, Import}

// Store holds schemas, in memory and, if opened with a directory, in a file. All methods may be called from several goroutines.
type Store struct {
	mu       sync.RWMutex
	journal  *journal // nil in memory
	schemas  map[int]*parsed
	ids      map[string]int // by parsed.key
	subjects map[string]*subject
	levels   map[string]Level // by subject; "" is the general one
	modes    map[string]Mode
	lastID   int
}

type subject struct {
	versions []version // by number; a number is never given twice, unless all of the subject was deleted for good
}

type version struct {
	number, id int
	deleted    bool
}

// NewStore returns an empty store in memory.
func NewStore() *Store {
	return &Store{
		schemas:  make(map[int]*parsed),
		ids:      make(map[string]int),
		subjects: make(map[string]*subject),
		levels:   map[string]Level{"": Backward},
		modes:    map[string]Mode{"": ReadWrite},
	}
}

// Close closes the store's file.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	return s.journal.close()
}

// register adds a schema to a subject.
func (s *Store) register(name string, in Schema, normalize bool) (Schema, error) {
	if name == "" {
		return Schema{}, apiErrorf(codeInvalidRequest, "the subject's name is empty")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next, err := s.parse(in, normalize)
	if err != nil {
		return Schema{}, err
	}
	if v, ok := s.find(name, next, false); ok {
		return s.at(name, v), nil
	}
	if err := s.writable(name); err != nil {
		return Schema{}, err
	}
	if s.mode(name) == Import {
		return s.importSchema(name, next, normalize)
	}
	if in.ID != 0 {
		return Schema{}, apiErrorf(codeNotPermitted, "Subject %s is not in import mode: ids are given by the registry", name)
	}
	if reasons := check(s.level(name), next, s.live(name)); len(reasons) > 0 {
		return Schema{}, apiErrorf(codeIncompatible, "Schema being registered is incompatible with an earlier schema for subject '%s': %s (compatibility is %s)",
			name, reasons[0], s.level(name))
	}
	return s.add(name, next, s.lastID+1, normalize)
}

// importSchema adds a schema with the id that it brings, or with the next one.
func (s *Store) importSchema(name string, next *parsed, normalize bool) (Schema, error) {
	known := s.ids[next.key]
	switch {
	case next.ID == 0:
		return s.add(name, next, s.lastID+1, normalize)
	case next.ID < 0 || known == 0 && s.schemas[next.ID] != nil:
		return Schema{}, apiErrorf(codeNotPermitted, "The id %d is not free for a new schema of subject %s", next.ID, name)
	case known != 0 && known != next.ID:
		return Schema{}, apiErrorf(codeNotPermitted, "The schema for subject %s is there with the id %d, and cannot have the id %d too", name, known, next.ID)
	}
	return s.add(name, next, next.ID, normalize)
}

// add makes a new version of a subject; id is for a schema that has none yet.
func (s *Store) add(name string, next *parsed, id int, normalize bool) (Schema, error) {
	e := entry{Op: opRegister, Subject: name, Version: s.nextVersion(name), ID: s.ids[next.key]}
	if e.ID == 0 {
		e.ID, e.Type, e.Text, e.References, e.Normalize = id, next.Type, next.Text, next.References, normalize
	}
	if err := s.commit(e); err != nil {
		return Schema{}, err
	}
	return s.at(name, version{number: e.Version, id: e.ID}), nil
}

func (s *Store) nextVersion(name string) int {
	sub := s.subjects[name]
	if sub == nil || len(sub.versions) == 0 {
		return 1
	}
	return sub.versions[len(sub.versions)-1].number + 1
}

// parse checks a schema together with what it refers to.
func (s *Store) parse(in Schema, normalize bool) (*parsed, error) {
	deps, err := dependencies(in, func(r Reference) (Schema, error) {
		v, err := s.version(r.Subject, r.Version, true)
		if err != nil {
			return Schema{}, err
		}
		return s.at(r.Subject, v), nil
	})
	if err != nil {
		return nil, apiErrorf(codeInvalidSchema, "invalid schema: %v", err)
	}
	return parse(in, deps, normalize)
}

// find looks for a schema among a subject's versions, the newest first.
func (s *Store) find(name string, p *parsed, deleted bool) (version, bool) {
	sub, id := s.subjects[name], s.ids[p.key]
	if sub == nil || id == 0 {
		return version{}, false
	}
	for _, v := range slices.Backward(sub.versions) {
		if v.id == id && (deleted || !v.deleted) {
			return v, true
		}
	}
	return version{}, false
}

// live are the schemas of a subject that count for compatibility, oldest first.
func (s *Store) live(name string) []*parsed {
	sub := s.subjects[name]
	if sub == nil {
		return nil
	}
	var out []*parsed
	for _, v := range sub.versions {
		if !v.deleted {
			p := *s.schemas[v.id]
			p.Version = v.number
			out = append(out, &p)
		}
	}
	return out
}

// at is the schema of one version.
func (s *Store) at(name string, v version) Schema {
	out := s.schemas[v.id].Schema
	out.ID, out.Subject, out.Version = v.id, name, v.number
	out.References = slices.Clone(out.References)
	return out
}

// latestVersion asks for the newest version in version.
const latestVersion = -1

func (s *Store) version(name string, number int, deleted bool) (version, error) {
	versions, err := s.versions(name, deleted)
	if err != nil {
		return version{}, err
	}
	if number == latestVersion {
		return versions[len(versions)-1], nil
	}
	if number < 1 {
		return version{}, apiErrorf(codeInvalidVersion, "%d is not a version: expected a number from 1, or latest", number)
	}
	for _, v := range versions {
		if v.number == number {
			return v, nil
		}
	}
	return version{}, errNoVersion(name, number)
}

// versions are those of a subject, at least one.
func (s *Store) versions(name string, deleted bool) ([]version, error) {
	sub := s.subjects[name]
	if sub == nil {
		return nil, errNoSubject(name)
	}
	var out []version
	for _, v := range sub.versions {
		if deleted || !v.deleted {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil, errNoSubject(name)
	}
	return out, nil
}

func (s *Store) names(deleted bool) []string {
	out := []string{}
	for _, name := range slices.Sorted(maps.Keys(s.subjects)) {
		if _, err := s.versions(name, deleted); err == nil {
			out = append(out, name)
		}
	}
	return out
}

// where are the versions that hold a schema.
func (s *Store) where(id int, deleted bool) []Schema {
	var out []Schema
	for name, sub := range s.subjects {
		for _, v := range sub.versions {
			if v.id == id && (deleted || !v.deleted) {
				out = append(out, s.at(name, v))
			}
		}
	}
	slices.SortFunc(out, func(a, b Schema) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Version, b.Version))
	})
	return out
}

// referrers are the ids of the schemas in use that refer to a version.
func (s *Store) referrers(name string, number int) []int {
	out := []int{}
	for id, p := range s.schemas {
		for _, r := range p.References {
			if r.Subject == name && r.Version == number && len(s.where(id, false)) > 0 {
				out = append(out, id)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

func (s *Store) level(name string) Level { return cmp.Or(s.levels[name], s.levels[""]) }

func (s *Store) mode(name string) Mode { return cmp.Or(s.modes[name], s.modes[""]) }

func (s *Store) writable(name string) error {
	if s.mode(name) == ReadOnly {
		return apiErrorf(codeNotPermitted, "Subject %s is in read-only mode", name)
	}
	return nil
}

// compatible tells why a schema doesn't fit: against a subject's level if number is 0, else against that version alone.
func (s *Store) compatible(name string, in Schema, number int, normalize bool) ([]string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	next, err := s.parse(in, normalize)
	if err != nil {
		return nil, err
	}
	if number == 0 {
		return check(s.level(name), next, s.live(name)), nil
	}
	v, err := s.version(name, number, false)
	if err != nil {
		return nil, err
	}
	p := *s.schemas[v.id]
	p.Version = v.number
	return check(s.level(name), next, []*parsed{&p}), nil
}

func (s *Store) lookup(name string, in Schema, deleted, normalize bool) (Schema, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if _, err := s.versions(name, deleted); err != nil {
		return Schema{}, err
	}
	p, err := s.parse(in, normalize)
	if err != nil {
		return Schema{}, err
	}
	v, ok := s.find(name, p, deleted)
	if !ok {
		return Schema{}, apiErrorf(codeSchemaNotFound, "Schema not found in subject '%s'", name)
	}
	return s.at(name, v), nil
}

// byID finds schemas of deleted subjects too: records written with them may still be there.
func (s *Store) byID(id int) (Schema, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p, ok := s.schemas[id]
	if !ok {
		return Schema{}, apiErrorf(codeSchemaNotFound, "Schema %d not found", id)
	}
	out := p.Schema
	out.ID, out.References = id, slices.Clone(out.References)
	return out, nil
}

// commit writes an entry to the file, then applies it.
func (s *Store) commit(e entry) error {
	if s.journal != nil {
		if err := s.journal.append(e); err != nil {
			return apiErrorf(codeStore, "cannot store the change: %v", err)
		}
	}
	if err := s.apply(e); err != nil {
		return fmt.Errorf("a stored change does not apply: %w", err)
	}
	return nil
}
