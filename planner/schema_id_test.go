package planner

import (
	"strings"
	"testing"

	"weir/catalog"
	"weir/functions"
	"weir/parser"
	"weir/registry"
	"weir/types"
)

// registered is a registry with schemas for the topic x: 1 of its values, 2 of its keys.
func registered(t *testing.T) registry.Client {
	t.Helper()
	reg := registry.NewLocal(registry.NewStore())
	for _, x := range []struct{ subject, schema string }{
		{"x-value", `{"type": "record", "name": "r", "fields": [{"name": "A", "type": "int"}, {"name": "B", "type": "string"}]}`},
		{"x-key", `"int"`},
	} {
		if _, err := reg.Register(t.Context(), x.subject, registry.Schema{Type: registry.Avro, Text: x.schema}); err != nil {
			t.Fatal(err)
		}
	}
	return reg
}

func TestSchemaIDs(t *testing.T) {
	const source = `CREATE STREAM s (k INT KEY, A INT, B STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');`
	for _, c := range []struct{ sql, want string }{
		{`CREATE STREAM x WITH (KAFKA_TOPIC='x', VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID=1);`, ""},
		{`CREATE STREAM x (k INT KEY) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID=1);`, ""},
		{`CREATE STREAM x (a INT) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID=1);`, "Table elements and VALUE_SCHEMA_ID cannot both exist"},
		{`CREATE STREAM x WITH (KAFKA_TOPIC='x', VALUE_FORMAT='AVRO', KEY_SCHEMA_ID=1);`, "KEY_FORMAT should support schema inference when KEY_SCHEMA_ID is provided. Current format is KAFKA."},
		{source + `CREATE STREAM x WITH (VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID=1) AS SELECT k, A FROM s;`, ""},
		{source + `CREATE STREAM x WITH (FORMAT='AVRO', KEY_SCHEMA_ID=2) AS SELECT k, B FROM s;`, ""},
		{source + `CREATE STREAM x WITH (VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID=1) AS SELECT k, B, A FROM s;`,
			"The following value columns are changed, missing or reordered: [`B` STRING, `A` INTEGER]. Schema from schema registry is [`A` INTEGER, `B` STRING]"},
		{source + `CREATE STREAM x WITH (VALUE_FORMAT='DELIMITED', VALUE_SCHEMA_ID=1) AS SELECT k, B FROM s;`, "VALUE_FORMAT should support schema inference"},
	} {
		stmts, err := parser.Parse(c.sql, parser.Options{})
		if err != nil {
			t.Fatal(err)
		}
		all := catalog.New()
		for _, s := range stmts {
			env := &Env{Catalog: all.Snapshot(), Functions: functions.Standard(), Config: map[string]string{}, Registry: registered(t),
				Partitions: func(string) (int32, bool) { return 1, true }}
			var p *Plan
			if p, err = Build(s.Node, s.Text, env); err != nil {
				break
			}
			if err = all.Apply(p.Change); err != nil {
				t.Fatal(err)
			}
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.sql, err, c.want)
		}
	}
}

func TestKeySchemaName(t *testing.T) {
	two := types.Schema{{Name: "A", Type: types.TInteger, Role: types.KeyColumn}, {Name: "B", Type: types.TInteger, Role: types.KeyColumn}}
	for _, c := range []struct {
		name   string
		format string
		cols   types.Schema
		want   string
	}{
		{"MY_STREAM_2", "AVRO", two, "io.confluent.ksql.avro_schemas.MyStream2Key"},
		{"s", "AVRO", two, "io.confluent.ksql.avro_schemas.SKey"},
		{"2nd", "AVRO", two, ""},
		{"a b", "AVRO", two, ""},
		{"S", "AVRO", two[:1], ""},
		{"S", "JSON", two, ""},
	} {
		src := &catalog.Source{Name: c.name, Schema: c.cols, Key: catalog.Serde{Format: c.format, Props: map[string]string{}}}
		if nameKeySchema(src); src.Key.Props["SCHEMA_FULL_NAME"] != c.want {
			t.Errorf("%s: got %q, want %q", c.name, src.Key.Props["SCHEMA_FULL_NAME"], c.want)
		}
	}
}
