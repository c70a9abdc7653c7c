// Command generate writes the input of the example: what readers of three news sites did within two days, line by line as it came in, and the articles that they
// read. Run it in examples/stories:
//
//	go run ./generate
package main

import (
	"bytes"
	"compress/gzip"
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"time"
)

const (
	articles = 280
	arrivals = 3600 // of readers whom no shared link brought
	lasts    = 48 * time.Hour
	beat     = 30 * time.Second
)

var begin = time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC)

// An article is published before or while readers come; few are read much.
type article struct {
	url, site, author, title string
	planned, published       time.Time // when editors made a page for it, and when readers could see it
	weight                   float64
	catching                 float64 // the chance that a reader shares it
}

// A visit is a reader who comes to an article.
type visit struct {
	at      time.Time
	visitor string
	article int
	ref     string
}

// visits are those to come, the earliest first.
type visits []visit

func (v visits) Len() int           { return len(v) }
func (v visits) Less(i, j int) bool { return v[i].at.Before(v[j].at) }
func (v visits) Swap(i, j int)      { v[i], v[j] = v[j], v[i] }
func (v *visits) Push(x any)        { *v = append(*v, x.(visit)) }
func (v *visits) Pop() any {
	last := (*v)[len(*v)-1]
	*v = (*v)[:len(*v)-1]
	return last
}

// A line is sent when something happens, and comes when the network lets it.
type line struct {
	text  string
	comes time.Time
}

type generator struct {
	*rand.Rand
	articles []article
	queue    visits
	lines    []line
}

func main() {
	g := &generator{Rand: rand.New(rand.NewPCG(4, 19))} //nolint:gosec // the same data each time
	g.publish()
	for range arrivals {
		at := begin.Add(time.Duration(g.Float64() * float64(lasts)))
		for g.Float64() > awake(at) {
			at = begin.Add(time.Duration(g.Float64() * float64(lasts)))
		}
		if a, ok := g.choose(at); ok {
			heap.Push(&g.queue, visit{at, g.visitor(), a, g.origin(a)})
		}
	}
	for len(g.queue) > 0 {
		g.read(heap.Pop(&g.queue).(visit))
	}
	for _, text := range []string{"GET /pixel.gif HTTP/1.1", "", "soon\tunknown\tview\t-\t-\t0"} { // what no reader sent
		g.lines = append(g.lines, line{text, begin.Add(time.Duration(g.Float64() * float64(lasts)))})
	}
	slices.SortStableFunc(g.lines, func(a, b line) int { return a.comes.Compare(b.comes) })
	var out bytes.Buffer
	for _, l := range g.lines {
		out.WriteString(l.text + "\n")
	}
	write("events.tsv.gz", out.Bytes())

	for i := range g.articles {
		a := &g.articles[i]
		first := begin
		if a.published.Before(begin) {
			first = a.published
		}
		a.planned = first.Add(-time.Duration((1 + 60*g.ExpFloat64()) * float64(time.Hour))).Truncate(time.Millisecond)
	}

	out.Reset()
	out.WriteString("url,site,author,title,planned,published\n")
	slices.SortFunc(g.articles, func(a, b article) int { return a.planned.Compare(b.planned) })
	for _, a := range g.articles {
		fmt.Fprintf(&out, "%s,%s,%s,%s,%d,%d\n", a.url, a.site, a.author, a.title, a.planned.UnixMilli(), a.published.UnixMilli())
	}
	write("articles.csv.gz", out.Bytes())
}

var (
	sites = []string{"harbour.example", "ledger.example", "orbit.example"}
	first = []string{"Ada", "Bruno", "Chiara", "Dara", "Emeka", "Freya", "Goran", "Hana", "Idris", "Jonna", "Kofi", "Lena", "Mateo", "Noor", "Olga"}
	last  = []string{"Abara", "Brandt", "Castro", "Dvorak", "Ekström", "Fontaine", "Grimaldi", "Haddad", "Ivers", "Jansen"}
	what  = []string{"Ferry", "Budget", "Comet", "Harvest", "Strike", "Vaccine", "Bridge", "Orchestra", "Glacier", "Election", "Satellite", "Library", "Tariff", "Stadium", "Reef", "Startup"}
	does  = []string{"divides", "surprises", "delays", "saves", "haunts", "outlives", "outgrows", "unites", "worries", "follows"}
	whom  = []string{"the coast", "its makers", "parliament", "the old town", "investors", "astronomers", "commuters", "the north", "a generation", "regulators", "the islands"}
)

func pick(r *rand.Rand, words []string) string { return words[r.IntN(len(words))] }

