package ast

// TypeKind tells the types apart. Synonyms are resolved: INT is TypeInteger, VARCHAR is TypeString.
type TypeKind uint8

// The kinds of types. TypeCustom stands for a name that CREATE TYPE has to explain.
const (
	TypeCustom TypeKind = iota
	TypeBoolean
	TypeInteger
	TypeBigint
	TypeDouble
	TypeDecimal
	TypeString
	TypeBytes
	TypeTime
	TypeDate
	TypeTimestamp
	TypeArray
	TypeMap
	TypeStruct
)

var typeText = [...]string{
	TypeCustom: "custom", TypeBoolean: "BOOLEAN", TypeInteger: "INTEGER", TypeBigint: "BIGINT", TypeDouble: "DOUBLE",
	TypeDecimal: "DECIMAL", TypeString: "STRING", TypeBytes: "BYTES", TypeTime: "TIME", TypeDate: "DATE",
	TypeTimestamp: "TIMESTAMP", TypeArray: "ARRAY", TypeMap: "MAP", TypeStruct: "STRUCT",
}

func (k TypeKind) String() string { return typeText[k] }

// Type is a type as written in a column definition, a CAST or CREATE TYPE. A length on any other type than DECIMAL
// (VARCHAR(255)) means nothing, as in ksqlDB, and is not kept.
type Type struct {
	At
	Kind      TypeKind
	Name      string // of a TypeCustom
	Precision int    // of a TypeDecimal
	Scale     int    // of a TypeDecimal
	Key       *Type  // of a TypeMap
	Elem      *Type  // of a TypeArray, and the value of a TypeMap
	Fields    []Field
}

// Field is one field of a STRUCT type.
type Field struct {
	Ident
	Type *Type
}

// ScalarKind finds the kind of a scalar type by its name or a synonym, in upper case. DECIMAL is not among them:
// it needs its parameters.
func ScalarKind(name string) (TypeKind, bool) {
	k, ok := scalarKinds[name]
	return k, ok
}

var scalarKinds = map[string]TypeKind{
	"BOOLEAN": TypeBoolean, "INT": TypeInteger, "INTEGER": TypeInteger, "BIGINT": TypeBigint, "DOUBLE": TypeDouble,
	"VARCHAR": TypeString, "STRING": TypeString, "BYTES": TypeBytes, "TIME": TypeTime, "DATE": TypeDate,
	"TIMESTAMP": TypeTimestamp,
}
