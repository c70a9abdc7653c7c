package httppoll

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// elements are those of the array at a path of an answer, each without blanks; a value that is no array is the only element.
func elements(text []byte, path []string) ([][]byte, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	at := json.RawMessage(text)
	for i, name := range path {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(at, &fields); err != nil {
			return nil, fmt.Errorf("the answer is no JSON object with the path '%s' of 'json.path': %w", strings.Join(path, "."), err)
		}
		next, ok := fields[name]
		if !ok {
			return nil, fmt.Errorf("the answer has nothing at '%s' of 'json.path'", strings.Join(path[:i+1], "."))
		}
		at = next
	}
	at = bytes.TrimSpace(at)
	var list []json.RawMessage
	switch {
	case string(at) == "null":
		return nil, nil
	case at[0] != '[':
		if !json.Valid(at) {
			return nil, errors.New("the answer is not JSON")
		}
		list = []json.RawMessage{at}
	default:
		if err := json.Unmarshal(at, &list); err != nil {
			return nil, fmt.Errorf("the answer is not JSON: %w", err)
		}
	}
	out := make([][]byte, 0, len(list))
	for _, e := range list {
		var b bytes.Buffer
		if err := json.Compact(&b, e); err != nil {
			return nil, err
		}
		out = append(out, b.Bytes())
	}
	return out, nil
}

func fieldsOf(row []byte) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(row, &fields); err != nil {
		return nil, errors.New("an element is not a JSON object")
	}
	return fields, nil
}

// textOf is the text of a field: of a string what it stands for, of anything else how it is written. null and a field that is not there are not ok.
func textOf(raw json.RawMessage) (text []byte, ok bool) {
	if raw == nil || string(raw) == "null" {
		return nil, false
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return []byte(s), true
	}
	return raw, true
}
