package planner

import (
	"slices"
	"testing"

	"weir/formats"
	"weir/settings"
)

// A default format may be any that there is, and none that there is not.
func TestDefaultFormats(t *testing.T) {
	var names []string
	for _, f := range formats.All() {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, settings.Formats) {
		t.Errorf("settings.Formats are %v, the formats %v", settings.Formats, names)
	}
}
