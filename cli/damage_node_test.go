package cli

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/engine"
	"weir/parser"
)

const damageSQL = `SET 'auto.offset.reset'='earliest';
	CREATE STREAM src (id INT KEY, g STRING, v INT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=2);
	CREATE STREAM mid WITH (KAFKA_TOPIC='mid', VALUE_FORMAT='AVRO') AS SELECT id, g, v * 2 AS w FROM src WHERE v >= 0;
	CREATE STREAM fin WITH (KAFKA_TOPIC='fin', VALUE_FORMAT='JSON') AS SELECT id, g, w + 1 AS x FROM mid;
	CREATE TABLE agg WITH (KAFKA_TOPIC='agg') AS SELECT g, COUNT(*) AS n, SUM(v) AS s FROM src GROUP BY g;
	CREATE TABLE tens WITH (KAFKA_TOPIC='tens') AS SELECT g, COUNT(*) AS n, SUM(v) AS s FROM src WINDOW TUMBLING (SIZE 10 MILLISECONDS) GROUP BY g;
	CREATE TABLE dim (g STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='dim', VALUE_FORMAT='JSON', PARTITIONS=2);
	INSERT INTO dim (ROWTIME, g, name) VALUES (1600000000000, 'g0', 'name of g0'); INSERT INTO dim (ROWTIME, g, name) VALUES (1600000000000, 'g1', 'name of g1');
	INSERT INTO dim (ROWTIME, g, name) VALUES (1600000000000, 'g2', 'name of g2'); INSERT INTO dim (ROWTIME, g, name) VALUES (1600000000000, 'g3', 'name of g3');
	INSERT INTO dim (ROWTIME, g, name) VALUES (1600000000000, 'g4', 'name of g4'); INSERT INTO dim (ROWTIME, g, name) VALUES (1600000000000, 'g5', 'name of g5');
	INSERT INTO dim (ROWTIME, g, name) VALUES (1600000000000, 'g6', 'name of g6');
	CREATE STREAM joined WITH (KAFKA_TOPIC='joined', VALUE_FORMAT='JSON') AS SELECT src.g AS g, src.id AS id, dim.name AS name FROM src LEFT JOIN dim ON src.g = dim.g;`

const damageEpoch = 1_700_000_000_000 // of the row 0

type damageRow struct {
	G string `json:"G"`
	V int    `json:"V"`
}

// damaged is a node on a directory that may be damaged.
type damaged struct {
	node   *node
	log    *lockedLog
	strict bool // nothing that was read may be lost, whatever the log says
}

// lockedLog is a log that a test reads while others write it.
type lockedLog struct {
	mu  sync.Mutex
	out *bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.String()
}

func openDamaged(dir string, log *bytes.Buffer, o nodeOptions) (*damaged, error) {
	l := &lockedLog{out: log}
	s, err := nodeFlags(flag.NewFlagSet("", flag.ContinueOnError)).resolve(map[string]string{}, []string{"WEIR_DATA_DIR=" + dir, "WEIR_KAFKA_LISTEN=127.0.0.1:0", "WEIR_REGISTRY_LISTEN=127.0.0.1:0"})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	n, err := startNode(ctx, s, o, slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelInfo})))
	if err != nil {
		return nil, err
	}
	return &damaged{node: n, log: l}, nil
}

func (d *damaged) statements(ctx context.Context, sql string) error {
	return d.node.engine.Execute(ctx, engine.NewSession(), sql, func(parser.Stmt, engine.Result) error { return nil })
}

// write adds rows whose ids go from one number to another, and notes at which partitions and offsets they are.
func (d *damaged) write(ctx context.Context, rows map[int]damageRow, acked map[int][2]int64, from, to int) error {
	client, err := d.node.cluster.NewClient()
	if err != nil {
		return err
	}
	defer client.Close()
	for i := from; i < to; i++ {
		row := damageRow{fmt.Sprintf("g%d", i%7), i%11 - 1}
		value, err := json.Marshal(row)
		if err != nil {
			return err
		}
		r := &kgo.Record{Topic: "src", Key: binary.BigEndian.AppendUint32(nil, uint32(i)), Value: value, Timestamp: time.UnixMilli(damageEpoch + int64(i))}
		rows[i] = row // it may be there, whatever becomes of it
		if err := client.ProduceSync(ctx, r).FirstErr(); err != nil {
			return err
		}
		acked[i] = [2]int64{int64(r.Partition), r.Offset}
	}
	return nil
}

// named are the lines of the log that tell of damage.
func (d *damaged) named() []string {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	var out []string
	for line := range strings.Lines(d.log.out.String()) {
		if !strings.Contains(line, "level=INFO") {
			_, line, _ = strings.Cut(strings.TrimSpace(line), "level=")
			out = append(out, line)
		}
	}
	return out
}

