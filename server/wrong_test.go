package server

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"weir/server/wire"
)

// packedBody is a body packed with gzip.
func packedBody(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Each wrong request has its whole answer.
func TestWrongRequests(t *testing.T) {
	var log bytes.Buffer
	url := start(t, newEngine(t), Options{MaxBodyBytes: 4096, CommandTimeout: time.Millisecond, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	ksql(t, url, `CREATE STREAM p (k STRING KEY, v INT) WITH (KAFKA_TOPIC='p', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE pt (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='pt', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE SOURCE STREAM ro (k STRING KEY, v INT) WITH (KAFKA_TOPIC='p', VALUE_FORMAT='JSON');
		CREATE STREAM pw (k STRING KEY, v INT) WITH (KAFKA_TOPIC='p', VALUE_FORMAT='JSON', WINDOW_TYPE='SESSION');`)
	generic := func(code, message string) string {
		text, _ := json.Marshal(message)
		return `{"@type":"generic_error","error_code":` + code + `,"message":` + string(text) + "}\n"
	}
	statement := func(message, sql string) string {
		text, _ := json.Marshal(message)
		given, _ := json.Marshal(sql)
		return `{"@type":"statement_error","error_code":40001,"message":` + string(text) + `,"statementText":` + string(given) + ",\"entities\":[]}\n"
	}
	const denied = "One or more properties overrides set locally are prohibited by the KSQL server denylist (use UNSET to reset their default value): [ksql.service.id]\nksql.service.id can only be set when the server starts"
	const unknown = "Not recognizable as ksql, streams, consumer, or producer property: 'nope'"
	const noSQL = `the request holds no SQL: expected {"ksql": "..."} or {"sql": "..."}, or a script with the content type application/sql`
	gzipped := []string{"Content-Encoding", "gzip"}
	for _, c := range []struct {
		name, path, body string
		headers          []string
		status           int
		want             string
	}{
		{"no JSON", "/ksql", `not json`, nil, 400, generic("40000", "Invalid JSON in request: invalid character 'o' in literal null (expecting 'u')")},
		{"an array", "/query-stream", `[]`, nil, 400, generic("40000", "Invalid JSON in request: expected an object, got an array")},
		{"a number for SQL", "/query-stream", `{"sql":1}`, nil, 400, generic("40000", `Invalid JSON in request: "sql" cannot be a number`)},
		{"an object for a setting", "/ksql", `{"ksql":"SHOW TABLES;","streamsProperties":{"a":{}}}`, nil, 400, generic("40000", `Invalid JSON in request: the setting "a" is an object or an array: expected a text, a number, true or false`)},
		{"no SQL", "/ksql", `{}`, nil, 400, generic("40000", noSQL)},
		{"text that is no SQL", "/ksql", `{"ksql":""}`, []string{"Content-Type", "text/plain"}, 400, generic("40000", noSQL)},
		{"an unknown setting", "/ksql", `{"ksql":"SHOW TABLES;","streamsProperties":{"nope":"1"}}`, nil, 400, generic("40000", unknown)},
		{"an unknown setting of a query", "/query-stream", `{"sql":"SELECT * FROM p;","properties":{"nope":"1"}}`, nil, 400, generic("40000", unknown)},
		{"a setting of the server", "/ksql", `{"ksql":"SHOW TABLES;","streamsProperties":{"ksql.service.id":"x"}}`, nil, 400, generic("40000", denied)},
		{"a value that can't be", "/query", `{"ksql":"SELECT * FROM p;","streamsProperties":{"auto.offset.reset":"bad"}}`, nil, 400,
			generic("40000", "Invalid value bad for configuration auto.offset.reset: expected earliest or latest, found 'bad'")},
		{"no semicolon", "/ksql", `{"ksql":"SHOW TABLES"}`, nil, 400,
			statement("line 1:12: Syntax Error\nmissing ';' at the end of the statement\nStatement: SHOW TABLES\n                      ^", "SHOW TABLES")},
		{"values", "/ksql", `{"ksql":"INSERT INTO p (k, v) VALUES ('secret');"}`, nil, 400,
			statement("line 1:1: Failed to prepare statement: Expected number columns and values to match: 2, 1", "INSERT INTO P (`K`, `V`) VALUES ('[value]');")},
		{"values that can't be parsed", "/ksql", `{"ksql":"INSERT INTO p (k v) VALUES ('secret', 4711);"}`, nil, 400,
			statement("line 1:18: Syntax Error\nmissing ')' at 'v'", "INSERT INTO p (k v) VALUES ('[value]', '[value]');")},
		{"values at which parsing ends", "/ksql", `{"ksql":"INSERT INTO p VALUES ('a' 'secret');"}`, nil, 400, statement("line 1:27: Syntax Error", "INSERT INTO p VALUES ('[value]' '[value]');")},
		{"a value without its end", "/ksql", `{"ksql":"INSERT INTO p VALUES ('secret);"}`, nil, 400, statement("line 1:23: Syntax Error", "INSERT INTO p VALUES ('[value]'")},
		{"a connector", "/ksql", `{"ksql":"CREATE SINK CONNECTOR c WITH ('connector.class'='nope', 'password'='secret');"}`, nil, 400, ""},
		{"an assertion", "/ksql", `{"ksql":"ASSERT TOPIC nope TIMEOUT 1 MILLISECOND;"}`, nil, 417, generic("41700", "Topic nope does not exist")},
		{"a setting by SET", "/ksql", `{"ksql":"SET 'nope'='1';"}`, nil, 400, statement(unknown, "SET 'nope'='1';")},
		{"what can't be queried", "/query", `{"ksql":"SELECT * FROM pt;"}`, nil, 400, statement("line 1:15: The `PT` table isn't queryable. To derive a queryable table, you can do 'CREATE TABLE QUERYABLE_PT AS SELECT * FROM PT'. "+
			"See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query.\n  SELECT * FROM pt;\n                ^", "SELECT * FROM pt;")},
		{"a number of a command to come", "/ksql", `{"ksql":"SHOW TABLES;","commandSequenceNumber":1000}`, nil, 503,
			generic("50301", "Timed out while waiting for a previous command to execute. command sequence number: 1000")},
		{"the same of a query", "/query", `{"ksql":"SELECT * FROM p;","commandSequenceNumber":1000}`, nil, 503,
			generic("50301", "Timed out while waiting for a previous command to execute. command sequence number: 1000")},
		{"an encoding", "/ksql", `x`, []string{"Content-Encoding", "br"}, 415, generic("41500", "Content-Encoding 'br' cannot be undone: expected gzip, deflate or zstd")},
		{"not packed", "/ksql", `{"ksql":"SHOW TABLES;"}`, gzipped, 400, generic("40000", "the body is not what Content-Encoding 'gzip' says: gzip: invalid header")},
		{"too large when unpacked", "/ksql", packedBody(t, `{"ksql":"`+strings.Repeat(" ", 1<<20)+`SHOW TABLES;"}`), gzipped, 413,
			generic("41300", "unpacked, the body is larger than 4096 bytes, which is the limit: raise the setting weir.http.max.request.bytes, or send less at once")},
		{"too large", "/query", strings.Repeat(" ", 5000), nil, 413, generic("41300", "the request is larger than 4096 bytes, which is the limit: raise the setting weir.http.max.request.bytes, or send less at once")},
		{"inserts of nothing", "/inserts-stream", "", nil, 400, generic("40000", `the request is empty: expected a line {"target": "STREAM"}, and a line for each row`)},
		{"inserts into nothing", "/inserts-stream", "{}\n", nil, 400, generic("40000", `Invalid JSON in request: the first line names no target: expected {"target": "STREAM"}`)},
		{"inserts without JSON", "/inserts-stream", "P\n", nil, 400, generic("40000", "Invalid JSON in request: invalid character 'P' looking for beginning of value")},
		{"inserts into what is not there", "/inserts-stream", `{"target":"nope"}` + "\n", nil, 400, generic("40001", "Cannot insert values into an unknown stream: `NOPE`")},
		{"inserts into a table", "/inserts-stream", `{"target":"PT"}` + "\n", nil, 400, generic("40001", "Cannot insert into a table")},
		{"inserts into windows", "/inserts-stream", `{"target":"PW"}` + "\n", nil, 400, generic("40001", "Cannot insert values into windowed stream")},
		{"inserts into what others write", "/inserts-stream", `{"target":"RO"}` + "\n", nil, 400, generic("40001", "Cannot insert values into read-only stream: RO")},
		{"inserts with a setting", "/inserts-stream", `{"target":"P","properties":{"nope":1}}` + "\n", nil, 400, generic("40000", unknown)},
		{"a line that is too long", "/inserts-stream", `{"target":"` + strings.Repeat("x", 5000) + `"}` + "\n", nil, 413,
			generic("41300", "a line is larger than 4096 bytes, which is the limit: raise the setting weir.http.max.request.bytes")},
		{"rows", "/inserts-stream", `{"target":"p"}` + "\n" + `{"k":"a","v":"x"}` + "\n" + `{"k":"b","v":1}` + "\n", nil, 200,
			`{"status":"error","seq":0,"error_code":40000,"message":"` + "`V`" + `: Can't coerce a field of type STRING (x) into type INTEGER"}` + "\n"},
		{"a row without its key", "/inserts-stream", `{"target":"P"}` + "\n" + `{"v":1}`, nil, 200, `{"status":"error","seq":0,"error_code":40000,"message":"Key field must be specified: K"}` + "\n"},
		{"a row that is no object", "/inserts-stream", `{"target":"P"}` + "\n[1]", nil, 200, `{"status":"error","seq":0,"error_code":40000,"message":"Invalid JSON in inserts stream"}` + "\n"},
		{"a pattern", "/ksql/terminate", `{"deleteTopicList":["("]}`, nil, 400, generic("40000", "Invalid pattern: (: error parsing regexp: missing closing ): `^(?:()$`")},
		{"a query that is not there", "/close-query", `{"queryId":"nope"}`, nil, 400, generic("40000", "No query with id nope")},
		{"PRINT as an array", "/query-stream", `{"sql":"PRINT p;"}`, []string{"Accept", wire.JSON}, 406, generic("40600", "PRINT answers with lines: ask for application/vnd.ksqlapi.delimited.v1")},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := send(t, "POST", url+c.path, c.body, c.headers...)
			if status != c.status || c.want != "" && body != c.want {
				t.Errorf("got %d %s\nwant %d %s", status, body, c.status, c.want)
			}
			if strings.Contains(body, "secret") || strings.Contains(body, "4711") {
				t.Errorf("the answer has a value: %s", body)
			}
		})
	}
	for _, c := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/is_valid_property/ksql.service.id", 400, generic("40000", denied)},
		{"GET", "/nope", 404, generic("40400", "Not Found: there is nothing at /nope")},
		{"GET", "/ksql", 405, generic("40500", "/ksql takes POST, not GET")},
		{"PUT", "/info", 405, generic("40500", "/info takes GET, not PUT")},
		{"GET", "/inserts-stream", 405, generic("40500", "/inserts-stream takes POST, not GET")},
		{"POST", "/ws/query", 405, generic("40500", "/ws/query takes GET, not POST")},
		{"GET", "/ws/query?request={}", 400, generic("40000", "/ws/query is for a WebSocket, which begins with GET of HTTP/1.1")},
		{"GET", "/status/stream/X/create", 404, generic("40400", "Command not found: stream/X/create")},
	} {
		if status, body := send(t, c.method, url+c.path, ""); status != c.status || body != c.want {
			t.Errorf("%s %s: got %d %s\nwant %d %s", c.method, c.path, status, body, c.status, c.want)
		}
	}
	if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), "4711") {
		t.Errorf("the log has a value: %s", log.String())
	}
}
