package planner

import (
	"fmt"
	"maps"
	"strings"

	"weir/catalog"
	"weir/formats"
	"weir/functions"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/settings"
	"weir/types"
)

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
	if pos, given := w.pos["REPARTITION"]; given && len(keys) == 0 {
		return at(pos, "REPARTITION is about the partitions of keys, and %s has no key column: every join sends its rows through a topic as it is", src.Name)
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
		format := types.StringValue(src.TimeFmt)
		read := b.env.Functions.Scalar("PARSE_TIMESTAMP")
		if _, err := read.Resolve([]functions.Arg{{Type: types.TString}, {Type: types.TString, Const: &format}}); err != nil {
			return at(w.pos["TIMESTAMP_FORMAT"], "%v", err)
		}
		return nil
	}
	return at(w.pos["TIMESTAMP"], "Timestamp column, `%s`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified", src.Timestamp)
}
