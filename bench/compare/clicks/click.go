// Package clicks makes the records that all engines are given, and puts them into topics.
package clicks

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// Base is the first event time.
var Base = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	// Lateness is how far behind a twentieth of the records may come.
	Lateness = time.Minute
	// Pages is the number of rows of the table of pages.
	Pages = 100_000
	// Mark begins the names of users and pages that only close windows; results of theirs are not compared.
	Mark = "~"
)

// A Click is one record: eight fields, which are about 200 bytes of JSON.
type Click struct {
	ID       string `json:"id"`
	User     string `json:"user_id"`
	Page     string `json:"page"`
	Referrer string `json:"referrer"`
	Agent    string `json:"agent"`
	Status   int32  `json:"status"`
	Bytes    int64  `json:"bytes"`
	TS       int64  `json:"ts"` // event time in milliseconds since 1970
}

// AppendJSON appends the click as JSON.
func (c *Click) AppendJSON(b []byte) []byte {
	b = append(b, `{"id":"`...)
	b = append(b, c.ID...)
	b = append(b, `","user_id":"`...)
	b = append(b, c.User...)
	b = append(b, `","page":"`...)
	b = append(b, c.Page...)
	b = append(b, `","referrer":"`...)
	b = append(b, c.Referrer...)
	b = append(b, `","agent":"`...)
	b = append(b, c.Agent...)
	b = append(b, `","status":`...)
	b = strconv.AppendInt(b, int64(c.Status), 10)
	b = append(b, `,"bytes":`...)
	b = strconv.AppendInt(b, c.Bytes, 10)
	b = append(b, `,"ts":`...)
	b = strconv.AppendInt(b, c.TS, 10)
	return append(b, '}')
}

// PageName is the key of a row of the table of pages, Title its title.
func PageName(i int) string { return "/p/" + strconv.Itoa(i) }

// Title is what the join finds for a page.
func Title(i int) string { return "Page number " + strconv.Itoa(i) }

var statuses = [...]int32{200, 200, 200, 200, 200, 200, 206, 301, 304, 404} // a tenth is 400 or more

// Each makes the n clicks of a set in the order in which they are written, the same ones each time. The click is made anew in place.
func (s Set) Each(n int, do func(*Click) error) error {
	rng := rand.New(rand.NewPCG(uint64(s.Users), uint64(s.Pages)))
	who := s.users(rng)
	var c Click
	for i := range n {
		at := time.Duration(float64(s.Span) * float64(i) / float64(n))
		if rng.IntN(20) == 0 {
			at = max(0, at-time.Duration(rng.Int64N(int64(Lateness))))
		}
		c = Click{
			ID:       strconv.FormatUint(rng.Uint64()|1<<63, 36),
			User:     "u" + strconv.Itoa(who(at)),
			Page:     PageName(rng.IntN(s.Pages)),
			Referrer: "https://example.org/from/" + strconv.Itoa(100_000+rng.IntN(900_000)),
			Agent:    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)",
			Status:   statuses[rng.IntN(len(statuses))],
			Bytes:    rng.Int64N(100_000),
			TS:       Base.Add(at).UnixMilli(),
		}
		if err := do(&c); err != nil {
			return err
		}
	}
	return nil
}

// Closer is a click behind the last one by more than any window and its grace period.
func (s Set) Closer(name string) Click {
	return Click{ID: "x", User: name, Page: name, Status: 200, TS: Base.Add(s.Span + 3*time.Hour).UnixMilli()}
}
