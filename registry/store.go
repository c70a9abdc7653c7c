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
	schemas  map[place]*parsed
	ids      map[string]map[string]int // by context and parsed.key
	subjects map[string]*subject
	configs  map[string]config // by subject; "" is the general one, ":.name:" that of a context
	modes    map[string]Mode
	lastID   map[string]int // by context
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
		schemas:  make(map[place]*parsed),
		ids:      make(map[string]map[string]int),
		subjects: make(map[string]*subject),
		configs:  map[string]config{"": {Level: Backward}},
		modes:    map[string]Mode{"": ReadWrite},
		lastID:   make(map[string]int),
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

// register adds a schema to a subject. One that comes without metadata or rules takes those of the newest version: a producer that
// knows nothing of them must not take them away.
func (s *Store) register(name string, in Schema, how terms) (Schema, error) {
	if _, subject := splitSubject(name); subject == "" {
		return Schema{}, apiErrorf(codeInvalidRequest, "the subject's name is empty")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	normalize := how.normalize || s.config(name).normalizes()
	next, err := s.parse(name, in, normalize)
	if err != nil {
		return Schema{}, err
	}
	if v, ok := s.find(name, next, false); ok {
		return s.at(name, v), nil
	}
	if v, err := s.version(name, latestVersion, false); err == nil && (next.Metadata == nil || next.RuleSet == nil) {
		last := s.at(name, v)
		if next.Metadata == nil {
			in.Metadata = last.Metadata
		}
		if next.RuleSet == nil {
			in.RuleSet = last.RuleSet
		}
		if next, err = s.parse(name, in, normalize); err != nil {
			return Schema{}, err
		}
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
	if reasons := s.check(name, next, how.lenient); len(reasons) > 0 {
		return Schema{}, apiErrorf(codeIncompatible, "Schema being registered is incompatible with an earlier schema for subject '%s': %s (compatibility is %s)",
			name, reasons[0], s.config(name).Level)
	}
	return s.add(name, next, s.nextID(name), normalize)
}

// terms are those on which a schema is registered.
type terms struct {
	normalize bool
	lenient   bool // see config.Policy
}

func (s *Store) nextID(name string) int { return s.lastID[contextOf(name)] + 1 }

// importSchema adds a schema with the id that it brings, or with the next one.
func (s *Store) importSchema(name string, next *parsed, normalize bool) (Schema, error) {
	known := s.id(name, next)
	switch {
	case next.ID == 0:
		return s.add(name, next, s.nextID(name), normalize)
	case next.ID < 0 || known == 0 && s.schemas[place{contextOf(name), next.ID}] != nil:
		return Schema{}, apiErrorf(codeNotPermitted, "The id %d is not free for a new schema of subject %s", next.ID, name)
	case known != 0 && known != next.ID:
		return Schema{}, apiErrorf(codeNotPermitted, "The schema for subject %s is there with the id %d, and cannot have the id %d too", name, known, next.ID)
	}
	return s.add(name, next, next.ID, normalize)
}

// add makes a new version of a subject; id is for a schema that has none yet.
func (s *Store) add(name string, next *parsed, id int, normalize bool) (Schema, error) {
	e := entry{Op: opRegister, Subject: name, Version: s.nextVersion(name), ID: s.id(name, next)}
	if e.ID == 0 {
		e.ID, e.Type, e.Text, e.References, e.Normalize = id, next.Type, next.Text, next.References, normalize
		e.Metadata, e.RuleSet, e.GUID = next.Metadata, next.RuleSet, newGUID(next.Schema)
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

// id is the one that a schema has in the context of a subject, 0 if none.
func (s *Store) id(name string, p *parsed) int { return s.ids[contextOf(name)][p.key] }

// parse checks a schema together with what it refers to, in the context of its subject.
func (s *Store) parse(name string, in Schema, normalize bool) (*parsed, error) {
	deps, err := s.dependencies(contextOf(name), in)
	if err != nil {
		return nil, apiErrorf(codeInvalidSchema, "invalid schema: %v", err)
	}
	return parse(in, deps, normalize)
}

func (s *Store) dependencies(context string, in Schema) ([]Dependency, error) {
	return dependencies(in, func(r Reference) (Schema, error) {
		subject := subjectIn(context, r.Subject)
		v, err := s.version(subject, r.Version, true)
		if err != nil {
			return Schema{}, err
		}
		return s.at(subject, v), nil
	})
}

// find looks for a schema among a subject's versions, the newest first. One without metadata and rules is found whatever the
// version has of them.
func (s *Store) find(name string, p *parsed, deleted bool) (version, bool) {
	sub := s.subjects[name]
	if sub == nil {
		return version{}, false
	}
	for _, v := range slices.Backward(sub.versions) {
		there := s.schemas[place{contextOf(name), v.id}]
		if (there.key == p.key || p.key == p.bare && there.bare == p.bare) && (deleted || !v.deleted) {
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
			out = append(out, s.numbered(name, v))
		}
	}
	return out
}

func (s *Store) numbered(name string, v version) *parsed {
	p := *s.schemas[place{contextOf(name), v.id}]
	p.Version = v.number
	return &p
}

// at is the schema of one version.
func (s *Store) at(name string, v version) Schema {
	out := s.schemas[place{contextOf(name), v.id}].Schema
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
func (s *Store) where(at place, deleted bool) []Schema {
	var out []Schema
	for name, sub := range s.subjects {
		if contextOf(name) != at.context {
			continue
		}
		for _, v := range sub.versions {
			if v.id == at.id && (deleted || !v.deleted) {
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
	for at, p := range s.schemas {
		for _, r := range p.References {
			if subjectIn(at.context, r.Subject) == name && r.Version == number && len(s.where(at, false)) > 0 {
				out = append(out, at.id)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

// inherited are the names under which settings of a subject may stand, its own first.
func inherited(name string) []string {
	if context := contextOf(name); context != defaultContext {
		return []string{name, ":" + context + ":", ""}
	}
	return []string{name, ""}
}

func (s *Store) mode(name string) Mode {
	for _, at := range inherited(name) {
		if m := s.modes[at]; m != "" {
			return m
		}
	}
	return ReadWrite
}

func (s *Store) writable(name string) error {
	if s.mode(name) == ReadOnly {
		return apiErrorf(codeNotPermitted, "Subject %s is in read-only mode", name)
	}
	return nil
}

// compatible tells why a schema doesn't fit: against a subject's level if number is 0, else against that version alone.
func (s *Store) compatible(name string, in Schema, number int, how terms) ([]string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	next, err := s.parse(name, in, how.normalize || s.config(name).normalizes())
	if err != nil {
		return nil, err
	}
	if number == 0 {
		return s.check(name, next, how.lenient), nil
	}
	v, err := s.version(name, number, false)
	if err != nil {
		return nil, err
	}
	c := s.config(name)
	return check(c.Level, next, []*parsed{s.numbered(name, v)}, how.lenient || c.Policy == Lenient), nil
}

func (s *Store) lookup(name string, in Schema, deleted, normalize bool) (Schema, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if _, err := s.versions(name, deleted); err != nil {
		return Schema{}, err
	}
	p, err := s.parse(name, in, normalize || s.config(name).normalizes())
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
func (s *Store) byID(at place) (Schema, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p, ok := s.schemas[at]
	if !ok {
		return Schema{}, apiErrorf(codeSchemaNotFound, "Schema %d not found", at.id)
	}
	out := p.Schema
	out.ID, out.References = at.id, slices.Clone(out.References)
	return out, nil
}

// byGUID finds a schema in any context, the default one first.
func (s *Store) byGUID(guid string) (Schema, error) {
	places := s.places(guid)
	if len(places) == 0 {
		return Schema{}, apiErrorf(codeSchemaNotFound, "Schema %s not found", guid)
	}
	return s.byID(places[0])
}

// places are where a GUID's schema has an id.
func (s *Store) places(guid string) []place {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []place
	for at, p := range s.schemas {
		if p.GUID == guid {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.context, b.context), cmp.Compare(a.id, b.id))
	})
	return out
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
