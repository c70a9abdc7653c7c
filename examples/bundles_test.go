package examples

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
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

	store := s3mem.New()
	for _, bucket := range []string{"cflight.bucket", "flightbatch.bucket"} {
		if err := store.CreateBucket(bucket); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(gofakes3.New(store).Server())
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL_S3": server.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key"} {
		t.Setenv(name, value)
	}
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

// stored are the objects of a bucket, in the order of their names.
func stored(t *testing.T, store *s3mem.Backend, bucket, begins, ends string) (out [][]byte) {
	t.Helper()
	list, err := store.ListBucket(bucket, nil, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list.Contents {
		if !strings.HasPrefix(c.Key, begins) || !strings.HasSuffix(c.Key, ends) {
			t.Errorf("an object named %s", c.Key)
		}
		o, err := store.GetObject(bucket, c.Key, nil)
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", c.Key, err))
		}
		data, err := io.ReadAll(o.Contents)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, data)
	}
	return out
}
