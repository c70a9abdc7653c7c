package connectors

import (
	"fmt"

	"weir/connectors/connector"
	"weir/connectors/file"
)

// SampleFile reads the first rows of what a connector of class 'file' would load, under the rules by which that may read files: at most so many, and about
// so many bytes.
func (r *Runtime) SampleFile(spec Spec, most int, bytes int64) (path string, rows [][]byte, lines []int64, err error) {
	o, err := r.open(spec)
	if err != nil {
		return "", nil, nil, err
	}
	if o.class.Name != file.Class().Name || o.class.Kind != connector.Source {
		return "", nil, nil, fmt.Errorf("a connector of class '%s' reads no files", o.class.Name)
	}
	return file.Sample(o.env, o.values, most, bytes)
}
