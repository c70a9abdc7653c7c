package file

import (
	"errors"
	"io"
	"slices"

	"weir/connectors/connector"
)

// Sample reads the first rows of the first file that a connector with these properties would load: so many, and no more than so many bytes beside the first. lines are
// where they begin, from 1.
func Sample(env connector.Env, v connector.Values, most int, bytes int64) (path string, rows [][]byte, lines []int64, err error) {
	reader, err := open(env, v)
	if err != nil {
		return "", nil, nil, err
	}
	s, ok := reader.(*source)
	if !ok {
		return "", nil, nil, errors.New("the connector reads no files")
	}
	paths, err := s.match()
	if err != nil {
		return "", nil, nil, err
	}
	path = paths[0]
	r, err := s.open(s.state(path), 0)
	if err != nil {
		return path, nil, nil, err
	}
	defer r.close()
	for len(rows) < most && (len(rows) == 0 || bytes > 0) {
		line := r.rows.lines + 1
		row, err := r.rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return path, nil, nil, r.fail(err)
		}
		bytes -= int64(len(row))
		rows, lines = append(rows, slices.Clone(row)), append(lines, line)
	}
	return path, rows, lines, nil
}
