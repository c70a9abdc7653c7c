package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"weir/bench/compare/engines"
	"weir/bench/compare/proc"
)

// A sample is what is seen of a run at one moment.
type sample struct {
	at     time.Time
	cpu    time.Duration // of the engine
	broker time.Duration // CPU of the broker
	read   int64         // records of the input that the engine has committed as read
	all    bool          // the input is read to its end
	out    int64         // offsets of the output below which everything is committed, together
}

// A watch looks at an engine from outside, all engines in the same way: at its process, and at what the broker knows of it.
type watch struct {
	admin  *kadm.Client
	job    engines.Job
	engine *engines.Engine
	proc   *engines.Process
	broker int // process
	ends   kadm.ListedOffsets
	group  string // once it is known
	said   string // the last line
}

var errEnded = errors.New("the process has ended: see its log")

// look takes a sample.
func (w *watch) look(ctx context.Context) (s sample, err error) {
	if err := w.listen(); err != nil {
		return s, err
	}
	if s.cpu, err = proc.CPU(w.proc.PID); err != nil {
		return s, err
	}
	if s.broker, err = proc.CPU(w.broker); err != nil {
		return s, err
	}
	s.at = time.Now()
	if s.read, s.all, err = w.committed(ctx); err != nil {
		return s, err
	}
	s.out, err = w.written(ctx)
	return s, err
}

// listen takes what the process has said.
func (w *watch) listen() error {
	for {
		select {
		case line, ok := <-w.proc.Said:
			if !ok {
				return errEnded
			}
			w.said = line
		default:
			return nil
		}
	}
}

// committed asks how far the engine's group has read the input.
func (w *watch) committed(ctx context.Context) (read int64, all bool, err error) {
	if w.group == "" {
		if w.group, err = w.findGroup(ctx); err != nil || w.group == "" {
			return 0, false, err
		}
	}
	at, err := w.admin.FetchOffsets(ctx, w.group)
	if err != nil {
		return 0, false, fmt.Errorf("group %s: %w", w.group, err)
	}
	all = true
	w.ends.Each(func(end kadm.ListedOffset) {
		o, ok := at.Lookup(end.Topic, end.Partition)
		if ok {
			read += o.At
		}
		all = all && ok && o.At >= end.Offset
	})
	return read, all, nil
}

// findGroup finds the group that has committed offsets of the input: the job's id is in its name, whatever the engine.
func (w *watch) findGroup(ctx context.Context) (string, error) {
	groups, err := w.admin.ListGroups(ctx)
	if err != nil {
		return "", err
	}
	for _, name := range groups.Groups() {
		if !strings.Contains(name, w.job.ID) {
			continue
		}
		at, err := w.admin.FetchOffsets(ctx, name)
		if err == nil && len(at.Offsets()[w.job.In]) > 0 {
			return name, nil
		}
	}
	return "", nil
}

// written is how much of the output can be read by those who read what is committed.
func (w *watch) written(ctx context.Context) (sum int64, err error) {
	if w.engine.Reads {
		return 0, nil
	}
	stable, err := w.admin.ListCommittedOffsets(ctx, w.job.Out)
	if err != nil {
		return 0, err
	}
	stable.Each(func(o kadm.ListedOffset) { // Weir makes the topic: before that there is none
		sum += max(0, o.Offset)
	})
	return sum, nil
}
