package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"weir/server/wire"
)

// Browsers send JSON as text.
func TestContentTypes(t *testing.T) {
	url := start(t, newEngine(t), Options{})
	const list = `[{"@type":"tables","statementText":"SHOW TABLES;","warnings":[],"tables":[]}]` + "\n"
	for _, c := range []struct {
		name, body string
		headers    []string
	}{
		{"JSON as text", ` {"ksql":"SHOW TABLES;"}`, []string{"Content-Type", "text/plain;charset=UTF-8"}},
		{"JSON as a form", `{"ksql":"SHOW TABLES;"}`, []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"JSON as nothing", `{"ksql":"SHOW TABLES;"}`, nil},
		{"SQL", `SHOW TABLES;`, []string{"Content-Type", "application/sql"}},
		{"SQL as text", `SHOW TABLES;`, []string{"Content-Type", "text/plain"}},
		{"packed", packedBody(t, `{"ksql":"SHOW TABLES;"}`), []string{"Content-Encoding", "gzip"}},
	} {
		if status, body := send(t, "POST", url+"/ksql", c.body, c.headers...); status != 200 || body != list {
			t.Errorf("%s: got %d %s", c.name, status, body)
		}
	}
	if body := ksql(t, url, "SHOW TABLES EXTENDED; DESCRIBE STREAMS;"); strings.Count(body, `"@type":"source_descriptions"`) != 2 {
		t.Errorf("lists of nothing: %s", body)
	}
}

// The first media type that is known says how rows are written.
func TestAccept(t *testing.T) {
	url := start(t, newEngine(t), Options{})
	ksql(t, url, "CREATE STREAM a (v INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=1);")
	for _, c := range []struct{ path, accept, media, begins string }{
		{"/query", "", wire.Streamed, `[{"header":`},
		{"/query", "application/json, application/vnd.ksqlapi.delimited.v1", wire.Streamed, `[{"header":`},
		{"/query", "text/html, application/vnd.ksqlapi.delimited.v1;q=0.5, */*", wire.Delimited, `{"queryId":`},
		{"/query-stream", "", wire.Delimited, `{"queryId":`},
		{"/query-stream", "application/json, application/vnd.ksqlapi.delimited.v1", wire.JSON, `[{"queryId":`},
		{"/query-stream", "application/vnd.ksqlapi.delimited.v1, application/json", wire.Delimited, `{"queryId":`},
		{"/query-stream", wire.Streamed, wire.Streamed, `[{"header":`},
		{"/query-stream", wire.Protobuf, wire.Protobuf, `[{"header":{"queryId":"`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", url+c.path, strings.NewReader(`{"sql":"SELECT * FROM a;"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", c.accept)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if media := resp.Header.Get("Content-Type"); err != nil || media != c.media || !strings.HasPrefix(string(body), c.begins) {
			t.Errorf("%s, %q: got %s, %s, %v", c.path, c.accept, media, body, err)
		}
	}
}

var someID = regexp.MustCompile(`transient_\w+`)

// A key that goes is told in every shape, with the bounds of its window.
func TestGone(t *testing.T) {
	e := newEngine(t)
	url := start(t, e, Options{})
	ksql(t, url, `SET 'cache.max.bytes.buffering'='0'; CREATE STREAM g (k INT KEY, v INT) WITH (KAFKA_TOPIC='g', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE gt AS SELECT k, SUM(v) AS s FROM g WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY k HAVING SUM(v) > 0;
		INSERT INTO g (ROWTIME, k, v) VALUES (1, 11, 10); INSERT INTO g (ROWTIME, k, v) VALUES (2, 11, -20);`)
	if err := e.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	const meta = `{"queryId":"ID","columnNames":["K","WINDOWSTART","WINDOWEND","S"],"columnTypes":["INTEGER","BIGINT","BIGINT","INTEGER"]}`
	for accept, want := range map[string]string{
		wire.Delimited: meta + "\n[11,0,1000,10]\n[11,0,1000,null,{\"tombstone\":true}]\n",
		wire.JSON:      "[" + meta + ",\n[11,0,1000,10],\n[11,0,1000,null,{\"tombstone\":true}]]\n",
		wire.Streamed: "[{\"header\":{\"queryId\":\"ID\",\"schema\":\"`K` INTEGER, `WINDOWSTART` BIGINT, `WINDOWEND` BIGINT, `S` INTEGER\"}},\n" +
			"{\"row\":{\"columns\":[11,0,1000,10]}},\n{\"row\":{\"columns\":[11,0,1000,null],\"tombstone\":true}},\n{\"finalMessage\":\"Limit Reached\"}]\n",
	} {
		status, body := send(t, "POST", url+"/query-stream", `{"sql":"SELECT * FROM gt EMIT CHANGES LIMIT 2;","properties":{"auto.offset.reset":"earliest"}}`, "Accept", accept)
		if body = someID.ReplaceAllString(body, "ID"); status != 200 || body != want {
			t.Errorf("%s: got %d %s\nwant %s", accept, status, body, want)
		}
	}
}

