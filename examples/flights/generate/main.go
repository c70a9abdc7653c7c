// Command generate writes the bundles of the example: fares as they are on sale, with prices that no two flights share often. Run it in examples/flights:
//
//	go run ./generate
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"time"
)

// airports, the first ones asked for most.
var airports = []string{"LHR", "IST", "CDG", "AMS", "FRA", "MAD", "BCN", "DXB", "JFK", "MUC", "FCO", "ORD", "ATH", "LIS", "DUB", "ZRH", "VIE", "CPH", "SIN", "HND"}

// sizes are how many rows the bundles have: most are small, a few as large as they get.
var sizes = []int{3, 3, 7, 12, 31, 48, 110, 260, 533, 999, 2500, 20000}

func main() {
	r := rand.New(rand.NewPCG(20, 20)) //nolint:gosec // the same data each time
	for i, n := range sizes {
		var out bytes.Buffer
		z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		fail(err)
		from := pick(r)
		for range n {
			to := pick(r)
			for to == from {
				to = pick(r)
			}
			day := time.Date(2020, 8, 1+int(r.ExpFloat64()*20), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
			class, times := "Y", 1.0
			if x := r.IntN(20); x == 0 {
				class, times = "F", 6.5
			} else if x < 4 {
				class, times = "C", 3.2
			}
			price := times * math.Exp(4.9+0.55*r.NormFloat64())
			_, err = fmt.Fprintf(z, "%s,%s,%s,%.2f,%s\n", airports[from], airports[to], day, price, class)
			fail(err)
		}
		fail(z.Close())
		fail(os.WriteFile(fmt.Sprintf("data/bundle-%03d.csv.gz", i+1), out.Bytes(), 0o644)) //nolint:gosec // it is no secret
	}
}

func pick(r *rand.Rand) int { return min(int(r.ExpFloat64()*5), len(airports)-1) }

func fail(err error) {
	if err != nil {
		panic(err)
	}
}
