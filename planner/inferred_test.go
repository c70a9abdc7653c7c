package planner

import (
	"strings"
	"testing"

	"weir/catalog"
	"weir/functions"
	"weir/parser"
	"weir/registry"
)

// TestInferredColumns holds the columns of schemas to the rules for those that statements name.
func TestInferredColumns(t *testing.T) {
	const with = ` WITH (KAFKA_TOPIC='x', KEY_FORMAT='KAFKA', VALUE_FORMAT=`
	for _, c := range []struct {
		typ         registry.Type
		schema, sql string
		config      string // of WRAP_SINGLE_VALUE
		want        string // the columns, or an error when it begins with !
	}{
		{registry.Avro, `{"type":"record","name":"r","fields":[{"name":"ROWTIME","type":"long"}]}`, `CREATE STREAM s` + with + `'AVRO');`, "",
			"!The value schema of topic x gives columns that can't be: 'ROWTIME' is a reserved column name."},
		{registry.Avro, `{"type":"record","name":"r","fields":[{"name":"rowoffset","type":"long"}]}`, `CREATE STREAM s` + with + `'AVRO');`, "", "!'ROWOFFSET' is a reserved column name"},
		{registry.JSON, `{"type":"object","properties":{"rowPartition":{"type":"integer"}}}`, `CREATE STREAM s` + with + `'JSON_SR');`, "", "!'ROWPARTITION' is a reserved column name"},
		{registry.Avro, `{"type":"record","name":"r","fields":[{"name":"id","type":"long"},{"name":"ID","type":"int"}]}`, `CREATE STREAM s` + with + `'AVRO');`, "", "!Duplicate column names: `ID`"},
		{registry.JSON, `{"type":"object","properties":{"id":{"type":"integer"},"ID":{"type":"string"}}}`, `CREATE STREAM s` + with + `'JSON_SR');`, "", "!Duplicate column names: `ID`"},
		{registry.Protobuf, `syntax = "proto3"; message M { int32 id = 1; int32 Id = 2; }`, `CREATE STREAM s` + with + `'PROTOBUF');`, "", "!Duplicate column names: `ID`"},
		{registry.Protobuf, `syntax = "proto3"; message M { oneof p { int32 a = 1; } int32 p_0 = 2; }`, `CREATE STREAM s` + with + `'PROTOBUF');`, "", "!Duplicate column names: `P_0`"},
		{registry.Avro, `{"type":"record","name":"r","fields":[{"name":"l","type":{"type":"array","items":{"type":"map","values":{"type":"record","name":"q","fields":[{"name":"id","type":"long"},{"name":"ID","type":"int"}]}}}}]}`,
			`CREATE STREAM s` + with + `'AVRO');`, "", "!column `L`: Duplicate field names found in STRUCT: 'ID'"},
		{registry.Avro, `{"type":"record","name":"r","fields":[{"name":"q","type":{"type":"record","name":"q","fields":[{"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":70,"scale":2}}]}}]}`,
			`CREATE STREAM s` + with + `'AVRO');`, "", "!column `Q`->`D`: DECIMAL precision must be <= 64: DECIMAL(70,2)"},
		{registry.Avro, `{"type":"record","name":"r","fields":[{"name":"id","type":"int"}]}`, `CREATE STREAM s (id INT KEY)` + with + `'AVRO');`, "", "!Duplicate column names: `ID`"},
		{registry.Avro, `{"type":"record","name":"r","fields":[{"name":"id","type":"int"},{"name":"rowkey","type":"int"}]}`, `CREATE STREAM s (k INT KEY)` + with + `'AVRO');`, "", "`K` INTEGER KEY, `ID` INTEGER, `ROWKEY` INTEGER"},
		{registry.Avro, `"string"`, `CREATE STREAM s` + with + `'AVRO');`, "", "!set 'WRAP_SINGLE_VALUE=false'"},
		{registry.Avro, `"string"`, `CREATE STREAM s` + with + `'AVRO', WRAP_SINGLE_VALUE=false);`, "", "`ROWVAL` STRING"},
		{registry.Avro, `"string"`, `CREATE STREAM s` + with + `'AVRO');`, "false", "`ROWVAL` STRING"},
		{registry.Avro, `{"type":"record","name":"r","fields":[{"name":"a","type":"int"},{"name":"b","type":"int"}]}`, `CREATE STREAM s` + with + `'AVRO');`, "false", "`A` INTEGER, `B` INTEGER"},
		{registry.JSON, `{"type":"object","additionalProperties":{"type":"string"}}`, `CREATE STREAM s` + with + `'JSON_SR');`, "", "!set 'WRAP_SINGLE_VALUE=false'"},
	} {
		reg := registry.NewLocal(registry.NewStore())
		if _, err := reg.Register(t.Context(), "x-value", registry.Schema{Type: c.typ, Text: c.schema}); err != nil {
			t.Fatal(err)
		}
		stmts, err := parser.Parse(c.sql, parser.Options{})
		if err != nil {
			t.Fatal(err)
		}
		env := &Env{Catalog: catalog.New().Snapshot(), Functions: functions.Standard(), Config: map[string]string{}, Registry: reg,
			Partitions: func(string) (int32, bool) { return 1, true }}
		if c.config != "" {
			env.Config["ksql.persistence.wrap.single.values"] = c.config
		}
		p, err := Build(stmts[0].Node, stmts[0].Text, env)
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s of %s: got %v, want an error with %q", c.sql, c.schema, err, want)
			}
			continue
		}
		if err != nil || p.Change.PutSource.Schema.String() != c.want {
			t.Errorf("%s of %s: got %v, want %s", c.sql, c.schema, err, c.want)
		} else if wrap := p.Change.PutSource.Value.Props["WRAP_SINGLE_VALUE"]; strings.Contains(c.want, "ROWVAL") && wrap != "false" {
			t.Errorf("%s: WRAP_SINGLE_VALUE is %q", c.sql, wrap)
		}
	}
}
