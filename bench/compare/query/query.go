// Package query lists what is compared: each query by name, with the records it reads and what of it is the same for all engines.
package query

import (
	"fmt"
	"strings"

	"weir/bench/compare/clicks"
)

// Shape is what a query computes, however its results come out.
type Shape int

const (
	Filter   Shape = iota // clicks that failed, three of their fields
	PerUser               // COUNT per user and minute
	PerPage               // COUNT per page and minute
	Enrich                // clicks with the title of their page
	Sessions              // COUNT per user and session
	Pairs                 // clicks with the orders of the same user within ten minutes
	Hops                  // COUNT per user and hour, by the minute
)

// String is the shape's name, by which programs of other languages know it.
func (s Shape) String() string {
	return [...]string{"filter", "per-user", "per-page", "enrich", "sessions", "pairs", "hops"}[s]
}

// A Query is one line of the comparison.
type Query struct {
	Name   string
	Shape  Shape
	Final  bool // results of windows come out once, when they have closed
	Set    clicks.Set
	Divide int // it reads this part of the records asked for, since it or a rival is slower
	Rounds int
	About  string
}

// All are the queries, in the order of the table. The letters are those of docs/benchmarks.md.
var All = []Query{
	{"a", Filter, false, clicks.Few, 1, 1, "filter and project; 10 % pass"},
	{"b", PerUser, false, clicks.Few, 1, 3, "COUNT per key and minute, 1,000 keys"},
	{"bf", PerUser, true, clicks.Few, 1, 1, "the same, final results alone"},
	{"c", PerUser, false, clicks.Many, 3, 3, "COUNT per key and minute, 1,000,000 keys"},
	{"cz", PerUser, false, clicks.Skewed, 3, 1, "the same, keys by Zipf 1.0"},
	{"e", PerPage, false, clicks.Few, 2, 3, "COUNT per minute by another column than the key, 1,000 values"},
	{"f", Enrich, false, clicks.Paged, 2, 3, "stream-table join, 100,000 rows; 95 % match"},
	{"g", Pairs, false, clicks.Visits, 10, 1, "stream-stream join within 10 minutes, an order for ten clicks, 100,000 users"},
	{"h", Sessions, false, clicks.Bursts, 3, 1, "sessions, gap 30 s, 100,000 visitors"},
	{"hf", Sessions, true, clicks.Bursts, 3, 3, "the same, final results alone"},
	{"i", Hops, false, clicks.Hours, 100, 1, "COUNT per key, hopping 1 hour by 1 minute, 1,000 keys"},
	{"if", Hops, true, clicks.Hours, 50, 1, "the same, final results alone"},
}

// Find gives the queries of a list of names with commas between them, or all if it is empty.
func Find(names string) ([]Query, error) {
	if names == "" {
		return All, nil
	}
	var out []Query
	for name := range strings.SplitSeq(names, ",") {
		q, ok := find(name)
		if !ok {
			return nil, fmt.Errorf("there is no query %q: they are %s", name, Names())
		}
		out = append(out, q)
	}
	return out, nil
}

func find(name string) (Query, bool) {
	for _, q := range All {
		if q.Name == name {
			return q, true
		}
	}
	return Query{}, false
}

// Names are those of all queries.
func Names() string {
	var names []string
	for _, q := range All {
		names = append(names, q.Name)
	}
	return strings.Join(names, ",")
}

// OrdersOf is the number of orders that n clicks are joined with.
func OrdersOf(n int) int { return n / 10 }

// Table says whether the results are the last ones of each key; else each row is one.
func (q Query) Table() bool { return q.Shape != Filter && q.Shape != Enrich && q.Shape != Pairs }
