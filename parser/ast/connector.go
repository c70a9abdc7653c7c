package ast

// ConnectorKind is a connector's direction.
type ConnectorKind uint8

// The directions. AnyConnector is for SHOW CONNECTORS alone.
const (
	AnyConnector ConnectorKind = iota
	SourceConnector
	SinkConnector
)

var connectorText = [...]string{AnyConnector: "", SourceConnector: "SOURCE", SinkConnector: "SINK"}

func (k ConnectorKind) String() string { return connectorText[k] }

// CreateConnector is CREATE SOURCE or SINK CONNECTOR.
type CreateConnector struct {
	At
	Kind        ConnectorKind
	IfNotExists bool
	Name        Ident
	With        []Prop
}

func (s *CreateConnector) write(p *printer) {
	p.put("CREATE ", s.Kind.String(), " CONNECTOR ")
	p.putIf(s.IfNotExists, "IF NOT EXISTS ")
	p.name(s.Name.Name)
	p.with(s.With)
}

// DropConnector is DROP CONNECTOR.
type DropConnector struct {
	At
	IfExists bool
	Name     Ident
}

func (s *DropConnector) write(p *printer) {
	p.put("DROP CONNECTOR ")
	p.putIf(s.IfExists, "IF EXISTS ")
	p.name(s.Name.Name)
}

// PauseConnector is PAUSE or RESUME CONNECTOR.
type PauseConnector struct {
	At
	Resume bool
	Name   Ident
}

func (s *PauseConnector) write(p *printer) {
	word := "PAUSE"
	if s.Resume {
		word = "RESUME"
	}
	p.put(word, " CONNECTOR ")
	p.name(s.Name.Name)
}
