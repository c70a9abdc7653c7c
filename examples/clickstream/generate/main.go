// Command generate writes the input of the example: what a site's visitors looked at within 25 minutes, line by line as it came in, and what was known of
// them before. Run it in examples/clickstream:
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
	"slices"
	"time"
)

const (
	visitors = 900
	pages    = 60
	lasts    = 25 * time.Minute
)

var begin = time.Date(2024, 3, 5, 18, 0, 0, 0, time.UTC)

// A line is sent when its page is looked at, and comes when the network lets it.
type line struct {
	text  string
	comes time.Time
}

func main() {
	r := rand.New(rand.NewPCG(30, 5)) //nolint:gosec // the same data each time
	var lines []line
	for v := range visitors {
		at := begin.Add(time.Duration(r.Float64() * float64(lasts)))
		for at.Before(begin.Add(lasts)) {
			for more := true; more && at.Before(begin.Add(lasts)); more = r.IntN(6) > 0 {
				text := fmt.Sprintf("%s\t%s\t%d", name(v), page(r, at), at.UnixMilli())
				lines = append(lines, line{text, at.Add(delay(r))})
				at = at.Add(time.Duration(math.Exp(2.7+0.9*r.NormFloat64()) * float64(time.Second)))
			}
			at = at.Add(time.Duration((3 + 25*r.ExpFloat64()) * float64(time.Minute))) // some come back
		}
	}
	// What no visitor sent.
	for _, text := range []string{"GET / HTTP/1.1", "", "robot\t/robots.txt"} {
		lines = append(lines, line{text, begin.Add(time.Duration(r.Float64() * float64(lasts)))})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.comes.Compare(b.comes) })
	var out bytes.Buffer
	for _, l := range lines {
		out.WriteString(l.text + "\n")
	}
	write("clicks.tsv.gz", out.Bytes())

	out.Reset()
	out.WriteString("visitor,sessions,views,last_seen\n")
	for v := range visitors {
		if r.IntN(3) == 0 {
			continue // has not been here before
		}
		sessions := 1 + int(r.ExpFloat64()*4)
		ago := time.Duration((1 + 200*r.ExpFloat64()) * float64(time.Hour))
		fmt.Fprintf(&out, "%s,%d,%d,%d\n", name(v), sessions, sessions+int(float64(sessions)*5*r.ExpFloat64()), begin.Add(-ago).UnixMilli())
	}
	write("history.csv.gz", out.Bytes())
}

// name is that in the cookie of a visitor.
func name(v int) string { return fmt.Sprintf("%06x", (v*0x9e3779b1+0x51ed)&0xffffff) }

// page is what somebody looks at: some pages far more than others, and for a while one that is spoken of everywhere.
func page(r *rand.Rand, at time.Time) string {
	if after := at.Sub(begin); after > 9*time.Minute && r.Float64() < 0.35*math.Exp(-float64(after-9*time.Minute)/float64(4*time.Minute)) {
		return "/news/eclipse"
	}
	n := int(math.Exp(r.Float64()*math.Log(pages+1))) - 1
	switch {
	case n == 0:
		return "/"
	case n < 8:
		return "/" + []string{"news", "sport", "weather", "culture", "money", "travel", "food"}[n-1]
	}
	return fmt.Sprintf("/article/%d", 7000+n*37%pages)
}

// delay is what the network takes: mostly well under a second, some seconds for a phone in a tunnel, and now and then minutes.
func delay(r *rand.Rand) time.Duration {
	d := r.ExpFloat64() * 0.3
	switch x := r.Float64(); {
	case x < 0.004:
		d += 20 + r.Float64()*160
	case x < 0.03:
		d += 1 + r.Float64()*8
	}
	return time.Duration(d * float64(time.Second))
}

func write(name string, data []byte) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	fail(err)
	_, err = z.Write(data)
	fail(err)
	fail(z.Close())
	fail(os.WriteFile(name, out.Bytes(), 0o644)) //nolint:gosec // it is no secret
}

func fail(err error) {
	if err != nil {
		panic(err)
	}
}
