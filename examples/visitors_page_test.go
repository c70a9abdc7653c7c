package examples

import (
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// freeAddress is one on which nobody listens; a program that is started twice is to be found there again.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

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
	script := filepath.Join(dir, "visitors-live.sql")
	sql := readFile(t, "visitors/visitors-live.sql")
	begin, end := strings.Index(sql, "CREATE SOURCE CONNECTOR archive"), strings.Index(sql, "-- 2.")
	sql = strings.Replace(sql[:begin]+sql[end:], "'logs/*'", "'"+log+"'", 1)
	if err := os.WriteFile(script, []byte(sql), 0o600); err != nil {
		t.Fatal(err)
	}
	api, broker := freeAddress(t), freeAddress(t)
	var out strings.Builder
	run := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0], "run", script, "--keep", "--data-dir", filepath.Join(dir, "data"), "--www", filepath.Join(folder, "www"),
			"--listen", api, "--kafka-listen", broker, "--registry-listen", "127.0.0.1:0")
		cmd.Env = append(os.Environ(), asProgram+"=1")
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	kill := func(cmd *exec.Cmd) {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		out.Reset()
	}
	await := func() {
		t.Helper()
		for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
			resp, err := http.Get("http://" + api + "/info")
			if err == nil {
				resp.Body.Close()
				return
			}
			if time.Now().After(end) {
				t.Fatalf("the node does not answer: %v", err)
			}
		}
	}
	post := func() {
		t.Helper()
		resp, err := http.Post("http://"+api+"/topics/raw_page_views", "text/plain", strings.NewReader(visit))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
	}
	node := run()
	defer func() { kill(node) }()
	await()
	p := openPage(t, "http://"+api+"/")
	const visits, state = "document.querySelector('#country-GB .visits')?.textContent", "document.getElementById('state').textContent"
	p.until(visits, "2")
	p.until(state, "live")
	p.until("document.querySelector('#country-GB .bar').style.width", "100%")
	p.until("document.querySelectorAll('.country').length", "2")
	post()
	t.Logf("the bar moved %v after the visit", p.until(visits, "3"))
	p.until("Math.round(parseFloat(document.querySelectorAll('.bar')[1].style.width))", "33")

	client, err := kgo.NewClient(kgo.SeedBrokers(broker))
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
	kill(node)
	p.until(state, "connection lost: trying again")
	p.until("document.getElementById('state').className", "lost")
	node = run()
	await()
	post()
	p.until(visits, "4")
	p.until(state, "live")
	p.until("anew", "0") // it went on where it was
	if name := os.Getenv("WEIR_TEST_SCREENSHOT"); name != "" {
		var shot struct{ Data string }
		p.call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
		if png, err := base64.StdEncoding.DecodeString(shot.Data); err == nil {
			_ = os.WriteFile(name, png, 0o600)
		}
	}
}
