package types

import (
	"slices"
	"strings"
)

// Role says where a column of a stream or table lives in its record.
type Role uint8

const (
	ValueColumn  Role = iota // in the record's value
	KeyColumn                // in the record's key
	HeaderColumn             // one header (Column.Header), or all of them
)

// Column is one column of a stream or table.
type Column struct {
	Name   string
	Type   *Type
	Role   Role
	Header string // of a HeaderColumn: the header's key; empty for all headers
}

// Schema is the columns of a stream or table, keys first or in the declared order.
type Schema []Column

// Find is the position of the column with the exact name, or -1.
func (s Schema) Find(name string) int {
	for i := range s {
		if s[i].Name == name {
			return i
		}
	}
	return -1
}

// Equal says whether two schemas have the same columns in the same order.
func (s Schema) Equal(o Schema) bool {
	return slices.EqualFunc(s, o, func(a, b Column) bool {
		return a.Name == b.Name && a.Role == b.Role && a.Header == b.Header && a.Type.Equal(b.Type)
	})
}

// With are the columns of one role, in order.
func (s Schema) With(role Role) Schema {
	var out Schema
	for _, c := range s {
		if c.Role == role {
			out = append(out, c)
		}
	}
	return out
}

// String prints the columns as ksqlDB does: `ID` BIGINT KEY, `NAME` STRING.
func (s Schema) String() string { return s.text(" KEY") }

// RowString prints the columns of rows of which none is a key: `ID` BIGINT, `NAME` STRING.
func (s Schema) RowString() string { return s.text("") }

// KeysFirst are the columns with the keys in front, each kind in its order.
func (s Schema) KeysFirst() Schema {
	out := s.With(KeyColumn)
	for _, c := range s {
		if c.Role != KeyColumn {
			out = append(out, c)
		}
	}
	return out
}

// TableString prints the columns of a table, whose keys are primary keys.
func (s Schema) TableString() string { return s.text(" PRIMARY KEY") }

func (s Schema) text(key string) string {
	var b strings.Builder
	for i, c := range s {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(QuoteName(c.Name))
		b.WriteByte(' ')
		b.WriteString(c.Type.String())
		switch {
		case c.Role == KeyColumn:
			b.WriteString(key)
		case c.Role == HeaderColumn && c.Header == "":
			b.WriteString(" HEADERS")
		case c.Role == HeaderColumn:
			b.WriteString(" HEADER('" + strings.ReplaceAll(c.Header, "'", "''") + "')")
		}
	}
	return b.String()
}

// Pseudo columns, which every stream and table has beside its own.
const (
	RowTime      = "ROWTIME"
	RowPartition = "ROWPARTITION"
	RowOffset    = "ROWOFFSET"
	WindowStart  = "WINDOWSTART"
	WindowEnd    = "WINDOWEND"
)

// PseudoType is the type of a pseudo column, or nil where the name is none.
func PseudoType(name string) *Type {
	switch name {
	case RowTime, RowOffset, WindowStart, WindowEnd:
		return TBigint
	case RowPartition:
		return TInteger
	}
	return nil
}
