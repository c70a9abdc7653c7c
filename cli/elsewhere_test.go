package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/engine"
	"weir/kafka"
	"weir/parser"
	"weir/settings"
)

// freeAddr is an address that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// get is the status of a path, and what is answered.
func get(url string) (int, string) {
	resp, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	data, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data)
}

// A start waits for Kafka, answers meanwhile, and goes on when it comes. The end of the context ends the wait.
func TestWaitsForKafka(t *testing.T) {
	broker, api := freeAddr(t), freeAddr(t)
	s, err := resolveTest(t, []string{"--brokers", broker, "--listen", api, "--data-dir", filepath.Join(t.TempDir(), "data")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := &lockedLog{out: &bytes.Buffer{}}
	type started struct {
		n   *node
		err error
	}
	begin := func(ctx context.Context) chan started {
		out := make(chan started, 1)
		go func() {
			n, err := startNode(ctx, s, nodeOptions{serveAPI: true}, slog.New(slog.NewTextHandler(log, nil)))
			out <- started{n, err}
		}()
		for range 200 {
			if code, _ := get("http://" + api + "/chc/live"); code == http.StatusOK {
				return out
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatal("nobody answers", log.String())
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := begin(ctx)
	for path, want := range map[string]struct {
		code int
		text string
	}{
		"/info": {200, `"serverStatus":"INITIALIZING"`}, "/healthcheck": {503, `"kafka":{"isHealthy":false}`}, "/chc/ready": {503, "waits for Kafka"}, "/ksql": {503, "waits for Kafka"},
	} {
		if code, text := get("http://" + api + path); code != want.code || !strings.Contains(text, want.text) {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	cancel()
	if r := <-out; r.err == nil || !strings.Contains(r.err.Error(), errInterrupted.Error()) {
		t.Fatal(r.err)
	}
	out = begin(t.Context())
	_, port, _ := net.SplitHostPort(broker)
	var number int
	if err := json.Unmarshal([]byte(port), &number); err != nil {
		t.Fatal(err)
	}
	b, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(number))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r := <-out
	if r.err != nil {
		t.Fatal(r.err)
	}
	if code, text := get("http://" + api + "/healthcheck"); code != 200 || strings.Count(log.String(), "Kafka is away: the start waits for it") != 2 || !strings.Contains(log.String(), "Kafka is there") {
		t.Errorf("%d %s\n%s", code, text, log)
	}
	if err := r.n.close(); err != nil {
		t.Error(err)
	}
}

// A start waits no longer than it is told to.
func TestWaitEnds(t *testing.T) {
	s, err := resolveTest(t, []string{"--brokers", freeAddr(t), "--kafka-wait-ms", "0", "--data-dir", filepath.Join(t.TempDir(), "data")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := startNode(t.Context(), s, nodeOptions{}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), kafka.ErrUnreachable.Error()) {
		t.Error(err)
	}
}

// MARKER stands in the place of every secret, and is in nothing that a node shows, logs or keeps.
func TestSecretsAreNotShown(t *testing.T) {
	b, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "alice", "MARKER"))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	registry := freeAddr(t)
	dir, api := t.TempDir(), freeAddr(t)
	file := filepath.Join(dir, "client.properties")
	text := "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-256\nsasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n" +
		"  username=alice password=MARKER;\nksql.schema.registry.url=http://user:MARKER@" + registry + "\nksql.schema.registry.basic.auth.credentials.source=USER_INFO\n" +
		"ksql.connect.url=http://127.0.0.1:1\nksql.connect.bearer.auth.credentials.source=STATIC_TOKEN\nproducer.sasl.jaas.config=MARKER\nconfluent.license.secret.of.others=MARKER\n"
	for _, f := range settings.Families() {
		for _, m := range f.Members() {
			if i := m.About(); i.Secret && !strings.Contains(text, "\n"+i.Name+"=") && !strings.HasSuffix(i.Name, "ssl.keystore.key") { // a key has to be one
				text += i.Name + "=u:MARKER\n"
			}
		}
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := resolveTest(t, []string{"--brokers", b.ListenAddrs()[0], "--config", file, "--listen", api, "--log-level", "debug", "--data-dir", filepath.Join(dir, "data")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := &lockedLog{out: &bytes.Buffer{}}
	n, err := startNode(t.Context(), s, nodeOptions{serveAPI: true}, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	n.describe(&shown)
	execute := func(sql string) {
		err := n.engine.Execute(t.Context(), engine.NewSession(), sql, func(_ parser.Stmt, r engine.Result) error {
			data, err := json.Marshal(r)
			shown.Write(data)
			return err
		})
		if err != nil {
			shown.WriteString(err.Error())
		}
	}
	execute("SHOW PROPERTIES;")
	execute("CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);")
	execute("CREATE STREAM o AS SELECT k, a + 1 AS b FROM s EMIT CHANGES;")
	execute("CREATE STREAM a (k STRING KEY, a INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='AVRO', PARTITIONS=1);")
	execute("EXPLAIN SELECT * FROM o EMIT CHANGES;")
	execute("SHOW CONNECTORS;")
	execute("DESCRIBE CONNECTOR x;")
	execute("SET 'sasl.jaas.config' = 'x';")
	for _, path := range []string{"/info", "/healthcheck", "/metrics", "/status", "/v1/metadata", "/clusterStatus"} {
		_, answer := get("http://" + api + path)
		shown.WriteString(answer)
	}
	err = n.cluster.Read(t.Context(), "_weir-default_-commands", 0, 0, 3, func(r *kgo.Record) error {
		shown.Write(r.Value)
		return nil
	})
	if err != nil || !strings.Contains(shown.String(), "CREATE STREAM o") || !strings.Contains(shown.String(), settings.Hidden) || strings.Contains(shown.String(), "server\":{\"ksql.connect.b") {
		t.Errorf("%v\n%s", err, shown.String())
	}
	if err := n.close(); err != nil {
		t.Error(err)
	}
	if strings.Contains(shown.String(), "MARKER") {
		t.Errorf("shown: %s", shown.String())
	}
	if strings.Contains(log.String(), "MARKER") || !strings.Contains(log.String(), "producer.sasl.jaas.config (all clients log in") || !strings.Contains(log.String(), "confluent.license.secret.of.others (unknown)") {
		t.Errorf("logged: %s", log)
	}
	err = filepath.WalkDir(filepath.Join(dir, "data"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("MARKER")) {
			t.Errorf("kept in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
