package examples

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestVisitorsPage looks at the page: a bar moves as a visit comes, a row that is deleted disappears, and a node that is killed and comes back is told
// of and found again, without a count that is missed.
func TestVisitorsPage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder, err := filepath.Abs("visitors")
	if err != nil {
		t.Fatal(err)
	}
	const visit = `81.2.69.160 - - [17/May/2015:10:05:03 +0000] "GET /blog/ HTTP/1.1" 200 20 "-" "Mozilla/5.0 (X11; Linux x86_64; rv:26.0) Gecko/20100101 Firefox/26.0"`
	log := filepath.Join(dir, "some.log")
	if err := os.WriteFile(log, []byte(visit+"\n"+visit+"\n"+strings.Replace(visit, "81.2.69.160", "10.0.0.1", 1)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := &program{t: t, dir: dir, www: filepath.Join(folder, "www"), api: freeAddress(t), broker: freeAddress(t)}
	sql := readFile(t, "visitors/visitors-live.sql")
	begin, end := strings.Index(sql, "CREATE SOURCE CONNECTOR archive"), strings.Index(sql, "-- 2.")
	sql = strings.Replace(sql[:begin]+sql[end:], "'logs/*'", "'"+log+"'", 1)
	if err := os.WriteFile(n.script(), []byte(sql), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.kill)
	post := func() {
		t.Helper()
		resp, err := http.Post("http://"+n.api+"/topics/raw_page_views", "text/plain", strings.NewReader(visit))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
	}
	n.start()
	p := openPage(t, "http://"+n.api+"/")
	const visits, state = "document.querySelector('#country-GB .visits')?.textContent", "document.getElementById('state').textContent"
	p.until(visits, "2")
	p.until(state, "live")
	p.until("document.querySelector('#country-GB .bar').style.width", "100%")
	p.until("document.querySelectorAll('.country').length", "2")
	post()
	t.Logf("the bar moved %v after the visit", p.until(visits, "3"))
	p.until("Math.round(parseFloat(document.querySelectorAll('.bar')[1].style.width))", "33")

	client, err := kgo.NewClient(kgo.SeedBrokers(n.broker))
	if err != nil {
		t.Fatal(err)
	}
	deleted := client.ProduceSync(t.Context(), &kgo.Record{Topic: "visits_per_country", Key: []byte("??")}).FirstErr()
	client.Close()
	if deleted != nil {
		t.Fatal(deleted)
	}
	p.until("document.querySelectorAll('.country').length", "1")

	p.eval("(globalThis.anew = 0, source.addEventListener('ready', () => anew++), source.addEventListener('reset', () => anew++), 0)")
	n.kill()
	p.until(state, "connection lost: trying again")
	p.until("document.getElementById('state').className", "lost")
	n.start()
	post()
	p.until(visits, "4")
	p.until(state, "live")
	p.until("anew", "0") // it went on where it was
	p.screenshot()
}
