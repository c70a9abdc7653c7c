package engines

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"weir/bench/compare/query"
)

// startFlink runs Flink with the state backend.
func startFlink(backend string) func(context.Context, *Engine, Job) (*Process, error) {
	return func(ctx context.Context, e *Engine, j Job) (*Process, error) {
		state := filepath.Join(j.Dir, "state")
		if err := os.MkdirAll(state, 0o755); err != nil {
			return nil, err
		}
		file := filepath.Join(j.Dir, "statements.sql")
		if err := os.WriteFile(file, []byte(strings.Join(FlinkSQL(j), "\n\n")), 0o644); err != nil {
			return nil, err
		}
		return startJVM(ctx, e, j, e.Tools.Flink, "compare.Main", file, state, backend, strconv.Itoa(j.Port+2))
	}
}

// flinkLacks: Flink puts out sessions when they have ended, and not as they grow.
func flinkLacks(q query.Query) string {
	if q.Shape == query.Sessions && !q.Final {
		return "Flink's sessions come out when they have ended, not as they grow"
	}
	return ""
}
