package server

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"weir/engine"
	"weir/registry"
	"weir/server/wire"
)

// logged gathers what is logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// The value of an INSERT that is refused is told to whoever sent it, and to no log.
func TestRefusedValuesAreInNoLog(t *testing.T) {
	_, cluster, _ := newNode(t)
	log := new(logged)
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	e, err := engine.Open(t.Context(), engine.Options{Cluster: cluster, Embedded: true, Registry: registry.NewLocal(registry.NewStore()), DataDir: t.TempDir(), ServiceID: "unlogged_", Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	url := start(t, e, Options{Log: logger})
	ksql(t, url, "CREATE STREAM s (k STRING KEY, n INT, d DECIMAL(4,2)) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); CREATE STREAM t AS SELECT * FROM s;")
	const secret = "t0pS3cret"
	for _, sql := range []string{
		"INSERT INTO s (k, n) VALUES ('x', '" + secret + "');",
		"INSERT INTO s (k, n) VALUES ('x', CAST('" + secret + "' AS INT));",
		"INSERT INTO s (k, nope) VALUES ('x', '" + secret + "');",
		"INSERT INTO s (k) VALUES ('" + secret + "', 1);",
		"INSERT INTO s (k, d) VALUES ('" + secret + "', 123456);",
	} {
		for _, path := range []string{"/ksql", "/sql"} {
			if status, body := send(t, "POST", url+path, sql, "Content-Type", wire.SQL); status != 400 {
				t.Errorf("%s: %d %s", sql, status, body)
			}
		}
	}
	_, body := send(t, "POST", url+"/inserts-stream", `{"target":"S"}`+"\n"+`{"K":"x","N":"`+secret+`"}`+"\n")
	if !strings.Contains(body, "error") {
		t.Errorf("/inserts-stream: %s", body)
	}
	if text := log.String(); strings.Contains(text, secret) {
		t.Errorf("the log has it:\n%s", text)
	}
}
