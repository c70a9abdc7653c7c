package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/engine"
	"weir/kafka"
	"weir/kafka/embedded"
	"weir/registry"
	"weir/server/wire"
	"weir/tenants"
)

// newEngine is an engine on an embedded broker of its own.
func newEngine(t *testing.T) *engine.Engine {
	t.Helper()
	e, _, _ := newNode(t)
	return e
}

// newNode is an engine with its embedded broker, which may be closed before the test has ended.
func newNode(t *testing.T) (*engine.Engine, *kafka.Cluster, *embedded.Broker) {
	t.Helper()
	return newNodeOf(t, nil)
}

// newNodeOf is newNode for tenants.
func newNodeOf(t *testing.T, of *tenants.Tenants) (*engine.Engine, *kafka.Cluster, *embedded.Broker) {
	t.Helper()
	dir := t.TempDir()
	broker, err := embedded.Start(embedded.Options{DataDir: dir + "/broker", Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { broker.Close() })
	cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: []string{broker.Addr()}, Opts: []kgo.Opt{kgo.Dialer(broker.Dialer())}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	e, err := engine.Open(t.Context(), engine.Options{Cluster: cluster, Embedded: true, Registry: registry.NewLocal(registry.NewStore()), DataDir: dir, Version: "1.2.3", Tenants: of})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close(context.Background()) })
	return e, cluster, broker
}

