package ksqldb

import (
	"encoding/json"
	"slices"
	"testing"
)

// What DESCRIBE tells of an altered stream has its statements one behind the other; a query that was terminated is not among its writers.
func TestDescribed(t *testing.T) {
	var d described
	err := json.Unmarshal([]byte(`{"sourceDescription":{"name":"A","statement":"CREATE STREAM A AS SELECT * FROM S;\nALTER STREAM A ADD COLUMN X INT;",
		"writeQueries":[{"id":"INSERTQUERY_9","queryString":"INSERT INTO A SELECT * FROM T;","state":"PAUSED"}]}}`), &d)
	if err != nil {
		t.Fatal(err)
	}
	made, inserts := d.commands()
	var got []string
	for _, c := range append(made, inserts...) {
		got = append(got, c.SQL+"/"+c.QueryID)
	}
	want := []string{"CREATE STREAM A AS SELECT * FROM S/CSAS_A_0", "TERMINATE CSAS_A_0/", "ALTER STREAM A ADD COLUMN X INT/", "INSERT INTO A SELECT * FROM T/INSERTQUERY_9", "PAUSE INSERTQUERY_9/"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Keys are JSON texts, or objects; lines of a dump have a colon or a tab behind them, or no key at all.
func TestParse(t *testing.T) {
	value := `{"statement":"DROP STREAM A;","streamsProperties":{"a":1,"b":null,"c":"x"},"plan":null,"version":12}`
	for _, key := range []string{`"stream/A/drop"`, `{"type":"STREAM","entity":"A","action":"DROP"}`} {
		for _, between := range []string{":", "\t"} {
			list, err := ReadDump("dump", []byte(key+between+value+"\n"))
			if err != nil || len(list) != 1 || list[0].Kind != "stream" || list[0].Entity != "A" || list[0].Action != "drop" || list[0].SQL != "DROP STREAM A;" {
				t.Errorf("%s%q: %+v, %v", key, between, list, err)
			}
		}
	}
	list, err := ReadDump("dump", []byte(value))
	if err != nil || len(list) != 1 || list[0].Properties["a"] != "1" || list[0].Properties["c"] != "x" || len(list[0].Properties) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := ReadDump("dump", []byte(`{"other":1}`)); err == nil {
		t.Error("what has no statement is taken")
	}
}

// What can't be parsed is replaced and dropped by its key, and is left to be refused otherwise.
func TestFoldOfWhatCannotBeRead(t *testing.T) {
	unread := func(sql, kind, entity, action string) Command {
		return Command{SQL: sql, Kind: kind, Entity: entity, Action: action}
	}
	c := Fold([]Command{
		unread("CREATE STREAM A WITH NOTHING", "stream", "A", "create"), unread("CREATE STREAM B WITH NOTHING", "stream", "B", "create"),
		unread("DROP STREAM B AT ONCE", "stream", "B", "drop"),
	}, "default_")
	if len(c.Statements) != 1 || c.Statements[0].Name != "A" {
		t.Errorf("%+v", c.Statements)
	}
}
