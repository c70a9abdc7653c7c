// Command generate writes the pings of the example: a news site whose front page is rearranged every few minutes. Run it in examples/clicks:
//
//	go run ./generate
//
// With -rate 1000000 -minutes 3 -dir DIR it writes three minutes of a million clicks each.
package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
)

// begin is when the first minute begins, in seconds since 1970: 2013-03-04 12:00.
const begin = 1362398400

var (
	sections = []string{"/", "/politics", "/world", "/sport", "/culture", "/science"}
	words    = strings.Fields("storm bridge vote cup trial garden train strike river bank mayor comet opera school harbour bees tax derby museum vaccine fire " +
		"island budget coach poet quake tunnel election market whale")
	outside = []string{"", "", "", "https://www.search.example/", "https://www.search.example/", "https://social.example/l", "https://mail.example/", "https://aggregator.example/top"}
)

// ping is what a page sends while it is open; the first one is a click.
type ping struct {
	Path  string `msgpack:"path"`
	Refer string `msgpack:"http-refer"`
	TS    int64  `msgpack:"ts"`
	On    int    `msgpack:"time-on-page"`
}

// exit is what a page sends when it is left by a link.
type exit struct {
	Path     string `msgpack:"path"`
	Href     string `msgpack:"href"`
	Position *int   `msgpack:"position,omitempty"` // where on the page the link stands
	TS       int64  `msgpack:"ts"`
}

// site is how its pages are laid out: the articles of each section by position, from 1.
type site struct {
	r        *rand.Rand
	articles []string
	pages    map[string][]string
}

func newSite(r *rand.Rand, articles int) *site {
	s := &site{r: r, pages: map[string][]string{}}
	for i := range articles {
		of := sections[1+r.IntN(len(sections)-1)]
		s.articles = append(s.articles, fmt.Sprintf("%s/%d-%s-%s", of, 1000+i, words[r.IntN(len(words))], words[r.IntN(len(words))]))
	}
	s.arrange()
	return s
}

// arrange is what editors do: some articles move. One in ten stands at two places of a page.
func (s *site) arrange() {
	for _, page := range sections {
		list := s.pages[page]
		for len(list) < 30 {
			a := s.articles[int(math.Pow(s.r.Float64(), 2)*float64(len(s.articles)))]
			if list = append(list, a); s.r.IntN(10) == 0 {
				list = append(list, a)
			}
		}
		for range 5 { // mostly at the top
			i, j := int(math.Pow(s.r.Float64(), 2)*float64(len(list))), s.r.IntN(len(list))
			list[i], list[j] = list[j], list[i]
		}
		list[s.r.IntN(len(list))] = s.articles[s.r.IntN(len(s.articles))]
		s.pages[page] = list
	}
}

// click draws where a visit comes from, and where it goes; position is 0 where the source is another site.
func (s *site) click() (from, to string, position int) {
	switch x := s.r.Float64(); {
	case x < 0.2:
		return outside[s.r.IntN(len(outside))], s.articles[int(math.Pow(s.r.Float64(), 3)*float64(len(s.articles)))], 0
	case x < 0.3: // the links below an article
		return s.articles[s.r.IntN(len(s.articles))], s.articles[s.r.IntN(len(s.articles))], 40 + s.r.IntN(5)
	case x < 0.75:
		from = "/"
	default:
		from = sections[1+s.r.IntN(len(sections)-1)]
	}
	list := s.pages[from]
	at := int(math.Exp(s.r.Float64()*math.Log(float64(len(list)+1)))) - 1 // the first ones are clicked most
	return from, list[at], at + 1
}

// second draws n visits that begin within a second, and gives what they send.
func (s *site) second(ts int64, n int, seen func(arrives float64, ping any)) {
	for range n {
		from, to, position := s.click()
		late := func(ts int64) float64 { return float64(ts) + min(s.r.ExpFloat64()*0.7, 5) }
		seen(late(ts), &ping{to, from, ts, 0})
		if position > 0 && s.r.IntN(10) > 0 { // one in ten is lost
			left := ts - int64(min(s.r.ExpFloat64()*1.5, 20))
			e := &exit{Path: from, Href: to, TS: left}
			if s.r.IntN(50) > 0 {
				e.Position = &position
			}
			seen(late(left), e)
		}
		if s.r.IntN(6) == 0 { // somebody leaves for another site
			p := 1 + s.r.IntN(45)
			seen(late(ts), &exit{Path: to, Href: outside[3+s.r.IntN(5)], Position: &p, TS: ts})
		}
		for on := 15; s.r.IntN(3) > 0 && on <= 60; on += 15 {
			seen(late(ts+int64(on)), &ping{to, from, ts + int64(on), on})
		}
	}
}

func main() {
	dir := flag.String("dir", "data", "where the files go: pings.msgpack.gz and exits.msgpack.gz")
	rate := flag.Int("rate", 220, "clicks in a minute")
	minutes := flag.Int("minutes", 25, "how many minutes")
	articles := flag.Int("articles", 80, "how many articles the site has")
	seed := flag.Uint64("seed", 12, "other numbers give other visits")
	flag.Parse()
	r := rand.New(rand.NewPCG(*seed, *seed)) //nolint:gosec // the same data each time
	s := newSite(r, *articles)
	pings, exits := newFile(*dir, "pings.msgpack.gz"), newFile(*dir, "exits.msgpack.gz")
	mood := 1.0
	for second := range int64(*minutes * 60) {
		if second%420 == 419 {
			s.arrange()
		}
		mood = min(max(mood*math.Exp(r.NormFloat64()*0.02), 0.6), 1.5)
		// what is written of a second is drawn for it: not the same number in each
		n := int(float64(*rate)/60*mood + r.Float64())
		s.second(begin+second, n, func(arrives float64, p any) {
			if _, ok := p.(*exit); ok {
				exits.add(arrives, p)
			} else {
				pings.add(arrives, p)
			}
		})
		for _, f := range []*file{pings, exits} {
			f.write(float64(begin + second - 20)) // an exit may be 20 seconds older than its click
		}
	}
	pings.close()
	exits.close()
}

// file is written in the order in which pings arrive.
type file struct {
	waiting []arriving
	enc     *msgpack.Encoder
	done    []io.Closer
	out     *bufio.Writer
}

type arriving struct {
	at   float64
	ping any
}

func newFile(dir, name string) *file {
	fail(os.MkdirAll(dir, 0o755)) //nolint:gosec // others may read it
	f, err := os.Create(filepath.Join(dir, name))
	fail(err)
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	fail(err)
	out := bufio.NewWriter(z)
	return &file{enc: msgpack.NewEncoder(out), done: []io.Closer{z, f}, out: out}
}

func (f *file) add(at float64, ping any) { f.waiting = append(f.waiting, arriving{at, ping}) }

// write writes what arrives before a time.
func (f *file) write(before float64) {
	slices.SortStableFunc(f.waiting, func(a, b arriving) int { return cmp.Compare(a.at, b.at) })
	n := 0
	for n < len(f.waiting) && f.waiting[n].at < before {
		fail(f.enc.Encode(f.waiting[n].ping))
		n++
	}
	f.waiting = append(f.waiting[:0], f.waiting[n:]...)
}

func (f *file) close() {
	f.write(math.Inf(1))
	fail(f.out.Flush())
	for _, c := range f.done {
		fail(c.Close())
	}
}

func fail(err error) {
	if err != nil {
		panic(err)
	}
}
