package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"weir/server/wire"
)

// took is what differs from run to run.
var took = regexp.MustCompile(`, \d+(\.\d+)? m?s\)`)

const sqlRows = `CREATE STREAM s (k STRING KEY, a STRING, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
	INSERT INTO s VALUES ('x', 'one, two', 1);
	INSERT INTO s VALUES ('y', NULL, 20);`

func postSQL(t *testing.T, url, query, text string, headers ...string) (int, string) {
	t.Helper()
	status, body := send(t, "POST", url+"/sql"+query, text, append([]string{"Content-Type", wire.SQL}, headers...)...)
	return status, took.ReplaceAllString(body, ", soon)")
}

// What people and programs are answered, whole.
func TestSQL(t *testing.T) {
	url := start(t, newEngine(t), Options{})
	for _, c := range []struct {
		name, query, text, accept, want string
	}{
		{"a file", "", sqlRows, "", "CREATE STREAM s                         Stream created\n" +
			"INSERT INTO s                           done\nINSERT INTO s                           done\n"},
		{"rows", "", "SELECT * FROM s;", "", ` K      | A        |       N
 STRING | STRING   | INTEGER
--------+----------+---------
 x      | one, two |       1
 y      | NULL     |      20
(2 rows, soon)
`},
		{"one statement as it is typed", "", "SHOW TABLES", "*/*", "(none)\n"},
		{"rows behind others", "", "SHOW TABLES; SELECT k FROM s;", wire.Text, "SHOW TABLES\n(none)\n\nSELECT k FROM s\n K\n STRING\n--------\n x\n y\n(2 rows, soon)\n"},
		{"rows that go on", "?auto.offset.reset=earliest", "SELECT n FROM s EMIT CHANGES LIMIT 2;", "text/*", "       N\n INTEGER\n---------\n       1\n      20\n(2 rows, soon)\n"},
		{"a narrow terminal", "?width=20", "SELECT * FROM s LIMIT 1;", "", " K | A        | N\n---+----------+---\n x | one, two | 1\n(1 row, soon)\n"},
		{"JSON of rows", "", "SELECT * FROM s;", wire.JSON, `[{"K":"x","A":"one, two","N":1},` + "\n" + `{"K":"y","A":null,"N":20}]` + "\n"},
		{"JSON of no rows", "", "SELECT * FROM s WHERE n > 100;", "application/*", "[]\n"},
		{"JSON of others", "", "SHOW TABLES;", wire.JSON, `[{"@type":"tables","statementText":"SHOW TABLES;","warnings":[],"tables":[]}]` + "\n"},
		{"CSV", "", "SELECT * FROM s;", wire.CSV, "K,A,N\nx,\"one, two\",1\ny,,20\n"},
		{"CSV of others", "", "SHOW TYPES;", wire.CSV, "Type Name,Schema\n"},
		{"JSON lines", "", "SELECT * FROM s;", wire.Lines, `{"K":"x","A":"one, two","N":1}` + "\n" + `{"K":"y","A":null,"N":20}` + "\n"},
		{"JSON lines by another name", "", "SHOW TABLES;", wire.NDJSON, `{"@type":"tables","statementText":"SHOW TABLES;","warnings":[],"tables":[]}` + "\n"},
		{"the second form that is asked for", "", "SELECT k FROM s LIMIT 1;", "image/png, text/csv;q=0.5", "K\nx\n"},
		{"what a query terminates before", "", "CREATE STREAM u AS SELECT * FROM s; TERMINATE ALL; DROP STREAM u;", wire.NDJSON, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var headers []string
			if c.accept != "" {
				headers = []string{"Accept", c.accept}
			}
			status, body := postSQL(t, url, c.query, c.text, headers...)
			if status != 200 || c.want != "" && body != c.want {
				t.Errorf("got %d\n%s\nwant\n%s", status, body, c.want)
			}
		})
	}
}

