package ast

import "strconv"

// Print shows a topic's records. Topic keeps its case: topics have no upper-cased names.
type Print struct {
	At
	Topic         Ident
	FromBeginning bool
	Interval      int64 // every n-th record; 0 if absent
	Limit         *Limit
}

func (s *Print) write(p *printer) {
	p.put("PRINT ")
	p.resource(s.Topic.Name)
	p.putIf(s.FromBeginning, " FROM BEGINNING")
	if s.Interval != 0 {
		p.put(" INTERVAL ", strconv.FormatInt(s.Interval, 10))
	}
	p.limit(s.Limit)
}
