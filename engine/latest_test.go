package engine

import (
	"testing"
)

// A joined table is read from its beginning, wherever the query's stream is.
func TestLatestJoinReadsTheTable(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		n.run(t, s, `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='DELIMITED', PARTITIONS=1);
			CREATE TABLE tab (k STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='tab', VALUE_FORMAT='JSON', PARTITIONS=1);
			INSERT INTO tab VALUES ('a', 'Anna'); INSERT INTO src VALUES ('a', 'old');
			SET 'auto.offset.reset'='latest';
			CREATE STREAM o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='DELIMITED') AS SELECT src.k AS k, v, name FROM src JOIN tab ON src.k = tab.k;`)
		n.settle(t)
		n.write(t, "src", "a=new")
		n.settle(t)
		n.wantTexts(t, "o", "a=new,Anna")
	})
}

// A query that begins at the end keeps its place over a restart, though it has read nothing.
func TestLatestKeepsItsPlace(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		s.Properties["auto.offset.reset"] = "latest"
		n.run(t, s, plainSQL)
		n.settle(t)
		n.leave(t)
		outside := p.outside(t)
		outside.write(t, "src", "a=1")
		n = p.start(t)
		n.settle(t)
		n.wantTexts(t, "o", "a=1")
	})
}
