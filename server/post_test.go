package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/engine"
	"weir/kafka"
	"weir/kafka/embedded"
	"weir/registry"
	"weir/server/wire"
)

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// recordsOf are a topic's records, as text: partition, key, value, headers.
func recordsOf(t *testing.T, c *kafka.Cluster, topic string) (out []string) {
	t.Helper()
	ends, err := c.EndOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	for p := range int32(len(ends[topic])) {
		err := c.Read(t.Context(), topic, p, 0, ends[topic][p], func(r *kgo.Record) error {
			text := fmt.Sprintf("%d %q %q", p, r.Key, r.Value)
			for _, h := range r.Headers {
				text += fmt.Sprintf(" %s=%s", h.Key, h.Value)
			}
			out = append(out, text)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func makeTopic(t *testing.T, c *kafka.Cluster, name string, partitions int32, configs map[string]string) {
	t.Helper()
	if _, err := c.CreateTopic(t.Context(), kafka.TopicSpec{Name: name, Partitions: partitions, Configs: configs}); err != nil {
		t.Fatal(err)
	}
}

func TestPost(t *testing.T) {
	e, cluster, _ := newNode(t)
	url := start(t, e, Options{MaxBodyBytes: 2000})
	makeTopic(t, cluster, "small", 1, map[string]string{"max.message.bytes": "300"})
	zs, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := gzipped("LHR,IST\n")
	for i, c := range []struct {
		path, body string
		headers    []string
		status     int
		want       string // in the answer
		record     string // where it is taken
	}{
		{"", "a\x00\xff", nil, 200, `{"topic":"TOPIC","partition":`, `"" "a\x00\xff"`},
		{"", "", []string{"Weir-Partition", "1"}, 200, `{"topic":"TOPIC","partition":1,"offset":0}`, `1 "" ""`},
		{"", "v", []string{"Weir-Key", "k", "Weir-Timestamp", "1596272400000", "Weir-Header-Trace-ID", "7"}, 200, `"offset":0}`, `"k" "v" trace-id=7`},
		{"", "v", []string{"Weir-Key-Base64", "AP8="}, 200, `"offset":0}`, `"\x00\xff" "v"`},
		{"", packed, []string{"Content-Encoding", "gzip"}, 200, `"offset":0}`, fmt.Sprintf("%q content-encoding=gzip", packed)},
		{"?decode=true", packed, []string{"Content-Encoding", "gzip"}, 200, `"offset":0}`, `"LHR,IST\n"`},
		{"?decode=true", string(zs.EncodeAll([]byte("LHR"), nil)), []string{"Content-Encoding", "zstd"}, 200, `"offset":0}`, `"LHR"`},
		{"?decode=true", "LHR", []string{"Content-Encoding", "identity"}, 200, `"offset":0}`, `"LHR"`},
		{"?decode=true", "LHR", []string{"Content-Encoding", "br"}, 415, "cannot be undone: expected gzip, deflate or zstd", ""},
		{"?decode=true", "LHR", []string{"Content-Encoding", "gzip"}, 400, "the body is not what Content-Encoding 'gzip' says", ""},
		{"?decode=true", packed[:len(packed)-3], []string{"Content-Encoding", "gzip"}, 400, "unexpected EOF", ""},
		{"?decode=true", gzipped(strings.Repeat("0", 2001)), []string{"Content-Encoding", "gzip"}, 413, "weir.http.max.request.bytes", ""},
		{"?decode=1", "v", nil, 400, "expected true or false", ""},
		{"?decod=true", "v", nil, 400, "there is no parameter 'decod'", ""},
		{"", strings.Repeat("0", 2001), nil, 413, "weir.http.max.request.bytes", ""},
		{"", "v", []string{"Weir-Partition", "-1"}, 400, "Weir-Partition: expected a number from 0, got '-1'", ""},
		{"", "v", []string{"Weir-Partition", "3"}, 400, "has the partitions 0 to 2", ""},
		{"", "v", []string{"Weir-Timestamp", "noon"}, 400, "milliseconds since 1970", ""},
		{"", "v", []string{"Weir-Key-Base64", "?"}, 400, "expected base64", ""},
		{"", "v", []string{"Weir-Key", "k", "Weir-Key-Base64", "AP8="}, 400, "a record has one key", ""},
		{"", "v", []string{"Weir-Keys", "k"}, 400, "there is no such header", ""},
		{"", "v", []string{"Idempotency-Key", strings.Repeat("k", 256)}, 400, "1 to 255 bytes", ""},
		{"", "v", []string{"Sec-Fetch-Site", "cross-site"}, 403, "another origin", ""},
	} {
		topic := fmt.Sprintf("t%d", i)
		makeTopic(t, cluster, topic, 3, nil)
		status, body := send(t, "POST", url+"/topics/"+topic+c.path, c.body, c.headers...)
		if status != c.status || !strings.Contains(body, strings.ReplaceAll(c.want, "TOPIC", topic)) {
			t.Errorf("%d: got %d %s\nwant %d %s", i, status, body, c.status, c.want)
		}
		got := recordsOf(t, cluster, topic)
		if c.record == "" && len(got) > 0 || c.record != "" && (len(got) != 1 || !strings.HasSuffix(got[0], c.record)) {
			t.Errorf("%d: records %q", i, got)
		}
	}
	for topic, c := range map[string]struct {
		status int
		want   string
	}{
		"nope": {404, "There is no topic nope. Make it with"}, "a%2Fb": {404, "There is no topic a/b"}, "small": {413, "max.message.bytes (300) of the topic is smaller. Send less at once, let the statement that makes the topic have MAX_MESSAGE_BYTES"},
		"_weir-default_-commands": {403, "kept by programs for themselves"}, "__consumer_offsets": {403, "kept by programs"},
	} {
		if status, body := send(t, "POST", url+"/topics/"+topic, strings.Repeat("0", 500)); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s", topic, status, body)
		}
	}
	if status, body := send(t, "GET", url+"/topics/t0", ""); status != 405 {
		t.Errorf("%d %s", status, body)
	}
}

// TestPostsAtOnce: large and small records of many clients all arrive, with repeats of each that are not second ones, over a restart too.
func TestPostsAtOnce(t *testing.T) {
	dir := t.TempDir()
	open := func() (*engine.Engine, *kafka.Cluster, func()) {
		broker, err := embedded.Start(embedded.Options{DataDir: dir + "/broker", Addr: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: []string{broker.Addr()}, Opts: []kgo.Opt{kgo.Dialer(broker.Dialer())}})
		if err != nil {
			t.Fatal(err)
		}
		e, err := engine.Open(t.Context(), engine.Options{Cluster: cluster, Embedded: true, Registry: registry.NewLocal(registry.NewStore()), DataDir: dir, Durable: broker.Durable})
		if err != nil {
			t.Fatal(err)
		}
		return e, cluster, func() {
			e.Close(context.Background())
			cluster.Close()
			broker.Close()
		}
	}
	const bundles = 24
	post := func(url string) {
		var wg sync.WaitGroup
		for i := range bundles {
			for range 2 {
				wg.Go(func() {
					size := 10
					if i%3 == 0 {
						size = 700_000
					}
					status, body := send(t, "POST", url+"/topics/bundles", strings.Repeat(string(rune('a'+i)), size), "Idempotency-Key", fmt.Sprint(i))
					if status != 200 {
						t.Errorf("%d %s", status, body)
					}
				})
			}
		}
		wg.Wait()
	}
	e, cluster, stop := open()
	makeTopic(t, cluster, "bundles", 2, map[string]string{"max.message.bytes": "1000000"})
	url := start(t, e, Options{})
	post(url)
	if status, body := send(t, "POST", url+"/topics/bundles", "other", "Idempotency-Key", "1"); status != 422 || !strings.Contains(body, "another record") {
		t.Errorf("%d %s", status, body)
	}
	stop()
	e, cluster, stop = open()
	defer stop()
	url = start(t, e, Options{})
	post(url)
	if n := len(recordsOf(t, cluster, "bundles")); n != bundles {
		t.Errorf("%d records of %d", n, bundles)
	}
	if status, body := send(t, "POST", url+"/topics/bundles", strings.Repeat("b", 10), "Idempotency-Key", "1"); status != 200 || !strings.Contains(body, `"repeated":true`) {
		t.Errorf("%d %s", status, body)
	}
	// A topic that is made anew has none of it.
	if err := cluster.DeleteTopic(t.Context(), "bundles"); err != nil {
		t.Fatal(err)
	}
	makeTopic(t, cluster, "bundles", 1, nil)
	if status, body := send(t, "POST", url+"/topics/bundles", strings.Repeat("b", 10), "Idempotency-Key", "1"); status != 200 || strings.Contains(body, `"repeated"`) {
		t.Errorf("%d %s", status, body)
	}
}

// held is an engine whose posts wait.
type held struct {
	Engine
	came, go_ chan struct{}
	err       error
}

func (h held) Post(context.Context, engine.Post) (engine.Posted, error) {
	h.came <- struct{}{}
	<-h.go_
	return engine.Posted{}, h.err
}

// TestPostsTooMany: what is more than may be under way is sent away for a moment, and so is what the brokers can't take now.
func TestPostsTooMany(t *testing.T) {
	e, cluster, _ := newNode(t)
	makeTopic(t, cluster, "t", 1, nil)
	h := held{e, make(chan struct{}, 2), make(chan struct{}), &engine.PostError{Kind: engine.PostUnavailable, Msg: "the brokers are away", Err: errors.New("x")}}
	url := start(t, h, Options{MaxPostedBytes: 100})
	first := make(chan string)
	go func() {
		status, body := send(t, "POST", url+"/topics/t", strings.Repeat("0", 200)) // alone, it is taken
		first <- fmt.Sprint(status, body)
	}()
	<-h.came
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/topics/t", strings.NewReader("1"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != wire.TooManyRequests.Status() || resp.Header.Get("Retry-After") != "1" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	close(h.go_)
	if got := <-first; !strings.HasPrefix(got, "503") || !strings.Contains(got, "the brokers are away") {
		t.Error(got)
	}
}