func start(t *testing.T, e Engine, o Options) string {
	t.Helper()
	s := New(e, o)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(s.Shutdown(ctx), <-served); err != nil {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String()
}

// send posts a body and returns status and answer. Headers come in pairs.
func send(t *testing.T, method, url, body string, headers ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

func ksql(t *testing.T, url, sql string) string {
	t.Helper()
	status, body := send(t, "POST", url+"/ksql", sql, "Content-Type", wire.SQL)
	if status != 200 {
		t.Fatalf("%s: %d %s", sql, status, body)
	}
	return body
}

func TestEndpoints(t *testing.T) {
	url := start(t, newEngine(t), Options{MaxBodyBytes: 4096})
	ksql(t, url, "CREATE STREAM ends (k STRING KEY, v INT) WITH (KAFKA_TOPIC='ends', VALUE_FORMAT='JSON', PARTITIONS=1);")
	quoted := func(s string) string {
		b, _ := json.Marshal(s)
		return string(b)
	}
	cases := []struct {
		method, path, body string
		headers            []string
		status             int
		want               string // in the answer
	}{
		{"GET", "/info", "", nil, 200, `{"KsqlServerInfo":{"version":"1.2.3","kafkaClusterId":"weir","ksqlServiceId":"default_","serverStatus":"RUNNING"}}`},
		{"GET", "/", "", nil, 307, ""},
		{"GET", "/healthcheck", "", nil, 200, `"isHealthy":true`},
		{"GET", "/status", "", nil, 200, "\"stream/`ENDS`/create\":\"SUCCESS\""},
		{"GET", "/status/stream/%60ENDS%60/create", "", nil, 200, `{"status":"SUCCESS","message":"Stream created","queryId":null}`},
		{"GET", "/status/stream/%60NOPE%60/create", "", nil, 404, `"error_code":40400`},
		{"GET", "/is_valid_property/auto.offset.reset", "", nil, 200, "true"},
		{"GET", "/is_valid_property/auto.offset.rset", "", nil, 400, `"error_code":40000`},
		{"GET", "/is_valid_property/ksql.service.id", "", nil, 400, "only be set when the server starts"},
		{"POST", "/ksql", `{"ksql":"SHOW STREAMS;","streamsProperties":{"nope":"1"}}`, nil, 400, `{"@type":"generic_error","error_code":40000,"message":"Not recognizable as ksql, streams, consumer, or producer property: 'nope'"`},
		{"POST", "/ksql", `{"ksql":"SHOW STREAMS;","streamsProperties":{"auto.offset.reset":"bad"}}`, nil, 400, "expected earliest or latest, found 'bad'"},
		{"POST", "/ksql", `{"ksql":"SHOW STREAMS;","streamsProperties":{"ksql.service.id":"1"}}`, nil, 400, "only be set when the server starts"},
		{"POST", "/query", `{"ksql":"SELECT * FROM ends;","streamsProperties":{"ksql.query.pull.table.scan.enabled":"maybe"}}`, nil, 400, "expected true or false, found 'maybe'"},
		{"POST", "/query-stream", `{"sql":"SELECT * FROM ends;","properties":{"nope":"1"}}`, nil, 400, `"error_code":40000`},
		{"POST", "/ksql", `{"ksql":"SHOW PROPERTIES;","streamsProperties":{"acks":"all"}}`, nil, 200, `"name":"acks","scope":"EXTERNAL","value":"all","editable":true,"level":"SERVER","meaning":"No effect: `},
		{"GET", "/clusterStatus", "", nil, 200, `"hostAlive":true`},
		{"GET", "/metrics", "", nil, 200, "go_goroutines"},
		{"GET", "/nope", "", nil, 404, `{"@type":"generic_error","error_code":40400`},
		{"GET", "/ksql", "", nil, 405, `"error_code":40500`},
		{"POST", "/info", "", nil, 405, `"error_code":40500`},
		{"POST", "/ksql", `{"ksql":"SHOW STREAMS;"}`, nil, 200, `{"type":"STREAM","name":"ENDS","topic":"ends","keyFormat":"KAFKA","valueFormat":"JSON","isWindowed":false}`},
		{"POST", "/ksql", `{"ksql":"SHOW STREAMS;"}`, []string{"Content-Type", "application/vnd.ksql.v1+json"}, 200, `"@type":"streams"`},
		{"POST", "/ksql", "SHOW STREAMS; SHOW TABLES;", []string{"Content-Type", "text/plain; charset=utf-8"}, 200, `"@type":"tables"`},
		{"POST", "/ksql", `{"ksql":"SET 'auto.offset.reset'='earliest'; DEFINE x='1';"}`, nil, 200, "[]\n"},
		{"POST", "/ksql", `{"ksql":"DESCRIBE ${s};","sessionVariables":{"s":"ends"}}`, nil, 200, `"@type":"sourceDescription"`},
		{"POST", "/ksql", `{"ksql":"SHOW FOO;"}`, nil, 400, `{"@type":"statement_error","error_code":40001,"message":"line 1:6: Syntax Error`},
		{"POST", "/ksql", `{"ksql":"DESCRIBE nope;"}`, nil, 400, `"error_code":40001`},
		{"POST", "/ksql", `{"ksql":"SELECT * FROM ends;"}`, nil, 400, `"error_code":40002`},
		{"POST", "/ksql", `{"ksql":"ASSERT TOPIC nope TIMEOUT 1 MILLISECOND;"}`, nil, 417, `"error_code":41700`},
		{"POST", "/ksql", `not json`, nil, 400, `{"@type":"generic_error","error_code":40000`},
		{"POST", "/ksql", `{}`, nil, 400, "holds no SQL"},
		{"POST", "/ksql", `{"ksql":` + quoted(strings.Repeat(" ", 5000)) + `}`, nil, 413, `"error_code":41300`},
		{"POST", "/ksql", `{"ksql":"SHOW STREAMS;"}`, []string{"Sec-Fetch-Site", "cross-site"}, 403, `"error_code":40300`},
		{"POST", "/query-stream", `{"sql":"SHOW STREAMS;"}`, nil, 400, `"error_code":40002`},
		{"POST", "/query-stream", `{"sql":"SELECT * FROM ends EMIT CHANGES; SELECT * FROM ends EMIT CHANGES;"}`, nil, 400, "Expected exactly one"},
		{"POST", "/query-stream", `{"sql":"SELECT * FROM nope EMIT CHANGES;"}`, nil, 400, `"error_code":40001`},
		{"POST", "/query-stream", `{"sql":"PRINT ends;"}`, []string{"Accept", wire.JSON}, 406, `"error_code":40600`},
		{"POST", "/query-stream", `{"sql":"PRINT ends;"}`, []string{"Accept", wire.Protobuf}, 406, `"error_code":40600`},
		{"POST", "/close-query", `{"queryId":"nope"}`, nil, 400, `"message":"No query with id nope"`},
	}
	for _, c := range cases {
		t.Run(c.method+c.path+" "+c.body[:min(len(c.body), 60)], func(t *testing.T) {
			status, body := send(t, c.method, url+c.path, c.body, c.headers...)
			if status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("got %d %s\nwant %d %s", status, body, c.status, c.want)
			}
		})
	}
}

// All statements of a request are checked before the first one is carried out.
func TestNothingIsDoneBeforeAnError(t *testing.T) {
	e := newEngine(t)
	url := start(t, e, Options{})
	_, body := send(t, "POST", url+"/ksql", "CREATE STREAM half (v INT) WITH (KAFKA_TOPIC='half', VALUE_FORMAT='JSON', PARTITIONS=1); CREATE STREAM h2 AS SELECT nope FROM half;",
		"Content-Type", wire.SQL)
	if !strings.Contains(body, `"error_code":40001`) {
		t.Fatalf("got %s", body)
	}
	if _, there := e.Snapshot().Source("HALF"); there {
		t.Error("the first statement was carried out")
	}
}

func TestRows(t *testing.T) {
	url := start(t, newEngine(t), Options{})
	ksql(t, url, `CREATE STREAM rws (k STRING KEY, v INT, d DECIMAL(4,2)) WITH (KAFKA_TOPIC='rws', VALUE_FORMAT='JSON', PARTITIONS=1);
		INSERT INTO rws VALUES ('a', 1, 1.5); INSERT INTO rws VALUES ('b', NULL, 2);`)
	push := `{"sql":"SELECT * FROM rws EMIT CHANGES LIMIT 2;","properties":{"auto.offset.reset":"earliest"}}`
	old := `{"ksql":"SELECT k, v FROM rws EMIT CHANGES LIMIT 1;","streamsProperties":{"auto.offset.reset":"earliest"}}`
	meta := `{"queryId":"ID","columnNames":["K","V","D"],"columnTypes":["STRING","INTEGER","DECIMAL(4, 2)"]}`
	cases := []struct{ name, path, body, accept, want string }{
		{"delimited", "/query-stream", push, "", meta + "\n[\"a\",1,1.50]\n[\"b\",null,2.00]\n"},
		{"delimited by name", "/query", push, wire.Delimited, meta + "\n[\"a\",1,1.50]\n[\"b\",null,2.00]\n"},
		{"array", "/query-stream", push, "application/json; q=1", "[" + meta + ",\n[\"a\",1,1.50],\n[\"b\",null,2.00]]\n"},
		{"old", "/query", old, "", "[{\"header\":{\"queryId\":\"ID\",\"schema\":\"`K` STRING, `V` INTEGER\"}},\n{\"row\":{\"columns\":[\"a\",1]}},\n{\"finalMessage\":\"Limit Reached\"}]\n"},
		{"print", "/query-stream", `{"sql":"PRINT rws FROM BEGINNING LIMIT 1;"}`, "", "Key format: KAFKA_STRING\nValue format: JSON\nrowtime: "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var headers []string
			if c.accept != "" {
				headers = []string{"Accept", c.accept}
			}
			status, body := send(t, "POST", url+c.path, c.body, headers...)
			if _, id, ok := strings.Cut(body, `"queryId":"`); ok {
				id, _, _ = strings.Cut(id, `"`)
				body = strings.Replace(body, id, "ID", 1)
			}
			if c.name == "print" {
				body = body[:min(len(body), len(c.want))]
			}
			if status != 200 || body != c.want {
				t.Errorf("got %d %s\nwant %s", status, body, c.want)
			}
		})
	}
}

