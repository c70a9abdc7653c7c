package connectors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"weir/connectors/connector"
	"weir/disk"
)

// progress is what a connector has done, kept in a small file: written when records were
// acknowledged or delivered, read at the start.
type progress struct {
	Class    string              `json:"class"`
	Rows     int64               `json:"rows"`
	Bytes    int64               `json:"bytes"`
	Bad      int64               `json:"bad,omitempty"`
	Total    int64               `json:"total,omitempty"`
	Done     bool                `json:"done,omitempty"`
	Topics   map[string][16]byte `json:"topics,omitempty"`   // ids, to notice that a topic was made anew
	Position json.RawMessage     `json:"position,omitempty"` // a source's
	// Positions and State are a sink's.
	Positions connector.Positions `json:"positions,omitempty"`
	State     json.RawMessage     `json:"state,omitempty"`
}

// progressFile names a connector's file; any name gives a harmless file name.
func progressFile(dir, name string) string {
	return filepath.Join(dir, url.PathEscape(name)+".connector.json")
}

func readProgress(path string) (progress, error) {
	var p progress
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return progress{}, fmt.Errorf("%s is damaged: %w; delete it to start from the beginning", path, err)
	}
	return p, nil
}

// write replaces the file in one step, so that a kill leaves the old one or the new one.
func (p progress) write(path string) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return disk.Replace(path, data)
}
