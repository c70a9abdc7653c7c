package engine

import (
	"fmt"
	"testing"
)

// A table whose keys have to be written anew for a join is there for the rows of a stream that come after its own by their times.
func TestTableBehindARepartitionIsThere(t *testing.T) {
	for _, format := range []string{"JSON", "AVRO", "JSON_SR", "PROTOBUF"} {
		t.Run(format, func(t *testing.T) {
			bothWays(t, nil, func(t *testing.T, p *place) {
				n := p.start(t)
				s := NewSession()
				s.Properties["auto.offset.reset"] = "earliest"
				n.run(t, s, fmt.Sprintf(`CREATE STREAM readings (meter INT KEY, kwh INT) WITH (KAFKA_TOPIC='readings', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=2);
					CREATE TABLE meters (meter INT PRIMARY KEY, street STRING) WITH (KAFKA_TOPIC='meters', KEY_FORMAT='%s', VALUE_FORMAT='JSON', PARTITIONS=2);`, format))
				const meters = 40
				for i := range meters {
					n.run(t, s, fmt.Sprintf("INSERT INTO meters (rowtime, meter, street) VALUES (%d, %d, 'Elm');", 100+i, i))
					n.run(t, s, fmt.Sprintf("INSERT INTO readings (rowtime, meter, kwh) VALUES (%d, %d, 1);", 1000+i, i))
				}
				n.run(t, s, `CREATE STREAM placed WITH (KAFKA_TOPIC='placed') AS SELECT readings.meter AS meter, kwh, street FROM readings JOIN meters ON readings.meter = meters.meter;`)
				n.settle(t)
				if got := n.texts(t, "placed"); len(got) != meters {
					t.Errorf("%d of %d rows have found their street", len(got), meters)
				}
				for i := range meters { // while the query runs
					n.run(t, s, fmt.Sprintf("INSERT INTO meters (rowtime, meter, street) VALUES (%d, %d, 'Elm');", 2000+i, meters+i))
					n.run(t, s, fmt.Sprintf("INSERT INTO readings (rowtime, meter, kwh) VALUES (%d, %d, 1);", 3000+i, meters+i))
				}
				n.settle(t)
				if got := n.texts(t, "placed"); len(got) != 2*meters {
					t.Errorf("%d of %d rows have found their street while the query ran", len(got), 2*meters)
				}
			})
		})
	}
}
