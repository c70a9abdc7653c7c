package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"sync"

	"weir/functions"
)

// runnable is a case of either kind.
type runnable interface {
	title() string
	disabled() bool
	run(reg *functions.Registry) error
}

func (c *testCase) title() string  { return c.Name }
func (c *testCase) disabled() bool { return c.Enabled != nil && !*c.Enabled }

// tally is the outcome, file by file.
type tally struct {
	files                    []fileTally
	passed, failed, disabled int
	internal                 int // neither: see errInternalNames
}

type fileTally struct {
	name     string
	passed   int
	internal int
	total    int
	fails    []failure
}

type failure struct {
	name string
	err  error
}

// runAll runs the cases whose names match, several at a time.
func runAll(files []file, only *regexp.Regexp) *tally {
	t := &tally{files: make([]fileTally, len(files))}
	var wait sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	disabled := make([]int, len(files))
	reg := testRegistry()
	for i := range files {
		wait.Add(1)
		go func() {
			defer wait.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			f := &t.files[i]
			f.name = files[i].name
			for _, c := range files[i].cases {
				if !only.MatchString(f.name + " - " + c.title()) {
					continue
				}
				if c.disabled() {
					disabled[i]++
					continue
				}
				switch err := c.run(reg); {
				case errors.Is(err, errInternalNames):
					f.internal++
					continue
				case err != nil:
					f.fails = append(f.fails, failure{c.title(), err})
				default:
					f.passed++
				}
				f.total++
			}
		}()
	}
	wait.Wait()
	for i, f := range t.files {
		t.passed += f.passed
		t.failed += f.total - f.passed
		t.internal += f.internal
		t.disabled += disabled[i]
	}
	return t
}

const maxShown = 600 // bytes of a difference

// print closes with the sums, behind what tells the kind of the cases; it tells nothing where none ran.
func (t *tally) print(out io.Writer, kind string, verbose bool) {
	if kind != "" && t.passed+t.failed == 0 {
		return
	}
	for _, f := range t.files {
		if f.total == 0 {
			continue
		}
		fmt.Fprintf(out, "%5d/%-5d %s\n", f.passed, f.total, f.name)
		if !verbose {
			continue
		}
		for _, fail := range f.fails {
			text := fail.err.Error()
			if len(text) > maxShown {
				text = text[:maxShown] + "..."
			}
			fmt.Fprintf(out, "    FAIL %s - %s\n         %s\n", f.name, fail.name, strings.ReplaceAll(text, "\n", "\n         "))
		}
	}
	if t.disabled > 0 {
		fmt.Fprintf(out, "%d disabled\n", t.disabled)
	}
	if t.internal > 0 {
		fmt.Fprintf(out, "%d not applicable: names of internal topics\n", t.internal)
	}
	fmt.Fprintf(out, "%s%d passed, %d failed\n", kind, t.passed, t.failed)
}
