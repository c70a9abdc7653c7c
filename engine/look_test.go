package engine

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// Topics are looked at while queries run. Where they are what they were, nothing comes of it: no query begins a session anew.
func TestLooksFindNothing(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		var log lockedBuffer
		p.adjust = func(o *Options) { o.Look, o.Log = 2*time.Millisecond, slog.New(slog.NewTextHandler(&log, nil)) }
		n := p.start(t)
		n.run(t, NewSession(), `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT v, COUNT(*) AS n FROM src GROUP BY v;
			CREATE TABLE w WITH (KAFKA_TOPIC='w') AS SELECT k, COUNT(*) AS n FROM src WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY k;
			CREATE STREAM j WITH (KAFKA_TOPIC='j', VALUE_FORMAT='JSON') AS SELECT src.v AS v, src.k AS k, c.n AS n FROM src LEFT JOIN c ON src.v = c.v;`)
		for range 10 {
			n.write(t, "src", `a={"V":"1"}`, `b={"V":"2"}`)
			n.settle(t)
		}
		time.Sleep(100 * time.Millisecond)
		if text := log.String(); strings.Contains(text, "query stopped") {
			t.Error(text)
		}
	})
}

// lockedBuffer is written by several goroutines.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
