package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"weir/engine"
	"weir/kafka"
	"weir/migrate/ksqldb"
	"weir/parser"
	"weir/server/render"
	"weir/server/wire"
)

// planImport plans what was asked for with this node, about topics and groups of other brokers; nil where nothing is known of them.
func (n *node) planImport(ctx context.Context, req wire.ImportRequest, brokers *kafka.Cluster) (*wire.ImportReport, error) {
	in, wrong := req.Import()
	if wrong != nil {
		return nil, wrong
	}
	in.At, in.Presumed = brokers, brokers == nil
	report, err := n.engine.Import(ctx, engine.NewSession(), in)
	if err != nil {
		return nil, err
	}
	return wire.ImportReportOf(report), nil
}

// importReport is what becomes of a cluster.
type importReport struct {
	cluster *ksqldb.Cluster
	report  *wire.ImportReport
	left    []string // topics that ksqlDB leaves
	applied bool     // it was to be applied
	planned bool     // by this program alone
	asJSON  bool
}

// importedStatement is a line of the report for scripts.
type importedStatement struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	At   string `json:"at"`
	SQL  string `json:"sql"`
	wire.Imported
}

// statements are those of the cluster with what becomes of them.
func (r *importReport) statements() []importedStatement {
	out := []importedStatement{}
	for i, s := range r.cluster.Statements {
		one := importedStatement{s.Kind, s.Name, s.At, parser.Masked(s.SQL), r.report.Statements[i]}
		if v := engine.Verdict(one.Verdict); v == engine.Taken || v == engine.Different {
			if one.Differences = append(one.Differences, s.Differences...); len(one.Differences) > 0 {
				one.Verdict = string(engine.Different)
			}
		}
		out = append(out, one)
	}
	return out
}

// print writes the report. The error says that something is refused, or was not applied.
func (r *importReport) print(w io.Writer) error {
	list, count := r.statements(), map[engine.Verdict]int{}
	for _, s := range list {
		count[engine.Verdict(s.Verdict)]++
	}
	var err error
	if r.asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		err = enc.Encode(map[string]any{"commands": r.cluster.Commands, "statements": list, "leftOut": append([]ksqldb.LeftOut{}, r.cluster.LeftOut...),
			"created": r.report.Created, "blocked": append([]string{}, r.report.Blocked...), "running": append([]string{}, r.report.Running...), "left": append([]string{}, r.left...)})
	} else {
		_, err = io.WriteString(w, r.text(list, count))
	}
	if err == nil && (count[engine.Refused] > 0 || r.applied && len(r.report.Blocked) > 0) {
		err = errShown
	}
	return err
}

func (r *importReport) text(list []importedStatement, count map[engine.Verdict]int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, of which %s.\n\n", render.Counted(int64(r.cluster.Commands), "command"), map[bool]string{true: "1 statement stands", false: render.Count(int64(len(list))) + " statements stand"}[len(list) == 1])
	for i, s := range list {
		note := ""
		if f := r.cluster.Statements[i]; f.Paused {
			note = "  (paused, and stays so)"
		}
		fmt.Fprintf(&b, "%-10s %s%s\n", s.Verdict, strings.TrimRight(fmt.Sprintf("%-40s %s", strings.ToUpper(s.Kind)+" "+s.Name, s.QueryID), " "), note)
		line := func(name, text string) {
			for _, l := range strings.Split(text, "\n") {
				if text != "" {
					fmt.Fprintf(&b, "    %-12s %s\n", name, render.Clean(l))
				}
				name = ""
			}
		}
		if s.Begins != "" && s.Verdict != string(engine.Refused) {
			line("begins", s.Begins)
		}
		for _, d := range s.Differences {
			line("difference", d)
		}
		line("why", s.Reason)
		if s.Verdict == string(engine.Refused) {
			line("statement", strings.Join(strings.Fields(s.SQL), " "))
		}
		line("to do", s.Do)
	}
	for _, l := range r.cluster.LeftOut {
		fmt.Fprintf(&b, "%-10s %s\n    %-12s %s\n", "left out", render.Clip(render.Clean(strings.Join(strings.Fields(l.SQL), " ")), 100), "why", l.Why)
	}
	fmt.Fprintf(&b, "\n%d taken as they are, %d taken with a difference, %d there already, %d refused, %d left out.\n",
		count[engine.Taken], count[engine.Different], count[engine.Stands], count[engine.Refused], len(r.cluster.LeftOut))
	for _, why := range r.report.Blocked {
		what := "To apply it, this is in the way: "
		if r.applied {
			what = "Not applied: "
		}
		fmt.Fprintf(&b, "%s%s.\n", what, strings.TrimSuffix(why, "."))
	}
	switch {
	case r.applied && r.report.Created > 0:
		fmt.Fprintf(&b, "%s %s carried out.\n", render.Counted(int64(r.report.Created), "statement"), was(int64(r.report.Created)))
	case r.applied && len(r.report.Blocked) == 0:
		b.WriteString("Nothing was to be done: all of it is there already.\n")
	case !r.applied:
		b.WriteString("This is a plan: nothing was changed.")
		if r.planned {
			b.WriteString(" Start Weir on the same Kafka, and add: --to " + defaultURL + " --apply")
		} else {
			b.WriteString(" Add --apply to carry it out.")
		}
		b.WriteString("\n")
	}
	if len(r.left) > 0 && r.applied && len(r.report.Blocked) == 0 {
		fmt.Fprintf(&b, "ksqlDB's own topics are still there, and Weir has no use for them. When there is no way back to be kept open, delete:\n  %s\n", strings.Join(r.left, "\n  "))
	}
	return b.String()
}
