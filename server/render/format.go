package render

import (
	"fmt"
	"strings"
)

// Format is how answers are written.
type Format string

// The formats. Tabular is laid out for the eye on a terminal, and is lines of cells between bars where there is none.
const (
	Tabular  Format = "TABULAR"
	Vertical Format = "VERTICAL" // a line per column
	JSON     Format = "JSON"     // as the HTTP API writes it: rows are arrays
	JSONL    Format = "JSONL"    // an object per row
	CSV      Format = "CSV"      // RFC 4180, with a line of names
)

var formats = []Format{Tabular, Vertical, JSON, JSONL, CSV}

// Formats are the names of the formats, for messages.
func Formats() string {
	var names []string
	for _, f := range formats {
		names = append(names, string(f))
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// ParseFormat reads a format's name in any case.
func ParseFormat(s string) (Format, error) {
	if strings.EqualFold(s, "table") {
		return Tabular, nil
	}
	for _, f := range formats {
		if strings.EqualFold(s, string(f)) {
			return f, nil
		}
	}
	return "", fmt.Errorf("unknown output format %q: expected %s", s, Formats())
}

// Data says whether a format is for programs: what is said beside the answers must not stand among them.
func (f Format) Data() bool { return f == JSON || f == JSONL || f == CSV }