// Queries are events for who asks for them, at each endpoint that takes queries.
func TestEventsOfQueries(t *testing.T) {
	url := start(t, newEngine(t), Options{})
	ksql(t, url, sqlRows)
	const want = `event: begin
data: {"queryId":"?","columnNames":["N"],"columnTypes":["INTEGER"],"key":[]}

event: row
data: {"N":1}

event: row
data: {"N":20}

event: end
data: {"reason":"Limit Reached"}

`
	for _, path := range []string{"/sql?auto.offset.reset=earliest", "/query", "/query-stream"} {
		body := "SET 'auto.offset.reset'='earliest'; SELECT n FROM s EMIT CHANGES LIMIT 2;"
		status, got := send(t, "POST", url+path, body, "Content-Type", wire.SQL, "Accept", wire.Events)
		if got = someID.ReplaceAllString(got, "?"); status != 200 || got != want {
			t.Errorf("%s: %d\n%s", path, status, got)
		}
	}
}

// Each wrong request has its whole answer.
func TestWrongSQL(t *testing.T) {
	url := start(t, newEngine(t), Options{MaxBodyBytes: 4096})
	ksql(t, url, sqlRows)
	asJSON := []string{"Accept", wire.JSON}
	const nothing = "Nothing of it has been carried out.\n"
	for _, c := range []struct {
		name, query, text string
		headers           []string
		status            int
		want              string
	}{
		{"a form", "", "SHOW TABLES;", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415,
			"/sql takes SQL as it is, not application/x-www-form-urlencoded: send it with the header 'Content-Type: application/sql'\n"},
		{"JSON", "", `{"ksql":"SHOW TABLES;"}`, []string{"Content-Type", wire.JSON, "Accept", wire.JSON}, 415,
			`{"@type":"generic_error","error_code":41500,"message":"/sql takes SQL as it is, not application/json: send it with the header 'Content-Type: application/sql'"}` + "\n"},
		{"a type that is none", "", "SHOW TABLES;", []string{"Content-Type", "/"}, 415, "/sql takes SQL as it is, not /: send it with the header 'Content-Type: application/sql'\n"},
		{"an answer that there is not", "", "SHOW TABLES;", []string{"Accept", "image/png, text/csv;q=0"}, 406,
			`{"@type":"generic_error","error_code":40600,"message":"/sql can't answer as 'image/png, text/csv;q=0': ask for text/plain, application/json, text/csv, application/jsonl, application/x-ndjson or text/event-stream"}` + "\n"},
		{"nothing", "", " \n", nil, 400, "the request holds no SQL: send statements as its body, as by: curl --data-binary @file.sql -H 'Content-Type: application/sql' URL/sql\n"},
		{"a comment", "", "-- nothing", nil, 400, "the request holds no statement\n"},
		{"too large", "", strings.Repeat("SHOW TABLES; ", 400), nil, 413, "the request is larger than 4096 bytes, which is the limit: raise the setting weir.http.max.request.bytes, or send less at once\n"},
		{"a mistake in the third statement", "?file=dir/p.sql", "SHOW TABLES;\nSHOW TABLES;\n  CREATE STREAM u (a INT;\nSHOW TABLES;", nil, 400,
			"dir/p.sql, line 3, column 25: Syntax error: Expecting {',', ')'}\n    CREATE STREAM u (a INT;\n                          ^\n" + nothing},
		{"the same for a program", "?file=p.sql", "SHOW TABLES;\n SHOW TABLE;", asJSON, 400,
			`{"@type":"statement_error","error_code":40001,"message":"p.sql, line 2, column 7: Syntax error: ` + "Expecting one of the words that can stand here" + `"`},
		{"a name that is not there", "?file=p.sql", "CREATE STREAM v AS\n  SELECT *\n  FROM nope;\nSHOW TABLES;", nil, 400,
			"p.sql, line 3, column 8: NOPE does not exist.\n    FROM nope;\n         ^\n" + nothing},
		{"a column that is not there", "", "SELECT nope FROM s;", nil, 400, "line 1, column 8: SELECT column 'NOPE' cannot be resolved.\n  SELECT nope FROM s;\n         ^\n"},
		{"a value of the wrong kind", "?file=p.sql", "SHOW TABLES;\nINSERT INTO s (k, n) VALUES ('x', 'y');", nil, 400,
			"p.sql, line 2, column 1: Failed to insert values into 'S'. Column `N`: not a valid INTEGER: \"y\"\n" + nothing},
		{"no semicolon at the end", "?file=p.sql", "SHOW TABLES;\nSHOW TABLES", nil, 400, "p.sql, line 2, column 12: Syntax error: missing ';' at the end of the statement\n  SHOW TABLES\n             ^\n" + nothing},
		{"a query amid others", "?file=p.sql", "SHOW TABLES;\nSELECT * FROM s;\nSHOW TABLES;", nil, 400,
			"p.sql, line 2, column 1: a query stands last in what is sent, and there are statements behind this one: send them before it, or by themselves\n" + nothing},
		{"events of no query", "", "SHOW TABLES;", []string{"Accept", wire.Events}, 406,
			`{"@type":"statement_error","error_code":40600,"message":"text/event-stream is for rows, and there is no SELECT at the end: ask for text/plain or application/json","statementText":"SHOW TABLES;","entities":[]}` + "\n"},
		{"PRINT as CSV", "", "PRINT s;", []string{"Accept", wire.CSV}, 406,
			`{"@type":"statement_error","error_code":40600,"message":"PRINT answers with lines: ask for text/plain","statementText":"PRINT s;","entities":[]}` + "\n"},
		{"an unknown property", "?nope=1", "SHOW TABLES;", nil, 400, "Not recognizable as ksql, streams, consumer, or producer property: 'nope'\n"},
		{"a width", "?width=wide", "SHOW TABLES;", nil, 400, "width: expected a number of columns, got 'wide'\n"},
		{"a parameter twice", "?file=a&file=b", "SHOW TABLES;", nil, 400, "the parameter file is there 2 times\n"},
		{"an encoding", "", "SHOW TABLES;", []string{"Content-Encoding", "br"}, 415, "Content-Encoding 'br' cannot be undone: expected gzip, deflate or zstd\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := postSQL(t, url, c.query, c.text, c.headers...)
			if status != c.status || body != c.want && c.name != "the same for a program" {
				t.Errorf("got %d\n%s\nwant %d\n%s", status, body, c.status, c.want)
			}
			if strings.Contains(body, "secret") {
				t.Errorf("the answer has a value: %s", body)
			}
		})
	}
	if body := ksql(t, url, "SHOW STREAMS;"); strings.Count(body, `"type":"STREAM"`) != 2 { // s, and the processing log
		t.Errorf("something has been carried out: %s", body)
	}
	status, body := send(t, "GET", url+"/sql", "")
	if want := `{"@type":"generic_error","error_code":40500,"message":"/sql takes POST, not GET"}` + "\n"; status != 405 || body != want {
		t.Errorf("GET: %d %s", status, body)
	}
}

