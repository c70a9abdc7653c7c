package repl

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"weir/engine"
	"weir/server/render"
)

// dropping is a backend that knows what a DROP ... CASCADE takes along.
type dropping struct {
	recorder
	drops []string
	asked []string
}

func (b *dropping) Execute(_ context.Context, s Script, d Display) error {
	b.asked = append(b.asked, strings.TrimSpace(s.Text))
	if strings.HasPrefix(s.Text, "EXPLAIN") {
		return d.Entity(&engine.Cascade{Name: "S", Drops: b.drops})
	}
	return nil
}

func (b *dropping) Aside(map[string]string) Backend { return b }

func TestConfirm(t *testing.T) {
	many := []string{"query CSAS_A_2", "stream `A`", "stream `S`"}
	list := "These would go, in this order:\n  query CSAS_A_2\n  stream `A`\n  stream `S`\n"
	for name, c := range map[string]struct {
		sql, answer string
		drops       []string
		script      bool
		carried     bool
		said        string
	}{
		"yes":         {sql: "DROP STREAM s CASCADE;", answer: "yes", drops: many, carried: true, said: list},
		"no":          {sql: "DROP STREAM s CASCADE;", answer: "", drops: many, said: list + "Nothing was dropped.\n"},
		"itself only": {sql: "DROP STREAM s CASCADE;", drops: many[2:], carried: true},
		"a script":    {sql: "DROP STREAM s CASCADE;", drops: many, script: true, carried: true},
		"no cascade":  {sql: "DROP STREAM s;", drops: many, carried: true},
	} {
		b := &dropping{drops: c.drops}
		var out bytes.Buffer
		r := &REPL{Backend: b, Printer: &render.Printer{Out: &out, Format: render.Tabular}, Err: &out, NoPager: true, terminal: !c.script}
		r.ask = func(string) (string, error) { return c.answer, nil }
		if err := r.Execute(t.Context(), c.sql); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if carried := len(b.asked) > 0 && b.asked[len(b.asked)-1] == c.sql; carried != c.carried || out.String() != c.said {
			t.Errorf("%s: asked %q, said %q", name, b.asked, out.String())
		}
	}
}
