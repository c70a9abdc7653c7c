package render

import (
	"fmt"

	"weir/answer"
)

// Count writes a number as the tables of answers do: with commas between thousands.
func Count(n int64) string { return answer.Count(n) }

// Bytes writes a size for people: 12 MB.
func Bytes(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	f, i := float64(n), 0
	for f >= 1000 && i < len(units)-1 {
		f /= 1000
		i++
	}
	if i == 0 || f >= 10 {
		return fmt.Sprintf("%.0f %s", f, units[i])
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}
