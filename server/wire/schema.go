package wire

import (
	"fmt"
	"strings"

	"weir/answer"
)

// Schema is a type, as clients read it.
type Schema struct {
	Type       string         `json:"type"`
	Fields     []Field        `json:"fields"`
	Member     *Schema        `json:"memberSchema"` // of an array's items or a map's values
	Parameters map[string]int `json:"parameters,omitempty"`
}

// SQL is the type as SQL writes it.
func (s Schema) SQL() string {
	member := func() string {
		if s.Member == nil {
			return ""
		}
		return s.Member.SQL()
	}
	switch s.Type {
	case "DECIMAL":
		return fmt.Sprintf("DECIMAL(%d, %d)", s.Parameters["precision"], s.Parameters["scale"])
	case "ARRAY":
		return "ARRAY<" + member() + ">"
	case "MAP":
		return "MAP<STRING, " + member() + ">"
	case "STRUCT":
		parts := make([]string, len(s.Fields))
		for i, f := range s.Fields {
			parts[i] = f.Name + " " + f.Schema.SQL()
		}
		return "STRUCT<" + strings.Join(parts, ", ") + ">"
	}
	return s.Type
}

// Field is a column, or a field of a struct.
type Field struct {
	Name   string `json:"name"`
	Schema Schema `json:"schema"`
	Type   string `json:"type,omitempty"` // KEY or HEADER
	Header string `json:"headerKey,omitempty"`
}

// fieldTable is a schema; keys says what its key columns are.
func fieldTable(fields []Field, keys string) answer.Layout {
	return answer.TableOf(fields, func(f Field) []string {
		text := f.Schema.SQL()
		switch {
		case f.Type == "KEY":
			text += " (" + keys + ")"
		case f.Type == "HEADER" && f.Header != "":
			text += " (header('" + f.Header + "'))"
		case f.Type == "HEADER":
			text += " (headers)"
		}
		return []string{f.Name, text}
	}, "Field", "Type")
}
