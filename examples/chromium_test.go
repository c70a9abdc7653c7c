package examples

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// page is one in a Chromium without a window, spoken to by the DevTools protocol.
type page struct {
	t       *testing.T
	conn    *websocket.Conn
	session string
	calls   int
}

// openPage opens an address. The test is skipped where there is no Chromium.
func openPage(t *testing.T, url string) *page {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && program == "" {
			program = found
		}
	}
	if program == "" {
		t.Skip("there is no Chromium here: Debian has it in the package chromium")
	}
	cmd := exec.Command(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0", "--user-data-dir="+t.TempDir(), "about:blank")
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if a, ok := strings.CutPrefix(lines.Text(), "DevTools listening on "); ok {
				address <- a
			}
		}
		close(address)
	}()
	p := &page{t: t}
	t.Cleanup(func() {
		if p.conn != nil {
			_, _ = p.try("Browser.close", nil)
			p.conn.CloseNow()
		}
		gone := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		<-drained
		_ = cmd.Wait()
		gone.Stop()
	})
	select {
	case a := <-address:
		if p.conn, _, err = websocket.Dial(t.Context(), a, nil); err != nil {
			t.Fatalf("%q: %v", a, err)
		}
	case <-time.After(2 * time.Minute):
		_ = cmd.Process.Kill()
		t.Fatal("Chromium does not say where it listens")
	}
	p.conn.SetReadLimit(64 << 20)
	var target struct{ TargetID string }
	p.call("Target.createTarget", map[string]any{"url": url}, &target)
	var attached struct{ SessionID string }
	p.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p.session = attached.SessionID
	return p
}

func (p *page) call(method string, params, into any) {
	p.t.Helper()
	data, err := p.try(method, params)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		p.t.Fatalf("%s: %v", method, err)
	}
}

func (p *page) try(method string, params any) (json.RawMessage, error) {
	p.calls++
	request := map[string]any{"id": p.calls, "method": method, "params": params}
	if params == nil {
		delete(request, "params")
	}
	if p.session != "" && !strings.HasPrefix(method, "Browser.") {
		request["sessionId"] = p.session
	}
	data, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	ctx := p.t.Context()
	if err := p.conn.Write(ctx, websocket.MessageText, data); err != nil {
		return nil, err
	}
	for {
		_, data, err := p.conn.Read(ctx)
		if err != nil {
			return nil, err
		}
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(data, &answer); err != nil {
			return nil, err
		}
		switch {
		case answer.ID != p.calls: // an event
		case answer.Error != nil:
			return nil, fmt.Errorf("%s", answer.Error.Message)
		default:
			return answer.Result, nil
		}
	}
}

// eval is the value of an expression of JavaScript, as text.
func (p *page) eval(script string) string {
	p.t.Helper()
	var out struct {
		Result struct{ Value any }
	}
	p.call("Runtime.evaluate", map[string]any{"expression": "String(" + script + ")", "returnByValue": true}, &out)
	return fmt.Sprint(out.Result.Value)
}

// until waits for an expression to have a value, and says how long that took.
func (p *page) until(script, want string) time.Duration {
	p.t.Helper()
	began := time.Now()
	for {
		got := p.eval(script)
		switch {
		case got == want:
			return time.Since(began)
		case time.Since(began) > 2*time.Minute:
			p.t.Fatalf("%s is %q, want %q; the page:\n%s", script, got, want, p.eval("document.body.innerText"))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// screenshot leaves a picture of the page in the file that WEIR_TEST_SCREENSHOT names, if it does.
func (p *page) screenshot() {
	p.t.Helper()
	name := os.Getenv("WEIR_TEST_SCREENSHOT")
	if name == "" {
		return
	}
	var shot struct{ Data []byte }
	p.call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	if err := os.WriteFile(name, shot.Data, 0o600); err != nil {
		p.t.Error(err)
	}
}
