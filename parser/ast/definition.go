package ast

// Definition is a statement that changes what there is: streams, tables, types, and the queries that fill them.
//
//sumtype:decl
type Definition interface {
	Statement
	// Defines tells what it makes, alters or drops.
	Defines() Defined
}

// Defined is what a Definition is about, in the words of messages.
type Defined struct {
	Action string // Creates, Alters or Drops
	Kind   string // KindStream, KindTable, ...
	Name   Ident
}

// What a Definition does.
const (
	Creates = "create"
	Alters  = "alter"
	Drops   = "drop"
)

// Streams and tables, which share their names. Other kinds stand with their statements.
const (
	KindStream = "stream"
	KindTable  = "table"
)

// IsSource says whether a kind is that of streams, or of tables.
func IsSource(kind string) bool { return kind == KindStream || kind == KindTable }

func sourceKind(isTable bool) string {
	if isTable {
		return KindTable
	}
	return KindStream
}
