package s3sink

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hamba/avro/v2/ocf"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"weir/connectors/connector"
	"weir/types"
)

var quotes = connector.Relation{Topic: "quotes", Name: "QUOTES", Columns: []connector.Column{
	{Name: "ID", Type: types.TString, Key: true}, {Name: "PRICE", Type: types.TDouble},
}}

// bare is a topic that no stream or table is over.
var bare = connector.Relation{Topic: "batch.compressed"}

func quote(offset int64, id string, price float64) connector.Row {
	return connector.Row{Partition: 2, Offset: offset, Value: fmt.Appendf(nil, `{"p":%g}`, price), Values: []types.Value{types.StringValue(id), types.DoubleValue(price)}}
}

// TestMain keeps what the machine has set out of the tests.
func TestMain(m *testing.M) {
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "WEIR_SECRET_AWS_ACCESS_KEY_ID"} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func openSink(rel connector.Relation, props ...string) (connector.Opened, error) {
	var settings []connector.Setting
	for i := 0; i < len(props); i += 2 {
		settings = append(settings, connector.Setting{Name: props[i], Value: props[i+1]})
	}
	values, err := connector.Check(Class(), settings)
	if err != nil {
		return connector.Opened{}, err
	}
	s, err := open(connector.Env{Name: "c", Logger: slog.New(slog.DiscardHandler)}, values)
	if err == nil {
		err = s.Check([]connector.Relation{rel})
	}
	return s, err
}

// at are the properties that lead to a server.
func at(url string, props ...string) []string {
	return append([]string{"store.url", url, "s3.bucket.name", "site", "aws.access.key.id", "id", "aws.secret.access.key", "secret"}, props...)
}

func bucket(t *testing.T) (*s3mem.Backend, string) {
	t.Helper()
	b := s3mem.New()
	if err := b.CreateBucket("site"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(b).Server())
	t.Cleanup(server.Close)
	return b, server.URL
}

