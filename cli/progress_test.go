package cli

import (
	"strings"
	"testing"

	"weir/connectors"
)

func TestProgressOfConnectors(t *testing.T) {
	for want, got := range map[string]string{
		"C: 1 row, 1 rows/s":                 loading(connectors.Status{Name: "C", Rows: 1, Rate: 1}),
		"C: 1 of 2 rows (50 %), 0 rows/s":    loading(connectors.Status{Name: "C", Rows: 1, Total: 2}),
		"C: 0 of 1 row (0 %), 0 rows/s, why": loading(connectors.Status{Name: "C", Total: 1, LastError: "why"}),
		"C: 1 row to deliver":                strings.Join(delivering(connectors.Status{Name: "C", Lag: 1}), ""),
		"C: 1,200 rows to deliver":           strings.Join(delivering(connectors.Status{Name: "C", Lag: 1200}), ""),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
