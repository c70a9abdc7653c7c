package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"weir/bench/compare/check"
	"weir/bench/compare/clicks"
	"weir/bench/compare/engines"
	"weir/bench/compare/proc"
	"weir/bench/compare/results"
)

const (
	every  = 25 * time.Millisecond // samples are taken
	settle = time.Second           // without an event, and results are looked at
	nudge  = 1200 * time.Millisecond
	giveUp = 20 * time.Second // without an event, and results are wrong
)

// A bench is what all runs have in common.
type bench struct {
	flags  flags
	admin  *kadm.Client
	loader *clicks.Loader
	broker int // process
}

// run makes one run. What goes wrong with the engine is its verdict; an error is one of the bench itself.
func (b *bench) run(ctx context.Context, e *engines.Engine, j engines.Job, r *results.Run, want check.Digest) error {
	if !e.OwnTopic() && !e.Reads {
		if _, err := b.admin.CreateTopic(ctx, clicks.Partitions, 1, nil, j.Out); err != nil {
			return fmt.Errorf("%s: %w", j.Out, err)
		}
	}
	defer b.clean(j)
	ends, err := b.admin.ListEndOffsets(ctx, j.In)
	if err != nil {
		return err
	}
	r.When, r.Load = time.Now().UTC().Truncate(time.Second), load()
	p, err := e.Start(ctx, j)
	if err != nil {
		r.Verdict = fmt.Sprintf("%v (%s)", err, filepath.Join(j.Dir, "log"))
		return ctx.Err()
	}
	defer p.Stop()
	r.Start = time.Since(p.Born).Seconds()
	w := &watch{admin: b.admin, job: j, engine: e, proc: p, broker: b.broker, ends: ends}
	c, err := b.follow(ctx, w, r, want)
	if err != nil {
		r.Verdict = fmt.Sprintf("%v (%s)", err, filepath.Join(j.Dir, "log"))
		return ctx.Err()
	}
	peak, err := proc.Peak(p.PID)
	if err != nil {
		return err
	}
	took, cpu, broker := c.figures()
	r.StartCPU, r.Took, r.CPU, r.Broker, r.Peak = c.samples[0].cpu.Seconds(), took.Seconds(), cpu.Seconds(), broker.Seconds(), peak
	left, took, cpu := c.warm(r.Records)
	r.WarmRecords, r.WarmTook, r.WarmCPU = left, took.Seconds(), cpu.Seconds()
	return nil
}

// follow hands over the query, and samples until its results are right, or too long nothing has come.
func (b *bench) follow(ctx context.Context, w *watch, r *results.Run, want check.Digest) (*course, error) {
	c := &course{}
	first, err := w.look(ctx)
	if err != nil {
		return nil, err
	}
	c.add(first)
	if err := w.proc.Go(ctx); err != nil {
		return nil, err
	}
	owed := w.engine.Nudged(w.job.Query)
	for checked := -1; ; {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(every):
		}
		s, err := w.look(ctx)
		if err != nil {
			return nil, err
		}
		c.add(s)
		switch {
		case owed && c.quiet() >= nudge:
			owed = false
			c.nudge()
			if err := b.loader.CloseWindows(ctx, w.job.Query.Set, r.Records); err != nil {
				return nil, err
			}
		case !owed && c.quiet() >= settle && checked != c.last:
			checked = c.last
			if r.Verdict, err = b.verdict(ctx, w, r, want); err != nil || r.Verdict == results.Right {
				return c, err
			}
		case c.quiet() > giveUp:
			return c, nil
		case s.at.Sub(first.at) > b.flags.limit:
			r.Verdict = fmt.Sprintf("not done after %s", b.flags.limit)
			return c, nil
		}
	}
}

// verdict compares what was written.
func (b *bench) verdict(ctx context.Context, w *watch, r *results.Run, want check.Digest) (string, error) {
	if w.engine.Reads {
		total := int64(0)
		w.ends.Each(func(o kadm.ListedOffset) { total += o.Offset })
		if read, _, _ := strings.Cut(w.said, " "); read != fmt.Sprint(total) {
			return fmt.Sprintf("it has read %s records of %d", read, total), nil
		}
		return results.Right, nil
	}
	got, written, err := check.Results(ctx, b.flags.brokers, w.job.Out, w.job.Query, w.engine.Keys)
	if err != nil {
		return "", err
	}
	r.Written = written
	if got != want {
		return fmt.Sprintf("WRONG: %d rows, and there have to be %d", got.Rows, want.Rows), nil
	}
	return results.Right, nil
}

// clean removes the topics, groups and state of a run; its log stays.
func (b *bench) clean(j engines.Job) {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second) // also where the comparison has been stopped
	defer stop()
	mine := func(name string) bool { return strings.Contains(name, j.ID) }
	if topics, err := b.admin.ListTopics(ctx); err == nil {
		_, _ = b.admin.DeleteTopics(ctx, slices.DeleteFunc(topics.Names(), func(t string) bool { return !mine(t) })...)
	}
	if groups, err := b.admin.ListGroups(ctx); err == nil {
		_, _ = b.admin.DeleteGroups(ctx, slices.DeleteFunc(groups.Groups(), func(g string) bool { return !mine(g) })...)
	}
	entries, _ := os.ReadDir(j.Dir)
	for _, e := range entries {
		if e.Name() != "log" {
			_ = os.RemoveAll(filepath.Join(j.Dir, e.Name()))
		}
	}
}

// load is how many processes have wanted a processor in the last minute.
func load() (one float64) {
	text, _ := os.ReadFile("/proc/loadavg")
	_, _ = fmt.Sscan(string(text), &one)
	return one
}