func TestPull(t *testing.T) {
	e := newEngine(t)
	url := start(t, e, Options{})
	ksql(t, url, `CREATE STREAM pin (k STRING KEY, v INT) WITH (KAFKA_TOPIC='pin', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE pout AS SELECT k, SUM(v) AS s FROM pin GROUP BY k;
		INSERT INTO pin VALUES ('a', 1); INSERT INTO pin VALUES ('a', 2);`)
	if err := e.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, got := send(t, "POST", url+"/query-stream", `{"sql":"SELECT * FROM pout WHERE k='a';"}`)
	want := "{\"queryId\":\"transient_POUT_1\",\"columnNames\":[\"K\",\"S\"],\"columnTypes\":[\"STRING\",\"INTEGER\"]}\n[\"a\",3]\n"
	if got != want {
		t.Errorf("got %s", got)
	}
	_, got = send(t, "POST", url+"/query", `{"ksql":"SELECT * FROM pout WHERE k='a';"}`)
	if want := "[{\"header\":{\"queryId\":\"transient_POUT_2\",\"schema\":\"`K` STRING KEY, `S` INTEGER\"}},\n{\"row\":{\"columns\":[\"a\",3]}}]\n"; got != want {
		t.Errorf("got %s", got)
	}
	if _, metrics := send(t, "GET", url+"/metrics", ""); !strings.Contains(metrics, `weir_query_rows_in_total{query="CTAS_POUT_`) {
		t.Error("the query has no metrics")
	}
}

