package cli

import (
	"fmt"
	"strings"
	"time"

	"weir/engine"
	"weir/server/render"
)

// leftOut says what a query has left out, and what to do about it.
func leftOut(l engine.LeftOut) []string {
	var out []string
	for _, late := range l.Late {
		out = append(out, l.Query+": "+lateText(late))
	}
	if l.Behind > 0 {
		out = append(out, l.Query+": "+render.Counted(l.Behind, "row")+" came behind others that were to come after them, and "+was(l.Behind)+" joined and aggregated as they came. A longer max.task.idle.ms or weir.wait.upstream waits for such rows.")
	}
	if l.Bad > 0 {
		text := l.Query + ": " + render.Counted(l.Bad, "record") + " could not be read or written, and " + was(l.Bad) + " left out"
		if l.First != "" {
			text += "; the first at " + l.First
		}
		out = append(out, text+". KSQL_PROCESSING_LOG has them all.")
	}
	return out
}

func lateText(l engine.LateRows) string {
	of, where := "", make([]string, len(l.Graces))
	for i, g := range l.Graces {
		what, clause := "windows", "in its WINDOW clause"
		if g.Join {
			what, clause = "join", "behind its WITHIN"
		}
		of = " for the " + what + " of the query"
		where[i] = clause + ", now " + span(g.Period) + ","
	}
	if len(l.Graces) > 1 { // which of them, only a query with a topic knows
		of = ""
	}
	what := was(l.Rows) + " left out"
	if l.To != "" {
		what = "went to " + l.To
	}
	return render.Counted(l.Rows, "row") + " came too late" + of + " and " + what + ". A longer GRACE PERIOD " + strings.Join(where, " or ") + " takes such rows in."
}

func was(n int64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// span writes a time as a statement does.
func span(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "DAYS"}, {time.Hour, "HOURS"}, {time.Minute, "MINUTES"}, {time.Second, "SECONDS"}} {
		if d%u.size == 0 && (d != 0 || u.size == time.Second) {
			return fmt.Sprintf("%d %s", d/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d MILLISECONDS", d.Milliseconds())
}
