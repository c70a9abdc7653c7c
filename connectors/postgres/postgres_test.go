package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"weir/connectors/connector"
	"weir/types"
)

// database is a schema of its own in the database that WEIR_TEST_POSTGRES names: `scripts/postgres up` makes one.
type database struct {
	t    *testing.T
	url  string
	conn *pgx.Conn
	name string // of the connector
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	url := os.Getenv("WEIR_TEST_POSTGRES")
	if url == "" {
		t.Skip("WEIR_TEST_POSTGRES is not set: scripts/postgres up")
	}
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	schema := fmt.Sprintf("test_%d", rand.Uint64())
	d := &database{t: t, conn: conn, url: url + "&search_path=" + schema, name: schema}
	d.exec("CREATE SCHEMA "+schema, "SET search_path TO "+schema, "SET timezone TO UTC")
	t.Cleanup(func() {
		_, _ = conn.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE")
		_ = conn.Close(context.Background())
	})
	return d
}

func (d *database) exec(statements ...string) {
	d.t.Helper()
	for _, sql := range statements {
		if _, err := d.conn.Exec(d.t.Context(), sql); err != nil {
			d.t.Fatalf("%s: %v", sql, err)
		}
	}
}

// rows are the rows of a query as text.
func (d *database) rows(sql string) []string {
	d.t.Helper()
	rows, err := d.conn.Query(d.t.Context(), "SELECT r::text FROM ("+sql+") r")
	if err != nil {
		d.t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

func (d *database) sink(props ...string) connector.Opened {
	d.t.Helper()
	s, err := d.try(props...)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

func (d *database) try(props ...string) (connector.Opened, error) {
	settings := []connector.Setting{{Name: "connection.url", Value: d.url}}
	for i := 0; i < len(props); i += 2 {
		settings = append(settings, connector.Setting{Name: props[i], Value: props[i+1]})
	}
	values, err := connector.Check(Class(), settings)
	if err != nil {
		return connector.Opened{}, err
	}
	return Class().OpenSink(connector.Env{Name: d.name, Logger: slog.New(slog.DiscardHandler)}, values)
}

var counts = connector.Relation{Topic: "counts", ID: [16]byte{7}, Name: "COUNTS", Table: true, Columns: []connector.Column{
	{Name: "COUNTRY", Type: types.TString, Key: true}, {Name: "N", Type: types.TBigint},
}}

func count(offset int64, country string, n int64) connector.Row {
	return connector.Row{Offset: offset, Value: []byte("x"), Values: []types.Value{types.StringValue(country), types.BigintValue(n)}}
}

func gone(offset int64, country string) connector.Row {
	return connector.Row{Offset: offset, Values: []types.Value{types.StringValue(country), types.NullValue}}
}

func batch(topic string, rows ...connector.Row) connector.Batch {
	b := connector.Batch{Rows: rows, Next: connector.Positions{}}
	for _, r := range rows {
		b.Next.Set(topic, r.Partition, r.Offset+1)
	}
	return b
}

// TestUpserts keeps the last row of each key, over connections that are cut in the middle of anything, as a model does.
func TestUpserts(t *testing.T) {
	d := newDatabase(t)
	random := rand.New(rand.NewPCG(1, 2))
	want := map[string]int64{}
	var log []connector.Row
	for i := range int64(3000) {
		country := fmt.Sprintf("c%d", random.IntN(60))
		if random.IntN(5) == 0 {
			delete(want, country)
			log = append(log, gone(i, country))
			continue
		}
		want[country] = i
		log = append(log, count(i, country, i))
	}
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() { // cuts the sink's connections
		defer close(ended)
		conn, err := pgx.Connect(context.Background(), d.url)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close(context.Background()) }()
		for range 25 {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(rand.IntN(60)) * time.Millisecond):
			}
			_, _ = conn.Exec(context.Background(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", "weir "+d.name)
		}
	}()
	begins := 0
	for at := int64(0); at < int64(len(log)); {
		s := d.sink()
		begins++
		begun, err := s.Begin(t.Context(), connector.In{Relations: []connector.Relation{counts}})
		if err == nil {
			at = begun.Positions["counts"][0]
		}
		for err == nil && at < int64(len(log)) {
			to := min(at+1+random.Int64N(40), int64(len(log)))
			if _, err = s.Write(t.Context(), batch("counts", log[at:to]...)); err == nil {
				at = to
			}
		}
		if connector.IsUser(err) {
			t.Fatal(err)
		}
		_ = s.Close()
	}
	close(stop)
	<-ended
	var wants []string
	for country, n := range want {
		wants = append(wants, fmt.Sprintf("(%s,%d)", country, n))
	}
	slices.Sort(wants)
	if got := d.rows("SELECT country, n FROM counts ORDER BY country COLLATE \"C\""); !slices.Equal(got, slices.Sorted(slices.Values(wants))) {
		t.Errorf("after %d beginnings: %v, want %v", begins, got, wants)
	}
	t.Logf("%d beginnings", begins)
}

// TestTypes: each type of SQL as PostgreSQL has it.
func TestTypes(t *testing.T) {
	d := newDatabase(t)
	rel := connector.Relation{Topic: "all", Name: "ALL_TYPES", Columns: []connector.Column{
		{Name: "B", Type: types.TBoolean}, {Name: "I", Type: types.TInteger}, {Name: "L", Type: types.TBigint}, {Name: "D", Type: types.TDouble}, {Name: "DEC", Type: types.TDecimal(38, 4)},
		{Name: "Mixed", Type: types.TString}, {Name: "BY", Type: types.TBytes}, {Name: "TS", Type: types.TTimestamp}, {Name: "DT", Type: types.TDate}, {Name: "TM", Type: types.TTime},
		{Name: "A", Type: types.TArray(types.TInteger)}, {Name: "M", Type: types.TMap(types.TString, types.TDouble)},
	}}
	big, err := types.ParseDecimal("-1234567890123456789012345678901234.5678")
	if err != nil {
		t.Fatal(err)
	}
	row := connector.Row{Value: []byte("x"), Values: []types.Value{
		types.BoolValue(true), types.IntValue(-7), types.BigintValue(1 << 62), types.DoubleValue(1e-300), big,
		types.StringValue("ä\"'\\,\t\n"), types.BytesValue([]byte{0, 255}), types.TimestampValue(-1), types.DateValue(-719162), types.TimeValue(86399999),
		types.ArrayValue([]types.Value{types.IntValue(1), types.NullValue}), types.MapValue([]types.Value{types.StringValue("k"), types.DoubleValue(0.5)}),
	}}
	nulls := connector.Row{Offset: 1, Value: []byte("x"), Values: make([]types.Value, len(row.Values))}
	for i := range nulls.Values {
		nulls.Values[i] = types.NullValue
	}
	s := d.sink()
	defer func() { _ = s.Close() }()
	if _, err := s.Begin(t.Context(), connector.In{Relations: []connector.Relation{rel}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(t.Context(), batch("all", row, nulls)); err != nil {
		t.Fatal(err)
	}
	got := d.rows(`SELECT b, i, l, d, dec, encode(convert_to("Mixed", 'UTF8'), 'hex'), "by", ts, dt, tm, a->>0 AS a, m->>'k' AS m FROM all_types`)
	want := []string{`(t,-7,4611686018427387904,1e-300,-1234567890123456789012345678901234.5678,c3a422275c2c090a,"\\x00ff","1969-12-31 23:59:59.999+00",0001-01-01,23:59:59.999,1,0.5)`, "(,,,,,,,,,,,)"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestRefused: the rows that a constraint refuses go aside, all others are there, and a second writer is found out.
func TestRefused(t *testing.T) {
	d := newDatabase(t)
	d.exec("CREATE TABLE counts (country varchar(3), n bigint CHECK (n <> 5), note text, UNIQUE (country))")
	s := d.sink()
	var refused []string
	in := connector.In{Relations: []connector.Relation{counts}, Refuse: func(_ context.Context, row *connector.Row, reason error) error {
		refused = append(refused, fmt.Sprintf("%d: %v", row.Offset, reason))
		return nil
	}}
	if _, err := s.Begin(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	null := count(4, "", 1)
	null.Values[0] = types.NullValue
	if _, err := s.Write(t.Context(), batch("counts", count(0, "GB", 1), count(1, "LONG", 2), count(2, "DE", 5), count(3, "F\x00", 1), null, count(5, "FR", 6), gone(6, "GB"))); err != nil {
		t.Fatal(err)
	}
	if got := d.rows("SELECT country, n FROM counts"); !slices.Equal(got, []string{"(FR,6)"}) {
		t.Errorf("%v", got)
	}
	for i, want := range []string{"1: ERROR: value too long for type character varying(3)", "2: ERROR: new row for relation \"counts\" violates check constraint", "3: column country: its text has a character 0", "4: column country: it is NULL"} {
		if i >= len(refused) || !strings.HasPrefix(refused[i], want) {
			t.Errorf("refused %q", refused)
			break
		}
	}
	// Another node with the same connector has gone on.
	d.exec("UPDATE weir_positions SET next = 100")
	if _, err := s.Write(t.Context(), batch("counts", count(7, "IT", 1))); err == nil || !strings.Contains(err.Error(), "somebody else writes") {
		t.Errorf("%v", err)
	}
	if got := d.rows("SELECT country FROM counts"); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// TestPositions: of a topic that was made anew, or a table that was, the positions count no more.
func TestPositions(t *testing.T) {
	d := newDatabase(t)
	begin := func(rel connector.Relation) connector.Positions {
		s := d.sink()
		defer func() { _ = s.Close() }()
		begun, err := s.Begin(t.Context(), connector.In{Relations: []connector.Relation{rel}})
		if err != nil {
			t.Fatal(err)
		}
		if len(begun.Positions) == 0 {
			if _, err := s.Write(t.Context(), batch("counts", count(41, "GB", 1))); err != nil {
				t.Fatal(err)
			}
		}
		return begun.Positions
	}
	steps := []struct {
		rel  connector.Relation
		drop bool
		want string
	}{{counts, false, "map[]"}, {counts, false, "map[counts:map[0:42]]"}, {counts, true, "map[]"}, {counts, false, "map[counts:map[0:42]]"}}
	other := counts
	other.ID = [16]byte{8}
	steps = append(steps, steps[0])
	steps[4].rel = other
	for i, step := range steps {
		if step.drop {
			d.exec("DROP TABLE counts")
		}
		if got := fmt.Sprint(begin(step.rel)); got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
	}
}

// TestWrong: what is wrong, with what to do.
func TestWrong(t *testing.T) {
	d := newDatabase(t)
	d.exec("CREATE TABLE lacks (country text)", "CREATE TABLE unindexed (country text, n bigint)")
	stream := counts
	stream.Table, stream.Columns = false, []connector.Column{{Name: "N", Type: types.TBigint}}
	for name, c := range map[string]struct {
		want  string
		rel   connector.Relation
		props []string
	}{
		"column":   {`Add them with: ALTER TABLE "lacks" ADD COLUMN "n" bigint;`, counts, []string{"table.name.format", "lacks"}},
		"index":    {`ALTER TABLE "unindexed" ADD PRIMARY KEY ("country"); or add rows with 'insert.mode'='insert'`, counts, []string{"table.name.format", "unindexed"}},
		"create":   {`Make it with: CREATE TABLE "counts" ("country" text NOT NULL, "n" bigint, PRIMARY KEY ("country"));`, counts, []string{"auto.create", "false"}},
		"schema":   {`schema "nope" does not exist`, counts, []string{"table.name.format", "nope.x"}},
		"database": {`database "nope" does not exist`, counts, []string{"connection.url", strings.Replace(d.url, "/postgres?", "/nope?", 1)}},
		"user":     {`role "nobody" does not exist`, counts, []string{"connection.user", "nobody"}},
		"away":     {"cannot be reached", counts, []string{"connection.url", "postgres://weir:secret@127.0.0.1:1/postgres?sslmode=disable"}},
		"no key":   {"has no key to keep its rows by", stream, []string{"insert.mode", "upsert"}},
		"pk":       {"has no column 'x'", counts, []string{"pk.fields", "x"}},
		"name":     {"is no name of a table", counts, []string{"table.name.format", "a.b.c"}},
		"url":      {"expected an address such as postgres://", counts, []string{"connection.url", "postgres://weir:secret@127.0.0.1:port/x"}},
		"pk mode":  {"property 'pk.fields' is for 'insert.mode'='upsert'", counts, []string{"pk.fields", "n", "insert.mode", "insert"}},
	} {
		t.Run(name, func(t *testing.T) {
			props := c.props
			if props[0] == "connection.url" {
				d := *d
				d.url = props[1]
				_, err := begin(&d, c.rel)
				see(t, err, c.want, name != "away")
				return
			}
			_, err := begin(d, c.rel, props...)
			see(t, err, c.want, true)
		})
	}
}

func begin(d *database, rel connector.Relation, props ...string) (connector.Begun, error) {
	s, err := d.try(props...)
	if err != nil {
		return connector.Begun{}, connector.Userf("%w", err)
	}
	begun, err := s.Begin(d.t.Context(), connector.In{Relations: []connector.Relation{rel}})
	return begun, errors.Join(err, s.Close())
}

func see(t *testing.T, err error, want string, hopeless bool) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || connector.IsUser(err) != hopeless || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v (hopeless %v); want %q", err, connector.IsUser(err), want)
	}
}

// TestUpsertOfStreams keeps the last row by columns that are no key of the stream, with rows of several partitions.
func TestUpsertOfStreams(t *testing.T) {
	d := newDatabase(t)
	rel := counts
	rel.Table = false
	s := d.sink("pk.fields", "n", "table.name.format", "Odd {name}")
	if _, err := s.Begin(t.Context(), connector.In{Relations: []connector.Relation{rel}}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	second := count(0, "DE", 2)
	second.Partition = 1
	for range 2 { // the second time in the staging tables that are there
		b := batch("counts", count(0, "GB", 1), second, count(1, "FR", 1))
		if _, err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.rows(`SELECT * FROM "Odd counts" ORDER BY n`); !slices.Equal(got, []string{"(FR,1)", "(DE,2)"}) {
		t.Errorf("%v", got)
	}
	at, err := json.Marshal(slices.Sorted(maps.Keys(s.Writer.(*sink).at["counts"])))
	if err != nil || string(at) != "[0,1]" {
		t.Errorf("%s, %v", at, err)
	}
}
