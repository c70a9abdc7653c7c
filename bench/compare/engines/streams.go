package engines

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
)

const (
	streamsCache = 10 << 20 // bytes, the default
	bigCache     = 64 << 20
)

// startStreams runs the Kafka Streams program with a cache of so many bytes for its stores.
func startStreams(cache int) func(context.Context, *Engine, Job) (*Process, error) {
	return func(ctx context.Context, e *Engine, j Job) (*Process, error) {
		return startJVM(ctx, e, j, e.Tools.Streams, "compare.Main",
			j.Brokers, j.ID, filepath.Join(j.Dir, "state"), strconv.Itoa(cache), j.Query.Shape.String(), strconv.FormatBool(j.Query.Final), j.In, j.Out, j.Orders)
	}
}

// startJVM runs a class of a program that buildJava has built, up to where it waits.
func startJVM(ctx context.Context, e *Engine, j Job, program, class string, args ...string) (*Process, error) {
	all := []string{"-Xmx" + e.Heap, "-XX:+ExitOnOutOfMemoryError", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
		"-cp", filepath.Join(program, "classes") + string(os.PathListSeparator) + filepath.Join(program, "lib", "*"), class}
	p, err := launch(j, e.Tools.Java, append(all, args...)...)
	if err != nil {
		return nil, err
	}
	if err := p.Await(ctx, "READY"); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}