// objects are what is in the bucket, by name.
func objects(t *testing.T, b *s3mem.Backend) map[string]string {
	t.Helper()
	list, err := b.ListBucket("site", nil, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range list.Contents {
		o, err := b.GetObject("site", c.Key, nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(o.Contents)
		if err != nil {
			t.Fatal(err)
		}
		if enc := o.Metadata["Content-Encoding"]; enc != "" {
			t.Errorf("%s has the encoding %s", c.Key, enc)
		}
		out[c.Key] = string(data)
	}
	return out
}

func write(t *testing.T, s connector.Opened, rel connector.Relation, rows ...connector.Row) (refused []int64, err error) {
	t.Helper()
	defer func() { _ = s.Close() }()
	in := connector.In{Relations: []connector.Relation{rel}, Refuse: func(_ context.Context, row *connector.Row, _ error) error {
		refused = append(refused, row.Offset)
		return nil
	}}
	if _, err = s.Begin(t.Context(), in); err == nil {
		_, err = s.Write(t.Context(), connector.Batch{Rows: rows})
	}
	return refused, err
}

func mustWrite(t *testing.T, rel connector.Relation, props []string, rows ...connector.Row) {
	t.Helper()
	s, err := openSink(rel, props...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := write(t, s, rel, rows...); err != nil {
		t.Fatal(err)
	}
}

func TestObjects(t *testing.T) {
	deleted := quote(11, "gone", 0)
	deleted.Value = nil
	rows := []connector.Row{quote(9, "a", 1.5), quote(10, "b/c", 2), deleted, quote(12, "a", 3)}
	const dir = "topics/quotes/partition=2/quotes+2+0000000009"
	for name, c := range map[string]struct {
		rel   connector.Relation
		props []string
		want  map[string]string
	}{
		"json":      {quotes, []string{"format", "json"}, map[string]string{dir + ".json": `{"ID":"a","PRICE":1.5}` + "\n" + `{"ID":"b/c","PRICE":2.0}` + "\n" + `{"ID":"a","PRICE":3.0}` + "\n"}},
		"csv":       {quotes, []string{"format", "CSV"}, map[string]string{dir + ".csv": "ID,PRICE\na,1.5\nb/c,2.0\na,3.0\n"}},
		"bytes":     {quotes, []string{"format", "bytes"}, map[string]string{dir + ".bin": `{"p":1.5}` + "\n" + `{"p":2}` + "\n" + `{"p":3}`}},
		"separator": {quotes, []string{"format", "bytes", "format.bytearray.separator", `;\t`, "format.bytearray.extension", ".gz", "topics.dir", ""}, map[string]string{"quotes/partition=2/quotes+2+0000000009.gz": "{\"p\":1.5};\t{\"p\":2};\t{\"p\":3}"}},
		"fields": {quotes, []string{"format", "bytes", "partitioner.class", "io.confluent.connect.storage.partitioner.FieldPartitioner", "partition.field.name", "id", "topics.dir", "/a/b/"}, map[string]string{
			"a/b/quotes/ID=a/quotes+2+0000000009.bin": `{"p":1.5}` + "\n" + `{"p":3}`, "a/b/quotes/ID=b%2Fc/quotes+2+0000000010.bin": `{"p":2}`,
		}},
		"bare bytes": {bare, []string{"format.class", "io.confluent.connect.s3.format.ByteArrayFormat"}, map[string]string{"topics/batch.compressed/partition=2/batch.compressed+2+0000000009.bin": `{"p":1.5}` + "\n" + `{"p":2}` + "\n" + `{"p":3}`}},
		"bare json":  {bare, []string{"format.class", "io.confluent.connect.s3.format.json.JsonFormat"}, map[string]string{"topics/batch.compressed/partition=2/batch.compressed+2+0000000009.json": `{"p":1.5}` + "\n" + `{"p":2}` + "\n" + `{"p":3}` + "\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			b, url := bucket(t)
			mustWrite(t, c.rel, at(url, c.props...), rows...)
			if got := objects(t, b); !maps.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			mustWrite(t, c.rel, at(url, c.props...), deleted) // nothing to write is no object
			if got := objects(t, b); len(got) != len(c.want) {
				t.Errorf("%d objects", len(got))
			}
		})
	}
}

// TestTheTalksProperties: the eleven properties of a configuration of Kafka Connect, as it has them.
func TestTheTalksProperties(t *testing.T) {
	b, url := bucket(t)
	props := []string{
		"connector.class", "io.confluent.connect.s3.S3SinkConnector", "tasks.max", "1", "topics", "quotes", "s3.region", "us-east-1", "s3.bucket.name", "site", "s3.part.size", "5242880",
		"flush.size", "1", "storage.class", "io.confluent.connect.s3.storage.S3Storage", "format.class", "io.confluent.connect.s3.format.avro.AvroFormat",
		"partitioner.class", "io.confluent.connect.storage.partition.DefaultPartitioner", "schema.compatibility", "NONE",
	}
	mustWrite(t, quotes, append(props, "endpoint", url, "aws.access.key.id", "id", "aws.secret.access.key", "secret"), quote(7, "a", 1.5))
	data := objects(t, b)["topics/quotes/partition=2/quotes+2+0000000007.avro"]
	dec, err := ocf.NewDecoder(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var row map[string]any
	if !dec.HasNext() || dec.Decode(&row) != nil || fmt.Sprint(row) != "map[ID:a PRICE:1.5]" || dec.HasNext() {
		t.Errorf("%v, %v", row, dec.Error())
	}
	if strings.Contains(data, "chunk-signature") {
		t.Error("the object has signatures in it")
	}
}

// TestLargeObjects: what is larger than a part arrives as it is, and an empty value is an object too.
func TestLargeObjects(t *testing.T) {
	b, url := bucket(t)
	large := connector.Row{Partition: 2, Offset: 1, Value: bytes.Repeat([]byte("0123456789abcdef"), 11<<20/16+3)}
	mustWrite(t, bare, at(url, "format", "bytes", "s3.part.size", "5242880"), large)
	mustWrite(t, bare, at(url, "format", "bytes"), connector.Row{Partition: 2, Offset: 2, Value: []byte{}})
	got := objects(t, b)
	const name = "topics/batch.compressed/partition=2/batch.compressed+2+000000000"
	if got[name+"1.bin"] != string(large.Value) {
		t.Errorf("%d bytes came as %d", len(large.Value), len(got[name+"1.bin"]))
	}
	if data, ok := got[name+"2.bin"]; !ok || data != "" {
		t.Errorf("an empty value: %q, %t", data, ok)
	}
}

// TestWrittenAgain: batches that begin where an earlier one did replace it, whatever they are cut into: each row is in the objects once.
func TestWrittenAgain(t *testing.T) {
	var rows []connector.Row
	for i := range 10 {
		rows = append(rows, quote(int64(i), string(rune('a'+i%3)), float64(i)))
	}
	for name, props := range map[string][]string{"default": nil, "field": {"partitioner.class", "field", "partition.field.name", "ID"}} {
		t.Run(name, func(t *testing.T) {
			b, url := bucket(t)
			props := at(url, append(props, "format", "bytes")...)
			for _, cut := range [][2]int{{0, 7}, {0, 2}, {2, 10}, {2, 4}, {4, 10}} { // of which the first and the third were not counted
				mustWrite(t, quotes, props, rows[cut[0]:cut[1]]...)
			}
			var lines []string
			for _, data := range objects(t, b) {
				lines = append(lines, strings.Split(data, "\n")...)
			}
			slices.Sort(lines)
			for i, line := range lines {
				if line != string(rows[i].Value) {
					t.Fatalf("%q", lines)
				}
			}
			if len(lines) != len(rows) {
				t.Errorf("%d rows", len(lines))
			}
		})
	}
}

func failing(t *testing.T, status int, code string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead && status != http.StatusForbidden {
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>because of it</Message></Error>", code)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestAnswers: which answers fail the connector, and which are tried again.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		fails  bool
	}{
		{403, "InvalidAccessKeyId", true}, {403, "SignatureDoesNotMatch", true}, {403, "AccessDenied", true}, {400, "InvalidRequest", true}, {404, "NoSuchBucket", true},
		{503, "SlowDown", false}, {500, "InternalError", false}, {409, "OperationAborted", false}, {400, "RequestTimeout", false}, {429, "TooManyRequests", false},
	} {
		t.Run(c.code, func(t *testing.T) {
			s, err := openSink(quotes, at(failing(t, c.status, c.code))...)
			if err != nil {
				t.Fatal(err)
			}
			_, err = write(t, s, quotes, quote(1, "a", 1))
			if err == nil || connector.IsUser(err) != c.fails || !strings.Contains(err.Error(), c.code) || !strings.Contains(err.Error(), "because of it") {
				t.Errorf("%v", err)
			}
		})
	}
	_, url := bucket(t)
	s, err := openSink(quotes, "store.url", url, "s3.bucket.name", "other", "aws.access.key.id", "id", "aws.secret.access.key", "secret")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := write(t, s, quotes); !connector.IsUser(err) || !strings.Contains(err.Error(), "there is no bucket other at "+url) {
		t.Errorf("%v", err)
	}
	if s, err = openSink(quotes, at("http://127.0.0.1:1")...); err != nil {
		t.Fatal(err)
	}
	if _, err := write(t, s, quotes); err == nil || connector.IsUser(err) {
		t.Errorf("no server: %v", err)
	}
}

func TestWrongProperties(t *testing.T) {
	for _, c := range []struct {
		rel   connector.Relation
		props []string
		want  string
	}{
		{quotes, []string{"format", "avrp"}, "did you mean 'avro'?"},
		{quotes, []string{"format.class", "io.confluent.connect.s3.format.parquet.ParquetFormat"}, "Parquet files are not written"},
		{quotes, []string{"format.class", "io.confluent.connect.s3.format.json.AvroFormat"}, "expected avro, json, csv or bytes"},
		{quotes, []string{"format.class", "json", "format", "json"}, "'format' is also called 'format.class'"},
		{quotes, []string{"partitioner.class", "mine.Partitioner"}, "expected default, field, time, daily or hourly"},
		{quotes, []string{"partitioner.class", "field"}, "'field' needs 'partition.field.name'"},
		{quotes, []string{"partition.field.name", "ID"}, "goes with 'partitioner.class'='field'"},
		{quotes, []string{"partitioner.class", "field", "partition.field.name", "PRISE"}, "QUOTES has no column PRISE"},
		{quotes, []string{"storage.class", "mine.Storage"}, "expected io.confluent.connect.s3.storage.S3Storage"},
		{quotes, []string{"s3.part.size", "5000000"}, "expected a number from 5242880"},
		{quotes, []string{"avro.codec", "snappy", "format", "json"}, "goes with another format"},
		{quotes, []string{"endpoint", "127.0.0.1:9000"}, "expected an address such as"},
		{quotes, []string{"endpoint", "http://127.0.0.1:9000/site"}, "without a path"},
		{quotes, []string{"aws.access.key.id", "id"}, "go together"},
		{quotes, []string{"rotate.interval.ms", "soon"}, "expected a time"},
		{quotes, []string{"rotate.intervall.ms", "5"}, "Did you mean 'rotate.interval.ms'?"},
	} {
		_, err := openSink(c.rel, append([]string{"s3.bucket.name", "site"}, c.props...)...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.props, err)
		}
	}
	values, err := connector.Check(Class(), []connector.Setting{{Name: "s3.bucket.name", Value: "site"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(connector.Env{Confined: true}, values); err == nil || !strings.Contains(err.Error(), "WEIR_SECRET_AWS_ACCESS_KEY_ID") {
		t.Errorf("without keys over the API: %v", err)
	}
	t.Setenv("WEIR_SECRET_AWS_ACCESS_KEY_ID", "id")
	t.Setenv("WEIR_SECRET_AWS_SECRET_ACCESS_KEY", "secret")
	if _, err := open(connector.Env{Confined: true}, values); err != nil {
		t.Error(err)
	}
}
