package planner

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"weir/catalog"
	"weir/formats"
	"weir/parser/ast"
	"weir/types"
)

// checkSchemaIDs refuses a schema of the registry where there is nothing to take from it.
func (b *builder) checkSchemaIDs(s *ast.CreateSource, src *catalog.Source, w *with) error {
	for _, side := range []struct {
		name  string
		serde catalog.Serde
		key   bool
	}{{"KEY", src.Key, true}, {"VALUE", src.Value, false}} {
		name := side.name + "_SCHEMA_ID"
		if _, ok := w.get(name); !ok {
			continue
		}
		if !infers(side.serde.Format) {
			return at(w.pos[name], "%s_FORMAT should support schema inference when %s is provided. Current format is %s.", side.name, name, side.serde.Format)
		}
		declared := slices.ContainsFunc(s.Columns, func(c ast.Column) bool {
			isKey := c.Constraint == ast.Key || c.Constraint == ast.PrimaryKey
			return isKey == side.key && c.Constraint != ast.Headers && c.Constraint != ast.Header
		})
		if declared && !b.env.Again {
			return at(w.pos[name], "Table elements and %s cannot both exist for create statement.", name)
		}
	}
	return nil
}

// checkGivenSchema compares the columns of a query with the schema of the registry that its result is to be written with:
// they must be the first columns there.
func (b *builder) checkGivenSchema(pos ast.Pos, target *catalog.Source) error {
	for _, side := range []struct {
		name  string
		serde catalog.Serde
		key   bool
		role  types.Role
	}{{"key", target.Key, true, types.KeyColumn}, {"value", target.Value, false, types.ValueColumn}} {
		if side.serde.Props["SCHEMA_ID"] == "" || b.env.Registry == nil {
			continue
		}
		if !infers(side.serde.Format) {
			upper := strings.ToUpper(side.name)
			return at(pos, "%s_FORMAT should support schema inference when %s_SCHEMA_ID is provided. Current format is %s.", upper, upper, side.serde.Format)
		}
		given, err := b.env.infer(target.Topic, side.serde, side.key)
		if several := (*formats.SeveralError)(nil); err != nil && !errors.As(err, &several) {
			return at(pos, "%v", err)
		}
		cols := target.Schema.With(side.role)
		bare := len(cols) == 1 && len(given) == 1 && (given[0].Name == "ROWKEY" || given[0].Name == "ROWVAL")
		var differ types.Schema
		for i, c := range cols {
			if i >= len(given) || !given[i].Type.Equal(c.Type) || given[i].Name != c.Name && !bare {
				differ = append(differ, c)
			}
		}
		if len(differ) > 0 {
			return at(pos, "The following %s columns are changed, missing or reordered: [%s]. Schema from schema registry is [%s]", side.name, differ, given)
		}
	}
	return nil
}

// nameKeySchema names the Avro record of a key after its stream or table, so that keys and values have different names.
func nameKeySchema(src *catalog.Source) {
	keys := src.Schema.With(types.KeyColumn)
	bare := len(keys) == 1 && keys[0].Type.Kind != types.Struct
	if src.Key.Format != formats.Avro || len(keys) == 0 || bare || src.Key.Props["SCHEMA_FULL_NAME"] != "" || src.Key.Props["SCHEMA_ID"] != "" {
		return
	}
	var name strings.Builder
	for _, word := range strings.Split(src.Name, "_") {
		if word != "" {
			name.WriteString(strings.ToUpper(word[:1]) + strings.ToLower(word[1:]))
		}
	}
	if !isPlainName(name.String()) {
		return
	}
	props := maps.Clone(src.Key.Props)
	if props == nil {
		props = map[string]string{}
	}
	src.Key.Props = props
	props["SCHEMA_FULL_NAME"] = "io.confluent.ksql.avro_schemas." + name.String() + "Key"
}

// isPlainName says whether a name is letters and digits, a letter first.
func isPlainName(name string) bool {
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
