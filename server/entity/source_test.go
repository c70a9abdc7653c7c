package entity

import (
	"encoding/json"
	"testing"

	"weir/catalog"
	"weir/engine"
	"weir/server/wire"
)

// What could not be brought back is listed with every field that ksqlDB's clients ask for, and a warning says what to do.
func TestLostSource(t *testing.T) {
	lost := &catalog.Source{Name: "BAD", IsTable: true}
	failed := []engine.Failure{{Name: "BAD", Reason: "BAD could not be brought back. DROP TABLE `BAD`;"}}
	blob, err := json.Marshal(wire.Of(sources(&engine.Sources{Tables: true, Sources: []*catalog.Source{lost}, Failed: failed}), "SHOW TABLES;"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "{\"@type\":\"tables\",\"statementText\":\"SHOW TABLES;\",\"warnings\":[{\"message\":\"BAD could not be brought back. DROP TABLE `BAD`;\"}]," +
		`"tables":[{"type":"TABLE","name":"BAD","topic":"","keyFormat":"","valueFormat":"","isWindowed":false}]}`
	if string(blob) != want {
		t.Errorf("got  %s\nwant %s", blob, want)
	}
}
