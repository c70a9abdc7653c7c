package main

import (
	"encoding/json"
	"strings"
	"testing"

	"weir/conformance/serdes"
)

func parsedJSON(t *testing.T, text string) any {
	t.Helper()
	v, err := serdes.ParseJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Rows come in any order; all else by its place, and with more fields than are expected.
func TestRestRows(t *testing.T) {
	const header, last = `{"header":{"schema":"x"}}`, `{"finalMessage":"Limit Reached"}`
	for _, c := range []struct {
		want []string
		got  string
		same bool
	}{
		{[]string{header, `{"row":{"columns":[1]}}`, `{"row":{"columns":[2]}}`, last}, `[{"header":{"schema":"x","queryId":"q"}},{"row":{"columns":[2]}},{"row":{"columns":[1.0]}},` + last + `]`, true},
		{[]string{header, `{"row":{"columns":[1]}}`, `{"row":{"columns":[1]}}`}, `[` + header + `,{"row":{"columns":[1]}},{"row":{"columns":[2]}}]`, false},
		{[]string{header, last}, `[` + header + `]`, false},
		{[]string{`{"header":{"schema":"y"}}`}, `[` + header + `]`, false},
		{[]string{`{"header":{"queryId|starts_with":"SCAL"}}`}, `[{"header":{"queryId":"SCALABLE"}}]`, true},
		{[]string{`{"header":{"queryId|starts_with":"SCAL"}}`}, `[{"header":{"queryId":"transient"}}]`, false},
		{[]string{`{"row":{"columns":[1,null],"tombstone":true}}`}, `[{"row":{"columns":[1,null]}}]`, false},
	} {
		var want []json.RawMessage
		for _, w := range c.want {
			want = append(want, json.RawMessage(w))
		}
		err := new(restCase).compareRows(want, parsedJSON(t, c.got).([]any))
		if (err == nil) != c.same {
			t.Errorf("%s and %s: %v", strings.Join(c.want, ","), c.got, err)
		}
	}
}

func TestRestErrors(t *testing.T) {
	const insert = "INSERT INTO t (k, v) VALUES ('x', 1);"
	answer := `{"@type":"statement_error","message":"long: wrong","statementText":"INSERT INTO T (` + "`K`, `V`" + `) VALUES ('[value]', '[value]');"}`
	for _, c := range []struct {
		want restError
		same bool
	}{
		{restError{"x.KsqlStatementErrorMessage", "wrong", 400}, true},
		{restError{"x.KsqlErrorMessage", "", 0}, true},
		{restError{"", "other", 0}, false},
		{restError{"", "wrong", 500}, false},
	} {
		if err := c.want.check(restAnswer{400, answer, parsedJSON(t, answer)}, insert); (err == nil) != c.same {
			t.Errorf("%+v: %v", c.want, err)
		}
	}
	shown := strings.ReplaceAll(answer, "'[value]', '[value]'", "'x', 1")
	if err := (&restError{"x.KsqlStatementErrorMessage", "wrong", 400}).check(restAnswer{400, shown, parsedJSON(t, shown)}, insert); err == nil {
		t.Error("values that are shown are taken")
	}
}