// Commands are named as ksqlDB names them, and told of afterwards, also after a restart.
func TestCommands(t *testing.T) {
	e := newEngine(t)
	url := start(t, e, Options{})
	answers := ksql(t, url, "CREATE STREAM c (v INT, k STRING KEY) WITH (KAFKA_TOPIC='c', VALUE_FORMAT='JSON', PARTITIONS=1); CREATE STREAM co AS SELECT * FROM c;"+
		"PAUSE ALL; RESUME ALL; TERMINATE ALL; DROP STREAM co; DESCRIBE c;")
	var list []struct {
		ID       string `json:"commandId"`
		Sequence int64  `json:"commandSequenceNumber"`
		Status   wire.CommandStatus
	}
	if err := json.Unmarshal([]byte(answers), &list); err != nil {
		t.Fatal(err)
	}
	var ids []string
	last := int64(-1)
	for _, c := range list[:6] {
		ids = append(ids, c.ID)
		if c.Sequence <= last {
			t.Errorf("%s has the number %d after %d", c.ID, c.Sequence, last)
		}
		last = c.Sequence
	}
	want := []string{"stream/`C`/create", "stream/`CO`/create", "pause/ALL/execute", "resume/ALL/execute", "terminate/ALL/execute", "stream/CO/drop"}
	if !slices.Equal(ids, want) {
		t.Errorf("got %q, want %q", ids, want)
	}
	if !strings.Contains(answers, `"fields":[{"name":"K",`) {
		t.Errorf("keys do not come first: %s", answers)
	}
	if status, body := send(t, "POST", url+"/ksql", fmt.Sprintf(`{"ksql":"SHOW TYPES;","commandSequenceNumber":%d}`, last)); status != 200 {
		t.Errorf("behind the last command: %d %s", status, body)
	}
	_, all := send(t, "GET", url+"/status", "")
	for _, id := range want {
		if !strings.Contains(all, `"`+id+`":"SUCCESS"`) {
			t.Errorf("%s is missing in %s", id, all)
		}
	}
	if _, body := send(t, "GET", url+"/status/stream/%60CO%60/create", ""); !strings.HasPrefix(body, `{"status":"SUCCESS","message":"Created query with ID CSAS_CO_`) || !strings.Contains(body, `"queryId":"CSAS_CO_`) {
		t.Errorf("got %s", body)
	}
}

