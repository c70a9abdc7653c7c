package examples

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// offer is a cheapest offer, and how many it was chosen from.
type offer struct {
	ID, Price int
	Airline   string
	Offers    int64
}

// answer is what an output topic may hold. Its names are those of the columns, which may all be NULL.
type answer struct {
	ID      *int    `avro:"ID"`
	Airline *string `avro:"AIRLINE"`
	Price   *int    `avro:"PRICE"`
	Offers  *int64  `avro:"OFFERS"`
}

func (a answer) offer() offer {
	return offer{ID: orZero(a.ID), Price: orZero(a.Price), Airline: orZero(a.Airline), Offers: orZero(a.Offers)}
}

func orZero[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// route is a batch and a pair of cities; those are empty where the whole batch is meant.
type route struct {
	Batch string `json:"BATCH"`
	From  string `json:"SOURCE_CITY"`
	To    string `json:"DESTINATION_CITY"`
}

// cheapestOffers computes what the example computes, with plain Go over the files: the first of the cheapest offers.
func cheapestOffers(t *testing.T, pattern string) (batches, routes map[route]offer) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	batches, routes = map[route]offer{}, map[route]offer{}
	for _, name := range files {
		rows, err := csv.NewReader(opened(t, name)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows[1:] {
			id, err := strconv.Atoi(r[0])
			if err != nil {
				t.Fatal(err)
			}
			price, err := strconv.Atoi(r[11])
			if err != nil {
				t.Fatal(err)
			}
			batch := filepath.Base(name)
			lower(batches, route{Batch: batch}, offer{ID: id, Airline: r[1], Price: price})
			lower(routes, route{batch, r[3], r[7]}, offer{ID: id, Airline: r[1], Price: price})
		}
	}
	return batches, routes
}

func lower(best map[route]offer, of route, o offer) {
	before, ok := best[of]
	if ok && before.Price <= o.Price {
		o.ID, o.Airline, o.Price = before.ID, before.Airline, before.Price
	}
	o.Offers = before.Offers + 1
	best[of] = o
}

func withoutCount(m map[route]offer) map[route]offer {
	out := maps.Clone(m)
	for k, o := range out {
		o.Offers = 0
		out[k] = o
	}
	return out
}

func TestCheapestFlight(t *testing.T) {
	t.Parallel()
	const dir = "cheapest-flight"
	batches, routes := cheapestOffers(t, dir+"/data/*.csv.gz")
	if len(batches) < 12 {
		t.Fatalf("%d batches", len(batches))
	}
	n := startNode(t, dir)
	setup, _, ok := strings.Cut(readFile(t, dir+"/flights.sql"), "-- 7.")
	if !ok {
		t.Fatal("the script has no part 7")
	}
	n.run(t, setup)
	n.drain(t)

	byBatch := func(key []byte) route { return route{Batch: string(key)} }
	byRoute := func(key []byte) (r route) {
		if err := json.Unmarshal(key, &r); err != nil {
			t.Fatalf("key %s: %v", key, err)
		}
		return r
	}
	prices := map[route]offer{}
	for b, o := range batches {
		prices[b] = offer{Price: o.Price}
	}
	tables := []struct {
		topic string
		key   func([]byte) route
		want  map[route]offer
		once  bool // a key has one record
	}{
		{"cheapest", byBatch, prices, false},
		{"cheapest_offer", byBatch, withoutCount(batches), false},
		{"cheapest_on_route", byRoute, withoutCount(routes), false},
		{"batch_result", byBatch, batches, true},
	}
	for _, c := range tables {
		got := map[route]offer{}
		for _, r := range n.records(t, c.topic) {
			if r.Value == nil {
				t.Errorf("%s: %s is deleted", c.topic, r.Key)
				continue
			}
			var a answer
			n.decode(t, r.Value, &a)
			o, key := a.offer(), c.key(r.Key)
			before, seen := got[key]
			switch {
			case seen && c.once:
				t.Errorf("%s: %v has a second answer %v after %v", c.topic, key, o, before)
			case seen && o.Price > before.Price:
				t.Errorf("%s: %v rises from %v to %v", c.topic, key, before, o)
			}
			got[key] = o
		}
		if !maps.Equal(got, c.want) {
			t.Errorf("%s:\n%v\nwant\n%v", c.topic, got, c.want)
		}
	}

	total := int64(0)
	for _, o := range batches {
		total += o.Offers
	}
	if got := len(n.records(t, "offers")); int64(got) != total {
		t.Errorf("%d offers, want %d", got, total)
	}
	var subjects []string
	n.get(t, "/subjects", &subjects)
	for _, topic := range []string{"offers", "cheapest", "cheapest_offer", "cheapest_on_route", "batch_result"} {
		if !slices.Contains(subjects, topic+"-value") {
			t.Errorf("no schema is registered for the values of %s: %v", topic, subjects)
		}
	}
}
