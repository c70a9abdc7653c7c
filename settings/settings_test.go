package settings

import (
	"strings"
	"testing"
	"time"
)

func TestPut(t *testing.T) {
	cases := []struct {
		name, value string
		by          Scope
		want        string // of the error; or name=value as it is kept
	}{
		{"commit.interval.ms", "8", Session, "commit.interval.ms=8"},
		{"ksql.streams.commit.interval.ms", "8", Session, "commit.interval.ms=8"},
		{"replication.factor", "3", Start, "ksql.internal.topic.replicas=3"},
		{"ksql.streams.consumer.auto.offset.reset", "EARLIEST", Session, "auto.offset.reset=EARLIEST"},
		{"processing.guarantee", "exactly_once_v2", Session, "processing.guarantee=exactly_once_v2"},
		{"ksql.streams.processing.guarantee", "exactly_once", Session, "processing.guarantee=exactly_once"},
		{"ksql.streams.producer.linger.ms", "5", Session, "producer.linger.ms=5"},
		{"topic.retention.ms", "5", Session, "topic.retention.ms=5"},
		{"ksql.streams.num.stream.threads", "4", Session, "num.stream.threads=4"},
		{"consumer.isolation.level", "read_committed", Session, "consumer.isolation.level=read_committed"},
		{"ksql.service.id", "x_", Start, "ksql.service.id=x_"},
		{"state.dir", "/a b", Start, "weir.data.dir=/a b"},

		{"commit.interval.ms", "soon", Session, "Invalid value soon for configuration commit.interval.ms: expected a whole number of milliseconds from 1 on, found 'soon'"},
		{"commit.interval.ms", "0", Session, "from 1 on, found '0'"},
		{"commit.interval.ms", "1e3", Session, "found '1e3'"},
		{"commit.interval.ms", "99999999999999999999", Session, "expected a whole number of milliseconds"},
		{"weir.idle.close", "soon", Session, "expected a time with its unit, such as 10 SECONDS, found 'soon'"},
		{"weir.idle.close", "9999999999999 DAYS", Session, "expected a time"},
		{"auto.offset.reset", "none", Session, "expected earliest or latest, found 'none'"},
		{"ksql.query.pull.table.scan.enabled", "maybe", Session, "expected true or false, found 'maybe'"},
		{"ksql.persistence.default.format.value", "JSONN", Session, "expected AVRO, DELIMITED, JSON,"},
		{"processing.guarantee", "at_least_once", Session, "expected exactly_once_v2 or exactly_once, found 'at_least_once': queries are always exactly once; at_least_once is not there yet"},
		{"ksql.fail.on.deserialization.error", "true", Session, "expected false, found 'true': a record that can't be read goes to the processing log"},
		{"ssl.keystore.location", "/x", Start, "ssl.keystore.location=/x"},
		{"ssl.engine.factory.class", "x.Y", Start, "The property ssl.engine.factory.class can't be set: no classes of Java are loaded"},
		{"ksql.streams.producer.sasl.mechanism", "GSSAPI", Start, "producer.sasl.mechanism=GSSAPI"},
		{"sasl.jaas.config", "x", Session, "can only be set when the server starts"},
		{"sasl.mechanism", "GSSAPI", Start, "expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, found 'GSSAPI'"},
		{"ssl.endpoint.identification.algorithm", "", Start, "ssl.endpoint.identification.algorithm="},
		{"ksql.service.id", "x_", Session, "One or more properties overrides set locally are prohibited by the KSQL server denylist (use UNSET to reset their default value): [ksql.service.id]\nksql.service.id can only be set when the server starts"},
		{"weir.http.max.streams", "1", Session, "can only be set when the server starts"},
		{"weir.idle.clsoe", "1 SECOND", Session, "Not recognizable as ksql, streams, consumer, or producer property: 'weir.idle.clsoe'\nDid you mean weir.idle.close?"},
		{"ksql.streams.comit.interval.ms", "1", Session, "'ksql.streams.comit.interval.ms'\nDid you mean commit.interval.ms?"},
		{"ksql.streams.weir.idle.close", "1 SECOND", Session, "Not recognizable"},
		{"ksql.nonsense", "1", Start, "Not recognizable"},
		{"weir.cors", "1", Session, "Not recognizable"},
		{"producer.nonsense.ms", "1", Start, "Not recognizable"},
		{"", "1", Start, "Not recognizable"},
	}
	for _, c := range cases {
		config := map[string]string{}
		err := Put(config, c.name, c.value, c.by)
		kept := ""
		for k, v := range config {
			kept += k + "=" + v
		}
		switch {
		case err == nil && kept != c.want:
			t.Errorf("%s=%s: kept %q, want %q", c.name, c.value, kept, c.want)
		case err != nil && (!strings.Contains(err.Error(), c.want) || kept != ""):
			t.Errorf("%s=%s: got %v, kept %q, want %q", c.name, c.value, err, kept, c.want)
		}
	}
}

func TestTypedValues(t *testing.T) {
	config, err := Read(map[string]string{"ksql.streams.commit.interval.ms": "8", "commit.interval.ms": "7", "weir.idle.close": "2 minutes",
		"ksql.query.pull.table.scan.enabled": "FALSE", "auto.offset.reset": "Latest"}, Session)
	if err != nil {
		t.Fatal(err)
	}
	if d := CommitInterval.In(config); d != 8*time.Millisecond {
		t.Errorf("the name of ksqlDB's servers does not win: %v", d)
	}
	if d := IdleClose.In(config); d != 2*time.Minute {
		t.Errorf("weir.idle.close: %v", d)
	}
	if PullTable.In(config) || !PullTable.In(nil) {
		t.Error("ksql.query.pull.table.scan.enabled")
	}
	if got := OffsetReset.In(config); got != "latest" {
		t.Errorf("auto.offset.reset: %s", got)
	}
	if n := ListLimit.Or(config, 5); n != 5 {
		t.Errorf("the limit of COLLECT_LIST: %d", n)
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{"h:1": "h:1", ":1": ":1", "8088": "127.0.0.1:8088", "http://0.0.0.0:8088/": "0.0.0.0:8088", "[::1]:5": "[::1]:5"} {
		if got := Listen.In(map[string]string{"listeners": in}); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
	for _, bad := range []string{"nowhere", "h:99999", "https://h:1", "h:x", ""} {
		if Listen.Check(bad) == nil {
			t.Errorf("%q passes for an address", bad)
		}
	}
}

// What stands for a default has to be a value itself, and each name has one meaning.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	once := func(name string) {
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
	for s := range All() {
		i := s.About()
		for _, name := range append([]string{i.Name}, i.Also...) {
			once(name)
			if _, ok := Find(name); !ok || canonical(name) != name {
				t.Errorf("%s is not found", name)
			}
		}
		if i.Flag != "" {
			once("--" + i.Flag)
		}
		if d := s.Default(); i.Unset == "" && s.Check(d) != nil {
			t.Errorf("%s: the default %q is no value of it", i.Name, d)
		}
		if !strings.HasSuffix(i.Doc, ".") || strings.Contains(i.Doc, "\n") {
			t.Errorf("%s: a sentence tells what it means", i.Name)
		}
	}
	for _, f := range InertFacts() {
		for _, name := range f.names {
			if name != "bootstrap.servers" { // with the prefix of a client
				once(name)
			}
			if canonical(name) != name {
				t.Errorf("%s has a prefix that is taken off", name)
			}
		}
	}
}
