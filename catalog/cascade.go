package catalog

import "slices"

// Cascade is what DROP ... CASCADE takes away, each in the order in which it goes: what depends on others before them.
type Cascade struct {
	Queries []string // ids
	Sources []string // the one that was named is the last
	Topics  []string // to be deleted, with their schemas
}

// Cascade finds what depends on a stream or table: queries that read it, and what these make, and so on; and queries that write into any of that.
// What another statement made stays, also where a query wrote into it that goes.
func (s *Snapshot) Cascade(name string) *Cascade {
	out := &Cascade{Sources: []string{name}}
	ends := func(q *Query) {
		if !slices.Contains(out.Queries, q.ID) {
			out.Queries = append(out.Queries, q.ID)
		}
	}
	for i := 0; i < len(out.Sources); i++ {
		for _, q := range s.queries {
			of := out.Sources[i]
			if q.Sink == of || q.Late == of {
				ends(q)
			}
			if !slices.Contains(q.Sources, of) {
				continue
			}
			ends(q)
			for _, made := range []string{s.makes(q.ID), q.Late} {
				if made != "" && !slices.Contains(out.Sources, made) {
					out.Sources = append(out.Sources, made)
				}
			}
		}
	}
	slices.Reverse(out.Queries)
	s.dependentsFirst(out.Sources)
	return out
}

// dependentsFirst orders streams and tables so that none comes before one that is made of it. The first one, of which all others are made, becomes the last.
func (s *Snapshot) dependentsFirst(names []string) {
	depth := map[string]int{}
	for range names { // no way from one to another is longer than there are names
		changed := false
		for _, q := range s.queries {
			for _, made := range []string{s.makes(q.ID), q.Late} {
				for _, from := range q.Sources {
					if made != "" && slices.Contains(names, made) && slices.Contains(names, from) && depth[made] <= depth[from] {
						depth[made], changed = depth[from]+1, true
					}
				}
			}
		}
		if !changed {
			break
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return depth[b] - depth[a] })
}

// drop carries a cascade out.
func (s *Snapshot) drop(c *Cascade) error {
	for _, id := range c.Queries {
		if err := s.endQuery(id); err != nil {
			return err
		}
	}
	for _, name := range c.Sources {
		if err := s.mayDrop(name); err != nil {
			return err
		}
		delete(s.sources, name)
	}
	for _, topic := range c.Topics {
		delete(s.ended, topic)
	}
	return nil
}
