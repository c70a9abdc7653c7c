package wire

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"weir/answer"
	"weir/engine"
)

func text(s string) *string { return &s }

// Each shape is pinned whole: clients of ksqlDB read it.
func TestEntities(t *testing.T) {
	id := 7
	cases := map[string]struct {
		entity answer.Entity
		want   string
	}{
		"status": {&Status{CommandID: "table/`T`/create", Status: CommandStatus{Success, "Created query with ID CTAS_T_1", text("CTAS_T_1")}, Sequence: 3},
			`{"@type":"currentStatus","statementText":"S;","warnings":[],"commandId":"table/` + "`T`" + `/create","commandStatus":{"status":"SUCCESS","message":"Created query with ID CTAS_T_1","queryId":"CTAS_T_1"},"commandSequenceNumber":3}`},
		"status without query": {&Status{CommandID: "stream/`S`/create", Status: CommandStatus{Status: Success, Message: "Stream created"}},
			`{"@type":"currentStatus","statementText":"S;","warnings":[],"commandId":"stream/` + "`S`" + `/create","commandStatus":{"status":"SUCCESS","message":"Stream created","queryId":null},"commandSequenceNumber":0}`},
		"streams": {&Streams{Streams: []Source{{"STREAM", "S", "s", "KAFKA", "JSON", false}}},
			`{"@type":"streams","statementText":"S;","warnings":[],"streams":[{"type":"STREAM","name":"S","topic":"s","keyFormat":"KAFKA","valueFormat":"JSON","isWindowed":false}]}`},
		"tables": {&Tables{Tables: []Source{}}, `{"@type":"tables","statementText":"S;","warnings":[],"tables":[]}`},
		"queries": {&Queries{Queries: []RunningQuery{{"SELECT 1;", []string{"T"}, []string{"t"}, "Q_1", map[string]int{"RUNNING": 1}, "PERSISTENT", "RUNNING", nil}}},
			`{"@type":"queries","statementText":"S;","warnings":[],"queries":[{"queryString":"SELECT 1;","sinks":["T"],"sinkKafkaTopics":["t"],"id":"Q_1","statusCount":{"RUNNING":1},"queryType":"PERSISTENT","state":"RUNNING"}]}`},
		"description": {&SourceDescriptionEntity{Source: SourceDescription{Name: "S", Type: "STREAM", ReadQueries: []RunningQuery{}, WriteQueries: []RunningQuery{},
			Fields:  []Field{{"K", Schema{Type: "STRING"}, "KEY", ""}, {"A", Schema{Type: "ARRAY", Member: &Schema{Type: "DECIMAL", Parameters: map[string]int{"precision": 4, "scale": 2}}}, "", ""}},
			Offsets: []QueryOffsets{{"g", []TopicOffsets{{"s", []PartitionOffset{{0, 1, 9, 5}}}}}}, Constraints: []string{}, ClusterStats: []any{}, ClusterErrors: []any{}}},
			`{"@type":"sourceDescription","statementText":"S;","warnings":[],"sourceDescription":{"name":"S","windowType":null,"readQueries":[],"writeQueries":[],` +
				`"fields":[{"name":"K","schema":{"type":"STRING","fields":null,"memberSchema":null},"type":"KEY"},` +
				`{"name":"A","schema":{"type":"ARRAY","fields":null,"memberSchema":{"type":"DECIMAL","fields":null,"memberSchema":null,"parameters":{"precision":4,"scale":2}}}}],` +
				`"type":"STREAM","timestamp":"","statistics":"","errorStats":"","extended":false,"keyFormat":"","valueFormat":"","topic":"","partitions":0,"replication":0,"statement":"",` +
				`"queryOffsetSummaries":[{"groupId":"g","topicSummaries":[{"kafkaTopic":"s","offsets":[{"partition":0,"logStartOffset":1,"logEndOffset":9,"consumerOffset":5}]}]}],` +
				`"sourceConstraints":[],"clusterStatistics":[],"clusterErrorStats":[]}}`},
		"topics": {&Topics{Topics: []Topic{{"t", []int{1, 1}}}},
			`{"@type":"kafka_topics","statementText":"S;","warnings":[],"topics":[{"name":"t","replicaInfo":[1,1]}]}`},
		"topics extended": {&TopicsExtended{Topics: []TopicExtended{{Topic{"t", []int{1}}, 2, 1}}},
			`{"@type":"kafka_topics_extended","statementText":"S;","warnings":[],"topics":[{"name":"t","replicaInfo":[1],"consumerCount":2,"consumerGroupCount":1}]}`},
		"properties": {&Properties{Properties: []Property{{"p", "KSQL", text("1"), true, "SERVER", "what it does"}}, Overwritten: []string{"p"}, Default: []string{}},
			`{"@type":"properties","statementText":"S;","warnings":[],"properties":[{"name":"p","scope":"KSQL","value":"1","editable":true,"level":"SERVER","meaning":"what it does"}],"overwrittenProperties":["p"],"defaultProperties":[]}`},
		"function": {&FunctionDescription{Name: "LEN", Kind: "SCALAR", Functions: []Variant{{[]Argument{{"s", "STRING", "", false}}, "INT", ""}}},
			`{"@type":"describe_function","statementText":"S;","warnings":[],"name":"LEN","description":"","author":"","version":"","path":"","functions":[{"arguments":[{"name":"s","type":"STRING","description":"","isVariadic":false}],"returnType":"INT","description":""}],"type":"SCALAR"}`},
		"connectors": {&Connectors{Connectors: []ConnectorLine{{"C", "source", "file", "RUNNING", ConnectorFigures{Rows: 5}}}},
			`{"@type":"connector_list","statementText":"S;","warnings":[],"connectors":[{"name":"C","type":"source","className":"file","state":"RUNNING","rows":5,"totalRows":0,"badRows":0,"rowsPerSecond":0}]}`},
		"assert schema": {&engine.AssertSchema{Subject: text("t-value"), ID: &id, Exists: true},
			`{"@type":"assert_schema","statementText":"S;","warnings":[],"subject":"t-value","id":7,"exists":true}`},
		"warning": {&WarningEntity{Message: "exists"}, `{"@type":"warning_entity","statementText":"S;","warnings":[],"message":"exists"}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(Of(c.entity, "S;"))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			var back Entities
			if err := json.Unmarshal([]byte("["+string(got)+"]"), &back); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(back[0], c.entity) {
				t.Errorf("read back as %#v", back[0])
			}
		})
	}
}

// Every type of entity can be told by its @type, and only by one.
func TestEntityTypes(t *testing.T) {
	seen := map[reflect.Type]string{}
	for name, e := range entityTypes {
		typ := reflect.TypeOf(e)
		if other, ok := seen[typ]; ok {
			t.Errorf("%s and %s are the same type", name, other)
		}
		seen[typ] = name
	}
}

func TestUnknownEntity(t *testing.T) {
	var list Entities
	if err := json.Unmarshal([]byte(`[{"@type":"new","x":1}]`), &list); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(list)
	if err != nil || string(out) != `[{"@type":"new","x":1}]` {
		t.Errorf("got %s, %v", out, err)
	}
}

func TestRequest(t *testing.T) {
	cases := []struct {
		body string
		want Settings
		err  string
	}{
		{`{"ksql":"X;","streamsProperties":{"a":"b","n":10,"f":1.50,"t":true,"z":null},"other":{}}`, Settings{"a": "b", "n": "10", "f": "1.50", "t": "true"}, ""},
		{`{"ksql":"X;","streamsProperties":{"a":[]}}`, nil, `the setting "a"`},
		{`{"ksql":"X;","streamsProperties":3}`, nil, "expected an object"},
	}
	for _, c := range cases {
		var r Request
		err := json.Unmarshal([]byte(c.body), &r)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", c.body, err, c.err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.body, err)
		case !reflect.DeepEqual(r.Properties, c.want):
			t.Errorf("%s: got %v", c.body, r.Properties)
		}
	}
}

func TestErrors(t *testing.T) {
	cases := []struct {
		err    *Error
		status int
		want   string
	}{
		{Generic(BadRequest, "no"), 400, `{"@type":"generic_error","error_code":40000,"message":"no"}`},
		{Statement(BadStatement, "no", "X;", nil), 400, `{"@type":"statement_error","error_code":40001,"message":"no","statementText":"X;","entities":[]}`},
		{Generic(ServerError, "no"), 500, `{"@type":"generic_error","error_code":50000,"message":"no"}`},
		{Statement(AssertFailed, "no", "X;", Entities{Of(&WarningEntity{Message: "w"}, "W;")}), 417,
			`{"@type":"statement_error","error_code":41700,"message":"no","statementText":"X;","entities":[{"@type":"warning_entity","statementText":"W;","warnings":[],"message":"w"}]}`},
	}
	for _, c := range cases {
		got, err := json.Marshal(c.err)
		if err != nil || string(got) != c.want || c.err.Code.Status() != c.status {
			t.Errorf("got %s (%d), %v\nwant %s", got, c.err.Code.Status(), err, c.want)
		}
	}
}
