package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"weir/connectors"
	"weir/parser"
)

// kafkaConnect is as much of a worker as statements need; scripts/clients has a real one.
type kafkaConnect struct {
	mu   sync.Mutex
	have map[string]map[string]string
	done []string // requests that change something
}

func (k *kafkaConnect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r.Method != http.MethodGet {
		k.done = append(k.done, r.Method+" "+r.URL.Path)
	}
	fail := func(status int, text string) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"error_code": status, "message": text})
	}
	answer := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/connectors/"), "/")
	about := func(name string) (info, status map[string]any) {
		return map[string]any{"name": name, "config": k.have[name], "type": "source"},
			map[string]any{"connector": map[string]any{"state": "RUNNING", "worker_id": "w:1"}, "tasks": []any{map[string]any{"id": 0, "state": "FAILED", "worker_id": "w:1", "trace": "no file\n\tat x"}}}
	}
	switch {
	case r.URL.Path == "/connector-plugins":
		answer([]map[string]string{{"class": "org.example.LinesSourceConnector", "type": "source", "version": "4"}, {"class": "org.example.LinesSinkConnector", "type": "sink", "version": "4"}})
	case r.URL.Path == "/connectors" && r.Method == http.MethodPost:
		var body struct {
			Name   string            `json:"name"`
			Config map[string]string `json:"config"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		switch {
		case k.have[body.Name] != nil:
			fail(http.StatusConflict, "Connector "+body.Name+" already exists")
		case !strings.Contains(body.Config["connector.class"], "Lines"):
			fail(http.StatusInternalServerError, "Failed to find any class that implements Connector")
		case body.Config["topic"] == "":
			fail(http.StatusBadRequest, "Missing required configuration \"topic\"")
		default:
			k.have[body.Name] = body.Config
			w.WriteHeader(http.StatusCreated)
		}
	case r.URL.Path == "/connectors":
		out := map[string]any{}
		for name := range k.have {
			info, status := about(name)
			out[name] = map[string]any{"info": info, "status": status}
		}
		answer(out)
	case k.have[name] == nil:
		fail(http.StatusNotFound, "Connector "+name+" not found")
	case r.Method == http.MethodDelete:
		delete(k.have, name)
		w.WriteHeader(http.StatusNoContent)
	case rest == "config":
		answer(k.have[name])
	case rest == "topics":
		answer(map[string]any{name: map[string]any{"topics": []string{"b", "a"}}})
	case rest == "status":
		_, status := about(name)
		answer(status)
	case rest == "":
		info, _ := about(name)
		answer(info)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

// TestKafkaConnect: a class that is not built in goes to the worker, what is built in does not, and each is found again by its name.
func TestKafkaConnect(t *testing.T) {
	k := &kafkaConnect{have: map[string]map[string]string{}}
	worker := httptest.NewServer(k)
	defer worker.Close()
	n := startWith(t, t.TempDir(), map[string]string{"ksql.connect.url": worker.URL})
	defer func() { n.stop(t) }()
	s := NewSession()
	const create = `CREATE SOURCE CONNECTOR in1 WITH ('connector.class'='org.example.LinesSourceConnector', 'topic'='l', 'password'='${env:PASSWORD}', 'tasks.max'=1);`
	n.run(t, s, create)
	want := map[string]string{"name": "IN1", "connector.class": "org.example.LinesSourceConnector", "topic": "l", "password": "${env:PASSWORD}", "tasks.max": "1"}
	if !maps.Equal(k.have["IN1"], want) {
		t.Errorf("%v", k.have)
	}
	n.run(t, s, strings.Replace(create, "CONNECTOR", "CONNECTOR IF NOT EXISTS", 1))
	again := NewSession()
	again.SkipUnchanged = true
	n.run(t, again, create)
	n.run(t, s, `CREATE SOURCE CONNECTOR own WITH ('connector.class'='datagen', 'topic'='d', 'field.a'='sequence', 'rows'='1');`)
	for sql, want := range map[string]string{
		create: "Failed to create connector: Connector IN1 already exists",
		`CREATE SOURCE CONNECTOR own WITH ('connector.class'='LinesSource', 'topic'='l');`:    "Connector OWN already exists",
		`CREATE SOURCE CONNECTOR x WITH ('connector.class'='LinesSink', 'topic'='l');`:        "connector class 'LinesSink' is a sink: write CREATE SINK CONNECTOR",
		`CREATE SOURCE CONNECTOR x WITH ('connector.class'='LinesSource');`:                   `Failed to create connector: Missing required configuration "topic"`,
		`CREATE SOURCE CONNECTOR x WITH ('connector.class'='org.example.Nope', 'topic'='l');`: "Failed to create connector: Failed to find any class that implements Connector",
		`CREATE SOURCE CONNECTOR x WITH ('connector.class'='s3', 'topics'='l');`:              "connector class 's3' is a sink: write CREATE SINK CONNECTOR",
		`DROP CONNECTOR x;`:     "Connector 'X' does not exist.",
		`PAUSE CONNECTOR x;`:    "Connector 'X' does not exist.",
		`DESCRIBE CONNECTOR x;`: "Connector 'X' does not exist.",
	} {
		n.refuses(t, sql, want)
	}
	show := func(sql string) Result {
		t.Helper()
		var out Result
		if err := n.Execute(t.Context(), s, sql, func(_ parser.Stmt, r Result) error { out = r; return nil }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	list := show(`SHOW CONNECTORS;`).(*Connectors)
	if len(list.Connectors) != 1 || len(list.Elsewhere) != 1 || list.Elsewhere[0].Summary() != "FAILED (0/1 tasks RUNNING)" || list.Elsewhere[0].Reason() != "no file" || list.Away != nil {
		t.Errorf("%+v", list)
	}
	if list = show(`SHOW SINK CONNECTORS;`).(*Connectors); len(list.Connectors)+len(list.Elsewhere) != 0 {
		t.Errorf("%+v", list)
	}
	if p := show(`SHOW CONNECTOR PLUGINS;`).(*ConnectorPlugins); len(p.Classes) != len(connectors.Classes()) || len(p.Elsewhere) != 2 {
		t.Errorf("%+v", p)
	}
	if c := show(`DESCRIBE CONNECTOR in1;`).(*Connector).Elsewhere; c == nil || fmt.Sprint(c.Topics) != "[a b]" || c.Worker != "w:1" || c.Tasks[0].State != "FAILED" {
		t.Errorf("%+v", c)
	}
	if c := show(`DESCRIBE CONNECTOR own;`).(*Connector); c.Elsewhere != nil || c.Status.Name != "OWN" {
		t.Errorf("%+v", c)
	}
	k.done = nil
	n.run(t, s, `PAUSE CONNECTOR in1; RESUME CONNECTOR in1; DROP CONNECTOR in1; DROP CONNECTOR IF EXISTS in1; DROP CONNECTOR own;`)
	if got, want := strings.Join(k.done, ", "), "PUT /connectors/IN1/pause, PUT /connectors/IN1/resume, POST /connectors/IN1/restart, DELETE /connectors/IN1, DELETE /connectors/IN1"; got != want {
		t.Error(got)
	}

	worker.Close()
	const away = "does not answer"
	n.refuses(t, create, away)
	n.refuses(t, `DROP CONNECTOR in1;`, away)
	n.refuses(t, `DESCRIBE CONNECTOR in1;`, away)
	if list = show(`SHOW CONNECTORS;`).(*Connectors); list.Away == nil || !strings.Contains(list.Away.Error(), away) {
		t.Errorf("%+v", list)
	}
}

// TestNoKafkaConnect: without a worker the error names the built-in classes, and the setting.
func TestNoKafkaConnect(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	n.refuses(t, `CREATE SOURCE CONNECTOR x WITH ('connector.class'='org.example.LinesSourceConnector');`,
		"Built in are: datagen, file, tcp, http. Any other runs in a Kafka Connect worker, whose REST API the setting ksql.connect.url names")
	n.refuses(t, `DROP CONNECTOR x;`, "Connector 'X' does not exist.")
	n.refuses(t, `DESCRIBE CONNECTOR x;`, "there is no connector X")
}
