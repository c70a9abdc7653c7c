package engine

import (
	"strings"
	"testing"

	"weir/parser"
)

func TestPropertiesOfSessions(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	for text, want := range map[string]string{
		`SET 'weir.idle.clsoe'='1 SECOND';`:                 "Did you mean weir.idle.close?",
		`SET 'weir.idle.close'='soon';`:                     "expected a time with its unit, such as 10 SECONDS, found 'soon'",
		`SET 'ksql.nonsense'='1';`:                          "Not recognizable as ksql, streams, consumer, or producer property: 'ksql.nonsense'",
		`SET 'commit.interval.ms'='often';`:                 "expected a whole number of milliseconds from 1 on, found 'often'",
		`SET 'processing.guarantee'='at_least_once';`:       "expected exactly_once_v2 or exactly_once",
		`SET 'ksql.service.id'='x';`:                        "can only be set when the server starts",
		`UNSET 'comit.interval.ms';`:                        "Did you mean commit.interval.ms?",
		`CREATE TYPE x AS STRING; SET 'ksql.nonsense'='1';`: "Not recognizable",
	} {
		s := NewSession()
		if _, err := n.Validate(s, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not refused before anything is done: %v", text, err)
		}
		err := n.Execute(t.Context(), s, text, func(parser.Stmt, Result) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
		if len(s.Properties) != 0 {
			t.Errorf("%s: %v is set", text, s.Properties)
		}
	}

	s := NewSession()
	n.run(t, s, `SET 'ksql.streams.commit.interval.ms'='7'; SET 'num.stream.threads'='4';`)
	listed := map[string]Property{}
	for _, p := range n.properties(s) {
		listed[p.Name] = p
	}
	for name, want := range map[string]Property{
		"commit.interval.ms":   {Value: "7", Override: true, Editable: true, Meaning: "How often"},
		"num.stream.threads":   {Value: "4", Override: true, Editable: true, Meaning: "No effect: "},
		"processing.guarantee": {Value: "exactly_once_v2", Meaning: "Fixed: "},
		"auto.offset.reset":    {Value: "latest for push queries and PRINT, earliest for persistent queries", Editable: true, Meaning: "Where"},
		"ksql.service.id":      {Value: n.opt.ServiceID, Meaning: "Name of this node"},
	} {
		got := listed[name]
		if got.Value != want.Value || got.Override != want.Override || got.Editable != want.Editable || !strings.HasPrefix(got.Meaning, want.Meaning) {
			t.Errorf("SHOW PROPERTIES, %s: %+v", name, got)
		}
	}
	n.run(t, s, `UNSET 'commit.interval.ms';`)
	if _, set := s.Properties["commit.interval.ms"]; set {
		t.Error("UNSET leaves what was set with a prefix")
	}
}

func TestPropertiesOfTheServer(t *testing.T) {
	for _, config := range []map[string]string{{"commit.intervall.ms": "1"}, {"weir.state.memory.bytes": "much"}} {
		if e, err := Open(t.Context(), Options{DataDir: t.TempDir(), Config: config}); err == nil {
			t.Errorf("%v is taken", config)
			_ = e.Close(t.Context())
		}
	}
}
