package server

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// frames posts a body over HTTP/2 and gives the frames of the answer's body.
func frames(t *testing.T, url, path, body string) []string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	f := http2.NewFramer(conn, conn)
	var head bytes.Buffer
	enc := hpack.NewEncoder(&head)
	for _, h := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":authority", strings.TrimPrefix(url, "http://")}, {":path", path}} {
		if err := enc.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
			t.Fatal(err)
		}
	}
	for _, write := range []func() error{
		func() error { return f.WriteSettings() },
		func() error {
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head.Bytes(), EndHeaders: true})
		},
		func() error { return f.WriteData(1, true, []byte(body)) },
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	var out []string
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		data, ok := frame.(*http2.DataFrame)
		if !ok {
			continue
		}
		if len(data.Data()) > 0 {
			out = append(out, string(data.Data()))
		}
		if data.StreamEnded() {
			return out
		}
	}
}

// Clients that take what a frame brings for a line are given a line in each, also where many come at once.
func TestLinesAreFrames(t *testing.T) {
	url := start(t, newEngine(t), Options{})
	ksql(t, url, "CREATE STREAM fr (k STRING KEY, v INT) WITH (KAFKA_TOPIC='fr', VALUE_FORMAT='JSON', PARTITIONS=1);")
	rows := strings.Repeat(`{"K":"a"}`+"\n", 30)
	for what, lines := range map[string][]string{
		"acks": frames(t, url, "/inserts-stream", `{"target":"FR"}`+"\n"+rows),
		"rows": frames(t, url, "/query-stream", `{"sql":"SELECT * FROM fr EMIT CHANGES LIMIT 30;","properties":{"auto.offset.reset":"earliest"}}`),
	} {
		want := map[string]int{"acks": 30, "rows": 31}[what]
		if len(lines) != want {
			t.Errorf("%s: got %d frames, want %d", what, len(lines), want)
		}
		for _, line := range lines {
			if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
				t.Errorf("%s: a frame is %q", what, line)
			}
		}
	}
}
