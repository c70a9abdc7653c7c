package examples

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestClickstreamPage looks at the page: a list moves as views come, a URL that others overtake leaves it, a slide follows the other, and a node that is killed
// and comes back is told of and found again.
func TestClickstreamPage(t *testing.T) {
	t.Parallel()
	n := clickstreamProgram(t)
	n.start()
	// Times are the test's own, so that it is all one to it how long it takes.
	const at = 1709662800000 // the begin of a window
	view := func(ms int64, url string, times int) {
		t.Helper()
		for range times {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+n.api+"/topics/lines", strings.NewReader("me\t"+url))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Weir-Timestamp", strconv.FormatInt(ms, 10))
			req.Header.Set("Weir-Partition", "0")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Fatalf("%d %s", resp.StatusCode, body)
			}
		}
	}
	p := openPage(t, "http://"+n.api+"/")
	const state, urls = "document.getElementById('state').textContent", "[...document.querySelectorAll('li')].map((l) => l.dataset.url + ' ' + l.querySelector('.views').textContent).join()"
	p.until(state, "live")
	p.until("document.getElementById('ticker-state').textContent", "live")
	var want []string
	for i := range 10 {
		url := fmt.Sprintf("/p%d", i)
		view(at+27000, url, 2)
		want = append(want, url+" 2")
	}
	p.until(urls, strings.Join(want, ","))
	p.until("document.getElementById('ticker').textContent.split('\\n')[0]", "me  /p9")
	view(at+28000, "/new", 3)
	t.Logf("the list moved %v after the views", p.until(urls, "/new 3,"+strings.Join(want[:9], ",")))
	p.until("document.querySelector('li').querySelector('.bar').style.width", "100%")
	view(at+31000, "/p9", 1) // from here on the window is that which began five seconds later
	p.until(urls, "/new 3,/p9 3,"+strings.Join(want[:8], ","))
	view(at+120000, "/later", 1)
	p.until(urls, "/later 1")

	p.eval("(globalThis.anew = 0, source.addEventListener('ready', () => anew++), source.addEventListener('reset', () => anew++), 0)")
	n.kill()
	p.until(state, "connection lost: trying again")
	p.until("document.getElementById('state').className", "state lost")
	p.until("document.getElementById('ticker-state').className", "state lost")
	n.start()
	view(at+121000, "/later", 1)
	p.until(urls, "/later 2")
	p.until(state, "live")
	p.until("anew", "0") // it went on where it was
	p.until("document.getElementById('ticker-state').textContent", "live")
	p.screenshot()
}

// clickstreamProgram is a program that runs the live example without its file, with addresses of its own.
func clickstreamProgram(t *testing.T) *program {
	t.Helper()
	folder, err := filepath.Abs("clickstream")
	if err != nil {
		t.Fatal(err)
	}
	sql := readFile(t, "clickstream/clickstream-live.sql")
	begin, end := strings.Index(sql, "CREATE SOURCE CONNECTOR again"), strings.Index(sql, "-- 2.")
	n := &program{t: t, dir: t.TempDir(), api: freeAddress(t), broker: freeAddress(t), lines: freeAddress(t), www: filepath.Join(folder, "www")}
	sql = strings.Replace(sql[:begin]+sql[end:], "127.0.0.1:9999", n.lines, 1)
	if err := os.WriteFile(n.script(), []byte(sql), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.kill)
	return n
}