// publish makes the articles, the most read ones at any time.
func (g *generator) publish() {
	seen := map[string]bool{}
	for len(g.articles) < articles {
		site := g.IntN(len(sites))
		title := pick(g.Rand, what) + " " + pick(g.Rand, does) + " " + pick(g.Rand, whom)
		if seen[title] {
			continue
		}
		seen[title] = true
		slug := bytes.ToLower(bytes.ReplaceAll([]byte(title), []byte(" "), []byte("-")))
		g.articles = append(g.articles, article{
			url: fmt.Sprintf("https://%s/%05d/%s", sites[site], 10000+g.IntN(90000), slug), site: sites[site], title: title,
			author:    first[(site*5+int(math.Abs(g.NormFloat64())*3))%len(first)] + " " + last[(site*3+g.IntN(4))%len(last)],
			published: begin.Add(time.Duration((g.Float64()*4 - 2) * float64(24*time.Hour))).Truncate(time.Millisecond),
			weight:    math.Pow(g.Float64(), -0.9), catching: 0.01 + 0.12*math.Pow(g.Float64(), 4),
		})
	}
}

// awake is how many of the readers are, by the hour.
func awake(at time.Time) float64 {
	return 0.55 - 0.45*math.Cos(2*math.Pi*(float64(at.Hour())+float64(at.Minute())/60-3)/24)
}

// choose is an article that is read at a time: new ones more than old ones.
func (g *generator) choose(at time.Time) (which int, ok bool) {
	sum := 0.0
	for i, a := range g.articles {
		age := at.Sub(a.published)
		if age < 0 {
			continue
		}
		w := a.weight * math.Exp(-float64(age)/float64(13*time.Hour))
		if sum += w; g.Float64()*sum < w {
			which, ok = i, true
		}
	}
	return which, ok
}

func (g *generator) visitor() string {
	if g.IntN(4) > 0 {
		return fmt.Sprintf("%08x", g.Uint32())
	}
	return fmt.Sprintf("%08x", uint32(g.IntN(400))*0x9e3779b1+0x51ed) //nolint:gosec // who comes again and again
}

// origin is where a reader comes from whom no shared link brought.
func (g *generator) origin(a int) string {
	switch x := g.Float64(); {
	case x < 0.4:
		return "-"
	case x < 0.75:
		return "https://" + g.articles[a].site + "/"
	default:
		return "https://find.example/?q=" + []string{"news", "weather", "election", "ferry", "comet"}[g.IntN(5)]
	}
}

// read is what a reader does: reads, tells of it each half a minute and when leaving, and may share the article and go on to another one.
func (g *generator) read(v visit) {
	a := g.articles[v.article]
	g.send(v.at, v, "view", v.ref, 0)
	stays := time.Duration(math.Exp(3.1+1.1*g.NormFloat64()) * float64(time.Second))
	stays = min(stays, 20*time.Minute)
	at := v.at
	for left := stays; left > 0; left -= beat {
		step := min(left, beat)
		at = at.Add(step)
		if s := int(step.Seconds()); s > 0 {
			g.send(at, v, "beat", "-", s)
		}
	}
	if g.Float64() < a.catching*(0.3+math.Min(stays.Minutes(), 3)) {
		network := []string{"chirp.example", "faces.example"}[min(1, g.IntN(3))]
		link := fmt.Sprintf("https://%s/s/%07x", network, g.IntN(1<<28))
		g.send(at, v, "share", link, 0)
		for range min(int(math.Pow(g.Float64(), -1.05)), 400) - 1 { // most links bring nobody, some very many
			when := at.Add(time.Duration(g.ExpFloat64() * float64(100*time.Minute)))
			heap.Push(&g.queue, visit{when, g.visitor(), v.article, link})
		}
	}
	if g.IntN(5) == 0 {
		if next, ok := g.choose(at); ok && next != v.article {
			heap.Push(&g.queue, visit{at.Add(2 * time.Second), v.visitor, next, a.url})
		}
	}
}

// send puts a line on its way, unless it is after the two days: mostly a fraction of a second, seconds for a phone in a tunnel, now and then minutes.
func (g *generator) send(at time.Time, v visit, kind, ref string, seconds int) {
	if at.After(begin.Add(lasts)) {
		return
	}
	d := g.ExpFloat64() * 0.4
	switch x := g.Float64(); {
	case x < 0.004:
		d += 20 + g.Float64()*200
	case x < 0.03:
		d += 1 + g.Float64()*9
	}
	text := fmt.Sprintf("%d\t%s\t%s\t%s\t%s\t%d", at.UnixMilli(), v.visitor, kind, g.articles[v.article].url, ref, seconds)
	g.lines = append(g.lines, line{text, at.Add(time.Duration(d * float64(time.Second)))})
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