// What a file has done is undone when a statement of it fails, and what can't be is told.
func TestFileIsWhole(t *testing.T) {
	e, cluster, _ := newNode(t)
	url := start(t, e, Options{})
	ksql(t, url, sqlRows+"CREATE TYPE old AS INTEGER; CREATE STREAM dropped (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');")
	const text = `CREATE STREAM one (a INT) WITH (KAFKA_TOPIC='one', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM two AS SELECT a + 1 AS b FROM one;
CREATE TABLE three WITH (LATE_STREAM='late') AS SELECT a, COUNT(*) AS n FROM one WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY a EMIT FINAL;
INSERT INTO two SELECT a AS b FROM one;
CREATE TYPE new AS STRUCT<a INT>;
CREATE SOURCE CONNECTOR demo WITH ('connector.class'='datagen', 'quickstart'='clicks', 'rate'='1', 'topic'='generated');
INSERT INTO one VALUES (1);
INSERT INTO s (k, n) VALUES ('secret', 9);
CREATE STREAM IF NOT EXISTS s (k STRING KEY) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');
DROP STREAM dropped;
SHOW TABLES;
ASSERT TOPIC nope TIMEOUT 1 MILLISECOND;
`
	want := `p.sql, line 12, column 1: Topic nope does not exist
These had been carried out, and were undone:
  p.sql, line 1, column 1: CREATE STREAM one
  p.sql, line 2, column 1: CREATE STREAM two
  p.sql, line 3, column 1: CREATE TABLE three
  p.sql, line 4, column 1: INSERT INTO two
  p.sql, line 5, column 1: CREATE TYPE new
  p.sql, line 6, column 1: CREATE SOURCE CONNECTOR demo
  p.sql, line 7, column 1: INSERT INTO one
These stand:
  p.sql, line 8, column 1: INSERT INTO s
  p.sql, line 10, column 1: DROP STREAM dropped
`
	for range 2 { // again: nothing of it is in the way
		status, body := postSQL(t, url, "?file=p.sql", text)
		if status != 417 || body != want {
			t.Errorf("got %d\n%s\nwant\n%s", status, body, want)
		}
		ksql(t, url, "CREATE STREAM dropped (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');")
	}
	topics, err := cluster.Topics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range topics {
		switch name := topic.Name; {
		case name == "one", name == "TWO", name == "THREE", name == "late":
			t.Errorf("the topic %s is there", name)
		}
	}
	status, body := postSQL(t, url, "", text, "Accept", wire.JSON)
	if status != 417 || !strings.Contains(body, `"undone":[{"line":1,"column":1,"statementText":"CREATE STREAM one (a INT) WITH`) ||
		!strings.Contains(body, `"stands":[{"line":8,"column":1,"statementText":"INSERT INTO S (`+"`K`, `N`) VALUES ('[value]', '[value]');\"}") || strings.Contains(body, "secret") {
		t.Errorf("got %d %s", status, body)
	}
}

