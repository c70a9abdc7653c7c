package planner

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/parser/ast"
)

// durationText reads "10 SECONDS" as milliseconds.
func durationText(s string) (int64, error) {
	number, unit, ok := strings.Cut(strings.TrimSpace(s), " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || n <= 0 {
		return 0, fmt.Errorf("Want a number and a unit.")
	}
	name := strings.TrimSuffix(strings.ToUpper(strings.TrimSpace(unit)), "S") + "S"
	for u := ast.Millisecond; u <= ast.Day; u++ {
		if u.String() == name {
			return n * u.Duration().Milliseconds(), nil
		}
	}
	return 0, fmt.Errorf("Unknown unit %s: want MILLISECONDS, SECONDS, MINUTES, HOURS or DAYS.", unit)
}

func millis(d *ast.Duration) int64 { return int64(d.Duration() / time.Millisecond) }
