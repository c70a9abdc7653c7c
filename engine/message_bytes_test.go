package engine

import (
	"slices"
	"strings"
	"testing"
)

// MAX_MESSAGE_BYTES makes topics that take large records, to be read and written again; one that is there is compared, and stays as it is.
func TestMaxMessageBytes(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='KAFKA', PARTITIONS=1, MAX_MESSAGE_BYTES=20000000);
			CREATE STREAM big WITH (KAFKA_TOPIC='big', MAX_MESSAGE_BYTES=20000000) AS SELECT k, v || 'x' AS v FROM src;
			CREATE STREAM small WITH (KAFKA_TOPIC='small', MAX_MESSAGE_BYTES=2000) AS SELECT k, v FROM src;`)
		configs, err := n.cluster.TopicConfigs(t.Context(), "src", "big", "small")
		if err != nil {
			t.Fatal(err)
		}
		for topic, want := range map[string]string{"src": "20000000", "big": "20000000", "small": "2000"} {
			if got := configs[topic]["max.message.bytes"]; got != want {
				t.Errorf("%s: %s, want %s", topic, got, want)
			}
		}
		long := "long=" + noise(1, 10_000_000)
		n.write(t, "src", "a=1", long, "b=2")
		n.settle(t)
		n.wantTexts(t, "small", "a=1", "b=2")
		if got, want := n.texts(t, "big"), []string{"a=1x", long + "x", "b=2x"}; !slices.Equal(got, want) {
			t.Errorf("%d rows, want the %d with the large one", len(got), len(want))
		}

		for _, sql := range []string{
			"CREATE STREAM again (v STRING) WITH (KAFKA_TOPIC='small', VALUE_FORMAT='KAFKA', MAX_MESSAGE_BYTES=3000);",
			"CREATE STREAM again (v STRING) WITH (KAFKA_TOPIC='small', VALUE_FORMAT='KAFKA', PARTITIONS=1, MAX_MESSAGE_BYTES=3000);",
			"CREATE STREAM again WITH (KAFKA_TOPIC='small', MAX_MESSAGE_BYTES=3000) AS SELECT * FROM src;",
		} {
			_, err := n.try(t, NewSession(), sql)
			if err == nil || !strings.Contains(err.Error(), "topic with the name 'small' already exists, and its max.message.bytes is 2000: MAX_MESSAGE_BYTES asks for 3000") {
				t.Errorf("%s: %v", sql, err)
			}
		}
		n.run(t, NewSession(), "CREATE STREAM same (v STRING) WITH (KAFKA_TOPIC='small', VALUE_FORMAT='KAFKA', MAX_MESSAGE_BYTES=2000); CREATE STREAM any (v STRING) WITH (KAFKA_TOPIC='small', VALUE_FORMAT='KAFKA');")
		src, _ := n.catalog.Snapshot().Source("BIG")
		if d, err := n.description(t.Context(), src, true); err != nil || d.MaxMessageBytes != 20_000_000 {
			t.Errorf("DESCRIBE: %+v, %v", d, err)
		}
	})
}