// told says whether the log tells of a loss in a topic.
func (d *damaged) told(topic string) bool {
	return !d.strict && slices.ContainsFunc(d.named(), func(line string) bool {
		return strings.Contains(line, topic) && (strings.Contains(line, "gone") || strings.Contains(line, "lost"))
	})
}

func (d *damaged) lossIn(topics ...string) bool { return slices.ContainsFunc(topics, d.told) }

// failed are the queries that say that they can't go on, and what is lost of the log of commands.
func (d *damaged) failed() (out []string) {
	for _, q := range d.node.engine.Queries() {
		if q.State != engine.Running {
			out = append(out, fmt.Sprintf("%s is %v: %s", q.ID, q.State, q.Error))
		}
	}
	return out
}

// contents are what the topics hold: rows by id, and the last of each group.
type contents struct {
	src map[int]damageRow
	at  map[int][2]int64 // partition and offset of a row of src
	fin map[int]int
	agg map[string][2]int

	tens   map[string][2]int // agg for 10 ms each
	joined map[int]string
}

// read reads the topics, and says what is wrong with them in itself: what is there twice, or has never been written.
func (d *damaged) read(ctx context.Context, rows map[int]damageRow) (c contents, wrong string) {
	c = contents{map[int]damageRow{}, map[int][2]int64{}, map[int]int{}, map[string][2]int{}, map[string][2]int{}, map[int]string{}}
	topics := map[string]func(r *kgo.Record) error{
		"src": func(r *kgo.Record) error {
			var row damageRow
			id := int(binary.BigEndian.Uint32(r.Key))
			if err := json.Unmarshal(r.Value, &row); err != nil {
				return err
			}
			if _, twice := c.src[id]; twice || row != rows[id] {
				return fmt.Errorf("row %d is %v, and was written as %v (twice: %v)", id, row, rows[id], twice)
			}
			c.src[id], c.at[id] = row, [2]int64{int64(r.Partition), r.Offset}
			return nil
		},
		"fin": func(r *kgo.Record) error {
			var row struct {
				G string `json:"G"`
				X int    `json:"X"`
			}
			id := int(binary.BigEndian.Uint32(r.Key))
			if err := json.Unmarshal(r.Value, &row); err != nil {
				return err
			}
			if _, twice := c.fin[id]; twice || row.X != rows[id].V*2+1 || row.G != rows[id].G {
				return fmt.Errorf("row %d is %v, and was made of %v (twice: %v)", id, row, rows[id], twice)
			}
			c.fin[id] = row.X
			return nil
		},
		"agg": func(r *kgo.Record) error {
			var row struct{ N, S int }
			if err := json.Unmarshal(r.Value, &row); err != nil {
				return err
			}
			c.agg[string(r.Key)] = [2]int{row.N, row.S}
			return nil
		},
		"tens": func(r *kgo.Record) error {
			var row struct{ N, S int }
			if err := json.Unmarshal(r.Value, &row); err != nil {
				return err
			}
			g, start := string(r.Key[:len(r.Key)-8]), int64(binary.BigEndian.Uint64(r.Key[len(r.Key)-8:]))
			c.tens[ten(g, start)] = [2]int{row.N, row.S}
			return nil
		},
		"joined": func(r *kgo.Record) error {
			var row struct {
				ID   int    `json:"ID"`
				Name string `json:"NAME"`
			}
			if err := json.Unmarshal(r.Value, &row); err != nil {
				return err
			}
			_, twice := c.joined[row.ID]
			if want := "name of " + rows[row.ID].G; twice || string(r.Key) != rows[row.ID].G || row.Name != want && !d.told("dim") {
				return fmt.Errorf("row %d has the name %q of %s, want %q (twice: %v)", row.ID, row.Name, r.Key, want, twice)
			}
			c.joined[row.ID] = row.Name
			return nil
		},
	}
	for topic, each := range topics {
		starts, err := d.node.cluster.StartOffsets(ctx, topic)
		if err != nil {
			return c, err.Error()
		}
		ends, err := d.node.cluster.EndOffsets(ctx, topic)
		if err != nil {
			return c, err.Error()
		}
		for p, end := range ends[topic] {
			if err := d.node.cluster.Read(ctx, topic, p, starts[topic][p], end, each); err != nil {
				return c, fmt.Sprintf("topic %s, partition %d: %v", topic, p, err)
			}
		}
	}
	return c, ""
}

// groups are what agg holds of rows.
func groups(rows map[int]damageRow) map[string][2]int {
	out := map[string][2]int{}
	for _, r := range rows {
		out[r.G] = [2]int{out[r.G][0] + 1, out[r.G][1] + r.V}
	}
	return out
}

