package engine

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/parser"
)

// topicOf makes a topic with these records, each a key and a value; "-" stands for none.
func (n *node) topicOf(t *testing.T, topic string, recs ...[2]string) {
	t.Helper()
	n.run(t, NewSession(), "CREATE TOPIC "+topic+" WITH (PARTITIONS=2);")
	client, err := n.cluster.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, r := range recs {
		rec := &kgo.Record{Topic: topic}
		if r[0] != "-" {
			rec.Key = []byte(r[0])
		}
		if r[1] != "-" {
			rec.Value = []byte(r[1])
		}
		if err := client.ProduceSync(t.Context(), rec).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCreateFromTopic(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	four := string(binary.BigEndian.AppendUint32(nil, 7))
	n.topicOf(t, "orders", [2]string{"a", `{"id":1,"price":2,"who":null}`}, [2]string{"b", `{"id":3000000000,"price":2.5,"who":{"name":"x"}}`}, [2]string{"a", "-"})
	n.topicOf(t, "lines", [2]string{"-", "1;x"}, [2]string{"-", "2;y"})
	n.topicOf(t, "numbers", [2]string{four, "hello"}, [2]string{four, "world"})
	n.topicOf(t, "keyed", [2]string{`{"id":1}`, `{"id":1,"rowkey":2}`})
	n.topicOf(t, "both", [2]string{`{"id":1,"of":2}`, `{"id":1,"n":2}`})
	n.topicOf(t, "empty")
	n.topicOf(t, "gone", [2]string{"a", "-"})
	n.topicOf(t, "odd", [2]string{"-", "\x00\x01\x02"})
	const orders = " (\n  ROWKEY STRING %sKEY,\n  ID BIGINT,\n  PRICE DOUBLE,\n  WHO STRUCT<NAME STRING>\n) WITH (KAFKA_TOPIC = 'orders', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'JSON');\n-- Proposed from 2 records of topic orders."
	for _, step := range []struct{ sql, want string }{
		{"CREATE STREAM o FROM TOPIC 'orders';", "Stream created\nCREATE STREAM O" + fmt.Sprintf(orders, "") + "\n"},
		{"CREATE SOURCE TABLE o2 FROM TOPIC orders;", "Created query with ID CST_O2_2\nCREATE SOURCE TABLE O2" + fmt.Sprintf(orders, "PRIMARY ") + "\n"},
		{"CREATE STREAM IF NOT EXISTS o FROM TOPIC 'orders';", "Cannot add stream `O`: A stream with the same name already exists.\n"},
		{"CREATE STREAM l FROM TOPIC lines;", "Stream created\nCREATE STREAM L (\n  COL_1 INTEGER,\n  COL_2 STRING\n) WITH (KAFKA_TOPIC = 'lines', VALUE_FORMAT = 'DELIMITED', VALUE_DELIMITER = ';');\n" +
			"-- Proposed from 2 records of topic lines.\n-- lines have no names for their columns: give them better ones than COL_1 ... COL_2\n"},
		{"CREATE STREAM n FROM TOPIC numbers WITH (TIMESTAMP='ROWKEY_X', VALUE_FORMAT='DELIMITED');", ""},
		{"CREATE STREAM n FROM TOPIC numbers;", "Stream created\nCREATE STREAM N (\n  ROWKEY INTEGER KEY,\n  VALUE STRING\n) WITH (KAFKA_TOPIC = 'numbers', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'KAFKA');\n" +
			"-- Proposed from 2 records of topic numbers.\n"},
		{"CREATE STREAM k FROM TOPIC keyed;", "Stream created\nCREATE STREAM K (\n  ROWKEY_2 STRUCT<ID INTEGER> KEY,\n  ID INTEGER,\n  ROWKEY INTEGER\n) WITH (KAFKA_TOPIC = 'keyed', KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON');\n" +
			"-- Proposed from 1 record of topic keyed.\n"},
		{"CREATE STREAM b FROM TOPIC both WITH (TIMESTAMP='N');", ""},
		{"CREATE STREAM b FROM TOPIC both;", "Stream created\nCREATE STREAM B (\n  ID INTEGER KEY,\n  OF INTEGER KEY,\n  N INTEGER\n) WITH (KAFKA_TOPIC = 'both', KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON');\n" +
			"-- Proposed from 1 record of topic both.\n-- the column ID is that of the key: the value has one of that name, too\n"},
	} {
		got, err := n.try(t, NewSession(), step.sql)
		switch {
		case step.want == "" && (err == nil || !strings.Contains(told(err), "\nThis statement was proposed; correct it and enter it:\nCREATE STREAM ") && !strings.Contains(told(err), "No columns can be proposed")):
			t.Errorf("%s\ngot %q, %v", step.sql, got, err)
		case step.want != "" && (err != nil || got != step.want):
			t.Errorf("%s\ngot  %q, %v\nwant %q", step.sql, got, err, step.want)
		}
	}
	if got := n.run(t, NewSession(), "SELECT ROWKEY, id, who->name AS w FROM o;"); got != "a | 1 | null\nb | 3000000000 | x\n" && got != "b | 3000000000 | x\na | 1 | null\n" {
		t.Error(got)
	}
	err := n.Execute(t.Context(), NewSession(), "EXPLAIN CREATE STREAM o3 FROM TOPIC 'orders';", func(_ parser.Stmt, r Result) error {
		if s, ok := r.(*ShowCreate); !ok || s.Statement != "CREATE STREAM O3"+fmt.Sprintf(orders, "") {
			t.Errorf("%#v", r)
		}
		return nil
	})
	if _, there := n.Snapshot().Source("O3"); err != nil || there {
		t.Error(err, there)
	}
	for sql, want := range map[string]string{
		"CREATE STREAM e FROM TOPIC empty;": "Topic empty has no records: there is nothing to see columns in. Write some first, or declare them: CREATE STREAM E (name type, ...) WITH (KAFKA_TOPIC='empty', VALUE_FORMAT='JSON');",
		"CREATE STREAM e FROM TOPIC gone;":  "Topic gone has records without a value only: there is nothing to see columns in.",
		"CREATE STREAM e FROM TOPIC Orders": "There is no topic Orders. Names of topics are case-sensitive.\nDid you mean orders?",
		"CREATE TABLE e FROM TOPIC lines":   "No record of topic lines has a key, by which a table tells its rows apart",
		"CREATE STREAM e FROM TOPIC odd": "No columns can be proposed for the values of topic odd: they are in no format that is recognised. Tried:\n  JSON: partition 0, offset 0 is 3 bytes, 000102, which is no JSON in UTF-8\n" +
			"  DELIMITED: partition 0, offset 0 is 3 bytes, 000102, which is no text\n  KAFKA: partition 0, offset 0 is 3 bytes, 000102: neither text nor a number of 4 or 8 bytes\nPRINT shows them.",
		"CREATE STREAM o FROM TOPIC orders":                               "Cannot add stream 'O': A stream with the same name already exists",
		"CREATE STREAM e FROM TOPIC orders WITH (KAFKA_TOPIC='x')":        "KAFKA_TOPIC is what stands behind FROM TOPIC: leave it out of WITH",
		"CREATE STREAM e FROM TOPIC orders WITH (VALUE_FORMAT='MSGPACK')": "columns cannot be proposed of MSGPACK: declare them",
	} {
		_, err := n.try(t, NewSession(), strings.TrimSuffix(sql, ";")+";")
		if got := strings.ReplaceAll(fmt.Sprint(err), "partition 1", "partition 0"); err == nil || !strings.Contains(got, want) {
			t.Errorf("%s\ngot  %v\nwant %s", sql, err, want)
		}
	}
	// A file of statements is planned with what is proposed.
	if _, err := n.Validate(NewSession(), "CREATE STREAM v FROM TOPIC orders; CREATE STREAM w AS SELECT rowkey, id, price FROM v;"); err != nil {
		t.Error(err)
	}
	if _, err := n.Validate(NewSession(), "CREATE STREAM v FROM TOPIC orders; CREATE STREAM w AS SELECT rowkey, nope FROM v;"); err == nil {
		t.Error("a column that is not there was planned")
	}
}

// The columns of a format with schemas are the registry's, and told.
func TestCreateFromRegistry(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	for _, format := range []string{"AVRO", "PROTOBUF", "JSON_SR"} {
		n.run(t, NewSession(), fmt.Sprintf("CREATE STREAM a_%[1]s (k STRING KEY, v DOUBLE, w INT) WITH (KAFKA_TOPIC='%[1]s', VALUE_FORMAT='%[1]s', PARTITIONS=1); INSERT INTO a_%[1]s VALUES ('q', 2.5, 1);", format))
		got := n.run(t, NewSession(), fmt.Sprintf("CREATE STREAM b_%[1]s FROM TOPIC %[1]s; SELECT * FROM b_%[1]s;", format))
		want := fmt.Sprintf("CREATE STREAM B_%[1]s (\n  ROWKEY STRING KEY\n) WITH (KAFKA_TOPIC = '%[1]s', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = '%[1]s');\n-- Proposed from 1 record of topic %[1]s.\n"+
			"-- columns by the schema registry: V DOUBLE, W INTEGER\n", format)
		if !strings.Contains(got, want) || !strings.Contains(got, "2.5") {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestCreateFromFile(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, filepath.Join(dir, "data"))
	defer n.stop(t)
	for name, text := range map[string]string{
		"x.csv": "\xef\xbb\xbfid,First Name,,id\r\n1,\"Ann, \"\"A\"\"\",x,2.5\r\n3000000000,\"two\r\nlines\",,\r\n", "y.tsv": "a\tb\n1\tx\n", "z.jsonl": `{"a":null}` + "\n" + `{"a":1,"b":[{"c":true}]}`,
		"semi.csv": "a;b\n1,5;\"x\ny\"\n", "empty.csv": "", "bare.json": "1\n2\n", "noext": "1,2\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := NewSession()
	s.BaseDir = dir
	loads := func(name, file, more string) string {
		return "\nCREATE SOURCE CONNECTOR " + name + "_FILE WITH ('connector.class' = 'file', 'path' = '" + file + "', " + more + ");\n-- Proposed from "
	}
	for _, step := range []struct{ sql, want, rows string }{
		{"CREATE STREAM x FROM FILE 'x.csv';", "Stream created\nCREATE STREAM X (\n  ID BIGINT,\n  FIRST_NAME STRING,\n  COL_3 STRING,\n  ID_2 DOUBLE\n) WITH (KAFKA_TOPIC = 'x', VALUE_FORMAT = 'DELIMITED', PARTITIONS = 1);" +
			loads("X", "x.csv", "'format' = 'csv', 'topic' = 'x', 'csv.header' = 'true'") + "2 rows of " + filepath.Join(dir, "x.csv") +
			".\n-- column 2, \"First Name\", is FIRST_NAME\n-- column 3 has no name in the head: it is COL_3\n-- column 4, \"id\", is ID_2\n",
			""},
		{"CREATE STREAM y FROM FILE 'y.tsv' WITH (KAFKA_TOPIC='yy', PARTITIONS=2, HEADER=FALSE);", "Stream created\nCREATE STREAM Y (\n  COL_1 STRING,\n  COL_2 STRING\n) WITH (KAFKA_TOPIC = 'yy', VALUE_FORMAT = 'DELIMITED', VALUE_DELIMITER = 'TAB', PARTITIONS = 2);" +
			loads("Y", "y.tsv", "'format' = 'csv', 'topic' = 'yy', 'csv.delimiter' = 'TAB'") + "2 rows of " + filepath.Join(dir, "y.tsv") + ".\n-- COL_1 is STRING and INTEGER: a STRING holds both\n", ""},
		{"CREATE STREAM z FROM FILE 'z.jsonl';", "Stream created\nCREATE STREAM Z (\n  A INTEGER,\n  B ARRAY<STRUCT<C BOOLEAN>>\n) WITH (KAFKA_TOPIC = 'z', VALUE_FORMAT = 'JSON', PARTITIONS = 1);" +
			loads("Z", "z.jsonl", "'format' = 'json', 'topic' = 'z'") + "2 rows of " + filepath.Join(dir, "z.jsonl") + ".\n", ""},
		{"CREATE STREAM semi FROM FILE 'semi.csv';", "Stream created\nCREATE STREAM SEMI (\n  A STRING,\n  B STRING\n) WITH (KAFKA_TOPIC = 'semi', VALUE_FORMAT = 'DELIMITED', VALUE_DELIMITER = ';', PARTITIONS = 1);" +
			loads("SEMI", "semi.csv", "'format' = 'csv', 'topic' = 'semi', 'csv.header' = 'true', 'csv.delimiter' = ';'") + "1 row of " + filepath.Join(dir, "semi.csv") + ".\n", ""},
	} {
		if got, err := n.try(t, s, step.sql); err != nil || got != step.want {
			t.Errorf("%s\ngot  %q, %v\nwant %q", step.sql, got, err, step.want)
		}
	}
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := n.run(t, s, "SELECT * FROM x; SELECT * FROM y; SELECT * FROM z; SELECT * FROM semi;")
	for _, want := range []string{`Ann, "A"`, "3000000000", "two\r\nlines", "2.5", "true", "1,5", "x\ny"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	for sql, want := range map[string]string{
		"CREATE STREAM e FROM FILE 'nope.csv'":                     "there is no file " + filepath.Join(dir, "nope.csv"),
		"CREATE STREAM e FROM FILE 'empty.csv'":                    filepath.Join(dir, "empty.csv") + " has no rows: there is nothing to see columns in",
		"CREATE STREAM e FROM FILE 'noext'":                        "The name noext does not tell how the file is written: WITH (FORMAT='csv') or 'json' does",
		"CREATE STREAM e FROM FILE 'bare.json'":                    "No columns can be proposed for " + filepath.Join(dir, "bare.json") + ": its rows are no objects",
		"CREATE STREAM e FROM FILE 'x.csv' WITH (FORMAT='xml')":    "The property FORMAT: expected csv or json, got 'xml'",
		"CREATE STREAM e FROM FILE 'x.csv' WITH (DELIMETER=';')":   "CREATE STREAM ... FROM FILE takes FORMAT, HEADER, DELIMITER, KAFKA_TOPIC, PARTITIONS, REPLICAS, but not DELIMETER. Did you mean DELIMITER?",
		"CREATE STREAM e FROM FILE 'x.csv' WITH (DELIMITER='ab')":  "The property DELIMITER: expected one ASCII character that is no quote and ends no line, TAB or SPACE, got 'ab'",
		"CREATE STREAM e FROM FILE 'x.csv' WITH (HEADER='maybe')":  "The property HEADER: expected TRUE or FALSE, got 'maybe'",
		"CREATE STREAM e FROM FILE 'x.csv' WITH (KAFKA_TOPIC='x')": "There is a topic x already: CREATE STREAM ... FROM TOPIC makes a stream over it",
		"CREATE STREAM x FROM FILE 'x.csv'":                        "There is a connector X_FILE already, which loads a file",
	} {
		if _, err := n.try(t, s, sql+";"); err == nil || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s\ngot  %v\nwant %s", sql, err, want)
		}
	}
	// Who comes over HTTP reads no file of the machine but below its folder of files.
	remote := NewSession()
	remote.Remote = true
	if _, err := n.try(t, remote, "CREATE STREAM e FROM FILE '"+filepath.Join(dir, "x.csv")+"';"); err == nil || !strings.Contains(told(err), "reads files below the folder that the setting weir.file.root names") {
		t.Error(err)
	}
	// A file that fails takes back what it has made.
	err := n.ExecuteWhole(t.Context(), s, "CREATE STREAM w FROM FILE 'z.jsonl'; ASSERT TOPIC nowhere TIMEOUT 1 MILLISECOND;", noResult)
	if _, there := n.connector("W_FILE"); err == nil || there || n.hasTopic(t, "w") || n.Snapshot().Has("stream", "W") {
		t.Error(err, there)
	}
}
