package ast

// CreateTopic makes a topic.
type CreateTopic struct {
	At
	IfNotExists bool
	Topic       Ident
	With        []Prop
}

func (s *CreateTopic) write(p *printer) {
	p.put("CREATE TOPIC ")
	p.putIf(s.IfNotExists, "IF NOT EXISTS ")
	p.resource(s.Topic.Name)
	p.with(s.With)
}

// DropTopic deletes a topic.
type DropTopic struct {
	At
	IfExists bool
	Topic    Ident
}

func (s *DropTopic) write(p *printer) {
	p.put("DROP TOPIC ")
	p.putIf(s.IfExists, "IF EXISTS ")
	p.resource(s.Topic.Name)
}