// ten names a group in 10 ms.
func ten(g string, millis int64) string { return fmt.Sprintf("%s at %d", g, millis/10*10) }

// tens are what tens holds of rows.
func tens(rows map[int]damageRow) map[string][2]int {
	out := map[string][2]int{}
	for id, r := range rows {
		at := ten(r.G, damageEpoch+int64(id))
		out[at] = [2]int{out[at][0] + 1, out[at][1] + r.V}
	}
	return out
}

// first compares what there is with what was written before the damage, and may be there: what is missing of that which must be there has to
// be told of.
func (d *damaged) first(ctx context.Context, rows, must map[int]damageRow) (contents, string) {
	if err := d.node.engine.Settle(ctx); err != nil {
		return contents{}, "hangs: " + err.Error()
	}
	c, wrong := d.read(ctx, rows)
	if wrong != "" {
		return c, wrong
	}
	missing := 0
	for id := range must {
		if _, there := c.src[id]; !there {
			missing++
		}
	}
	if missing > 0 && !d.told("src") {
		return c, fmt.Sprintf("%d rows are missing in src, and nobody says so", missing)
	}
	missing = 0
	for id, r := range c.src {
		if _, there := c.fin[id]; !there && r.V >= 0 {
			missing++
		}
	}
	if missing > 0 && !d.told("src") && !d.told("mid") && !d.told("fin") {
		return c, fmt.Sprintf("%d rows are missing in fin, and nobody says so", missing)
	}
	if want := groups(c.src); !maps.Equal(c.agg, want) && !d.told("src") && !d.told("agg") && !d.told("AGG") {
		return c, fmt.Sprintf("agg is %v, want %v, and nobody says that anything was lost", c.agg, want)
	}
	if want := tens(c.src); !maps.Equal(c.tens, want) && !d.lossIn("src", "tens", "TENS") {
		return c, fmt.Sprintf("tens is %v, want %v, and nobody says that anything was lost", c.tens, want)
	}
	if len(c.joined) != len(c.src) && !d.lossIn("src", "joined", "JOINED") {
		return c, fmt.Sprintf("joined has %d rows of %d, and nobody says that anything was lost", len(c.joined), len(c.src))
	}
	return c, ""
}

// next writes more rows, and compares what has become of them and of what was there before.
func (d *damaged) next(ctx context.Context, before contents, rows map[int]damageRow, from, to int) (contents, string) {
	more := map[int]damageRow{}
	if err := d.write(ctx, more, map[int][2]int64{}, from, to); err != nil {
		return before, "cannot write: " + err.Error()
	}
	maps.Copy(rows, more)
	if err := d.node.engine.Settle(ctx); err != nil {
		return before, "hangs: " + err.Error()
	}
	c, wrong := d.read(ctx, rows)
	if wrong != "" {
		return c, wrong
	}
	maps.Copy(before.src, more)
	if !maps.Equal(c.src, before.src) {
		return c, fmt.Sprintf("src has %d rows, want %d", len(c.src), len(before.src))
	}
	for id, at := range before.at {
		if c.at[id] != at {
			return c, fmt.Sprintf("row %d of src has moved from %v to %v", id, at, c.at[id])
		}
	}
	for id, r := range more {
		if r.V >= 0 {
			before.fin[id] = r.V*2 + 1
		}
	}
	if !maps.Equal(c.fin, before.fin) {
		return c, fmt.Sprintf("fin has %d rows after more were written, want %d", len(c.fin), len(before.fin))
	}
	for at, want := range tens(more) {
		if c.tens[at] != want {
			return c, fmt.Sprintf("tens has %v for %s, of which all rows are new, want %v", c.tens[at], at, want)
		}
	}
	for id := range more {
		if _, there := c.joined[id]; !there {
			return c, fmt.Sprintf("row %d, which is new, is not in joined", id)
		}
		before.joined[id] = c.joined[id]
	}
	if !maps.Equal(c.joined, before.joined) {
		return c, fmt.Sprintf("joined has %d rows after more were written, want %d", len(c.joined), len(before.joined))
	}
	all := groups(rows)
	for g, delta := range groups(more) {
		got, was := c.agg[g], before.agg[g]
		// Where the topic has lost what was last written there, the state knows more than it.
		exact := [2]int{was[0] + delta[0], was[1] + delta[1]}
		if most := all[g][0]; got != exact && (got[0] < exact[0] || got[0] > most || !d.lossIn("agg", "AGG", "src")) {
			return c, fmt.Sprintf("agg has %v for %s after more rows, want %v", got, g, exact)
		}
	}
	return c, ""
}
