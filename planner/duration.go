package planner

import (
	"time"

	"weir/parser/ast"
)

func millis(d *ast.Duration) int64 { return int64(d.Duration() / time.Millisecond) }
