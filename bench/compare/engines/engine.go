// Package engines starts what is compared, each as a process of its own that waits until it is told to go.
package engines

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/bench/compare/check"
	"weir/bench/compare/query"
)

// A Job is one run of a query.
type Job struct {
	Query   query.Query
	Brokers string
	In, Out string // topics
	Orders  string // the topic of the second stream, where the query joins it
	ID      string // is in the name of the consumer group and of every topic that the engine makes
	Dir     string // for its state and its log
	Port    int    // the first of three to listen on
}

// Tools are what has been built.
type Tools struct {
	Weir    string // binary
	Self    string // this program's, which is the bare consumer too
	Java    string // binary
	Streams string // folders with classes and lib
	Flink   string
}

// Default are the engines of a comparison, the first being the one that the others are compared with.
const Default = "weir,bare,streams,flink,flinkrocks"

// An Engine is one column of the comparison.
type Engine struct {
	Name  string // as asked for: with its heap, where that was named
	Kind  string
	Heap  string     // -Xmx of a JVM
	Build string     // changes with the program
	Tools Tools      // of all
	Keys  check.Keys // in its output
	JVM   bool       // has a heap that can be chosen
	Reads bool       // writes nothing: only that all was read can be checked
	start func(context.Context, *Engine, Job) (*Process, error)
	lacks func(query.Query) string
	late  bool // final results come behind one more record
}

// Start runs the engine up to where it waits for Go.
func (e *Engine) Start(ctx context.Context, j Job) (*Process, error) {
	p, err := e.start(ctx, e, j)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Kind, err)
	}
	return p, nil
}

// Lacks says why a query is not run, or nothing.
func (e *Engine) Lacks(q query.Query) string {
	if e.lacks == nil {
		return ""
	}
	return e.lacks(q)
}

// Nudged says that the last final results come out only when one more record comes: Kafka Streams looks for closed windows once a second
// of wall clock, and only then.
func (e *Engine) Nudged(q query.Query) bool { return e.late && q.Final }

// OwnTopic says that the engine makes its output topic itself.
func (e *Engine) OwnTopic() bool { return e.Kind == "weir" }

var kinds = map[string]Engine{
	"weir": {start: startWeir},
	"bare": {start: startBare, Reads: true},

	"streams":   {start: startStreams(streamsCache), JVM: true, late: true},
	"streams64": {start: startStreams(bigCache), JVM: true, late: true},

	"flink":      {start: startFlink("hashmap"), JVM: true, Keys: check.JSONKeys, lacks: flinkLacks},
	"flinkrocks": {start: startFlink("rocksdb"), JVM: true, Keys: check.JSONKeys, lacks: flinkLacks},
}

// Find gives the engines of a list of names with commas between them. A name may be followed by the heap of its JVM: streams@256m.
func Find(names, heap string) ([]*Engine, error) {
	var out []*Engine
	for name := range strings.SplitSeq(names, ",") {
		kind, own, named := strings.Cut(name, "@")
		e, ok := kinds[kind]
		if !ok {
			return nil, fmt.Errorf("there is no engine %q: they are %s", kind, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
		}
		e.Name, e.Kind, e.Heap = name, kind, heap
		if named {
			e.Heap = own
		}
		if named && !e.JVM {
			return nil, fmt.Errorf("%s has no heap to be chosen: leave out @%s", kind, own)
		}
		out = append(out, &e)
	}
	return out, nil
}
