package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What a query makes between two commits is bounded, whatever becomes of the records of one fetch: a commit comes early. Nothing is lost, there
// twice or out of order for that.
func TestCommitsComeEarly(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for half a minute")
	}
	const room, rows, wide = 4 << 20, 600, 30_000
	const src = `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='DELIMITED', PARTITIONS=1);`
	pad := fmt.Sprintf("LPAD(v, %d, 'x')", wide)
	for name, c := range map[string]struct {
		sql  string
		want func(i int) string // the rows that there are, in their order for each key
		most int64
	}{
		"rows":   {"CREATE STREAM o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='DELIMITED') AS SELECT k, " + pad + " AS w FROM src;", nil, room / 2},
		"groups": {"CREATE TABLE o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='DELIMITED') AS SELECT k, " + strings.ReplaceAll(pad, "v,", "MAX(v),") + " AS w FROM src GROUP BY k;", nil, room / 2},
		"lists": {"CREATE TABLE o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON') AS SELECT k, COLLECT_LIST(" + pad + ")[1] AS w FROM src GROUP BY k;",
			func(i int) string { return fmt.Sprintf(`k%d={"W":"%*d"}`, i, wide, i) }, 2 * room},
		"sessions":    {"CREATE TABLE o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='DELIMITED') AS SELECT k, " + strings.ReplaceAll(pad, "v,", "MAX(v),") + " AS w FROM src WINDOW SESSION (1 HOUR) GROUP BY k;", nil, room / 2},
		"repartition": {"CREATE STREAM o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='DELIMITED') AS SELECT v AS k, " + pad + " AS w FROM src PARTITION BY v;", nil, room / 2},
		"join": {`CREATE STREAM other (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='other', VALUE_FORMAT='DELIMITED', PARTITIONS=1);
			CREATE STREAM o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='DELIMITED') AS SELECT src.k AS k, ` + strings.ReplaceAll(pad, "v,", "other.v,") + " AS w FROM src JOIN other WITHIN 1 HOUR ON src.k = other.k;", nil, 2 * room},
		// Small rows, and then large ones of a sudden: what was made is given up, and made again in smaller pieces.
		"sudden": {"CREATE STREAM o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='DELIMITED') AS SELECT k, LPAD(v, CASE WHEN CAST(v AS INT) < 250 THEN 5 ELSE 30000 END, 'x') AS w FROM src;",
			func(i int) string {
				if i < 250 {
					return fmt.Sprintf("k%d=%5s", i, fmt.Sprint(i))
				}
				return fmt.Sprintf("k%d=%30000s", i, fmt.Sprint(i))
			}, room},
	} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, map[string]string{"weir.max.commit.bytes": fmt.Sprint(room), "commit.interval.ms": "300"}, func(t *testing.T, p *place) {
				n := p.start(t)
				from, value := src, "%d"
				if name == "lists" {
					from, value = strings.Replace(src, "DELIMITED", "JSON", 1), `{"V":"%d"}`
				}
				n.run(t, NewSession(), from+c.sql)
				writer, err := n.cluster.NewClient()
				if err != nil {
					t.Fatal(err)
				}
				defer writer.Close()
				var recs, want []string
				for i := range rows {
					recs = append(recs, fmt.Sprintf("k%d="+value, i, i))
					w := fmt.Sprintf("k%d=%*d", i, wide, i)
					switch {
					case c.want != nil:
						w = c.want(i)
					case name == "repartition":
						w = w[1:]
					}
					want = append(want, strings.ReplaceAll(w, " ", "x"))
				}
				for _, topic := range []string{"src", "other"} {
					if topic == "src" || name == "join" {
						writeMany(t, writer, topic, recs)
					}
				}
				n.settle(t)
				got := n.texts(t, "o")
				if name == "sessions" {
					for i := range got { // the bounds stand behind the key
						k, v, _ := strings.Cut(got[i], "=")
						got[i] = k[:len(k)-16] + "=" + v
					}
				}
				if i := slices.IndexFunc(got, func(s string) bool { return !slices.Contains(want, s) }); len(got) != len(want) || i >= 0 {
					t.Fatalf("%d rows, want %d; not wanted: number %d, %.100q", len(got), len(want), i, got[max(i, 0)])
				}
				if !slices.Equal(got, want) {
					t.Error("the rows are not in their order")
				}
				q := n.Queries()[0]
				if q.State != Running || q.Stats.MostHeld > c.most {
					t.Errorf("%s %s; a commit has had %d bytes, want at most %d", q.State, q.Error, q.Stats.MostHeld, c.most)
				}
				if s := q.Stats; name != "join" && (s.RowsIn != rows || s.RowsOut != rows) {
					t.Errorf("%d rows in, %d out, want %d", s.RowsIn, s.RowsOut, rows)
				}
				t.Logf("%d commits, at most %d bytes", q.Stats.Commits, q.Stats.MostHeld)
			})
		})
	}
}

// What one record makes is bounded by all the room there is: the query ends, and says what may be set.
func TestOneRecordMakesTooMuch(t *testing.T) {
	bothWays(t, map[string]string{"weir.max.commit.bytes": "1048576"}, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='DELIMITED', PARTITIONS=1);
			CREATE STREAM o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='DELIMITED') AS SELECT k, EXPLODE(GENERATE_SERIES(1, CAST(v AS INT))) AS w FROM src;`)
		n.write(t, "src", "a=2", "b=20000", "c=1")
		until(t, "the query has failed", func() bool {
			q := n.Queries()[0]
			return q.State == Failed && strings.Contains(q.Error, "weir.max.commit.bytes")
		})
		n.wantTexts(t, "o", "a=1", "a=2")
	})
}

// A node that ends while records wait for the next commit goes on where it stood: what was taken by then is not taken again.
func TestCommitsThatComeEarlySurviveAnEnd(t *testing.T) {
	const rows = 200
	bothWays(t, map[string]string{"weir.max.commit.bytes": fmt.Sprint(1 << 20), "commit.interval.ms": "300"}, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		s.Properties["auto.offset.reset"] = "earliest"
		n.run(t, s, `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='DELIMITED', PARTITIONS=1);`)
		writer, err := n.cluster.NewClient()
		if err != nil {
			t.Fatal(err)
		}
		defer writer.Close()
		var recs, want []string
		for i := range rows {
			recs, want = append(recs, fmt.Sprintf("k=%d", i)), append(want, fmt.Sprintf("k=%030000d", i))
		}
		writeMany(t, writer, "src", recs)
		n.run(t, s, "CREATE STREAM o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='DELIMITED') AS SELECT k, LPAD(v, 30000, '0') AS w FROM src;")
		for _, upTo := range []int{rows / 10, rows / 3, rows / 2} {
			until(t, "some rows are there", func() bool { return len(n.texts(t, "o")) > upTo })
			n.leave(t)
			n = p.start(t)
		}
		n.settle(t)
		if got := n.texts(t, "o"); !slices.Equal(got, want) {
			t.Errorf("%d rows, want %d, each once and in their order", len(got), len(want))
		}
		n.leave(t)
	})
}
