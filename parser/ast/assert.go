package ast

import "strconv"

// AssertTopic waits for a topic to exist, or not to.
type AssertTopic struct {
	At
	NotExists bool
	Topic     Ident
	With      []Prop
	Timeout   *Duration // nil if absent
}

func (s *AssertTopic) write(p *printer) {
	p.put("ASSERT ")
	p.putIf(s.NotExists, "NOT EXISTS ")
	p.put("TOPIC ")
	p.resource(s.Topic.Name)
	p.with(s.With)
	p.durationIf(" TIMEOUT ", s.Timeout)
}

// AssertSchema waits for a schema to be registered, or not to be. At least one of Subject and ID should be given.
type AssertSchema struct {
	At
	NotExists bool
	Subject   Ident     // no Name if absent
	ID        *IntLit   // nil if absent
	Timeout   *Duration // nil if absent
}

func (s *AssertSchema) write(p *printer) {
	p.put("ASSERT ")
	p.putIf(s.NotExists, "NOT EXISTS ")
	p.put("SCHEMA")
	if s.Subject.Name != "" {
		p.put(" SUBJECT ")
		p.resource(s.Subject.Name)
	}
	if s.ID != nil {
		p.put(" ID ", strconv.Itoa(int(s.ID.Value)))
	}
	p.durationIf(" TIMEOUT ", s.Timeout)
}
