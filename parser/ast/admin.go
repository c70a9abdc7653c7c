package ast

// Print shows a topic's records. Topic keeps its case: topics have no upper-cased names.
type Print struct {
	At
	Topic         Ident
	FromBeginning bool
	Interval      int64 // every n-th record; 0 if absent
	Limit         *Limit
}

// Describe shows a stream or table.
type Describe struct {
	At
	Name     Ident
	Extended bool
}

// DescribeAll is DESCRIBE STREAMS, or DESCRIBE TABLES.
type DescribeAll struct {
	At
	Tables   bool
	Extended bool
}

// DescribeFunction shows a function.
type DescribeFunction struct {
	At
	Name Ident
}

// DescribeConnector shows a connector.
type DescribeConnector struct {
	At
	Name Ident
}

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

// Terminate ends a query, or all of them: then QueryID has no Name.
type Terminate struct {
	At
	All     bool
	QueryID Ident
}

// Pause halts a query, or all of them.
type Pause struct {
	At
	All     bool
	QueryID Ident
}

// Resume lets a paused query go on, or all of them.
type Resume struct {
	At
	All     bool
	QueryID Ident
}

// Set sets a property of the session.
type Set struct {
	At
	Name, Value string
}

// Unset takes back a Set.
type Unset struct {
	At
	Name string
}

// AlterSystem sets a property of the server.
type AlterSystem struct {
	At
	Name, Value string
}

// Define gives a substitution variable its text.
type Define struct {
	At
	Name  string // as written: the names of variables are not upper-cased
	Value string
}

// Undefine forgets a variable.
type Undefine struct {
	At
	Name string
}

// AssertTopic waits for a topic to exist, or not to.
type AssertTopic struct {
	At
	NotExists bool
	Topic     Ident
	With      []Prop
	Timeout   *Duration // nil if absent
}

// AssertSchema waits for a schema to be registered, or not to be. At least one of Subject and ID should be given.
type AssertSchema struct {
	At
	NotExists bool
	Subject   Ident     // no Name if absent
	ID        *IntLit   // nil if absent
	Timeout   *Duration // nil if absent
}

// AssertValues expects the next row of a stream or table. Null says that it is a tombstone; then Values is its key.
// It belongs to test scripts, as do AssertSource and RunScript.
type AssertValues struct {
	At
	Null    bool
	Target  Ident
	Columns []Ident
	Values  []Expr
}

// AssertSource expects a stream or table to be defined so.
type AssertSource struct {
	At
	IsTable bool
	Name    Ident
	Columns []Column
	With    []Prop
}

// RunScript runs the statements of a file.
type RunScript struct {
	At
	Path string
}

func (*Print) statement()             {}
func (*Describe) statement()          {}
func (*DescribeAll) statement()       {}
func (*DescribeFunction) statement()  {}
func (*DescribeConnector) statement() {}
func (*Show) statement()              {}
func (*Terminate) statement()         {}
func (*Pause) statement()             {}
func (*Resume) statement()            {}
func (*Set) statement()               {}
func (*Unset) statement()             {}
func (*AlterSystem) statement()       {}
func (*Define) statement()            {}
func (*Undefine) statement()          {}
func (*AssertTopic) statement()       {}
func (*AssertSchema) statement()      {}
func (*AssertValues) statement()      {}
func (*AssertSource) statement()      {}
func (*RunScript) statement()         {}