// A client that goes away ends its query, and nothing that stood before it.
func TestSQLClientGoes(t *testing.T) {
	e := newEngine(t)
	url := start(t, e, Options{})
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/sql?auto.offset.reset=earliest", strings.NewReader(sqlRows+"SELECT * FROM s EMIT CHANGES;"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", wire.SQL)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for in := bufio.NewScanner(resp.Body); in.Scan() && !strings.HasPrefix(in.Text(), " y"); {
	}
	if len(e.Queries()) != 1 {
		t.Fatalf("%d queries", len(e.Queries()))
	}
	leave()
	for deadline := time.Now().Add(time.Minute); len(e.Queries()) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the query goes on")
		}
	}
	if _, ok := e.Snapshot().Source("S"); !ok {
		t.Error("the stream has gone")
	}
}

// An answer that fails after it has begun is not taken for a whole one.
func TestSQLFailsMidway(t *testing.T) {
	url := start(t, newEngine(t), Options{})
	ksql(t, url, sqlRows+"INSERT INTO s VALUES ('z', 'z', 2000000000);")
	for _, c := range []struct{ accept, want string }{
		{wire.Text, "\nError: a value would take more"}, {wire.JSON, `{"@type":"statement_error"`}, {wire.Lines, `{"@type":"statement_error"`}, {wire.CSV, "L\n"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", url+"/sql?auto.offset.reset=earliest", strings.NewReader("SELECT LPAD(k, n, ',') AS l FROM s EMIT CHANGES;"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", wire.SQL)
		req.Header.Set("Accept", c.accept)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(string(body), c.want) || strings.Contains(string(body), "rows,") {
			t.Errorf("%s: %v\n%s", c.accept, err, body)
		}
	}
}

// A topic that was made without having been asked for is told of beside ksqlDB's own words.
func TestMadeTopicIsTold(t *testing.T) {
	url := start(t, newEngine(t), Options{})
	const note = "Topic zulu did not exist: it was made with 4 partitions. With PARTITIONS in the WITH clause it has another number."
	if _, got := postSQL(t, url, "", "CREATE STREAM one (a INT) WITH (KAFKA_TOPIC='zulu', VALUE_FORMAT='JSON');"); got != "Stream created\n"+note+"\n" {
		t.Errorf("got %q", got)
	}
	got := ksql(t, url, "CREATE STREAM two (a INT) WITH (KAFKA_TOPIC='quebec', VALUE_FORMAT='JSON');")
	if want := `"warnings":[{"message":"` + strings.Replace(note, "zulu", "quebec", 1) + `"}]`; !strings.Contains(got, want) || !strings.Contains(got, `"message":"Stream created"`) {
		t.Errorf("got %s\nwant %s", got, want)
	}
	_, got = postSQL(t, url, "", "CREATE STREAM three (a INT) WITH (KAFKA_TOPIC='kilo', VALUE_FORMAT='JSON');\nSHOW TABLES;")
	want := "CREATE STREAM three                     Stream created\n" + strings.Repeat(" ", 40) + strings.Replace(note, "zulu", "kilo", 1) + "\n"
	if !strings.HasPrefix(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
