//go:build unix

package examples

import (
	"flag"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	clickRate    = flag.Int("clicks.rate", 0, "measure the clicks example: how many clicks a minute to write; 0 for not at all")
	clickMinutes = flag.Int("clicks.minutes", 14, "and for how many minutes: the exits of ten are open at a time")
)

// TestClicksRate measures what a click costs from end to end, with everything in one process: the broker, the connector that loads the pings, the queries.
//
//	go test ./examples -count=1 -run TestClicksRate -clicks.rate 100000 -v -timeout 1h
func TestClicksRate(t *testing.T) {
	if *clickRate == 0 {
		t.Skip("measures when -clicks.rate is given")
	}
	dir := t.TempDir()
	gen := exec.Command("go", "run", "./clicks/generate", "-dir", dir+"/data", "-rate", strconv.Itoa(*clickRate), "-minutes", strconv.Itoa(*clickMinutes), "-articles", "2000") //nolint:gosec // of numbers
	if gen.Stderr = os.Stderr; gen.Run() != nil {
		t.Fatal("the pings can't be written")
	}
	n := startNode(t, dir)
	setup, _, _ := strings.Cut(readFile(t, "clicks/clicks.sql"), "-- 5.")
	load, counts, _ := strings.Cut(setup, "-- 2.")
	counts, imputed, _ := strings.Cut(counts, "-- 3.")
	clicks, whole := 0.0, time.Duration(0)
	for _, step := range []struct{ name, sql string }{{"loading", load}, {"clicks per minute", "-- 2." + counts}, {"imputed, by position", "-- 3." + imputed}} {
		begin, cpu := time.Now(), cpuTime(t)
		n.run(t, step.sql)
		n.drainFor(t, time.Hour)
		took, used := time.Since(begin), cpuTime(t)-cpu
		if clicks == 0 {
			for _, p := range pingsIn(t, dir+"/data/pings.msgpack.gz") {
				if p["time-on-page"].(int64) == 0 {
					clicks++
				}
			}
			runtime.GC()
		}
		whole += used
		t.Logf("%-20s %8.0f clicks in %6.1f s: %5.1f million a minute; %5.2f µs of one core a click, %4.0f %% of one core for a million a minute", step.name,
			clicks, took.Seconds(), clicks/took.Minutes()/1e6, float64(used.Microseconds())/clicks, 100*used.Seconds()/clicks*1e6/60)
	}
	t.Logf("all: %.2f µs of one core a click, %.0f %% of one core for a million a minute, %.1f million a minute on %d cores at most",
		float64(whole.Microseconds())/clicks, 100*whole.Seconds()/clicks*1e6/60, 60*clicks/whole.Seconds()*float64(runtime.NumCPU())/1e6, runtime.NumCPU())
}

// cpuTime is what the process has used of all cores.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
