package planner

import (
	"errors"
	"strings"

	"weir/catalog"
	"weir/formats"
	"weir/parser/ast"
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
	if err := w.notReplayed(); err != nil {
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
	if err := b.checkSchemaIDs(s, src, w); err != nil {
		return nil, err
	}
	src.Repartition = w.vals["REPARTITION"] == "true"
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
	if _, given := w.get("PARTITIONS"); !given && b.env.MakeTopics {
		p.Topic.Otherwise = int32(settings.TopicPartitions.In(b.env.Config))
	} else {
		p.Topic.MustExist = !given
	}
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
		if errors.Is(err, formats.ErrBare) && settings.WrapSingles.In(b.env.Config) == "false" {
			src.Value.Props["WRAP_SINGLE_VALUE"] = "false"
			found, err = b.env.infer(src.Topic, src.Value, side.key)
		}
		if err != nil {
			return nil, at(s.Name.Pos(), "%v", err)
		}
		if err := checkInferred(found, out); err != nil {
			word := "value"
			if side.key {
				word = "key"
			}
			return nil, at(s.Name.Pos(), "The %s schema of topic %s gives columns that can't be: %v\nDeclare the columns that you need in the statement, under other names or of other types.",
				word, src.Topic, err)
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
