package cli

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"weir/connectors"
	"weir/connectors/connector"
	"weir/server/render"
)

const progressInterval = 100 * time.Millisecond

// endless are the running connectors whose input has no end.
func (r *scriptRun) endless() []string {
	var out []string
	for _, c := range r.n.engine.Connectors().List() {
		if !c.Bounded && c.Kind == connector.Source && c.State == connectors.Running {
			out = append(out, c.Name)
		}
	}
	return out
}

func join(names []string) string { return strings.Join(names, ", ") }

// watch shows how far connectors and queries have come, until the function that it returns is called.
func (r *scriptRun) watch(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(progressInterval)
		defer tick.Stop()
		for {
			if live := r.progress(); !r.format.Data() {
				r.screen.setLive(r.live.stand() + live)
			}
			r.live.flush()
			select {
			case <-ctx.Done():
				r.live.settled()
				return
			case <-tick.C:
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
		r.progress() // those that ended since
	}
}

// progress is the live line. Connectors that have ended since the last call get a line that stays.
func (r *scriptRun) progress() string {
	var parts []string
	for _, c := range r.n.engine.Connectors().List() {
		before := r.states[c.Name]
		r.states[c.Name] = c.State
		switch {
		case c.State == connectors.Running && c.Kind == connector.Sink:
			parts = append(parts, delivering(c)...)
		case c.State == connectors.Running:
			parts = append(parts, loading(c))
		case before == c.State:
		case c.State == connectors.Finished:
			fmt.Fprintf(r.notes, "%s: %s loaded%s\n", c.Name, render.Counted(c.Rows, "row"), badRows(c.Bad))
		case c.State == connectors.Failed:
			fmt.Fprintf(r.notes, "%s failed after %s: %s\n", c.Name, render.Counted(c.Rows, "row"), c.LastError)
		}
	}
	lag := int64(0)
	for _, q := range r.n.engine.Queries() {
		lag += q.Stats.Lag
	}
	if len(parts) == 0 && lag > 0 {
		parts = append(parts, render.Counted(lag, "row")+" to go")
	}
	return strings.Join(parts, "; ")
}

func loading(c connectors.Status) string {
	text := c.Name + ": " + render.Counted(c.Rows, "row")
	if c.Total > 0 {
		text = fmt.Sprintf("%s: %s of %s (%d %%)", c.Name, render.Count(c.Rows), render.Counted(c.Total, "row"), c.Rows*100/c.Total)
	}
	text += ", " + render.Count(int64(c.Rate)) + " rows/s"
	if c.LastError != "" {
		text += ", " + c.LastError
	}
	return text
}

// undelivered is what a sink leaves behind, and why.
func undelivered(c connectors.Status) string {
	text := ""
	if c.Lag > 0 {
		text = ", " + render.Count(c.Lag) + " still to deliver"
	}
	if c.LastError != "" {
		text += ": " + c.LastError
	}
	return text
}

func leftOutRows(n int64) string {
	if n == 0 {
		return ""
	}
	return ", " + render.Count(n) + " left out"
}

// delivering is what there is to tell of a sink that has something to do.
func delivering(c connectors.Status) []string {
	switch {
	case c.LastError != "":
		return []string{c.Name + ": " + c.LastError}
	case c.Lag > 0:
		return []string{c.Name + ": " + render.Counted(c.Lag, "row") + " to deliver"}
	}
	return nil
}

func badRows(n int64) string {
	if n == 0 {
		return ""
	}
	return ", " + render.Count(n) + " of them without a readable key or time"
}

// summary says what has been done. stopped: the user ended it.
func (r *scriptRun) summary(stopped bool) {
	took := time.Since(r.started)
	total := r.n.engine.Totals()
	if len(r.n.engine.Snapshot().Queries()) == 0 { // nothing was computed: what was loaded is what there is to tell
		for _, c := range r.n.engine.Connectors().List() {
			total.RowsIn += c.Rows
		}
	}
	word := "Done: all input is used up and committed"
	switch {
	case stopped:
		word = "Stopped"
	case len(r.endless()) > 0:
		word = "Done: the queries are at their limits"
	}
	shown := ""
	if rows, queries := r.live.shown(); queries > 0 {
		shown = ", " + render.Count(rows) + " shown"
	}
	fmt.Fprintf(r.notes, "%s. %s in, %s out%s, %s late, %s bad, %s rows/s, %.1f s\n", word, render.Counted(total.RowsIn, "row"), render.Count(total.RowsOut), shown,
		render.Count(total.Late), render.Count(total.Bad), render.Count(int64(float64(total.RowsIn)/max(took.Seconds(), 0.001))), took.Seconds())
	for _, c := range r.n.engine.Connectors().List() {
		if c.Kind == connector.Sink {
			fmt.Fprintf(r.notes, "%s: %s delivered%s%s\n", c.Name, render.Counted(c.Rows, "row"), leftOutRows(c.Bad), undelivered(c))
		}
	}
	for _, l := range r.n.engine.LeftOut() {
		for _, line := range leftOut(l) {
			fmt.Fprintln(r.notes, line)
		}
	}
	for _, n := range r.n.engine.Notices() {
		fmt.Fprintf(r.notes, "%s: %s\n", n.Query, n.Text)
	}
}
