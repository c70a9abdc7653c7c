package connectors

import (
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"weir/connectors/connector"
)

// TestDeliverToS3: a server that is away is waited for; then each committed record is in an object once, of a topic that no stream is over.
func TestDeliverToS3(t *testing.T) {
	p := newPlace(t)
	p.topic("rows", 3)
	p.produce("rows", 0, 3000)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "secret"), []byte("not to be seen"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := p.runtime()
	spec := sinkSpec("out", "connector.class", "io.confluent.connect.s3.S3SinkConnector", "topics", "rows", "s3.bucket.name", "site", "store.url", "http://"+addr,
		"aws.access.key.id", "id", "aws.secret.access.key", "${file:secret}", "format.class", "io.confluent.connect.s3.format.json.JsonFormat", "flush.size", "300")
	if err := r.Start(spec); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it says what it waits for", func() bool {
		s, _ := r.Status("out")
		return s.State == Running && strings.Contains(s.LastError, addr) && !strings.Contains(s.LastError, "not to be seen")
	})

	b := s3mem.New()
	if err := b.CreateBucket("site"); err != nil {
		t.Fatal(err)
	}
	if listener, err = net.Listen("tcp", addr); err != nil {
		t.Skip("the port is taken by somebody else:", err)
	}
	server := httptest.NewUnstartedServer(gofakes3.New(b).Server())
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	p.deliver(r)
	list, err := b.ListBucket("site", nil, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range list.Contents {
		o, err := b.GetObject("site", c.Key, nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(o.Contents)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.Fields(strings.ReplaceAll(string(data), "row ", ""))...)
	}
	wantRows(t, lines, 3000)

	if err := r.Start(sinkSpec("no", append(pairs(spec), "format", "avro")...)); err == nil || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("%v", err)
	}
	avro := slices.DeleteFunc(slices.Clone(spec.Properties), func(s connector.Setting) bool { return s.Name == "format.class" })
	if err := r.Validate(Spec{Name: "no", Kind: connector.Sink, Properties: avro}); err == nil || !strings.Contains(err.Error(), "the columns of the topic rows are needed") {
		t.Errorf("%v", err)
	}
}

func pairs(s Spec) (out []string) {
	for _, p := range s.Properties {
		out = append(out, p.Name, p.Value)
	}
	return out
}