// DESCRIBE EXTENDED, EXPLAIN and the metrics tell what became of the rows of each step.
func TestSteps(t *testing.T) {
	e := newEngine(t)
	url := start(t, e, Options{})
	ksql(t, url, `CREATE STREAM sin (k STRING KEY, v INT) WITH (KAFKA_TOPIC='sin', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM sout AS SELECT * FROM sin WHERE v > 1;
		INSERT INTO sin VALUES ('a', 1); INSERT INTO sin VALUES ('b', 2); INSERT INTO sin VALUES ('c', 3);`)
	if err := e.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := e.Queries()[0].ID
	want := `"steps":[{"step":"Sink stream ` + "`SOUT`" + `: topic SOUT, key KAFKA, value JSON","read":2,"used":2,"made":2,"filtered":0,"late":0,"nullKey":0,"bad":0},` +
		`{"step":"Project K, V, (headers)","read":2,"used":2,"made":2,"filtered":0,"late":0,"nullKey":0,"bad":0},` +
		`{"step":"Filter (V > 1)","read":3,"used":2,"made":2,"filtered":1,"late":0,"nullKey":0,"bad":0},` +
		`{"step":"Scan stream ` + "`SIN`" + `: topic sin, key KAFKA, value JSON, columns V, K","read":3,"used":3,"made":3,"filtered":0,"late":0,"nullKey":0,"bad":0}]`
	if got := ksql(t, url, "DESCRIBE sout EXTENDED;"); !strings.Contains(got, `"querySteps":[{"queryId":"`+id+`",`+want+`}]`) || !strings.Contains(got, "rows read: 3, rows written: 2,") || !someStreamTime.MatchString(got) {
		t.Errorf("got %s\nwant in it %s", got, want)
	}
	if got := ksql(t, url, "EXPLAIN "+id+";"); !strings.Contains(got, want) {
		t.Errorf("got %s\nwant in it %s", got, want)
	}
	if got := ksql(t, url, "DESCRIBE sout;"); strings.Contains(got, "querySteps") {
		t.Errorf("without EXTENDED: %s", got)
	}
	_, metrics := send(t, "GET", url+"/metrics", "")
	for _, want := range []string{
		"# TYPE weir_query_step_rows_total counter", `weir_query_rows_out_total{query="` + id + `",type="persistent"} 2`,
		`weir_query_step_rows_total{operation="Filter (V > 1)",outcome="used",query="` + id + `",step="3"} 2`,
		`weir_query_step_rows_total{operation="Filter (V > 1)",outcome="filtered",query="` + id + `",step="3"} 1`,
		`weir_query_step_rows_total{operation="Filter (V > 1)",outcome="null_key",query="` + id + `",step="3"} 0`,
		`weir_query_step_made_total{operation="Filter (V > 1)",query="` + id + `",step="3"} 2`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// A push query ends when its client goes, and when it is closed by its id.
func TestPushQueriesEnd(t *testing.T) {
	e := newEngine(t)
	url := start(t, e, Options{})
	ksql(t, url, "CREATE STREAM gone (v INT) WITH (KAFKA_TOPIC='gone', VALUE_FORMAT='JSON', PARTITIONS=1);")
	for _, how := range []string{"the client goes", "close-query", "h2c"} {
		t.Run(how, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, "POST", url+"/query-stream", strings.NewReader(`{"sql":"SELECT * FROM gone EMIT CHANGES;"}`))
			if err != nil {
				t.Fatal(err)
			}
			client := http.DefaultClient
			if how == "h2c" {
				protocols := new(http.Protocols)
				protocols.SetUnencryptedHTTP2(true)
				client = &http.Client{Transport: &http.Transport{Protocols: protocols}}
				defer client.CloseIdleConnections()
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if how == "h2c" && resp.ProtoMajor != 2 {
				t.Errorf("spoke %s", resp.Proto)
			}
			in := bufio.NewReader(resp.Body)
			line, err := in.ReadBytes('\n')
			if err != nil {
				t.Fatal(err)
			}
			var meta wire.QueryMeta
			if err := json.Unmarshal(line, &meta); err != nil || meta.QueryID == nil {
				t.Fatalf("got %s, %v", line, err)
			}
			if how == "close-query" {
				if status, body := send(t, "POST", url+"/close-query", fmt.Sprintf(`{"queryId":%q}`, *meta.QueryID)); status != 200 || body != "" {
					t.Errorf("got %d %s", status, body)
				}
				if rest, err := io.ReadAll(in); err != nil || len(rest) != 0 {
					t.Errorf("the stream ended with %q, %v", rest, err)
				}
			} else {
				cancel()
			}
			for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
				running := false
				for _, q := range e.Queries() {
					running = running || q.ID == *meta.QueryID
				}
				if !running {
					break
				}
				if time.Now().After(end) {
					t.Fatal("the query still runs")
				}
			}
		})
	}
}