// TERMINATE of a client's query has an answer of its own.
func TestTerminatePush(t *testing.T) {
	url := start(t, newEngine(t), Options{})
	ksql(t, url, "CREATE STREAM tp (v INT) WITH (KAFKA_TOPIC='tp', VALUE_FORMAT='JSON', PARTITIONS=1);")
	resp, err := http.Post(url+"/query", wire.JSON, strings.NewReader(`{"ksql":"SELECT * FROM tp EMIT CHANGES;"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, want := ksql(t, url, "TERMINATE transient_TP_1;"), `[{"@type":"terminate_query","statementText":"TERMINATE transient_TP_1;","warnings":[],"queryId":"transient_TP_1","wasTerminated":true}]`+"\n"; got != want {
		t.Errorf("got %s", got)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.HasSuffix(string(body), "{\"finalMessage\":\"Query Completed\"}]\n") {
		t.Errorf("got %s, %v", body, err)
	}
}

// clients speak HTTP/1.1, and HTTP/2 without asking.
func clients(t *testing.T) map[string]*http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	h2c := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	t.Cleanup(h2c.CloseIdleConnections)
	return map[string]*http.Client{"HTTP/1.1": http.DefaultClient, "HTTP/2.0": h2c}
}

// Rows are told as they are written, while others still come.
func TestInsertsStream(t *testing.T) {
	e := newEngine(t)
	url := start(t, e, Options{})
	for proto, client := range clients(t) {
		name := "IN" + proto[5:6]
		ksql(t, url, "CREATE STREAM "+name+" (v INT, k STRING KEY, d DECIMAL(4,2), t TIMESTAMP, s STRUCT<`low` INT, u STRING>) WITH (KAFKA_TOPIC='"+name+"', VALUE_FORMAT='JSON', PARTITIONS=1);")
		r, w := io.Pipe()
		req, err := http.NewRequestWithContext(t.Context(), "POST", url+"/inserts-stream", r)
		if err != nil {
			t.Fatal(err)
		}
		go io.WriteString(w, `{"target":"`+strings.ToLower(name)+`"}`+"\n")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.Proto != proto || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != wire.Delimited {
			t.Fatalf("%s: got %s %d %s", proto, resp.Proto, resp.StatusCode, resp.Header)
		}
		in := bufio.NewReader(resp.Body)
		for i, row := range []string{`{"K":"a","V":1,"other":true}`, `{"k":"b","d":"1.5","t":"2020-01-02T03:04:05","s":{"` + "`low`" + `":7,"U":"x"}}`} {
			go io.WriteString(w, row+"\n")
			line, err := in.ReadString('\n')
			if want := fmt.Sprintf(`{"status":"ok","seq":%d}`+"\n", i); err != nil || line != want {
				t.Fatalf("%s: got %s, %v", proto, line, err)
			}
		}
		w.Close()
		if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
			t.Errorf("%s: the answer ends with %q, %v", proto, rest, err)
		}
		_, rows := send(t, "POST", url+"/query-stream", `{"sql":"SELECT * FROM `+name+`;"}`)
		if _, rows, _ = strings.Cut(rows, "\n"); rows != "[\"a\",1,null,null,null]\n[\"b\",null,1.50,\"2020-01-02T03:04:05.000\",{\"low\":7,\"U\":\"x\"}]\n" {
			t.Errorf("%s: got %s", proto, rows)
		}
	}
	status, body := send(t, "POST", url+"/inserts-stream", packedBody(t, "{\"target\":\"IN1\"}\n{\"K\":\"c\"}\n{\"K\":\"d\"}\n{}\n{\"K\":\"e\"}\n"), "Accept", wire.JSON, "Content-Encoding", "gzip")
	want := "[{\"status\":\"ok\",\"seq\":0},\n{\"status\":\"ok\",\"seq\":1},\n{\"status\":\"error\",\"seq\":2,\"error_code\":40000,\"message\":\"Key field must be specified: K\"}]\n"
	if status != 200 || body != want {
		t.Errorf("got %d %s", status, body)
	}
	if _, body := send(t, "POST", url+"/inserts-stream", `{"target":"IN1"}`, "Accept", wire.JSON); body != "[]\n" {
		t.Errorf("no rows: %s", body)
	}
}

// A client that goes on sending after an error does not keep its answer from ending.
func TestInsertsEndAfterError(t *testing.T) {
	url := start(t, newEngine(t), Options{})
	ksql(t, url, "CREATE STREAM ie (k STRING KEY) WITH (KAFKA_TOPIC='ie', VALUE_FORMAT='JSON', PARTITIONS=1);")
	for proto, client := range clients(t) {
		r, w := io.Pipe()
		go io.WriteString(w, "{\"target\":\"IE\"}\n{\"K\":1}\n") // and no end
		resp, err := client.Post(url+"/inserts-stream", wire.JSON, r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(body), `"status":"error","seq":0`) {
			t.Errorf("%s: got %s, %v", proto, body, err)
		}
		w.Close()
	}
}

// What is under way is bounded by bytes too; a row that is larger than the bound goes alone.
func TestInsertsAreBounded(t *testing.T) {
	url := start(t, newEngine(t), Options{MaxPending: 64})
	ksql(t, url, "CREATE STREAM ib (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='ib', VALUE_FORMAT='JSON', PARTITIONS=1);")
	var body, want strings.Builder
	body.WriteString("{\"target\":\"IB\"}\n")
	for i := range 50 {
		fmt.Fprintf(&body, "{\"K\":\"a\",\"V\":%q}\n", strings.Repeat("x", i*3))
		fmt.Fprintf(&want, "{\"status\":\"ok\",\"seq\":%d}\n", i)
	}
	if status, got := send(t, "POST", url+"/inserts-stream", body.String()); status != 200 || got != want.String() {
		t.Errorf("got %d %s", status, got)
	}
}

// EXPLAIN of a statement names what it reads.
func TestExplainSources(t *testing.T) {
	url := start(t, newEngine(t), Options{})
	ksql(t, url, "CREATE STREAM ex (k STRING KEY) WITH (KAFKA_TOPIC='ex', VALUE_FORMAT='JSON', PARTITIONS=1);")
	if got := ksql(t, url, "EXPLAIN SELECT * FROM ex EMIT CHANGES;"); !strings.Contains(got, `"sources":["EX"]`) {
		t.Errorf("got %s", got)
	}
}

func TestSocketQuery(t *testing.T) {
	at := start(t, newEngine(t), Options{CommandTimeout: time.Millisecond})
	ksql(t, at, "CREATE STREAM ws (k STRING KEY, v INT) WITH (KAFKA_TOPIC='ws', VALUE_FORMAT='JSON', PARTITIONS=1); INSERT INTO ws VALUES ('a', 1); INSERT INTO ws VALUES ('b', 2);")
	const columns = `[{"name":"K","schema":{"type":"STRING","fields":null,"memberSchema":null}},{"name":"V","schema":{"type":"INTEGER","fields":null,"memberSchema":null}}]`
	for _, c := range []struct {
		name, request, more string
		want                []string
		code                websocket.StatusCode
		reason              string
	}{
		{"a stream to its end", `{"ksql":"SELECT * FROM ws;"}`, "&version=1", []string{columns, `{"row":{"columns":["a",1]}}`, `{"row":{"columns":["b",2]}}`}, 1000, "done"},
		{"a limit", `{"ksql":"SELECT * FROM ws EMIT CHANGES LIMIT 1;","streamsProperties":{"auto.offset.reset":"earliest"}}`, "", []string{columns, `{"row":{"columns":["a",1]}}`}, 1000, "done"},
		{"PRINT", `{"ksql":"PRINT ws FROM BEGINNING LIMIT 1;"}`, "", []string{"PRINTED"}, 1000, "done"},
		{"no request", ``, "", nil, 1003, "Error parsing request: missing request parameter"},
		{"another version", `{"ksql":"SELECT * FROM ws;"}`, "&version=2", nil, 1003, "Received invalid api version: 2"},
		{"no JSON", `x`, "", nil, 1003, "Invalid JSON in request: invalid character 'x' looking for beginning of value"},
		{"another statement", `{"ksql":"SHOW TABLES;"}`, "", nil, 1003, "this endpoint takes SELECT and PRINT: send other statements to /ksql"},
		{"what is not there", `{"ksql":"SELECT * FROM nope;"}`, "", nil, 1003, "line 1:15: nope does not exist."},
		{"a command to come", `{"ksql":"SELECT * FROM ws;","commandSequenceNumber":99}`, "", nil, 1013, "Timed out while waiting for a previous command to execute. command sequence number: 99"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(at, "http")+"/ws/query?request="+url.QueryEscape(c.request)+c.more, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.CloseNow()
			var got []string
			for {
				_, message, err := conn.Read(ctx)
				if err == nil {
					if strings.HasPrefix(string(message), "Key format: KAFKA_STRING\nValue format: JSON\nrowtime: ") {
						message = []byte("PRINTED")
					}
					got = append(got, string(message))
					continue
				}
				end, _ := errors.AsType[websocket.CloseError](err)
				if end.Code != c.code || !strings.EqualFold(end.Reason[:min(len(end.Reason), len(c.reason))], c.reason) {
					t.Errorf("it ends with %v", err)
				}
				break
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
	if status, body := send(t, "GET", at+"/ws/query?request={}", ""); status != 400 || !strings.Contains(body, "is for a WebSocket") {
		t.Errorf("without an upgrade: %d %s", status, body)
	}
}

func TestTerminateCluster(t *testing.T) {
	e, cluster, _ := newNode(t)
	ended := make(chan struct{})
	url := start(t, e, Options{Terminated: func() { close(ended) }})
	ksql(t, url, `CREATE STREAM tc (k STRING KEY, v INT) WITH (KAFKA_TOPIC='tc', VALUE_FORMAT='JSON', PARTITIONS=1); CREATE STREAM tc_out AS SELECT * FROM tc;
		CREATE TABLE tc_n AS SELECT k, COUNT(*) AS n FROM tc_out GROUP BY k; CREATE TYPE tt AS INT;`)
	status, body := send(t, "POST", url+"/ksql/terminate", `{"deleteTopicList":["TC_.*","c"]}`)
	if status != 200 || !strings.HasPrefix(body, `[{"@type":"currentStatus","statementText":"TERMINATE CLUSTER;","warnings":[],"commandId":"cluster/TerminateCluster/terminate","commandStatus":{"status":"SUCCESS","message":"Cluster terminated.","queryId":null},`) {
		t.Fatalf("got %d %s", status, body)
	}
	<-ended
	now := e.Snapshot()
	for _, s := range now.Sources() {
		if s.Name != "KSQL_PROCESSING_LOG" {
			t.Errorf("%s is still there", s.Name)
		}
	}
	if len(e.Queries()) > 0 || len(now.Types()) > 0 {
		t.Errorf("left: %v, %v", e.Queries(), now.Types())
	}
	for name, there := range map[string]bool{"tc": true, "TC_OUT": false, "TC_N": false} {
		if _, err := cluster.Topic(t.Context(), name); (err == nil) != there {
			t.Errorf("topic %s: %v", name, err)
		}
	}
}

func TestMetadata(t *testing.T) {
	e, _, broker := newNode(t)
	url := start(t, e, Options{})
	const id = `{"scope":{"path":[],"clusters":{"kafka-cluster":"weir","ksql-cluster":"default_"}},"id":""}`
	for path, want := range map[string]string{"/v1/metadata": `{"version":"1.2.3","clusterId":` + id + "}\n", "/v1/metadata/id": id + "\n", "/chc/live": "{}\n", "/chc/ready": "{}\n"} {
		if status, body := send(t, "GET", url+path, ""); status != 200 || body != want {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	broker.Close()
	if status, body := send(t, "GET", url+"/chc/ready", ""); status != 503 || !strings.HasPrefix(body, `{"@type":"generic_error","error_code":50302,"message":"the server is not ready: `) {
		t.Errorf("without a broker: %d %s", status, body)
	}
	if status, _ := send(t, "GET", url+"/chc/live", ""); status != 200 {
		t.Errorf("without a broker it is live: %d", status)
	}
}

// The page has every endpoint, and no other.
func TestRestPage(t *testing.T) {
	page, err := os.ReadFile("../docs/rest.md")
	if err != nil {
		t.Fatal(err)
	}
	var told, there []string
	for _, m := range regexp.MustCompile("(?m)^\\| `((?:GET|POST) [^`]+)` \\|").FindAllSubmatch(page, -1) {
		told = append(told, string(m[1]))
	}
	for _, r := range New(newEngine(t), Options{}).table() {
		there = append(there, r.method+" "+r.path)
	}
	slices.Sort(told)
	slices.Sort(there)
	if !slices.Equal(told, there) {
		t.Errorf("docs/rest.md has %q\nthe server %q", told, there)
	}
}
