package engine

import (
	"fmt"
	"slices"
	"testing"
)

// What has become of commands is known after a restart too, but for that all queries were meant.
func TestCommandsLast(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), `CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); CREATE STREAM o AS SELECT * FROM s; PAUSE CSAS_O_2; RESUME CSAS_O_2;
		TERMINATE CSAS_O_2; DROP STREAM o; CREATE TYPE t AS INT;`)
	want := []Command{
		{"stream/`S`/create", "Stream created", ""},
		{"stream/`O`/create", "Created query with ID CSAS_O_2", "CSAS_O_2"},
		{"pause/CSAS_O_2/execute", "Query paused.", "CSAS_O_2"},
		{"resume/CSAS_O_2/execute", "Query resumed.", "CSAS_O_2"},
		{"terminate/CSAS_O_2/execute", "Query terminated.", "CSAS_O_2"},
		{"stream/O/drop", "Source `O` was dropped.", ""},
		{"type/T/create", "Registered custom type with name 'T' and SQL type INTEGER", ""},
	}
	if got := n.Commands(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	last := n.Applied()
	n.stop(t)
	n = startNode(t, dir)
	defer n.stop(t)
	if got := n.Commands(); !slices.Equal(got, want) {
		t.Errorf("after a restart: got %q", got)
	}
	if got := n.Applied(); got != last {
		t.Errorf("after a restart the last command is %d, it was %d", got, last)
	}
}

// Only so many commands are remembered: the last ones.
func TestHistoryIsBounded(t *testing.T) {
	e := new(Engine)
	h := &e.history
	for i := range maxHistory + 10 {
		h.note(&Done{Entity: "stream", Name: fmt.Sprint(i), Action: "drop"})
		h.note(&Done{Entity: "stream", Name: "AGAIN", Action: "drop"})
	}
	h.note(&Done{Entity: "stream", Name: "NOWHERE", Action: "drop", Sequence: -1})
	got := e.Commands()
	if len(got) != maxHistory || got[len(got)-1].ID != "stream/AGAIN/drop" || got[0].ID != "stream/11/drop" || len(h.byID) != maxHistory {
		t.Errorf("%d commands from %s to %s", len(got), got[0].ID, got[len(got)-1].ID)
	}
}
