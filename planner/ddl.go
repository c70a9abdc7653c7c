package planner

import (
	"fmt"
	"maps"
	"strings"

	"weir/catalog"
	"weir/formats"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/settings"
	"weir/types"
)

func kindName(isTable bool) string {
	if isTable {
		return "table"
	}
	return "stream"
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// vacant says whether a name is free, or why the statement has nothing to do or is refused.
func (b *builder) vacant(name ast.Ident, isTable, ifNotExists, orReplace bool) (exists string, err error) {
	old, ok := b.env.Catalog.Source(name.Name)
	if !ok {
		return "", nil
	}
	if orReplace {
		return "", b.mayReplace(name, isTable, old)
	}
	if ifNotExists {
		return "Cannot add " + kindName(isTable) + " `" + name.Name + "`: A " + old.Kind() + " with the same name already exists.", nil
	}
	return "", at(name.Pos(), "Cannot add %s '%s': A %s with the same name already exists", kindName(isTable), name.Name, old.Kind())
}

func (b *builder) createSource(s *ast.CreateSource) (*Plan, error) {
	if s.OrReplace && s.ReadOnly {
		return nil, at(s.Pos(), "Cannot add %s '%s': CREATE OR REPLACE is not supported on source %ss.", kindName(s.IsTable), s.Name.Name, kindName(s.IsTable))
	}
	if exists, err := b.vacant(s.Name, s.IsTable, s.IfNotExists, s.OrReplace); exists != "" || err != nil {
		return &Plan{Exists: exists}, err
	}
	w, err := b.with(s.With, s.Name.Pos())
	if err != nil {
		return nil, err
	}
	if pos, ok := w.pos["LATE_STREAM"]; ok {
		return nil, noWindow(pos)
	}
	topic, ok := w.get("KAFKA_TOPIC")
	if !ok {
		return nil, at(s.Name.Pos(), "Missing required property \"KAFKA_TOPIC\" which has no default value.")
	}
	src := &catalog.Source{Name: s.Name.Name, IsTable: s.IsTable, ReadOnly: s.ReadOnly, Topic: topic, SQL: b.sql,
		Timestamp: w.vals["TIMESTAMP"], TimeFmt: w.vals["TIMESTAMP_FORMAT"]}
	if src.Key, err = b.serde(w, true, nil); err != nil {
		return nil, err
	}
	if src.Value, err = b.serde(w, false, nil); err != nil {
		return nil, err
	}
	if err := checkProps(w, src); err != nil {
		return nil, err
	}
	if err := checkSchemaIDs(s, src, w); err != nil {
		return nil, err
	}
	if src.Windowed, err = b.windowed(w); err != nil {
		return nil, err
	}
	if src.Schema, err = b.columns(s, src); err != nil {
		return nil, err
	}
	if err := b.checkSource(s, src, w); err != nil {
		return nil, err
	}
	if old, ok := b.env.Catalog.Source(src.Name); ok {
		if err := b.redeclared(s.Name, old, src); err != nil {
			return nil, err
		}
	}
	p := &Plan{Topic: b.topic(w, topic)}
	_, p.Topic.MustExist = w.get("PARTITIONS")
	p.Topic.MustExist = !p.Topic.MustExist
	p.Change.PutSource = src
	if src.IsTable && src.ReadOnly && settings.KeepSourceTables.In(b.env.Config) {
		return p, b.keep(src, p)
	}
	return p, nil
}

// columns resolves the declared columns, keys first as they stand, or asks the registry for what is not declared.
func (b *builder) columns(s *ast.CreateSource, src *catalog.Source) (types.Schema, error) {
	out, err := b.declared(s.Columns, s.IsTable)
	if err != nil {
		return nil, err
	}
	for _, side := range []struct {
		key   bool
		role  types.Role
		serde catalog.Serde
	}{{true, types.KeyColumn, src.Key}, {false, types.ValueColumn, src.Value}} {
		if len(out.With(side.role)) > 0 || b.env.Registry == nil || !infers(side.serde.Format) {
			continue
		}
		found, err := b.env.infer(src.Topic, side.serde, side.key)
		if err != nil {
			return nil, at(s.Name.Pos(), "%v", err)
		}
		if side.key {
			out = append(found, out...)
		} else {
			out = append(out, found...)
		}
	}
	if len(out) == 0 || len(out.With(types.ValueColumn)) == 0 && !infers(src.Value.Format) && len(out.With(types.KeyColumn)) == 0 {
		return nil, at(s.Name.Pos(), "No columns supplied. Name the columns, or take a format whose schemas are in the schema registry, such as AVRO.")
	}
	return out, nil
}

// headersType is the only type of a HEADERS column.
var headersType = types.TArray(types.TStruct(types.Field{Name: "KEY", Type: types.TString}, types.Field{Name: "VALUE", Type: types.TBytes}))

func (b *builder) declared(cols []ast.Column, isTable bool) (types.Schema, error) {
	var out types.Schema
	for _, c := range cols {
		t, err := b.env.typeOf(c.Type)
		if err != nil {
			return nil, err
		}
		col := types.Column{Name: c.Name, Type: t}
		switch c.Constraint {
		case ast.Key:
			if isTable {
				return nil, at(c.Pos(), "Line: %d, Col: %d: Column `%s` is a 'KEY' column: please use 'PRIMARY KEY' for tables.\n"+
					"Tables have PRIMARY KEYs, which are unique and NON NULL.\nStreams have KEYs, which have no uniqueness or NON NULL constraints.",
					c.Pos().Line, c.Pos().Col, c.Name)
			}
			col.Role = types.KeyColumn
		case ast.PrimaryKey:
			if !isTable {
				return nil, at(c.Pos(), "Line: %d, Col: %d: Column `%s` is a 'PRIMARY KEY' column: please use 'KEY' for streams.\n"+
					"Tables have PRIMARY KEYs, which are unique and NON NULL.\nStreams have KEYs, which have no uniqueness or NON NULL constraints.",
					c.Pos().Line, c.Pos().Col, c.Name)
			}
			col.Role = types.KeyColumn
		case ast.Headers:
			col.Role = types.HeaderColumn
			if len(out.With(types.HeaderColumn)) > 0 {
				return nil, at(c.Pos(), "Schema already contains a HEADERS column.")
			}
			if !t.Equal(headersType) {
				return nil, at(c.Pos(), "Invalid type for HEADERS column: expected %s, got %s", headersType, t)
			}
		case ast.Header:
			col.Role, col.Header = types.HeaderColumn, c.HeaderKey
			for _, other := range out.With(types.HeaderColumn) {
				switch other.Header {
				case "":
					return nil, at(c.Pos(), "Schema already contains a HEADERS column.")
				case c.HeaderKey:
					return nil, at(c.Pos(), "Schema already contains a HEADER('%s') column.", c.HeaderKey)
				}
			}
			if t.Kind != types.Bytes {
				return nil, at(c.Pos(), "Invalid type for HEADER('%s') column: expected BYTES, got %s", c.HeaderKey, t)
			}
		case ast.NoConstraint:
		}
		if types.PseudoType(c.Name) != nil {
			return nil, at(c.Pos(), "'%s' is a reserved column name. You cannot use it as a name for a column.", c.Name)
		}
		if out.Find(c.Name) >= 0 {
			return nil, at(c.Pos(), "Duplicate column names: `%s`", c.Name)
		}
		out = append(out, col)
	}
	return out, nil
}

func (b *builder) checkSource(s *ast.CreateSource, src *catalog.Source, w *with) error {
	keys := src.Schema.With(types.KeyColumn)
	switch {
	case src.IsTable && len(keys) == 0:
		hint := ""
		if _, inferred := w.get("VALUE_SCHEMA_ID"); inferred {
			hint = "\nUse a partial schema to define the primary key and still load the value columns from the Schema Registry, for example:\n" +
				"\tCREATE TABLE " + src.Name + " (ID INT PRIMARY KEY) WITH (...);"
		}
		return at(s.Name.Pos(), "Tables require a PRIMARY KEY. Please define the PRIMARY KEY.%s", hint)
	case src.Windowed != nil && len(keys) == 0:
		return at(s.Name.Pos(), "Windowed sources require a key column.")
	}
	for _, k := range keys {
		if k.Type.Contains(types.Map) {
			return mapKey(s.Name.Pos(), k.Name, k.Type)
		}
	}
	if err := b.checkFormats(s.Name.Pos(), src); err != nil {
		return err
	}
	return b.checkTimestamp(w, src)
}

func mapKey(pos ast.Pos, name string, t *types.Type) error {
	return at(pos, "Map keys, including types that contain maps, are not supported as they may lead to unexpected behavior "+
		"due to inconsistent serialization. Key column name: `%s`. Column type: %s. See https://github.com/confluentinc/ksql/issues/6621 for more.", name, t)
}

// checkProps asks the formats about their properties before anybody asks about columns.
func checkProps(w *with, src *catalog.Source) error {
	for _, side := range []struct {
		key   bool
		serde catalog.Serde
		name  string
	}{{true, src.Key, "KEY"}, {false, src.Value, "VALUE"}} {
		if err := formats.Check(plan.Spec(side.serde, side.key, src.Topic), nil); err != nil {
			pos := w.end
			for _, name := range []string{side.name + "_FORMAT", side.name + "_DELIMITER"} {
				if p, ok := w.pos[name]; ok {
					pos = p
				}
			}
			plain := side.serde
			plain.Props = maps.Clone(plain.Props)
			delete(plain.Props, "DELIMITER")
			if formats.Check(plan.Spec(plain, side.key, src.Topic), nil) == nil {
				err = fmt.Errorf("Configuration %s_DELIMITER is invalid: %w", side.name, err)
			}
			return at(pos, "Failed to prepare statement: %v", err)
		}
	}
	return nil
}

func infers(format string) bool {
	f, err := formats.Lookup(format)
	return err == nil && f.Infers
}

// checkFormats settles the wrapping of a single value, and asks the formats whether they can hold the columns.
func (b *builder) checkFormats(pos ast.Pos, src *catalog.Source) error {
	nameKeySchema(src)
	wrap := settings.WrapSingles.In(b.env.Config)
	if f, err := formats.Lookup(src.Value.Format); err == nil && wrap != "" && f.Wraps && f.Unwraps && len(src.Schema.With(types.ValueColumn)) == 1 {
		if _, given := src.Value.Props["WRAP_SINGLE_VALUE"]; !given {
			src.Value.Props["WRAP_SINGLE_VALUE"] = wrap
		}
	}
	keys := src.Schema.With(types.KeyColumn)
	if err := formats.Check(plan.Spec(src.Key, true, src.Topic), keys); err != nil {
		return at(pos, "Key format does not support schema.\nformat: %s\nschema: Persistence{columns=[%s], features=[]}\nreason: %v", src.Key.Format, keys, err)
	}
	values := src.Schema.With(types.ValueColumn)
	if err := formats.Check(plan.Spec(src.Value, false, src.Topic), values); err != nil {
		return at(pos, "Value format does not support schema.\nformat: %s\nschema: Persistence{columns=[%s], features=[]}\nreason: %v", src.Value.Format, values, err)
	}
	return nil
}

func (b *builder) checkTimestamp(w *with, src *catalog.Source) error {
	if src.Timestamp == "" {
		if src.TimeFmt != "" {
			return at(w.pos["TIMESTAMP_FORMAT"], "TIMESTAMP_FORMAT needs a TIMESTAMP column beside it.")
		}
		return nil
	}
	i := src.Schema.Find(src.Timestamp)
	if i < 0 {
		src.Timestamp = strings.ToUpper(src.Timestamp)
		if i = src.Schema.Find(src.Timestamp); i < 0 {
			names := make([]string, len(src.Schema))
			for j, c := range src.Schema {
				names[j] = c.Name
			}
			return at(w.pos["TIMESTAMP"], "The TIMESTAMP column set in the WITH clause does not exist in the schema: '%s'%s", src.Timestamp, didYouMean(src.Timestamp, names))
		}
	}
	switch k := src.Schema[i].Type.Kind; {
	case k == types.Bigint || k == types.Timestamp:
		if src.TimeFmt != "" {
			return at(w.pos["TIMESTAMP_FORMAT"], "'TIMESTAMP_FORMAT' set in the WITH clause can only be used when the timestamp column in of type STRING.")
		}
		return nil
	case k == types.String && src.TimeFmt == "":
		return at(w.pos["TIMESTAMP"], "A String timestamp field has been specified without also specifying the timestamp_format")
	case k == types.String:
		return nil
	}
	return at(w.pos["TIMESTAMP"], "Timestamp column, `%s`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified", src.Timestamp)
}

func (b *builder) dropSource(s *ast.DropSource) (*Plan, error) {
	src, ok := b.env.Catalog.Source(s.Name.Name)
	if !ok {
		if s.IfExists {
			return &Plan{Exists: "Source " + s.Name.Name + " does not exist."}, nil
		}
		return nil, at(s.Name.Pos(), "%s %s does not exist.%s", title(kindName(s.IsTable)), s.Name.Name, b.didYouMeanSource(s.Name.Name))
	}
	if src.IsTable != s.IsTable {
		return nil, at(s.Name.Pos(), "Incompatible data source type is %s, but statement was DROP %s", strings.ToUpper(src.Kind()), strings.ToUpper(kindName(s.IsTable)))
	}
	p := &Plan{}
	p.Change.DropSource, p.Change.DropQuery = src.Name, src.Query
	if _, running := b.env.Catalog.Query(src.Query); !running {
		p.Change.DropQuery = ""
	}
	if s.DeleteTopic {
		if src.ReadOnly {
			return nil, at(s.Name.Pos(), "Cannot delete topic for read-only source: %s", src.Name)
		}
		p.DropTopic = src.Topic
	}
	return p, nil
}

func (b *builder) alterSource(s *ast.AlterSource) (*Plan, error) {
	src, ok := b.env.Catalog.Source(s.Name.Name)
	if !ok {
		return nil, at(s.Name.Pos(), "Source %s does not exist.%s", s.Name.Name, b.didYouMeanSource(s.Name.Name))
	}
	switch {
	case src.IsTable != s.IsTable:
		return nil, at(s.Name.Pos(), "Incompatible data source type is %s, but statement was ALTER %s", strings.ToUpper(src.Kind()), strings.ToUpper(kindName(s.IsTable)))
	case src.ReadOnly:
		return nil, at(s.Name.Pos(), "Cannot alter %s '%s': ALTER operations are not supported on source %ss.", src.Kind(), src.Name, src.Kind())
	case src.Query != "":
		return nil, at(s.Name.Pos(), "ALTER command is not supported for CREATE ... AS statements.")
	}
	added, err := b.declared(s.Add, s.IsTable)
	if err != nil {
		return nil, err
	}
	next := *src
	next.Schema = append(types.Schema(nil), src.Schema...)
	for i, c := range added {
		if c.Role != types.ValueColumn {
			return nil, at(s.Add[i].Pos(), "Only value columns can be added: `%s` is a key or header column.", c.Name)
		}
		if next.Schema.Find(c.Name) >= 0 {
			return nil, at(s.Add[i].Pos(), "Cannot add column `%s` to schema. A column with the same name already exists.", c.Name)
		}
		next.Schema = append(next.Schema, c)
	}
	next.SQL, next.Before = b.sql, before(src)
	p := &Plan{}
	p.Change.PutSource = &next
	return p, b.checkFormats(s.Name.Pos(), &next)
}
