package clicks

import (
	"math/rand/v2"
	"sort"
	"strconv"
	"time"
)

// A Set says how clicks are spread over users, pages and time.
type Set struct {
	Name         string
	Users, Pages int
	Span         time.Duration // of event time, whatever the number of records
	Zipf         bool          // the k-th user comes with a weight of 1/k; else all come alike
	Bursts       bool          // a user clicks for 10 s and rests for 90
	ByPage       bool          // the record's key is the page, not the user
}

const minutes = 5 * time.Minute

var (
	Few    = Set{Name: "few", Users: 1_000, Pages: 1_000, Span: minutes}
	Many   = Set{Name: "many", Users: 1_000_000, Pages: 1_000, Span: minutes}
	Skewed = Set{Name: "skewed", Users: 1_000_000, Pages: 1_000, Span: minutes, Zipf: true}
	// Paged finds a row of the table of pages for 95 of 100 clicks.
	Paged  = Set{Name: "paged", Users: 1_000, Pages: Pages * 100 / 95, Span: minutes, ByPage: true}
	Bursts = Set{Name: "bursts", Users: 100_000, Pages: 1_000, Span: minutes, Bursts: true}
	// Visits and Orders are joined within ten minutes: a user has an order for ten visits.
	Visits = Set{Name: "visits", Users: 100_000, Pages: 1_000, Span: time.Hour}
	Orders = Set{Name: "orders", Users: 100_000, Pages: 500, Span: time.Hour}
	// Hours is for windows of an hour, so that some of them close in the middle.
	Hours = Set{Name: "hours", Users: 1_000, Pages: 1_000, Span: 2 * time.Hour}
)

// edition goes up when other records are made for the same set, so that neither topics nor results of others are taken for these.
const edition = 1

// Topic is the name of the topic of n clicks of the set.
func (s Set) Topic(n int) string {
	return "clicks-" + s.Name + "-" + strconv.Itoa(n) + "-v" + strconv.Itoa(edition)
}

// users gives the function that draws a user for an event time.
func (s Set) users(rng *rand.Rand) func(at time.Duration) int {
	switch {
	case s.Zipf:
		return zipf(rng, s.Users)
	case s.Bursts:
		return func(at time.Duration) int { // those whose ten seconds of a hundred it is
			tenth := int(at / (10 * time.Second) % 10)
			return tenth*s.Users/10 + rng.IntN(s.Users/10)
		}
	}
	return func(time.Duration) int { return rng.IntN(s.Users) }
}

// zipf draws 0 to n-1 with weights 1, 1/2, 1/3 ...; math/rand's Zipf takes exponents above 1 alone.
func zipf(rng *rand.Rand, n int) func(time.Duration) int {
	sums := make([]float64, n)
	sum := 0.0
	for i := range sums {
		sum += 1 / float64(i+1)
		sums[i] = sum
	}
	return func(time.Duration) int {
		return min(n-1, sort.SearchFloat64s(sums, rng.Float64()*sum))
	}
}
