package registry

import "slices"

// deleteSubject hides all versions of a subject, or deletes hidden ones for good.
func (s *Store) deleteSubject(name string, permanent bool) ([]int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.versions(name, true)
	if err != nil {
		return nil, err
	}
	live, liveErr := s.versions(name, false)
	switch {
	case permanent && liveErr == nil:
		return nil, apiErrorf(codeSubjectNotSoftDeleted, "Subject '%s' was not deleted first before being permanently deleted", name)
	case !permanent && liveErr != nil:
		return nil, apiErrorf(codeSubjectSoftDeleted, "Subject '%s' was soft deleted. Set permanent=true to delete permanently", name)
	case !permanent:
		all = live
	}
	var numbers []int
	for _, v := range all {
		if err := s.deletable(name, v); err != nil {
			return nil, err
		}
		numbers = append(numbers, v.number)
	}
	if err := s.commit(entry{Op: opDelete, Subject: name, Permanent: permanent}); err != nil {
		return nil, err
	}
	return numbers, nil
}

// deleteVersion hides one version, or deletes a hidden one for good.
func (s *Store) deleteVersion(name string, number int, permanent bool) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.version(name, number, number != latestVersion || permanent)
	if err != nil {
		return 0, err
	}
	switch {
	case permanent && !v.deleted:
		return 0, apiErrorf(codeVersionNotSoftDeleted, "Subject '%s' Version %d was not deleted first before being permanently deleted", name, v.number)
	case !permanent && v.deleted:
		return 0, apiErrorf(codeVersionSoftDeleted, "Subject '%s' Version %d was soft deleted. Set permanent=true to delete permanently", name, v.number)
	}
	if err := s.deletable(name, v); err != nil {
		return 0, err
	}
	return v.number, s.commit(entry{Op: opDelete, Subject: name, Version: v.number, Permanent: permanent})
}

func (s *Store) deletable(name string, v version) error {
	if err := s.writable(name); err != nil {
		return err
	}
	if ids := s.referrers(name, v.number); len(ids) > 0 {
		return apiErrorf(codeReferenced, "One or more references exist to subject '%s', version %d: from the schemas with id %v", name, v.number, ids)
	}
	return nil
}

// remove applies a delete; number 0 is all.
func (s *Store) remove(name string, number int, permanent bool) {
	sub := s.subjects[name]
	if sub == nil {
		return
	}
	matches := func(v version) bool { return number == 0 || v.number == number }
	if permanent {
		sub.versions = slices.DeleteFunc(sub.versions, matches)
		if len(sub.versions) == 0 {
			delete(s.subjects, name)
		}
	} else {
		for i := range sub.versions {
			sub.versions[i].deleted = sub.versions[i].deleted || matches(sub.versions[i])
		}
	}
	if number == 0 {
		delete(s.configs, name)
		delete(s.modes, name)
	}
}

// setConfig changes what is set of a subject, or of all; an empty one takes it away.
func (s *Store) setConfig(name string, change func(*config) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.configs[name]
	if err := change(&c); err != nil {
		return err
	}
	return s.commit(entry{Op: opLevel, Subject: name, Config: &c})
}

func (s *Store) setMode(name string, mode Mode) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commit(entry{Op: opMode, Subject: name, Mode: mode})
}
