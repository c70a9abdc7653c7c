package ast

// Statement is a whole statement.
//
//sumtype:decl
type Statement interface {
	Node
	statement()
}

// Constraint is what a column definition says beyond the type.
type Constraint uint8

// The constraints of a column. Headers takes all headers of the record, Header the one named by Column.HeaderKey.
const (
	NoConstraint Constraint = iota
	Key
	PrimaryKey
	Headers
	Header
)

var constraintText = [...]string{NoConstraint: "", Key: "KEY", PrimaryKey: "PRIMARY KEY", Headers: "HEADERS", Header: "HEADER"}

func (c Constraint) String() string { return constraintText[c] }

// Column is a column definition.
type Column struct {
	Ident
	Type       *Type
	Constraint Constraint
	HeaderKey  string
}

// Prop is one Name = Value of a WITH clause. Names that were neither quoted nor strings are in upper case. Value is a literal.
type Prop struct {
	Ident
	Value Expr
}

// CreateSource is CREATE STREAM or CREATE TABLE over a topic. Columns is empty where they are left to the schema registry.
type CreateSource struct {
	At
	IsTable     bool
	OrReplace   bool
	ReadOnly    bool // CREATE SOURCE ...
	IfNotExists bool
	Name        Ident
	Columns     []Column
	With        []Prop
}

// CreateAs is CREATE STREAM or TABLE ... AS SELECT.
type CreateAs struct {
	At
	IsTable     bool
	OrReplace   bool
	IfNotExists bool
	Name        Ident
	With        []Prop
	Query       *Query
}

// InsertSelect is INSERT INTO ... SELECT.
type InsertSelect struct {
	At
	Target Ident
	With   []Prop
	Query  *Query
}

// InsertValues is INSERT INTO ... VALUES. Columns is empty where none are named.
type InsertValues struct {
	At
	Target  Ident
	Columns []Ident
	Values  []Expr
}

// AlterSource is ALTER STREAM or TABLE ... ADD.
type AlterSource struct {
	At
	IsTable bool
	Name    Ident
	Add     []Column
}

// DropSource is DROP STREAM, or DROP TABLE.
type DropSource struct {
	At
	IsTable     bool
	IfExists    bool
	Name        Ident
	DeleteTopic bool
}

// CreateType gives a type a name.
type CreateType struct {
	At
	IfNotExists bool
	Name        Ident
	Type        *Type
}

// DropType forgets a type's name.
type DropType struct {
	At
	IfExists bool
	Name     Ident
}

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

// DropConnector is DROP CONNECTOR.
type DropConnector struct {
	At
	IfExists bool
	Name     Ident
}

// Explain explains a statement, or a running query by its id. One of both is set.
type Explain struct {
	At
	Statement Statement
	QueryID   Ident
}

func (*Query) statement()           {}
func (*CreateSource) statement()    {}
func (*CreateAs) statement()        {}
func (*InsertSelect) statement()    {}
func (*InsertValues) statement()    {}
func (*AlterSource) statement()     {}
func (*DropSource) statement()      {}
func (*CreateType) statement()      {}
func (*DropType) statement()        {}
func (*CreateConnector) statement() {}
func (*DropConnector) statement()   {}
func (*Explain) statement()         {}
