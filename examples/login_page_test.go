package examples

import (
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/server"
	"weir/tenants"
)

// TestLoginPage: what a browser was told once is what its page's requests, events and WebSockets log in with.
func TestLoginPage(t *testing.T) {
	const token = "shop-0123456789abcdef"
	dir := t.TempDir()
	for name, text := range map[string]string{
		"principals.json": `{"principals": [{"name": "shop", "token": "` + token + `"}]}`,
		"www/index.html": `<!doctype html><title>t</title><script>
			let info = '', sse = '', ws = '';
			fetch('/info').then(r => info = r.status);
			const events = new EventSource('/streams/s/changes');
			events.addEventListener('row', e => sse = e.data);
			const socket = new WebSocket('ws://' + location.host + '/streams/s/changes');
			socket.onmessage = e => { const m = JSON.parse(e.data); if (m.event === 'row') ws = JSON.stringify(m.data); };
		</script>`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	who, err := tenants.Open(filepath.Join(dir, "principals.json"), tenants.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(who.Close)
	files, err := server.Files(filepath.Join(dir, "www"))
	if err != nil {
		t.Fatal(err)
	}
	n := startNode(t, dir)
	n.run(t, `CREATE STREAM s (v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(server.New(n.engine, server.Options{Tenants: who, Files: files}))
	_ = s.Listener.Close()
	s.Listener = listener
	s.Start()
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "http://")

	p := openPage(t, "http://shop:"+token+"@"+host+"/info")
	p.until("document.body?.innerText.includes('KsqlServerInfo')", "true")
	p.call("Page.navigate", map[string]any{"url": "http://" + host + "/"}, new(any)) // as whoever has answered the browser's question
	p.until("info", "200")
	p.until("events.readyState", "1")
	p.until("socket.readyState", "1")
	n.run(t, `INSERT INTO s VALUES (7);`)
	p.until("sse", `{"V":7}`)
	p.until("ws", `{"V":7}`)
}