// Shutdown does not wait for streams that have no end.
func TestShutdownEndsStreams(t *testing.T) {
	s := New(newEngine(t), Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(ln)
	url := "http://" + ln.Addr().String()
	ksql(t, url, "CREATE STREAM shut (v INT) WITH (KAFKA_TOPIC='shut', VALUE_FORMAT='JSON', PARTITIONS=1);")
	resp, err := http.Post(url+"/query-stream", wire.JSON, strings.NewReader(`{"sql":"SELECT * FROM shut EMIT CHANGES;"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

func TestMaxStreams(t *testing.T) {
	url := start(t, newEngine(t), Options{MaxStreams: 1})
	ksql(t, url, "CREATE STREAM many (v INT) WITH (KAFKA_TOPIC='many', VALUE_FORMAT='JSON', PARTITIONS=1);")
	body := `{"sql":"SELECT * FROM many EMIT CHANGES;"}`
	resp, err := http.Post(url+"/query-stream", wire.JSON, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if status, text := send(t, "POST", url+"/query-stream", body); status != 429 || !strings.Contains(text, `"error_code":42900`) {
		t.Errorf("got %d %s", status, text)
	}
}

type broken struct{ Engine }

func (broken) Commands() []engine.Command { panic("out of order") }

func TestPanic(t *testing.T) {
	w := httptest.NewRecorder()
	New(broken{newEngine(t)}, Options{}).ServeHTTP(w, httptest.NewRequest("GET", "/status", nil))
	if w.Code != 500 || !strings.Contains(w.Body.String(), `"error_code":50000`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// slow takes a piece only when it is let.
type slow struct {
	httptest.ResponseRecorder
	let chan struct{}
}

func (s *slow) Write(p []byte) (int, error) {
	<-s.let
	return s.ResponseRecorder.Write(p)
}

func TestPumpBatches(t *testing.T) {
	const rows = 200000
	n := 0
	src := feed{begin: []byte("begin\n"), close: func() {},
		next: func(_ context.Context, dst []byte) ([]byte, error) {
			if n == rows {
				return dst, io.EOF
			}
			n++
			return append(dst, "0123456789\n"...), nil
		},
		end: func(dst []byte, err error) []byte { return append(dst, "end "+err.Error()...) },
	}
	w, writes := &slow{ResponseRecorder: *httptest.NewRecorder()}, 0
	synctest.Test(t, func(t *testing.T) {
		w.let = make(chan struct{})
		done := make(chan struct{})
		go func() {
			pump(t.Context(), respond(w, &http.Request{}, wire.Delimited, time.Second), src, flow{pending: 1 << 20, timeout: time.Second})
			close(done)
		}()
		for open := true; open; {
			select {
			case w.let <- struct{}{}:
				writes++
				time.Sleep(time.Millisecond) // until the pump can do nothing more
			case <-done:
				open = false
			}
		}
	})
	want := append([]byte("begin\n"), bytes.Repeat([]byte("0123456789\n"), rows)...)
	if want = append(want, "end EOF"...); !bytes.Equal(w.Body.Bytes(), want) {
		t.Errorf("%d bytes came, want %d", w.Body.Len(), len(want))
	}
	if writes > 100 {
		t.Errorf("%d writes for %d rows: they were not batched", writes, rows)
	}
}

var someStreamTime = regexp.MustCompile(`, stream time: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)
