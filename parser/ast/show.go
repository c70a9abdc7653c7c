package ast

// ShowKind is what SHOW lists.
type ShowKind uint8

// The lists.
const (
	ShowStreams ShowKind = iota
	ShowTables
	ShowTopics
	ShowQueries
	ShowFunctions
	ShowProperties
	ShowTypes
	ShowVariables
	ShowConnectors
	ShowConnectorPlugins
)

var showText = [...]string{
	ShowStreams: "STREAMS", ShowTables: "TABLES", ShowTopics: "TOPICS", ShowQueries: "QUERIES",
	ShowFunctions: "FUNCTIONS", ShowProperties: "PROPERTIES", ShowTypes: "TYPES", ShowVariables: "VARIABLES",
	ShowConnectors: "CONNECTORS", ShowConnectorPlugins: "CONNECTOR PLUGINS",
}

func (k ShowKind) String() string { return showText[k] }

// Show is SHOW, or LIST.
type Show struct {
	At
	Kind      ShowKind
	All       bool          // of topics: internal ones too
	Extended  bool          // of streams, tables, topics and queries
	Connector ConnectorKind // of connectors
}

func (s *Show) write(p *printer) {
	p.put("SHOW ")
	p.putIf(s.All, "ALL ")
	p.putIf(s.Connector != AnyConnector, s.Connector.String()+" ")
	p.put(s.Kind.String())
	p.putIf(s.Extended, " EXTENDED")
}
