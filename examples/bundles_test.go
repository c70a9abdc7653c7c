package examples

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hamba/avro/v2/ocf"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/engine"
)

// quote is a cheapest quote, and how many it was chosen from.
type quote struct {
	From, To, Day string
	Price         float64
	Quotes        int64
}

func gunzipped(t *testing.T, data []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// cheapestQuotes computes with plain Go what the example computes: of each bundle the first of the cheapest quotes.
func cheapestQuotes(t *testing.T) (want map[string]quote, bundles map[string][]byte) {
	t.Helper()
	files, err := filepath.Glob("flights/data/*.csv.gz")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d bundles, %v", len(files), err)
	}
	want, bundles = map[string]quote{}, map[string][]byte{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(gunzipped(t, data))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		best := quote{Quotes: int64(len(rows))}
		for i, r := range rows {
			price, err := strconv.ParseFloat(r[3], 64)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 || price < best.Price {
				best.From, best.To, best.Day, best.Price = r[0], r[1], r[2], price
			}
		}
		want[filepath.Base(name)], bundles[filepath.Base(name)] = best, data
	}
	return want, bundles
}

// answered is a row of CHEAPEST_FLIGHT.
type answered struct {
	File   *string  `avro:"FILE"`
	Quotes *int64   `avro:"QUOTES"`
	UUID   *string  `avro:"UUID"`
	From   *string  `avro:"DEPIATA"`
	To     *string  `avro:"ARRIATA"`
	Day    *string  `avro:"SEARCHDATE"`
	Price  *float64 `avro:"CHEAPEST_QUOTE"`
}

func (a answered) quote() quote {
	return quote{orZero(a.From), orZero(a.To), orZero(a.Day), orZero(a.Price), orZero(a.Quotes)}
}

// answers are the rows of CHEAPEST_FLIGHT by file; a batch has one, whose UUID is that of a row of its own.
func (n *node) answers(t *testing.T) map[string]quote {
	t.Helper()
	got := map[string]quote{}
	for _, r := range n.records(t, "CHEAPEST_FLIGHT") {
		var a answered
		n.decode(t, r.Value, &a)
		file := orZero(a.File)
		if _, twice := got[file]; twice {
			t.Errorf("%s has two answers", file)
		}
		if len(orZero(a.UUID)) != 32 || len(r.Key) != 32 {
			t.Errorf("%s: UUIDs %q and %q", file, orZero(a.UUID), r.Key)
		}
		got[file] = a.quote()
	}
	return got
}

func wantQuotes(t *testing.T, got, want map[string]quote) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

// TestFlights: bundles that are loaded at once, and those that are posted one by one, some of them twice, have the answers of a plain computation, and
// both outputs arrive in S3.
func TestFlights(t *testing.T) {
	want, bundles := cheapestQuotes(t)
	script, _, ok := strings.Cut(readFile(t, "flights/flights.sql"), "-- 8.")
	if !ok {
		t.Fatal("the script has no part 8")
	}
	replay := startNode(t, "flights")
	replay.run(t, script)
	replay.drain(t)
	wantQuotes(t, replay.answers(t), want)

	from, rest, ok := strings.Cut(script, "CREATE SOURCE CONNECTOR")
	_, after, end := strings.Cut(rest, ");")
	if !ok || !end {
		t.Fatal("the script has no connector")
	}
	live := startNode(t, "flights")
	live.run(t, from+after)
	names := slices.Sorted(maps.Keys(bundles))
	for _, name := range names {
		for range 2 {
			post := engine.Post{Topic: "bundles", Partition: -1, Value: bundles[name], Idempotency: name, Headers: []kgo.RecordHeader{{Key: "weir.file", Value: []byte(name)}}}
			if _, err := live.engine.Post(t.Context(), post); err != nil {
				t.Fatal(err)
			}
		}
		live.drain(t)
	}
	wantQuotes(t, live.answers(t), want)

	store := objectStore(t, "cflight.bucket", "flightbatch.bucket")
	live.run(t, readFile(t, "flights/s3/sinks.sql"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := live.engine.Connectors().Deliver(ctx); err != nil {
		t.Fatal(err)
	}
	got := map[string]quote{}
	for _, data := range stored(t, store, "cflight.bucket", "topics/CHEAPEST_FLIGHT/partition=0/CHEAPEST_FLIGHT+0+", ".avro") {
		dec, err := ocf.NewDecoder(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		for dec.HasNext() {
			var a answered
			if err := dec.Decode(&a); err != nil {
				t.Fatal(err)
			}
			got[orZero(a.File)] = a.quote()
		}
	}
	wantQuotes(t, got, want)
	packed := stored(t, store, "flightbatch.bucket", "topics/batch.compressed/partition=0/batch.compressed+0+", ".bin")
	if len(packed) != len(names) {
		t.Fatalf("%d bundles in S3", len(packed))
	}
	for i, name := range names {
		if text := gunzipped(t, packed[i]); text != strings.TrimSpace(gunzipped(t, bundles[name])) {
			t.Errorf("%s is another one in S3, of %d bytes", name, len(text))
		}
	}
}

// objectStore is an S3 server with empty buckets, which the environment names: one in this process, or that of WEIR_TEST_S3, http://KEY:SECRET@HOST:PORT.
func objectStore(t *testing.T, buckets ...string) *minio.Client {
	t.Helper()
	at := &url.URL{Scheme: "http", User: url.UserPassword("id", "key")}
	if text := os.Getenv("WEIR_TEST_S3"); text != "" {
		var err error
		if at, err = url.Parse(text); err != nil {
			t.Fatal(err)
		}
	} else {
		server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
		t.Cleanup(server.Close)
		at.Host = strings.TrimPrefix(server.URL, "http://")
	}
	secret, _ := at.User.Password()
	for name, value := range map[string]string{"AWS_ENDPOINT_URL_S3": at.Scheme + "://" + at.Host, "AWS_ACCESS_KEY_ID": at.User.Username(), "AWS_SECRET_ACCESS_KEY": secret} {
		t.Setenv(name, value)
	}
	client, err := minio.New(at.Host, &minio.Options{Creds: credentials.NewStaticV4(at.User.Username(), secret, ""), Region: "us-east-1", Secure: at.Scheme == "https"})
	if err != nil {
		t.Fatal(err)
	}
	for _, bucket := range buckets {
		if there, err := client.BucketExists(t.Context(), bucket); err != nil {
			t.Fatal(err)
		} else if !there {
			if err := client.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{Region: "us-east-1"}); err != nil {
				t.Fatal(err)
			}
		}
		for o := range client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
			if err := errors.Join(o.Err, client.RemoveObject(t.Context(), bucket, o.Key, minio.RemoveObjectOptions{})); err != nil {
				t.Fatal(err)
			}
		}
	}
	return client
}

// stored are the objects of a bucket, in the order of their names.
func stored(t *testing.T, store *minio.Client, bucket, begins, ends string) (out [][]byte) {
	t.Helper()
	for c := range store.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		if c.Err != nil {
			t.Fatal(c.Err)
		}
		if !strings.HasPrefix(c.Key, begins) || !strings.HasSuffix(c.Key, ends) {
			t.Errorf("an object named %s", c.Key)
		}
		o, err := store.GetObject(t.Context(), bucket, c.Key, minio.GetObjectOptions{})
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", c.Key, err))
		}
		data, err := io.ReadAll(o)
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", c.Key, err))
		}
		out = append(out, data)
	}
	return out
}
