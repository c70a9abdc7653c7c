package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/engine"
	"weir/types"
)

// table prints rows as lines: names first, values as CAST(x AS STRING) has them.
func table(cols types.Schema, rows [][]types.Value) []string {
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = c.Name
	}
	out := []string{strings.Join(names, " | ")}
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = types.Text(v, cols[i].Type)
		}
		out = append(out, strings.Join(cells, " | "))
	}
	return out
}

// answer prints what a statement says, but for what differs from run to run.
func answer(r engine.Result) []string {
	switch r := r.(type) {
	case *engine.Done:
		if r.Message == "" && r.Warning == "" {
			return nil
		}
		if r.Message == "" {
			return []string{r.Warning}
		}
		return strings.Split(strings.Join(append([]string{r.Message}, r.Notes...), "\n"), "\n")
	case *engine.Sources:
		var out []string
		for _, s := range r.Sources {
			if s.Name != "KSQL_PROCESSING_LOG" {
				out = append(out, fmt.Sprintf("%s | %s | %s | %s | windowed %t", s.Name, s.Topic, s.Key.Format, s.Value.Format, s.Windowed != nil))
			}
		}
		return out
	case *engine.Description:
		var out []string
		for _, c := range r.Source.Schema {
			out = append(out, types.Schema{c}.String())
		}
		return out
	case *engine.Types:
		var out []string
		for _, name := range slices.Sorted(maps.Keys(r.Types)) {
			out = append(out, name+" | "+r.Types[name].String())
		}
		return out
	case *engine.Variables:
		var out []string
		for _, v := range r.Variables {
			out = append(out, v.Name+" | "+v.Value)
		}
		return out
	case *engine.Queries:
		var out []string
		for _, q := range r.Queries {
			out = append(out, fmt.Sprintf("%s | %s | %s | %s", q.ID, q.State, q.Sink, q.Error))
		}
		return out
	case *engine.Function:
		out := []string{r.Function.Name + " | " + string(r.Function.Kind)}
		for _, v := range r.Function.Variants {
			out = append(out, v.Text+" -> "+v.Returns)
		}
		return out
	case *engine.Explanation:
		return strings.Split(r.Plan, "\n")
	case *engine.AssertTopic:
		return []string{fmt.Sprintf("%s exists: %t", r.Topic, r.Exists)}
	case *engine.AssertSchema:
		if r.Subject == nil {
			return []string{fmt.Sprintf(" exists: %t", r.Exists)}
		}
		return []string{fmt.Sprintf("%s exists: %t", *r.Subject, r.Exists)}
	default: // about these alone
	}
	return []string{fmt.Sprintf("%T", r)}
}
